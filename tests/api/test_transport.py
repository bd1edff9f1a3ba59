"""Connections, exceptions of httpx as errors of this package, and that only a read imports httpx."""

import asyncio
import socket
import ssl
import subprocess
import sys

import httpx
import pytest

from hologres_ai.api.transport import Connections, ensure_connections, transport_error
from hologres_ai.config import CallConfig
from hologres_ai.credentials import Credentials
from hologres_ai.errors import HologresAiError, ResponseError, TlsError, TransportError
from hologres_ai.settings.network import parse_endpoint


def imported(script: str) -> set[str]:
    """The modules that a script has imported in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", f"{script}\nimport sys\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(done.stdout.split())


def test_importing_ai_node_list_does_not_import_the_client() -> None:
    modules = imported("from hologres_ai import AiNodeList")
    assert "hologres_ai.dynamic" in modules
    assert modules.isdisjoint({"httpx", "tenacity", "hologres_ai.core.read", "hologres_ai.api.client"})


# --- Connections -----------------------------------------------------------------------------------------------------


def test_one_client_serves_the_endpoints_of_a_scheme() -> None:
    async def check() -> None:
        async with Connections() as connections:
            http = connections.client(parse_endpoint("http://127.0.0.1:1"))
            assert connections.client(parse_endpoint("http://127.0.0.1:2")) is http
            assert connections.client(parse_endpoint("127.0.0.1:1")) is not http
        assert http.is_closed

    asyncio.run(check())


@pytest.mark.parametrize("given", [True, False])
def test_connections_of_the_caller_stay_open(given: bool) -> None:
    async def check() -> bool:
        async with Connections() as connections:
            async with ensure_connections(connections if given else None) as used:
                client = used.client(parse_endpoint("http://127.0.0.1:1"))
            return client.is_closed

    assert asyncio.run(check()) is not given


# --- Failures --------------------------------------------------------------------------------------------------------

SECRET = "canary-key-secret-5eRz"
CONFIG = CallConfig(
    region="cn-hangzhou",
    endpoint=parse_endpoint("hologram.cn-hangzhou.aliyuncs.com"),
    credentials=Credentials("the-id", SECRET),
)


def caused_by(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


NO_TUNNEL = "the proxy proxy.example:3128 (https_proxy) did not open a tunnel"
NO_NAME = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
FAILURES: list[tuple[Exception, type[HologresAiError], str]] = [
    (httpx.ConnectError("refused"), TransportError, "ConnectError: refused"),
    (httpx.ReadTimeout(""), TransportError, "ReadTimeout"),
    (httpx.RemoteProtocolError("illegal: bytearray(b'...')"), TransportError, "RemoteProtocolError: illegal"),
    (httpx.ConnectError(f"you sent {SECRET}"), TransportError, "you sent ***"),
    (caused_by(httpx.ConnectError("no name"), NO_NAME), TransportError, "no name"),
    (caused_by(httpx.ConnectError("bad"), ssl.SSLError(1, "self-signed")), TlsError, "no trusted TLS connection"),
    (caused_by(httpx.ConnectError("closed"), ssl.SSLEOFError(8, "EOF")), TransportError, "no complete response"),
    (httpx.UnsupportedProtocol("ftp"), ResponseError, "cannot be called"),
    (
        httpx.ProxyError("407 Proxy Authentication Required"),
        ResponseError,
        NO_TUNNEL,
    ),
    (httpx.ProxyError("403 Forbidden"), ResponseError, NO_TUNNEL),
    (httpx.ProxyError("503 Busy"), TransportError, NO_TUNNEL),
    (httpx.ProxyError("429 Too many"), TransportError, NO_TUNNEL),
    (httpx.ProxyError("nonsense"), TransportError, NO_TUNNEL),
    (OverflowError("port must be 0-65535"), TransportError, "OverflowError"),
]


@pytest.mark.parametrize(
    ("raised", "kind", "says"), FAILURES, ids=[f"{type(raised).__name__} {raised}"[:40] for raised, _, _ in FAILURES]
)
def test_an_exception_of_httpx_becomes_an_error_of_this_package(
    raised: Exception, kind: type[HologresAiError], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if isinstance(raised, httpx.ProxyError):
        monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    error = transport_error(raised, CONFIG, [SECRET])
    assert type(error) is kind
    assert says in error.title
    assert "hologram.cn-hangzhou.aliyuncs.com" in error.title
    assert error.remedy
    assert SECRET not in str(error)
    assert "bytearray" not in str(error)


def test_the_error_of_a_nonexistent_host_name_is_marked() -> None:
    marked = [getattr(transport_error(raised, CONFIG, []), "no_such_host", False) for raised, _, _ in FAILURES]
    assert [raised for (raised, _, _), mark in zip(FAILURES, marked, strict=True) if mark] == [FAILURES[4][0]]
