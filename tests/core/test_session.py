"""A session keeps its connection between reads of any thread, and closes it."""

import asyncio
import gc
import multiprocessing
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from hologres_ai import Session, read_ai_nodes
from hologres_ai.errors import HologresAiError, InvalidArgumentError
from tests.support.raw_server import RawServer, Silence

READS = 5
FORK = multiprocessing.get_context("fork")


class KeepAliveServer(ThreadingHTTPServer):
    """Answers with no nodes, and keeps connections open until `hang_up`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.peers: list[socket.socket] = []
        self.requests: list[Message] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def hang_up(self) -> None:
        for peer in self.peers:
            with suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: KeepAliveServer

    def setup(self) -> None:
        super().setup()
        self.server.peers.append(self.connection)

    def do_GET(self) -> None:
        self.server.requests.append(self.headers)
        body = b'{"requestId": "R-1", "instanceModelList": []}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "who=me; Path=/")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        pass


@pytest.fixture
def keep_alive_server() -> Iterator[KeepAliveServer]:
    with KeepAliveServer() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def session() -> Iterator[Session]:
    with Session() as session:
        yield session


def read(url: str, session: Session | None = None) -> str | None:
    found = read_ai_nodes(
        region="cn-hangzhou", endpoint=url, access_key="the-id", secret_key="the-secret", session=session
    )
    return found.request_id


def descriptors() -> int:
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


def test_without_a_session_each_read_has_its_own_connection(keep_alive_server: KeepAliveServer) -> None:
    assert [read(keep_alive_server.url) for _ in range(READS)] == ["R-1"] * READS
    assert len(keep_alive_server.peers) == READS


def test_a_session_reuses_one_connection(keep_alive_server: KeepAliveServer, session: Session) -> None:
    assert [read(keep_alive_server.url, session) for _ in range(READS)] == ["R-1"] * READS
    assert (len(keep_alive_server.requests), len(keep_alive_server.peers)) == (READS, 1)


def test_a_session_reuses_its_connection_inside_a_running_event_loop(
    keep_alive_server: KeepAliveServer, session: Session
) -> None:
    async def main() -> list[str | None]:
        return [read(keep_alive_server.url, session) for _ in range(READS)]

    assert asyncio.run(main()) == ["R-1"] * READS
    assert len(keep_alive_server.peers) == 1


def test_threads_share_the_connection_of_a_session(keep_alive_server: KeepAliveServer, session: Session) -> None:
    with ThreadPoolExecutor(READS) as pool:
        found = list(pool.map(lambda _: read(keep_alive_server.url, session), range(READS * 4)))
    assert found == ["R-1"] * READS * 4
    assert len(keep_alive_server.peers) == 1


def test_a_connection_that_the_service_has_closed_is_replaced(
    keep_alive_server: KeepAliveServer, session: Session
) -> None:
    assert read(keep_alive_server.url, session) == "R-1"
    keep_alive_server.hang_up()
    assert read(keep_alive_server.url, session) == "R-1"
    assert len(keep_alive_server.peers) == 2


def test_a_session_keeps_neither_cookies_nor_nonces(keep_alive_server: KeepAliveServer, session: Session) -> None:
    for _ in range(READS):
        read(keep_alive_server.url, session)
    assert [headers["Cookie"] for headers in keep_alive_server.requests] == [None] * READS
    assert len({headers["x-acs-signature-nonce"] for headers in keep_alive_server.requests}) == READS


def test_a_session_is_usable_after_a_failed_read(
    keep_alive_server: KeepAliveServer, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_RETRY_TIMEOUT", "1")
    with RawServer([Silence()]) as silent, pytest.raises(HologresAiError):
        read(silent.url, session)
    assert read(keep_alive_server.url, session) == "R-1"


def test_closing_a_session_releases_its_file_descriptors(keep_alive_server: KeepAliveServer) -> None:
    with Session() as session:
        read(keep_alive_server.url, session)
    before = descriptors()
    for _ in range(READS):
        with Session() as session:
            read(keep_alive_server.url, session)
    assert descriptors() <= before


@pytest.mark.parametrize("reads", [0, 1])
def test_a_read_with_a_closed_session_is_an_error(keep_alive_server: KeepAliveServer, reads: int) -> None:
    session = Session()
    for _ in range(reads):
        read(keep_alive_server.url, session)
    session.close()
    session.close()
    with pytest.raises(InvalidArgumentError, match="session: is closed"):
        read(keep_alive_server.url, session)
    assert len(keep_alive_server.requests) == reads


def test_reads_of_other_threads_fail_when_the_session_is_closed(keep_alive_server: KeepAliveServer) -> None:
    session, started = Session(), threading.Barrier(READS + 1)

    def read_on() -> Exception:
        started.wait()
        while True:
            try:
                assert read(keep_alive_server.url, session) == "R-1"
            except Exception as error:  # noqa: BLE001 - the test compares its text
                return error

    with ThreadPoolExecutor(READS) as pool:
        ends = [pool.submit(read_on) for _ in range(READS)]
        started.wait()
        session.close()
    assert [str(end.result()) for end in ends] == ["invalid argument session: is closed"] * READS


def test_a_session_can_be_closed_inside_a_running_event_loop(keep_alive_server: KeepAliveServer) -> None:
    async def main() -> None:
        with Session() as session:
            read(keep_alive_server.url, session)

    asyncio.run(main())
    assert len(keep_alive_server.requests) == 1


def test_a_forked_process_must_open_its_own_session(keep_alive_server: KeepAliveServer, session: Session) -> None:
    read(keep_alive_server.url, session)
    receiver, sender = FORK.Pipe(duplex=False)

    def child() -> None:
        try:
            read(keep_alive_server.url, session)
        except InvalidArgumentError as error:
            session.close()
            sender.send((str(error), read(keep_alive_server.url)))

    process = FORK.Process(target=child)
    process.start()
    said, own = receiver.recv()
    process.join()
    assert "session: was opened by a different process before a fork" in said
    assert own == "R-1"
    assert read(keep_alive_server.url, session) == "R-1"
    assert len(keep_alive_server.peers) == 2
