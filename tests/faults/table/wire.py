"""Rows about the wire: connections, TLS, proxies, redirects, and peers that break HTTP or never end."""

import gzip
from typing import Any

from tests.faults.families import Row
from tests.faults.testbed import GOOD, KEY_SECRET, NODES, PASSWORD, TOKEN, Part, Scenario
from tests.support.raw_server import Drip, Reset, Silence, http

THE_NODES = ({"aiInstanceId": "a", "cpu": 7},)

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
TRUNCATED = HEAD + b"Content-Length: 500\r\nConnection: close\r\n\r\n" + NODES
ENDLESS = HEAD + b"Connection: close\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
MANY = b" " * 65_536


def chunk(piece: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(piece), piece)


BROKEN: dict[str, Part] = {
    "reset before the reply": Reset(),
    "empty reply": b"",
    "reset in the head": Reset(b"HTTP/1.1 200 OK\r\nContent-"),
    "reset in the body": Reset(TRUNCATED),
    "truncated length": TRUNCATED,
    "truncated chunked": CHUNKED + chunk(NODES),
    "truncated in a chunk": CHUNKED + chunk(NODES)[:-20],
    "bad status line": b"HTTP/9.9 yes\r\n\r\n",
    "no HTTP at all": b"SSH-2.0-OpenSSH_9.6\r\n",
    "a head of 200 KB": http(200, NODES, "X: " + "a" * 200_000),
}
PASSING = ("reset before the reply", "empty reply", "reset in the body", "truncated length", "truncated chunked")


def passing() -> list[Row]:
    rows = [Row("passing", name, Scenario((BROKEN[name], GOOD)), nodes=THE_NODES, requests=2) for name in PASSING]
    silence = Scenario((Silence(), GOOD), read_timeout=300)
    return [*rows, Row("passing", "no reply within the read limit", silence, nodes=THE_NODES, requests=2)]


def lasting(name: str, scenario: Scenario, **wanted: Any) -> Row:
    """A connection that never gives a complete response."""
    return Row("connection", name, scenario, **{"kind": "TransportError", "requests": 4, "says": "127.0.0.1", **wanted})


def through(proxy: str, **environment: str) -> dict[str, str]:
    return {"HTTPS_PROXY": proxy, **environment}


DEAD, OTHER = "http://127.0.0.1:$dead", "$elsewhere"
ASKS = http(407, "", 'Proxy-Authenticate: Basic realm="x"', reason="Proxy Authentication Required")
BUSY = http(503, "", reason="Busy")

CONNECTIONS = [
    lasting("connection refused", Scenario(peer="refuses"), requests=-1, says="region cn-hangzhou"),
    lasting(
        "DNS failure",
        Scenario(arguments={"endpoint": "https://hologram.nowhere.invalid"}),
        requests=-1,
        says="hologram.nowhere.invalid",
    ),
    lasting(
        "a host name with a label of 64 characters",
        Scenario(arguments={"endpoint": f"https://{'a' * 64}.invalid"}),
        requests=-1,
        says="aaa.invalid",
    ),
    lasting("hangs up in the handshake", Scenario(peer="hangs up"), requests=-1),
    *(lasting(f"{name}, forever", Scenario((part,))) for name, part in BROKEN.items()),
    lasting("a dead proxy", Scenario(peer="trusted", environment=through(DEAD)), requests=-1, says="proxy"),
    lasting(
        "a proxy that wants a password",
        Scenario(peer="trusted", elsewhere=(ASKS,), environment=through(OTHER)),
        kind="ResponseError",
        requests=0,
        status=407,
        says="HTTPS_PROXY",
    ),
    lasting(
        "a proxy that is busy",
        Scenario(peer="trusted", elsewhere=(BUSY,), environment=through(OTHER)),
        requests=0,
        status=503,
        says="HTTPS_PROXY",
    ),
    Row(
        "connection",
        "through a proxy that works",
        Scenario(peer="trusted", elsewhere=None, environment=through(OTHER)),
        nodes=THE_NODES,
    ),
    Row(
        "connection",
        "NO_PROXY with a dead proxy",
        Scenario(peer="trusted", environment=through(DEAD, NO_PROXY="127.0.0.1")),
        nodes=THE_NODES,
    ),
]

UNTRUSTED = (
    *("self-signed", "unknown authority", "wrong host", "expired", "not valid yet"),
    *("old TLS version", "speaks no TLS"),
)
TLS = [
    Row("tls", "trusted", Scenario(peer="trusted"), nodes=THE_NODES),
    *(Row("tls", peer, Scenario(peer=peer), kind="TlsError", requests=0, says="SSL_CERT_FILE") for peer in UNTRUSTED),
]

REDIRECTS = [
    Row(
        "redirect",
        str(status),
        Scenario((http(status, "", "Location: $elsewhere/elsewhere"),)),
        status=status,
        kind="ResponseError",
        says="never followed",
    )
    for status in (301, 302, 303, 307, 308)
]


# A call that the deadline ends names the setting of the deadline.
AT_THE_DEADLINE: Any = {"kind": "DeadlineExceededError", "least": 1.0, "says": "MAX_RETRY_TIMEOUT"}


def bounded(name: str, part: Part) -> Row:
    return Row("bounds", name, Scenario((part,), deadline=1), **AT_THE_DEADLINE)


def too_large(name: str, part: Part, **wanted: Any) -> Row:
    """A body larger than every limit; the deadline leaves time to reach it."""
    return Row(
        "bounds",
        name,
        Scenario((part,), deadline=20),
        **{"kind": "ResponseError", "status": 200, "says": "larger than 64 MiB", **wanted},
    )


def bomb() -> bytes:
    """300 MiB of spaces in 306 KB: 30 members of 10 MiB."""
    return http(200, gzip.compress(b" " * 10 * 2**20) * 30, "Content-Encoding: gzip", "Content-Type: application/json")


BOUNDS = [
    # The request is sent again within the deadline, whenever the read limit passes.
    Row(
        "bounds",
        "no reply, ever",
        Scenario((Silence(),), deadline=1, read_timeout=400),
        requests=-1,
        **AT_THE_DEADLINE,
    ),
    bounded("status line by drips", Drip(b"HTTP/1.1 200 ", b"O", 0.1)),
    bounded("headers by drips", Drip(HEAD, b"X: y\r\n", 0.1)),
    bounded("body by drips", Drip(TRUNCATED, b" ", 0.1)),
    bounded("chunks by drips", Drip(CHUNKED + chunk(b"{"), chunk(b" "), 0.1)),
    too_large("a body without end", Drip(ENDLESS, MANY, 0.0)),
    too_large("chunks without end", Drip(CHUNKED, chunk(MANY), 0.0)),
    too_large("a gzip bomb: 300 MiB from 306 KB", bomb, says="encoded as 'gzip'"),
    too_large(
        "gzip that is none",
        http(200, b"\x1f\x8b no gzip", "Content-Encoding: gzip", "Content-Type: application/json"),
        says="encoded as 'gzip'",
    ),
]

# A server or a proxy receives the token with each request, and may send it back anywhere.
ECHO = f"{KEY_SECRET} {TOKEN}"
ECHOES = [
    Row(
        "secret",
        "in a bad status line",
        Scenario((f"HTTP/9.9 {ECHO}\r\n\r\n".encode(),)),
        kind="TransportError",
        requests=4,
    ),
    Row(
        "secret",
        "in a bad header",
        Scenario((f"HTTP/1.1 200 OK\r\nx {ECHO}\r\n\r\n".encode(),)),
        kind="TransportError",
        requests=4,
    ),
    Row(
        "secret",
        "in the name of an encoding",
        Scenario((http(200, "", f"Content-Encoding: {TOKEN}"),)),
        kind="ResponseError",
        status=200,
    ),
    Row("secret", "in a header", Scenario((http(403, "", f"X-Echo: {ECHO}"),)), kind="AccessDeniedError", status=403),
    Row(
        "secret",
        "in the reason of a status",
        Scenario((http(403, "", reason=ECHO),)),
        kind="AccessDeniedError",
        status=403,
    ),
    Row(
        "secret",
        "in a redirect",
        Scenario((http(302, "", f"Location: $elsewhere/?token={TOKEN}"),)),
        kind="ResponseError",
        status=302,
    ),
    Row(
        "secret",
        "in a proxy's reason",
        Scenario(
            peer="trusted",
            elsewhere=(http(407, "", reason=f"no {PASSWORD}"),),
            environment=through(f"http://user:{PASSWORD}@127.0.0.1:$port2"),
        ),
        kind="ResponseError",
        requests=0,
        status=407,
    ),
    Row(
        "secret",
        "in the address of a dead proxy",
        Scenario(peer="trusted", environment=through(f"http://user:{PASSWORD}@127.0.0.1:$dead")),
        kind="TransportError",
        requests=0,
    ),
    Row(
        "secret",
        "in an invalid address of a proxy",
        Scenario(peer="trusted", environment=through(f"http://user:{PASSWORD}@127.0.0.1:x")),
        kind="ConfigurationError",
        requests=0,
    ),
]

ROWS = [*passing(), *CONNECTIONS, *TLS, *REDIRECTS, *BOUNDS, *ECHOES]
