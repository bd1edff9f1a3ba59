"""A loopback server that sends exactly the given bytes, and records the requests.

A real HTTP server cannot send invalid HTTP.
"""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class Request:
    """A received request: the parts of the request line, and the headers by lower-case name."""

    method: str
    target: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Drip:
    """`first` at once, then `piece` again and again, `pause` seconds apart, until the peer closes the connection."""

    first: bytes
    piece: bytes
    pause: float


class Reset:
    """Ends the connection with RST after sending `first`."""

    def __init__(self, first: bytes = b"") -> None:
        self.first = first


class Silence:
    """Sends nothing, and leaves the connection open until the peer closes it."""


Answer = bytes | Drip | Reset | Silence
"""What the server does with one request; bytes are sent and the connection is closed."""


def http(status: int, body: bytes | str = b"", *headers: str, reason: str = "Scripted") -> bytes:
    """A complete, valid HTTP response that closes its connection."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} {reason}", f"Content-Length: {len(content)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


class RawServer:
    """Sends one of `answers` for each request, in order, and then repeats the last one.

    Attributes:
        connections: how many were accepted.
        requests: the heads of all requests, in order.
    """

    def __init__(self, answers: Sequence[Answer], *, tls: ssl.SSLContext | None = None) -> None:
        self._answers = list(answers)
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self._peers: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self.requests: list[Request] = []

    @property
    def url(self) -> str:
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        for peer in (self._listener, *self._peers):
            with suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=10)
        self._listener.close()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._peers.append(peer)
            thread = threading.Thread(target=self._serve, args=(peer,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, peer: socket.socket) -> None:
        with suppress(OSError), peer:
            if self._tls is None:
                self._answer(peer)
                return
            with self._tls.wrap_socket(peer, server_side=True) as secured:
                self._answer(secured)

    def _answer(self, peer: socket.socket) -> None:
        head = _read_head(peer)
        if not head:
            return
        answer = self._answers[min(len(self.requests), len(self._answers) - 1)]
        self.requests.append(_parse(head))
        _SENDERS[type(answer)](peer, answer, self._stopped)


def _read_head(peer: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        piece = peer.recv(65536)
        if not piece:
            return b""
        head += piece
    return head


def _parse(head: bytes) -> Request:
    first, *lines = head.decode("latin-1").split("\r\n\r\n", 1)[0].split("\r\n")
    method, target, _ = first.split(" ")
    pairs = (line.split(": ", 1) for line in lines)
    return Request(method, target, {name.lower(): value for name, value in pairs})


def _send(peer: socket.socket, answer: Answer, _stopped: threading.Event) -> None:
    assert isinstance(answer, bytes)
    peer.sendall(answer)


def _drip(peer: socket.socket, answer: Answer, stopped: threading.Event) -> None:
    assert isinstance(answer, Drip)
    peer.sendall(answer.first)
    while not stopped.wait(answer.pause):
        peer.sendall(answer.piece)


def _reset(peer: socket.socket, answer: Answer, _stopped: threading.Event) -> None:
    assert isinstance(answer, Reset)
    peer.sendall(answer.first)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _keep_silent(peer: socket.socket, _answer: Answer, _stopped: threading.Event) -> None:
    peer.recv(1)


_SENDERS: dict[type, Callable[[socket.socket, Answer, threading.Event], None]] = {
    bytes: _send,
    Drip: _drip,
    Reset: _reset,
    Silence: _keep_silent,
}
