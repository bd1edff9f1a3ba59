"""The client on loopback sockets: requests, retries and limits. `tests/faults` has the failures."""

import asyncio
import hashlib
import hmac
import itertools
import json
import logging
import socket
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from tenacity import RetryCallState

from hologres_ai.api.client import Client
from hologres_ai.api.retry import RetryQuota
from hologres_ai.config import CallConfig
from hologres_ai.credentials import Credentials
from hologres_ai.errors import (
    AuthenticationError,
    DeadlineExceededError,
    HologresAiError,
    ResponseError,
    ServiceError,
    TransportError,
)
from hologres_ai.models import AiNode, NodeList
from hologres_ai.settings.network import parse_endpoint
from tests.faults.certificates import authority
from tests.support.raw_server import Answer, Drip, RawServer, Request, Reset, Silence, http

KEY_SECRET = "canary-key-secret-5eRz"
TOKEN = "canary-token-9fQx"
SECRETS = (KEY_SECRET, TOKEN)
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

AT_ONCE = "x-acs-retry-after: 1"  # milliseconds
NODES = b'{"requestId": "R-1", "instanceModelList": [{"aiInstanceId": "a", "cpu": 7}]}'
GOOD = http(200, NODES)
GOOD_REPLY = NodeList(nodes=(AiNode(ai_instance_id="a", cpu=7),), request_id="R-1")
ECHO = f"you sent {KEY_SECRET} and {TOKEN}"


def refusal(status: int, code: str, *headers: str, message: str = ECHO) -> bytes:
    body = json.dumps({"RequestId": "R-2", "HostId": "h", "Code": code, "Message": message})
    return http(status, body, AT_ONCE, *headers)


XML_THROTTLED = (
    '<?xml version="1.0" encoding="UTF-8"?><Error><RequestId>R-2</RequestId><HostId>h</HostId>'
    "<Code>Throttling.User</Code><Message>Request was denied due to user flow control.</Message></Error>"
)


def chunked(*pieces: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Every log record of every library is captured; none may contain a secret."""
    caplog.set_level(logging.DEBUG)
    yield
    assert [secret for secret in SECRETS if secret in caplog.text] == []


def settings_for(url: str, *, deadline: float = 20.0, read_timeout: float = 10.0) -> CallConfig:
    return CallConfig(
        region="cn-hangzhou",
        endpoint=parse_endpoint(url),
        credentials=Credentials("the-id", KEY_SECRET, TOKEN),
        connect_timeout=2.0,
        read_timeout=read_timeout,
        deadline=deadline,
    )


def call(client: Client, instance_id: str | None = None) -> NodeList:
    return asyncio.run(client.list_instance_model(instance_id))


def call_url(url: str, **limits: float) -> NodeList:
    return call(Client(settings_for(url, **limits)))


def fail(client: Client) -> HologresAiError:
    """The failure of one call, checked for secrets."""
    with pytest.raises(HologresAiError) as caught:
        call(client)
    error = caught.value
    shown = str(error) + repr(error) + repr(vars(error)) + "".join(traceback.format_exception(error))
    assert [secret for secret in SECRETS if secret in shown] == []
    assert error.remedy
    return error


def retries_left(quota: RetryQuota) -> int:
    return next(taken for taken in itertools.count() if not quota.take())


# --- One good call ---------------------------------------------------------------------------------------------------


def independent_signature(request: Request) -> str:
    """The expected Authorization of the received request, by a signer that shares no code with the package."""
    parts = urlsplit(request.target)
    pairs = sorted((quote(k, safe="~"), quote(v, safe="~")) for k, v in parse_qsl(parts.query, keep_blank_values=True))
    names = sorted(name for name in request.headers if name == "host" or name.startswith("x-acs-"))
    lines = [request.method, parts.path, "&".join(f"{k}={v}" for k, v in pairs)]
    lines += [f"{name}:{request.headers[name]}" for name in names]
    lines += ["", ";".join(names), hashlib.sha256(b"").hexdigest()]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    sign = hmac.new(KEY_SECRET.encode(), f"ACS3-HMAC-SHA256\n{digest}".encode(), "sha256").hexdigest()
    return f"ACS3-HMAC-SHA256 Credential=the-id,SignedHeaders={';'.join(names)},Signature={sign}"


@pytest.mark.parametrize("instance_id", [None, "hgpostcn-cn-yi34hlzdx003"])
def test_a_successful_call_is_one_signed_request(instance_id: str | None) -> None:
    with RawServer([GOOD]) as server:
        assert call(Client(settings_for(server.url)), instance_id) == GOOD_REPLY
    (request,) = server.requests
    query = f"?instanceId={instance_id}" if instance_id else ""
    assert (request.method, request.target) == ("GET", "/api/v1/instances/rpc/listInstanceModel" + query)
    assert request.headers["authorization"] == independent_signature(request)
    assert request.headers["host"] == f"127.0.0.1:{server.port}"
    assert request.headers["x-acs-action"] == "ListInstanceModel"
    assert request.headers["x-acs-version"] == "2022-06-01"
    assert request.headers["x-acs-security-token"] == TOKEN
    assert request.headers["accept-encoding"] == "identity"


def test_each_try_has_its_own_signature() -> None:
    with RawServer([refusal(503, "ServiceUnavailable")] * 3 + [GOOD]) as server:
        assert call_url(server.url) == GOOD_REPLY
    assert len({request.headers["x-acs-signature-nonce"] for request in server.requests}) == 4
    for request in server.requests:
        assert request.headers["authorization"] == independent_signature(request)


def test_a_chunked_response_is_read() -> None:
    with RawServer([chunked(NODES[:10], NODES[10:], b"")]) as server:
        assert call_url(server.url) == GOOD_REPLY


def test_one_client_serves_many_calls() -> None:
    with RawServer([GOOD]) as server:
        client = Client(settings_for(server.url))
        assert [call(client), call(client)] == [GOOD_REPLY] * 2


# --- Failures that tests/faults does not have -------------------------------------------------------------------------

TRUNCATED = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\nConnection: close\r\n\r\n" + NODES
HTML = f"<html>{ECHO}</html>"


def test_a_deadline_error_has_the_last_failure() -> None:
    with RawServer([refusal(503, "ServiceUnavailable", message="full house"), Silence()]) as server:
        error = fail(Client(settings_for(server.url, deadline=0.7)))
    assert type(error) is DeadlineExceededError
    assert "full house" in str(error)
    assert len(server.requests) == 2


def test_a_refusal_with_a_long_retry_delay_is_an_error_about_the_refusal() -> None:
    refused = http(429, json.dumps({"Code": "Throttling.User", "Message": "too fast"}), "Retry-After: 100")
    with RawServer([refused]) as server:
        error = fail(Client(settings_for(server.url, deadline=0.7)))
    assert type(error) is DeadlineExceededError
    assert error.title.endswith("; retried until the limit of 0.7 s")
    assert (error.status, error.code, error.retry_after) == (429, "Throttling.User", 100)
    assert error.remedy.startswith("Wait")
    assert "no complete response" not in error.title


def test_the_read_timeout_ends_one_try_and_not_the_call() -> None:
    with RawServer([Silence(), GOOD]) as server:
        assert call_url(server.url, read_timeout=0.3) == GOOD_REPLY
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [200, 503])
@pytest.mark.parametrize("framing", ["length", "chunked", "until the end", "endless"])
def test_a_body_over_the_limit_is_refused(framing: str, status: int) -> None:
    body = b"x" * (2**20 + 1)
    answers: dict[str, Answer] = {
        "length": http(200, body),
        "chunked": chunked(*[body[:1000]] * 1100),
        "until the end": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body,
        "endless": Drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65_536, 0.001),
    }
    with RawServer([answers[framing]]) as server:
        error = fail(Client(settings_for(server.url), max_body_bytes=2**20))
    assert type(error) is ResponseError
    assert "1 MiB" in error.title
    assert len(server.requests) == 1


def test_a_body_at_the_limit_is_read() -> None:
    with RawServer([GOOD]) as server:
        assert call(Client(settings_for(server.url), max_body_bytes=len(NODES))) == GOOD_REPLY


def test_an_endpoint_with_an_invalid_address_is_a_typed_error() -> None:
    config = CallConfig("cn-hangzhou", parse_endpoint("1.2.3.999"), Credentials("id", "secret"))
    with pytest.raises(ResponseError, match=r"1\.2\.3\.999 cannot be called"):
        asyncio.run(Client(config).list_instance_model())


def test_connection_refused_is_retried_and_names_host_and_region() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    quota = RetryQuota(100)
    error = fail(Client(settings_for(f"http://127.0.0.1:{port}"), quota=quota))
    assert type(error) is TransportError
    assert "127.0.0.1" in error.title
    assert "cn-hangzhou" in error.remedy
    assert retries_left(quota) == 20 - 3


# --- Transient failures ----------------------------------------------------------------------------------------------

PASSING: list[tuple[str, list[Answer]]] = [
    ("429 with Retry-After", [http(429, "", "Retry-After: 0")]),
    ("Throttling as 400", [refusal(400, "Throttling", "Retry-After: 0")]),
    ("Throttling.User", [refusal(429, "Throttling.User")]),
    ("Throttling.User in XML", [http(400, XML_THROTTLED, AT_ONCE, "Content-Type: text/xml")]),
    ("InvalidTimeStamp in XML", [http(400, "<Error><Code>InvalidTimeStamp.Expired</Code></Error>", AT_ONCE)]),
    ("503 three times", [refusal(503, "ServiceUnavailable")] * 3),
    ("a reset, an empty reply and a cut one", [Reset(), b"", TRUNCATED]),
    ("one of each", [http(502, HTML, AT_ONCE), http(504, "", AT_ONCE), refusal(500, "InternalError")]),
    ("both second chances", [refusal(400, "InvalidTimeStamp.Expired"), refusal(400, "SignatureNonceUsed")]),
]


@pytest.mark.parametrize(("name", "faults"), PASSING, ids=[name for name, _ in PASSING])
def test_a_transient_fault_is_retried(name: str, faults: list[Answer]) -> None:
    with RawServer([*faults, GOOD]) as server:
        assert call_url(server.url) == GOOD_REPLY
    assert len(server.requests) == len(faults) + 1


def test_a_retry_waits_as_long_as_the_response_requests() -> None:
    with RawServer([http(503, "", "x-acs-retry-after: 400"), GOOD]) as server:
        started = time.monotonic()
        assert call(Client(settings_for(server.url))) == GOOD_REPLY
        assert time.monotonic() - started >= 0.4


def test_the_wait_argument_replaces_the_default_retry_wait() -> None:
    failures: list[BaseException | None] = []

    def wait(state: RetryCallState) -> float:
        failures.append(state.outcome.exception() if state.outcome else None)
        return 0.0

    with RawServer([http(503, "", "Retry-After: 3600"), GOOD]) as server:
        assert call(Client(settings_for(server.url), wait=wait)) == GOOD_REPLY
    [failure] = failures
    assert isinstance(failure, ServiceError)
    assert failure.retry_after == 3600.0


# --- Failures that a second try corrects ------------------------------------------------------------------------------


def test_a_wrong_clock_is_corrected_from_the_date_header() -> None:
    late = refusal(400, "InvalidTimeStamp.Expired", "Date: Fri, 02 Jan 2026 05:00:00 GMT")
    with RawServer([late, GOOD]) as server:
        client = Client(settings_for(server.url), clock=lambda: NOW)
        assert call(client) == GOOD_REPLY
        assert call(client) == GOOD_REPLY
    dates = [request.headers["x-acs-date"] for request in server.requests]
    assert dates == ["2026-01-02T03:04:05Z", "2026-01-02T05:00:00Z", "2026-01-02T05:00:00Z"]
    assert server.requests[1].headers["authorization"] == independent_signature(server.requests[1])


@pytest.mark.parametrize("date", ["", "yesterday", "Fri, 31 Dec 9999 23:59:59 -2300", "Fri, 99 Jan 2026 99:99:99 GMT"])
def test_without_a_valid_date_header_the_second_try_has_the_same_time(date: str) -> None:
    with RawServer([refusal(400, "InvalidTimeStamp.Expired", f"Date: {date}")]) as server:
        error = fail(Client(settings_for(server.url), clock=lambda: NOW))
    assert type(error) is AuthenticationError
    assert "clock" in error.remedy
    assert {request.headers["x-acs-date"] for request in server.requests} == {"2026-01-02T03:04:05Z"}


def test_the_date_header_of_any_other_failure_is_ignored() -> None:
    busy = refusal(503, "ServiceUnavailable", "Date: Fri, 02 Jan 2026 05:00:00 GMT")
    with RawServer([busy, GOOD]) as server:
        call(Client(settings_for(server.url), clock=lambda: NOW))
    assert {request.headers["x-acs-date"] for request in server.requests} == {"2026-01-02T03:04:05Z"}


def test_a_used_nonce_is_replaced() -> None:
    nonces = iter(["one", "two", "three"])
    with RawServer([refusal(400, "SignatureNonceUsed"), GOOD]) as server:
        assert call(Client(settings_for(server.url), nonce=lambda: next(nonces))) == GOOD_REPLY
    assert [request.headers["x-acs-signature-nonce"] for request in server.requests] == ["one", "two"]


# --- The quota -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tokens", "requests"), [(0, 1), (4, 1), (5, 2), (10, 3), (15, 4), (500, 4)])
def test_without_quota_there_is_no_retry(tokens: int, requests: int) -> None:
    with RawServer([refusal(503, "ServiceUnavailable")]) as server:
        error = fail(Client(settings_for(server.url), quota=RetryQuota(tokens)))
    assert type(error) is ServiceError
    assert len(server.requests) == requests


def test_clients_can_share_a_quota() -> None:
    quota = RetryQuota(20)
    with RawServer([refusal(503, "ServiceUnavailable")]) as server:
        for _ in range(3):
            fail(Client(settings_for(server.url), quota=quota))
    assert len(server.requests) == 4 + 2 + 1


def test_a_success_returns_tokens() -> None:
    quota = RetryQuota(20)
    assert quota.take()
    with RawServer([GOOD]) as server:
        call(Client(settings_for(server.url), quota=quota))
    assert retries_left(quota) == 4


def test_a_refusal_takes_no_tokens() -> None:
    quota = RetryQuota(20)
    with RawServer([refusal(403, "Forbidden.RAM")]) as server:
        fail(Client(settings_for(server.url), quota=quota))
    assert retries_left(quota) == 4


# --- The environment --------------------------------------------------------------------------------------------------

BAD_SURROUNDINGS = [
    ("ALL_PROXY", "socks5://127.0.0.1:1"),
    ("HTTPS_PROXY", "ftp://127.0.0.1:1"),
    ("HTTPS_PROXY", "http://127.0.0.1:99999"),
    ("HTTPS_PROXY", f"http://user:{KEY_SECRET}@127.0.0.1:x"),
    ("SSL_CERT_FILE", "/nonexistent/ca.pem"),
]


@pytest.mark.parametrize(("name", "value"), BAD_SURROUNDINGS, ids=[f"{n}={v[:12]}" for n, v in BAD_SURROUNDINGS])
def test_an_invalid_proxy_or_certificate_setting_is_a_typed_error(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    error = fail(Client(settings_for("https://127.0.0.1:1", deadline=5.0)))
    assert "proxy" in str(error).lower() or "SSL_CERT_FILE" in str(error)


def test_a_proxy_is_used_except_for_hosts_in_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority().file))
    with RawServer([GOOD]) as proxy, RawServer([GOOD], tls=authority().servers["trusted"]) as server:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        fail(Client(settings_for(f"https://localhost:{server.port}")))
        assert proxy.requests[0].method == "CONNECT"
        assert "authorization" not in proxy.requests[0].headers
        assert server.connections == 0
        seen = len(proxy.requests)
        monkeypatch.setenv("NO_PROXY", "localhost")
        assert call_url(f"https://localhost:{server.port}") == GOOD_REPLY
        assert len(proxy.requests) == seen


def test_plain_http_to_loopback_uses_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer([GOOD]) as proxy, RawServer([GOOD]) as server:
        for name in ("HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert call_url(server.url) == GOOD_REPLY
        assert (len(proxy.requests), len(server.requests)) == (0, 1)


def test_a_failure_in_an_unknown_region_suggests_a_known_region() -> None:
    settings = replace(settings_for("http://127.0.0.1:1"), warnings=('did you mean "cn-hangzhou"?',))
    assert fail(Client(settings)).remedy.endswith(' did you mean "cn-hangzhou"?')


def test_a_netrc_does_not_replace_the_signature(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with RawServer([GOOD]) as server:
        call_url(server.url)
    assert server.requests[0].headers["authorization"].startswith("ACS3-HMAC-SHA256 ")


def test_concurrent_calls_are_independent() -> None:
    async def many(client: Client) -> list[NodeList]:
        return await asyncio.gather(*(client.list_instance_model() for _ in range(16)))

    with RawServer([refusal(503, "ServiceUnavailable"), GOOD]) as server:
        assert asyncio.run(many(Client(settings_for(server.url)))) == [GOOD_REPLY] * 16
    assert len({request.headers["x-acs-signature-nonce"] for request in server.requests}) == len(server.requests) == 17


def test_a_cancelled_call_stops_and_is_not_retried() -> None:
    async def cancel(client: Client) -> None:
        task = asyncio.create_task(client.list_instance_model())
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with RawServer([Silence()]) as server:
        asyncio.run(cancel(Client(settings_for(server.url))))
        assert len(server.requests) == 1
