"""The emulator over loopback: what it lets in, what it serves, how it fails on request and how it stops."""

import contextlib
import json
import logging
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import httpx
import pytest
from pydantic import JsonValue

from hologres_ai.api.signing import (
    EMPTY_PAYLOAD_HASH,
    Acs3Auth,
    authorization,
    canonical_request,
    headers_to_sign,
    new_nonce,
    signature,
    string_to_sign,
)
from hologres_ai.clock import utc_now
from hologres_ai.core.read import read_ai_nodes
from hologres_ai.core.result import free
from hologres_ai.credentials import Credentials
from hologres_ai.emulator import (
    EMULATOR_ACCESS_KEY_ID,
    EMULATOR_ACCESS_KEY_SECRET,
    EMULATOR_CREDENTIALS,
    SHIPPED_FLEET,
    Emulator,
    serve,
)
from hologres_ai.emulator.faults import REFUSALS, Fault, parse_fault
from hologres_ai.emulator.responses import BodyFormat
from hologres_ai.emulator.verification import MAX_NONCES, Nonces
from hologres_ai.errors import AccessDeniedError, AuthenticationError, ConfigurationError, ServiceError
from hologres_ai.models import AiNodeListResult

PATH = "/api/v1/instances/rpc/listInstanceModel"
TOKEN = "a-token/with+signs=="
WITH_TOKEN = Credentials(EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET, TOKEN)
REQUEST_ID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")
NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)

Change = Callable[[httpx.Request], object]


EXAMPLE = Path(__file__).parents[1] / "data" / "example-response.json"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    with Emulator(Path(shutil.copy(SHIPPED_FLEET, tmp_path))) as started:
        yield started


def signed(
    emulator: Emulator,
    *,
    credentials: Credentials = EMULATOR_CREDENTIALS,
    action: str = "ListInstanceModel",
    version: str = "2022-06-01",
    clock: Callable[[], datetime] = utc_now,
    nonce: Callable[[], str] = new_nonce,
    method: str = "GET",
    path: str = PATH,
    params: dict[str, str] | None = None,
) -> httpx.Request:
    """A request with a good signature over whatever it holds."""
    request = httpx.Request(method, emulator.url + path, params=params)
    auth = Acs3Auth(credentials, action=action, version=version, clock=clock, nonce=nonce)
    return next(auth.auth_flow(request))


def send(request: httpx.Request, timeout: float = 5.0) -> httpx.Response:
    with httpx.Client(trust_env=False, timeout=timeout) as client:
        return client.send(request)


def listed(response: httpx.Response) -> list[JsonValue]:
    assert response.status_code == 200, response.text
    nodes = response.json()["instanceModelList"]
    assert isinstance(nodes, list)
    return nodes


def refused(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["Code"]


def read(
    emulator: Emulator, instance_id: str | None = None, secret: str = EMULATOR_ACCESS_KEY_SECRET
) -> AiNodeListResult:
    return read_ai_nodes(
        instance_id,
        region="cn-hangzhou",
        access_key=EMULATOR_ACCESS_KEY_ID,
        secret_key=secret,
        endpoint=emulator.url,
    )


def write_fleet(emulator: Emulator, *nodes: JsonValue) -> None:
    emulator.fleet_path.write_text(json.dumps({"nodes": nodes}), encoding="utf-8")


class TestShippedFleet:
    def test_our_own_reading_reads_it(self, emulator: Emulator) -> None:
        result = read(emulator)
        nodes = result.instance_model_list
        assert len(nodes) >= 12
        assert result.warnings == ()
        assert result.request_id is not None
        assert REQUEST_ID.fullmatch(result.request_id)
        assert len({node.holo_instance_id for node in nodes}) == 3
        assert "AI节点List测试" in result.names
        assert {node.charge_type for node in nodes} == {"PostPaid", "PrePaid"}
        assert len({node.ai_spec for node in nodes}) >= 3
        assert {node.status for node in nodes} > {"ResourceReady"}

    def test_numbers_agree_with_the_specification(self, emulator: Emulator) -> None:
        for node in read(emulator).instance_model_list:
            form = re.fullmatch(r"(\w+)-(\d+)core-(\d+)G-(\d+)G", node.ai_spec or "")
            assert form, node.ai_spec
            assert form[1] == node.resource_type
            assert (node.cpu, node.memory, node.gpu_memory) == (int(form[2]), int(form[3]), int(form[4]))

    def test_one_free_figure_cannot_be_known(self, emulator: Emulator) -> None:
        nodes = read(emulator).instance_model_list
        unknown = [
            (n.ai_instance_id, r) for n in nodes for r in ("cpu", "memory", "gpu", "gpu_memory") if free(n, r) is None
        ]
        assert [resource for _, resource in unknown] == ["memory"]

    def test_one_expires_soon_and_stays_put(self) -> None:
        clock = Clock(NOON)
        with Emulator(clock=clock) as emulator:
            first = expiries(send(signed(emulator, clock=clock)))
            clock.now += timedelta(days=3)
            assert expiries(send(signed(emulator, clock=clock))) == first
        assert min(first) == "2026-01-11T00:00:00.000Z"
        with Emulator(clock=Clock(NOON + timedelta(hours=11))) as again:
            assert expiries(send(signed(again, clock=Clock(NOON + timedelta(hours=11))))) == first


def expiries(response: httpx.Response) -> list[str]:
    return [
        str(node["expirationTime"]) for node in listed(response) if isinstance(node, dict) and "expirationTime" in node
    ]


class TestAnswers:
    def test_every_answer_has_a_fresh_request_id_and_the_date(self) -> None:
        clock = Clock()
        with Emulator(clock=clock) as emulator:
            answers = [send(signed(emulator, clock=clock)) for _ in range(2)]
            answers.append(send(httpx.Request("GET", emulator.url + PATH)))
        ids = [answer.headers["x-acs-request-id"] for answer in answers]
        assert len(set(ids)) == 3
        assert all(REQUEST_ID.fullmatch(request_id) for request_id in ids)
        bodies = [answer.json() for answer in answers]
        assert ids == [bodies[0]["requestId"], bodies[1]["requestId"], bodies[2]["RequestId"]]
        assert [parsedate_to_datetime(answer.headers["date"]) for answer in answers] == [NOON] * 3

    def test_a_refusal_has_the_error_body_and_no_secret(self, emulator: Emulator) -> None:
        wrong = Credentials(EMULATOR_ACCESS_KEY_ID, "another-secret")
        response = send(signed(emulator, credentials=wrong))
        assert response.json().keys() == {"RequestId", "HostId", "Code", "Message", "Recommend"}
        assert response.json()["HostId"] == urlsplit(emulator.url).netloc
        assert EMULATOR_ACCESS_KEY_SECRET not in response.text + str(response.headers)

    def test_one_instance(self, emulator: Emulator) -> None:
        result = read(emulator, "hgpostcn-cn-yi34hlzdx003")
        assert len(result.instance_model_list) == 4
        assert result.names == ("AI节点List测试",)
        assert read(emulator, "hgpostcn-cn-nowhere").instance_model_list == ()

    def test_filters_by_itself(self, emulator: Emulator) -> None:
        nodes = listed(send(signed(emulator, params={"instanceId": "hgprecn-cn-em4lrec5k001"})))
        assert len(nodes) == 5
        assert len(listed(send(signed(emulator, params={"instanceId": ""})))) == 13


def without(name: str) -> Change:
    return lambda request: request.headers.pop(name)


def replaced(name: str, value: str) -> Change:
    return lambda request: request.headers.update({name: value})


def unsigned_header(name: str) -> Change:
    def change(request: httpx.Request) -> None:
        value = request.headers["authorization"]
        request.headers["authorization"] = re.sub(rf"(;{name}|(?<==){name};)", "", value)

    return change


def query_added(request: httpx.Request) -> None:
    request.url = request.url.copy_add_param("instanceId", "hgpostcn-cn-other")


class TestChecks:
    @pytest.mark.parametrize(
        ("change", "status", "code"),
        [
            (without("authorization"), 400, "IncompleteSignature"),
            (replaced("authorization", "Bearer abc"), 400, "IncompleteSignature"),
            (
                replaced("authorization", "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=,Signature="),
                400,
                "IncompleteSignature",
            ),
            (without("x-acs-action"), 400, "IncompleteSignature"),
            (without("x-acs-version"), 400, "IncompleteSignature"),
            (without("x-acs-date"), 400, "IncompleteSignature"),
            (without("x-acs-signature-nonce"), 400, "IncompleteSignature"),
            (without("x-acs-content-sha256"), 400, "IncompleteSignature"),
            (replaced("x-acs-not-signed", "1"), 400, "IncompleteSignature"),
            (unsigned_header("host"), 400, "IncompleteSignature"),
            (unsigned_header("x-acs-action"), 400, "IncompleteSignature"),
            (replaced("x-acs-signature-nonce", "another"), 400, "SignatureDoesNotMatch"),
            (replaced("host", "hologram.cn-hangzhou.aliyuncs.com"), 400, "SignatureDoesNotMatch"),
            (replaced("x-acs-content-sha256", "0" * 64), 400, "SignatureDoesNotMatch"),
            (query_added, 400, "SignatureDoesNotMatch"),
            (replaced("x-acs-date", "yesterday"), 400, "InvalidTimeStamp.Format"),
        ],
    )
    def test_a_request_changed_after_signing(self, emulator: Emulator, change: Change, status: int, code: str) -> None:
        request = signed(emulator)
        change(request)
        assert refused(send(request)) == (status, code)

    @pytest.mark.parametrize(
        ("other", "status", "code"),
        [
            ({"method": "POST"}, 404, "InvalidAction.NotFound"),
            ({"path": "/"}, 404, "InvalidAction.NotFound"),
            ({"path": PATH + "/"}, 404, "InvalidAction.NotFound"),
            ({"action": "ListInstances"}, 404, "InvalidAction.NotFound"),
            ({"version": "2014-05-26"}, 400, "InvalidVersion"),
            ({"credentials": Credentials("someone", EMULATOR_ACCESS_KEY_SECRET)}, 404, "InvalidAccessKeyId.NotFound"),
            ({"credentials": Credentials(EMULATOR_ACCESS_KEY_ID, "wrong")}, 400, "SignatureDoesNotMatch"),
            ({"clock": lambda: utc_now() - timedelta(minutes=16)}, 400, "InvalidTimeStamp.Expired"),
            ({"clock": lambda: utc_now() + timedelta(minutes=16)}, 400, "InvalidTimeStamp.Expired"),
        ],
    )
    def test_a_well_signed_request_that_asks_for_something_else(
        self, emulator: Emulator, other: dict[str, object], status: int, code: str
    ) -> None:
        assert refused(send(signed(emulator, **other))) == (status, code)  # type: ignore[arg-type]

    def test_bytes_that_are_no_utf8(self, emulator: Emulator) -> None:
        request = signed(emulator)
        names = request.headers["authorization"].replace("host;", "host;x-acs-a;")
        headers = [*request.headers.raw, (b"x-acs-a", b"\xff\xfe")]
        request.headers = httpx.Headers([pair for pair in headers if pair[0].lower() != b"authorization"])
        request.headers["authorization"] = names
        assert refused(send(request)) == (400, "SignatureDoesNotMatch")

    def test_a_body_is_signed_too(self, emulator: Emulator) -> None:
        request = signed(emulator)
        body = httpx.Request("GET", request.url, headers=request.headers, content=b"{}")
        assert body.headers["x-acs-content-sha256"] == EMPTY_PAYLOAD_HASH
        assert refused(send(body)) == (400, "SignatureDoesNotMatch")

    def test_a_payload_hash_that_is_not_the_payload_s(self, emulator: Emulator) -> None:
        request = signed(emulator)
        request.headers["x-acs-content-sha256"] = "0" * 64
        headers = headers_to_sign(request.headers)
        text = string_to_sign(canonical_request("GET", PATH, "", headers, EMPTY_PAYLOAD_HASH))
        sign = signature(EMULATOR_ACCESS_KEY_SECRET, text)
        request.headers["authorization"] = authorization(EMULATOR_ACCESS_KEY_ID, headers, sign)
        assert refused(send(request)) == (400, "SignatureDoesNotMatch")

    @pytest.mark.parametrize("minutes", [-15, 15])
    def test_a_quarter_of_an_hour_is_let_pass(self, minutes: int) -> None:
        with Emulator(clock=Clock()) as emulator:
            listed(send(signed(emulator, clock=Clock(NOON + timedelta(minutes=minutes)))))

    def test_security_token(self) -> None:
        other = Credentials(EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET, "another-token")
        with Emulator(credentials=WITH_TOKEN) as emulator:
            listed(send(signed(emulator, credentials=WITH_TOKEN)))
            assert refused(send(signed(emulator))) == (400, "MissingSecurityToken")
            answer = send(signed(emulator, credentials=other))
        assert refused(answer) == (400, "InvalidSecurityToken.MismatchWithAccessKey")
        assert TOKEN not in answer.text

    def test_a_nonce_is_used_once(self) -> None:
        clock = Clock()
        with Emulator(clock=clock) as emulator:
            wrong = Credentials(EMULATOR_ACCESS_KEY_ID, "wrong")

            def repeated(credentials: Credentials = EMULATOR_CREDENTIALS) -> httpx.Response:
                return send(signed(emulator, credentials=credentials, clock=clock, nonce=lambda: "the-same-nonce"))

            assert refused(repeated(wrong)) == (400, "SignatureDoesNotMatch")
            listed(repeated())
            assert refused(repeated()) == (400, "SignatureNonceUsed")
            clock.now += timedelta(minutes=15, seconds=1)
            listed(repeated())

    def test_nonces_are_bounded(self) -> None:
        nonces, expiry = Nonces(), NOON + timedelta(minutes=15)
        assert all(nonces.use(str(number), expiry, NOON) for number in range(MAX_NONCES + 1))
        assert not nonces.use(str(MAX_NONCES), expiry, NOON)
        assert nonces.use("0", expiry, NOON), "the oldest one makes room"

    def test_our_client_learns_the_time(self) -> None:
        with Emulator(clock=lambda: utc_now() + timedelta(hours=5)) as emulator:
            assert len(read(emulator).ids) == 13
            assert emulator.requests == 2

    def test_our_client_explains_a_wrong_secret(self, emulator: Emulator) -> None:
        with pytest.raises(AuthenticationError) as caught:
            read(emulator, secret="wrong-secret")
        assert caught.value.code == "SignatureDoesNotMatch"
        assert emulator.requests == 1


class TestFleetFile:
    def test_an_edit_changes_the_world(self, emulator: Emulator) -> None:
        assert len(read(emulator).ids) == 13
        write_fleet(emulator, {"aiInstanceId": "one", "cpu": 8})
        assert read(emulator).ids == ("one",)
        write_fleet(emulator, {"aiInstanceId": "two", "cpu": 8})
        assert read(emulator).ids == ("two",), "an edit of the same length"

    @pytest.mark.parametrize(
        "broken", ['{"nodes": [', '{"nodes": {}}', "[]", "", "\ufffd", "[" * 100_000, '{"nodes": null}']
    )
    def test_a_broken_edit_keeps_the_last_good_fleet(
        self, emulator: Emulator, broken: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        write_fleet(emulator, {"aiInstanceId": "good"})
        assert read(emulator).ids == ("good",)
        emulator.fleet_path.write_text(broken, encoding="utf-8")
        assert read(emulator).ids == read(emulator).ids == ("good",)
        warnings = [r.message for r in caplog.records if r.levelno == logging.WARNING]
        assert len(warnings) == 1
        assert "the last valid fleet is kept" in warnings[0]
        write_fleet(emulator, {"aiInstanceId": "better"})
        assert read(emulator).ids == ("better",)

    def test_a_missing_file_keeps_the_last_good_fleet(
        self, emulator: Emulator, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert len(read(emulator).ids) == 13
        kept = emulator.fleet_path.rename(emulator.fleet_path.with_suffix(".kept"))
        assert len(read(emulator).ids) == len(read(emulator).ids) == 13
        assert [r.levelno for r in caplog.records if "the last valid fleet is kept" in r.message] == [logging.WARNING]
        kept.rename(emulator.fleet_path)
        assert len(read(emulator).ids) == 13

    def test_nodes_are_served_as_they_stand(self, emulator: Emulator) -> None:
        nodes: list[JsonValue] = [
            *(None, "text", 7, [], {}),
            {"cpu": "8", "nodeCount": 1.5, "unheardOf": {"a": [1]}, "holoInstanceName": "\ud83d 节点 \u202e\u0000"},
            {"expirationTime": "now+9 days"},
            {"expirationTime": 9},
        ]
        write_fleet(emulator, *nodes)
        assert listed(send(signed(emulator))) == nodes
        assert listed(send(signed(emulator, params={"instanceId": "x"}))) == []

    def test_relative_expiry_in_the_past(self, tmp_path: Path) -> None:
        path = tmp_path / "fleet.json"
        path.write_text('{"nodes": [{"expirationTime": "now-2d"}]}')
        with Emulator(path, clock=Clock()) as emulator:
            assert expiries(send(signed(emulator, clock=Clock()))) == ["2025-12-31T00:00:00.000Z"]

    @pytest.mark.parametrize("content", [None, "{", '{"instances": []}', '{"instanceModelList": {}}'])
    def test_a_start_needs_a_good_file(self, tmp_path: Path, content: str | None) -> None:
        path = tmp_path / "fleet.json"
        if content is not None:
            path.write_text(content)
        with pytest.raises(ConfigurationError, match=re.escape(str(path))):
            Emulator(path)

    @pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte order mark"])
    def test_a_saved_response_of_the_api_is_a_fleet(self, tmp_path: Path, mark: str) -> None:
        path = tmp_path / "saved.json"
        path.write_text(mark + EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
        with Emulator(path) as emulator:
            assert listed(send(signed(emulator))) == json.loads(EXAMPLE.read_bytes())["instanceModelList"]


class TestFaults:
    @pytest.mark.parametrize("kind", REFUSALS)
    def test_a_refusal_as_often_as_armed(self, emulator: Emulator, kind: str) -> None:
        emulator.arm(kind, times=2)
        expected = (REFUSALS[kind].status, REFUSALS[kind].code)
        assert [refused(send(signed(emulator))) for _ in range(2)] == [expected] * 2
        listed(send(signed(emulator)))

    @pytest.mark.parametrize("kind", REFUSALS)
    def test_a_refusal_in_xml(self, emulator: Emulator, kind: str) -> None:
        emulator.arm(kind, format="xml")
        response = send(signed(emulator))
        assert response.headers["content-type"].startswith("text/xml")
        body = ElementTree.fromstring(response.content)
        assert (body.tag, body.findtext("Code")) == ("Error", REFUSALS[kind].code)
        assert body.findtext("RequestId") == response.headers["x-acs-request-id"]

    @pytest.mark.parametrize("format", ["json", "xml"])
    def test_an_explicit_denial_has_details(self, emulator: Emulator, format: BodyFormat) -> None:  # noqa: A002
        emulator.arm("denied-explicitly", format=format)
        with pytest.raises(AccessDeniedError) as caught:
            read(emulator)
        denial = caught.value.denial
        assert denial is not None
        assert (denial.auth_action, denial.no_permission_type) == ("hologram:ListInstanceModel", "ExplicitDeny")
        assert len(denial.encoded_diagnostic_message or "") > 400

    def test_retry_after(self, emulator: Emulator) -> None:
        emulator.arm("429", seconds=7)
        response = send(signed(emulator))
        assert (*refused(response), response.headers["retry-after"]) == (429, "Throttling.User", "7")

    def test_slow(self, emulator: Emulator) -> None:
        emulator.arm("slow", seconds=0.3)
        start = time.monotonic()
        assert len(listed(send(signed(emulator)))) == 13
        assert time.monotonic() - start >= 0.3

    def test_reset_is_a_reset(self, emulator: Emulator) -> None:
        emulator.arm("reset")
        request = signed(emulator)
        head = f"GET {PATH} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        parts = urlsplit(emulator.url)
        with socket.create_connection((parts.hostname, parts.port or 0), timeout=5) as raw:
            raw.sendall(f"{head}\r\n".encode())
            with pytest.raises(ConnectionResetError):
                raw.recv(1)

    def test_truncated(self, emulator: Emulator) -> None:
        emulator.arm("truncated")
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
            send(signed(emulator))

    def test_drip(self, emulator: Emulator) -> None:
        write_fleet(emulator)
        emulator.arm("drip", seconds=0.001)
        with httpx.Client(trust_env=False) as client:
            response = client.send(signed(emulator), stream=True)
            chunks = list(response.iter_raw())
        assert len(chunks) > 5
        assert json.loads(b"".join(chunks))["instanceModelList"] == []

    def test_hang_ends_with_the_emulator(self, emulator: Emulator) -> None:
        emulator.arm("hang")
        with pytest.raises(httpx.ReadTimeout):
            send(signed(emulator), timeout=0.2)
        listed(send(signed(emulator)))

    def test_hang_for_a_while(self, emulator: Emulator) -> None:
        emulator.arm("hang", seconds=0.05)
        with pytest.raises(httpx.TransportError):
            send(signed(emulator))

    @pytest.mark.parametrize("kind", ["throttling-user", "unavailable", "internal", "reset", "truncated"])
    def test_our_client_gets_over_it(self, emulator: Emulator, kind: str) -> None:
        emulator.arm(kind, seconds=0)
        assert len(read(emulator).ids) == 13
        assert emulator.requests == 2

    def test_our_client_gives_up(self, emulator: Emulator) -> None:
        emulator.arm("unavailable", times=9)
        with pytest.raises(ServiceError):
            read(emulator)
        emulator.disarm()
        emulator.arm("denied")
        with pytest.raises(AccessDeniedError):
            read(emulator)
        assert len(read(emulator).ids) == 13

    def test_a_refused_request_uses_no_fault_up(self, emulator: Emulator) -> None:
        emulator.arm("internal")
        assert refused(send(httpx.Request("GET", emulator.url + PATH))) == (400, "IncompleteSignature")
        assert refused(send(signed(emulator))) == (500, "InternalError")

    def test_control_route(self, emulator: Emulator) -> None:
        with httpx.Client(base_url=emulator.url, trust_env=False) as control:
            armed = control.post("/_emulator/faults", json={"kind": "throttling", "times": 2})
            assert armed.status_code == 204
            assert refused(send(signed(emulator))) == (400, "Throttling")
            xml = control.post("/_emulator/faults", json={"kind": "throttling", "format": "xml"})
            assert xml.status_code == 204
            assert control.delete("/_emulator/faults").status_code == 204
            assert len(listed(send(signed(emulator)))) == 13
            assert control.get("/_emulator/requests").json() == {"count": 2, "nodes": 13}
        assert emulator.requests == 2

    @pytest.mark.parametrize(
        ("document", "reason"),
        [
            (b"{", "Invalid JSON"),
            (b"[]", "object"),
            (b"{}", "kind"),
            (b'{"kind": "meteor"}', "there are throttling, "),
            (b'{"kind": "slow", "times": 0}', "times"),
            (b'{"kind": "slow", "seconds": -1}', "seconds"),
            (b'{"kind": "slow", "second": 1}', "second"),
        ],
    )
    def test_control_route_says_what_is_wrong(self, emulator: Emulator, document: bytes, reason: str) -> None:
        response = httpx.post(f"{emulator.url}/_emulator/faults", content=document, trust_env=False)
        assert response.status_code == 400
        assert reason in response.json()["error"]

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("unavailable", Fault("unavailable")),
            ("503:3", Fault("503", 3)),
            ("slow:1:0.5", Fault("slow", 1, 0.5)),
            ("throttling-user:2:0", Fault("throttling-user", 2, 0.0)),
        ],
    )
    def test_parse_fault(self, text: str, fault: Fault) -> None:
        assert parse_fault(text) == fault

    @pytest.mark.parametrize(
        "text", ["", "503:", ":3", "503:0", "503:99999", "slow:1:-1", "slow:1:9999", "meteor:1", "a b"]
    )
    def test_parse_fault_refuses(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"fault|times|seconds") as caught:
            parse_fault(text)
        assert "\n" not in str(caught.value)


SERVE = """
import sys
from hologres_ai.emulator import EMULATOR_CREDENTIALS, serve
from hologres_ai.emulator.faults import parse_fault
serve("127.0.0.1", 0, None, EMULATOR_CREDENTIALS, lambda url: print(url, flush=True), faults=[parse_fault("hang")])
print("stopped")
"""


class TestServer:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_serve_stops_promptly_at_a_signal(self, number: signal.Signals) -> None:
        with subprocess.Popen([sys.executable, "-c", SERVE], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                assert process.stdout is not None
                url = process.stdout.readline().decode().strip()
                with hanging_request(url):
                    process.send_signal(number)
                    out, errors = process.communicate(timeout=10)
            finally:
                process.kill()
        assert (process.returncode, out, errors) == (0, b"stopped\n", b"")

    def test_a_taken_port_is_explained(self, emulator: Emulator) -> None:
        port = urlsplit(emulator.url).port or 0
        with pytest.raises(ConfigurationError, match=f"127.0.0.1:{port}.*in use(?s:.*)Choose another port"):
            Emulator(port=port).start()
        with pytest.raises(ConfigurationError, match="in use"):
            serve("127.0.0.1", port, None, EMULATOR_CREDENTIALS, pytest.fail)

    def test_start_and_stop_again(self) -> None:
        emulator = Emulator()
        emulator.stop()
        for _ in range(2):
            emulator.start()
            assert len(read(emulator).ids) == 13
            emulator.stop()
            emulator.stop()
            with contextlib.suppress(httpx.HTTPError):  # another process of the machine may have taken the port
                httpx.get(emulator.url, trust_env=False)
        assert emulator.requests == 2

    def test_stop_does_not_wait_for_a_request_that_hangs(self, emulator: Emulator) -> None:
        emulator.arm("hang")
        with hanging_request(emulator.url):
            emulator.stop()  # returns although the fault would last for an hour


@contextlib.contextmanager
def hanging_request(url: str) -> Iterator[None]:
    """A request that is sent, and meets the fault `hang`."""
    request = httpx.Request("GET", url + PATH)
    auth = Acs3Auth(EMULATOR_CREDENTIALS, action="ListInstanceModel", version="2022-06-01")
    headers = next(auth.auth_flow(request)).headers
    head = f"GET {PATH} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port or 0), timeout=0.2) as raw:
        raw.sendall(f"{head}\r\n".encode())
        with pytest.raises(TimeoutError):
            raw.recv(1)
        yield
