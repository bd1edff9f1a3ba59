"""Faults on request: each kind, in JSON and XML, and the control routes."""

import json
import re
import socket
import time
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import httpx
import pytest

from hologres_ai.emulator import (
    Emulator,
)
from hologres_ai.emulator.faults import REFUSALS, Fault, parse_fault
from hologres_ai.emulator.responses import BodyFormat
from hologres_ai.errors import AccessDeniedError, ServiceError
from tests.emulator.helpers import PATH, listed, read, refused, send, signed, write_fleet


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_refusal_applies_as_often_as_armed(emulator: Emulator, kind: str) -> None:
    emulator.arm(kind, times=2)
    expected = (REFUSALS[kind].status, REFUSALS[kind].code)
    assert [refused(send(signed(emulator))) for _ in range(2)] == [expected] * 2
    listed(send(signed(emulator)))


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_refusal_in_xml(emulator: Emulator, kind: str) -> None:
    emulator.arm(kind, format="xml")
    response = send(signed(emulator))
    assert response.headers["content-type"].startswith("text/xml")
    body = ElementTree.fromstring(response.content)
    assert (body.tag, body.findtext("Code")) == ("Error", REFUSALS[kind].code)
    assert body.findtext("RequestId") == response.headers["x-acs-request-id"]


@pytest.mark.parametrize("format", ["json", "xml"])
def test_an_explicit_denial_has_details(emulator: Emulator, format: BodyFormat) -> None:  # noqa: A002
    emulator.arm("denied-explicitly", format=format)
    with pytest.raises(AccessDeniedError) as caught:
        read(emulator)
    denial = caught.value.denial
    assert denial is not None
    assert (denial.auth_action, denial.no_permission_type) == ("hologram:ListInstanceModel", "ExplicitDeny")
    assert len(denial.encoded_diagnostic_message or "") > 400


def test_throttling_has_a_retry_after(emulator: Emulator) -> None:
    emulator.arm("429", seconds=7)
    response = send(signed(emulator))
    assert (*refused(response), response.headers["retry-after"]) == (429, "Throttling.User", "7")


def test_slow_delays_the_response(emulator: Emulator) -> None:
    emulator.arm("slow", seconds=0.3)
    start = time.monotonic()
    assert len(listed(send(signed(emulator)))) == 13
    assert time.monotonic() - start >= 0.3


def test_reset_resets_the_connection(emulator: Emulator) -> None:
    emulator.arm("reset")
    request = signed(emulator)
    head = f"GET {PATH} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    parts = urlsplit(emulator.url)
    with socket.create_connection((parts.hostname, parts.port or 0), timeout=5) as raw:
        raw.sendall(f"{head}\r\n".encode())
        with pytest.raises(ConnectionResetError):
            raw.recv(1)


def test_truncated_ends_in_the_middle_of_the_body(emulator: Emulator) -> None:
    emulator.arm("truncated")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        send(signed(emulator))


def test_drip_sends_single_bytes(emulator: Emulator) -> None:
    write_fleet(emulator)
    emulator.arm("drip", seconds=0.001)
    with httpx.Client(trust_env=False) as client:
        response = client.send(signed(emulator), stream=True)
        chunks = list(response.iter_raw())
    assert len(chunks) > 5
    assert json.loads(b"".join(chunks))["instanceModelList"] == []


def test_hang_sends_no_response(emulator: Emulator) -> None:
    emulator.arm("hang")
    with pytest.raises(httpx.ReadTimeout):
        send(signed(emulator), timeout=0.2)
    listed(send(signed(emulator)))


def test_hang_ends_after_its_seconds(emulator: Emulator) -> None:
    emulator.arm("hang", seconds=0.05)
    with pytest.raises(httpx.TransportError):
        send(signed(emulator))


@pytest.mark.parametrize("kind", ["throttling-user", "unavailable", "internal", "reset", "truncated"])
def test_the_client_retries_a_transient_fault(emulator: Emulator, kind: str) -> None:
    emulator.arm(kind, seconds=0)
    assert len(read(emulator).ids) == 13
    assert emulator.requests == 2


def test_the_client_fails_after_its_tries(emulator: Emulator) -> None:
    emulator.arm("unavailable", times=9)
    with pytest.raises(ServiceError):
        read(emulator)
    emulator.disarm()
    emulator.arm("denied")
    with pytest.raises(AccessDeniedError):
        read(emulator)
    assert len(read(emulator).ids) == 13


def test_a_refused_request_uses_no_fault(emulator: Emulator) -> None:
    emulator.arm("internal")
    assert refused(send(httpx.Request("GET", emulator.url + PATH))) == (400, "IncompleteSignature")
    assert refused(send(signed(emulator))) == (500, "InternalError")


def test_the_control_routes_arm_and_disarm_faults_and_count_requests(emulator: Emulator) -> None:
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
        (b'{"kind": "meteor"}', "specify one of throttling, "),
        (b'{"kind": "slow", "times": 0}', "times"),
        (b'{"kind": "slow", "seconds": -1}', "seconds"),
        (b'{"kind": "slow", "second": 1}', "second"),
    ],
)
def test_the_control_route_reports_an_invalid_fault(emulator: Emulator, document: bytes, reason: str) -> None:
    response = httpx.post(f"{emulator.url}/_emulator/faults", content=document, trust_env=False)
    assert response.status_code == 400
    assert reason in response.json()["error"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"kind": "meteor"}, "kind: no such fault: 'meteor'; specify one of throttling, "),
        ({"kind": "slow", "times": 0}, "times: Input should be greater than or equal to 1"),
        ({"kind": "slow", "region": ""}, "region: String should have at least 1 character"),
    ],
    ids=str,
)
def test_an_invalid_fault_cannot_be_armed(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(says)}"):
        Emulator().arm(**arguments)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("unavailable", Fault("unavailable")),
        ("503:3", Fault("503", 3)),
        ("slow:1:0.5", Fault("slow", 1, 0.5)),
        ("throttling-user:2:0", Fault("throttling-user", 2, 0.0)),
    ],
)
def test_a_fault_is_parsed(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault


@pytest.mark.parametrize(
    "text", ["", "503:", ":3", "503:0", "503:99999", "slow:1:-1", "slow:1:9999", "meteor:1", "a b"]
)
def test_an_invalid_fault_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"fault|times|seconds") as caught:
        parse_fault(text)
    assert "\n" not in str(caught.value)
