"""The scenario of a row: servers with faults, and the environment of the client.

Texts and bytes of a scenario may contain placeholders for values that are known only when the servers run: ``$port``
and ``$url`` of the server, ``$elsewhere`` and ``$port2`` of the second one, ``$dead``, a port on which nothing listens.
"""

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread

from tests.faults.certificates import authority
from tests.support.raw_server import Answer, Drip, RawServer, Request, Reset, http

KEY_ID = "the-access-key-id"
KEY_SECRET = "canary-key-secret-5eRz"
TOKEN = "canary-security-token-9fQx"
PASSWORD = "canary-proxy-password-7hWb"
SECRETS = (KEY_SECRET, TOKEN, PASSWORD)

NODES = b'{"requestId": "R-1", "instanceModelList": [{"aiInstanceId": "a", "cpu": 7}]}'
GOOD = http(200, NODES, "Content-Type: application/json")

Part = Answer | Callable[[], bytes]
"""A response, or a function that builds it where it is too large to keep in memory."""


@dataclass(frozen=True)
class Scenario:
    """The servers and the arguments of one row.

    `peer` is ``http``, one of the servers of `certificates`, ``speaks no TLS``, ``hangs up``, or ``refuses``, where
    nothing listens. `elsewhere` are the responses of a second server: a proxy, STS or the target of a redirect; None
    makes it a working proxy. `arguments` replace the usual ones; an argument of None is left out.
    """

    answers: tuple[Part, ...] = (GOOD,)
    peer: str = "http"
    elsewhere: tuple[Part, ...] | None = (GOOD,)
    environment: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, str | None] = field(default_factory=dict)
    deadline: int = 10
    read_timeout: int = 5000


@dataclass(frozen=True)
class Job:
    """The input of a client: arguments, environment, `deadline` in seconds and `read_timeout` in milliseconds."""

    arguments: Mapping[str, str | None]
    environment: Mapping[str, str]
    authority: str
    deadline: int
    read_timeout: int


@dataclass(frozen=True)
class FaultTestbed:
    """A running scenario: the servers, and the input of the client."""

    server: RawServer
    elsewhere: RawServer
    job: Job

    @property
    def requests(self) -> list[Request]:
        """What reached the server."""
        return self.server.requests


class PlainTextPeer(RawServer):
    """Sends fixed bytes to the first connection and closes it: a peer without TLS."""

    def __init__(self, says: bytes) -> None:
        super().__init__([b""])
        self._says = says

    def _answer(self, peer: socket.socket) -> None:
        peer.recv(65536)
        peer.sendall(self._says)


class Tunnel(RawServer):
    """A working proxy: it connects to the host of CONNECT and forwards bytes in both directions."""

    def __init__(self) -> None:
        super().__init__([b""])

    def _answer(self, peer: socket.socket) -> None:
        head = peer.recv(65536).decode("latin-1")
        host, port = head.split(" ")[1].rsplit(":", 1)
        self.requests.append(Request("CONNECT", f"{host}:{port}", {}))
        with socket.create_connection((host, int(port))) as goal:
            peer.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = Thread(target=_carry, args=(goal, peer))
            back.start()
            _carry(peer, goal)
            back.join()


def _carry(source: socket.socket, goal: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            goal.sendall(piece)
        goal.shutdown(socket.SHUT_WR)


@contextmanager
def start_testbed(scenario: Scenario) -> Iterator[FaultTestbed]:
    """Run the servers of a scenario until the end of the block."""
    with ExitStack() as stack:
        dead = stack.enter_context(socket.socket())
        dead.bind(("127.0.0.1", 0))  # bound and never listened on: connections are refused, and the port stays reserved
        elsewhere = stack.enter_context(_second(scenario))
        names = {"$elsewhere": elsewhere.url, "$port2": str(elsewhere.port), "$dead": str(dead.getsockname()[1])}
        server = stack.enter_context(_first(scenario, names))
        port = names["$dead"] if scenario.peer == "refuses" else str(server.port)
        scheme = "http" if scenario.peer in ("http", "refuses") else "https"
        names |= {"$port": port, "$url": f"{scheme}://127.0.0.1:{port}"}
        yield FaultTestbed(server, elsewhere, _job(scenario, names))


def _first(scenario: Scenario, names: Mapping[str, str]) -> RawServer:
    if scenario.peer in ("speaks no TLS", "hangs up"):
        return PlainTextPeer(b"HTTP/1.1 400 Bad Request\r\n\r\n" if scenario.peer == "speaks no TLS" else b"")
    answers = [_filled_answer(_made(part), names) for part in scenario.answers]
    return RawServer(answers, tls=authority().servers.get(scenario.peer))


def _second(scenario: Scenario) -> RawServer:
    return Tunnel() if scenario.elsewhere is None else RawServer([_made(part) for part in scenario.elsewhere])


def _made(part: Part) -> Answer:
    return part if isinstance(part, bytes | Drip | Reset) or not callable(part) else part()


def _filled_answer(answer: Answer, names: Mapping[str, str]) -> Answer:
    if not isinstance(answer, bytes):
        return answer
    head, blank, body = answer.partition(b"\r\n\r\n")
    return _filled(head.decode("latin-1"), names).encode("latin-1") + blank + body


def _filled(text: str, names: Mapping[str, str]) -> str:
    for name in sorted(names, key=len, reverse=True):  # $port2 before $port
        text = text.replace(name, names[name])
    return text


def _job(scenario: Scenario, names: Mapping[str, str]) -> Job:
    usual: dict[str, str | None] = {
        "region": "cn-hangzhou",
        "access_key": KEY_ID,
        "secret_key": KEY_SECRET,
        "security_token": TOKEN,
        "endpoint": "$url",
    }
    arguments = {name: value and _filled(value, names) for name, value in {**usual, **scenario.arguments}.items()}
    environment = {name: _filled(value, names) for name, value in scenario.environment.items()}
    return Job(arguments, environment, str(authority().file), scenario.deadline, scenario.read_timeout)
