"""Each row of the decision table, by what STS and the API received."""

import asyncio
import json
import re
import traceback
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from hologres_ai.api.client import Client
from hologres_ai.cli.diagnosis import examine
from hologres_ai.config import CallConfig, resolve
from hologres_ai.credentials import cache
from hologres_ai.errors import ConfigurationError
from tests.credentials.decisions import DECISIONS, Decision
from tests.support import stand_ins, vendor_hosts
from tests.support.stand_ins import CANARY, OIDC_TOKEN, StandIn
from tests.support.vendor_hosts import Request, VendorHosts


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with stand_ins.arranged(monkeypatch) as running:
        running.secrets |= {f"{name}-id": f"canary-secret-of-{name}-id" for name in ("env", "config", "file", "other")}
        cache.forget()
        yield running
        cache.forget()


@pytest.fixture
def hosts(stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[VendorHosts]:
    with vendor_hosts.connected(stand_in, tmp_path, monkeypatch) as running:
        yield running


def environment_of(decision: Decision, folder: Path) -> dict[str, str]:
    """The environment of a row, with its file of profiles and a token file in the folder."""
    (folder / "token").write_text(f"{OIDC_TOKEN}\n")
    environ = {"ALICLOUD_REGION": "cn-hangzhou", "HOME": str(folder)}
    if decision.profiles:
        (folder / ".aliyun").mkdir()
        document = {"current": decision.profiles[0]["name"], "profiles": decision.profiles}
        (folder / ".aliyun" / "config.json").write_text(json.dumps(document))
    return environ | {name: value.replace("{folder}", str(folder)) for name, value in decision.environ.items()}


def resolve_row(decision: Decision, folder: Path) -> CallConfig:
    return resolve(decision.arguments, decision.stack.get, environment_of(decision, folder))


def signed_with(request: Request) -> tuple[str, str | None]:
    """The AccessKey ID and the token that a request came with."""
    if "Action" in request.query:
        return request.query.get("AccessKeyId", ""), request.query.get("SecurityToken")
    found = re.search(r"Credential=([^,]+),", request.headers["authorization"])
    return found[1] if found else "", request.headers.get("x-acs-security-token")


@pytest.mark.parametrize("decision", [row for row in DECISIONS if not row.error], ids=str)
def test_sts_and_the_api_receive_the_requests_of_the_row(
    decision: Decision, hosts: VendorHosts, tmp_path: Path
) -> None:
    config = resolve_row(decision, tmp_path)
    asyncio.run(Client(config).list_instance_model())
    *roles, api = hosts.requests
    assert tuple(request.query["RoleArn"] for request in roles) == decision.roles
    assert tuple(request.host for request in roles) == decision.sts
    assert api.host == decision.host
    if decision.key:
        assert signed_with(hosts.requests[0]) == (decision.key, decision.token)
    assert len(config.warnings) == decision.warnings


@pytest.mark.parametrize("decision", [row for row in DECISIONS if row.roles], ids=str)
def test_the_api_is_called_with_the_last_role(
    decision: Decision, hosts: VendorHosts, stand_in: StandIn, tmp_path: Path
) -> None:
    asyncio.run(Client(resolve_row(decision, tmp_path)).list_instance_model())
    number = stand_in.issued
    kind = "oidc" if hosts.requests[-2].query["Action"] == "AssumeRoleWithOIDC" else "role"
    assert signed_with(hosts.requests[-1]) == (f"{kind}-id-{number}", f"{CANARY}-{kind}-token-{number}")


@pytest.mark.parametrize("decision", [row for row in DECISIONS if row.error], ids=str)
def test_an_invalid_row_is_refused_before_any_call(decision: Decision, hosts: VendorHosts, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        resolve_row(decision, tmp_path)
    assert decision.error
    assert decision.error in caught.value.title
    assert caught.value.remedy
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert hosts.tunnels == []


@pytest.mark.parametrize("decision", [row for row in DECISIONS if not row.stack], ids=str)
def test_doctor_shows_the_decision_of_the_row(
    decision: Decision, hosts: VendorHosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment_of(decision, tmp_path).items():
        monkeypatch.setenv(name, value)
    report = examine(decision.arguments)
    shown = json.dumps(asdict(report), default=str)
    assert CANARY not in shown
    if decision.error:
        assert decision.error in shown
        assert (report.exit_code, report.call, hosts.tunnels) == (1, None, [])
        assert report.verdict.startswith("Not ready: ")
        return
    assert tuple(role.arn for role in report.roles) == decision.roles
    assert tuple(role.host for role in report.roles) == decision.sts
    assert report.endpoint.value == f"https://{decision.host}"
    assert [request.host for request in hosts.requests] == [*decision.sts, decision.host]
    assert len(report.warnings) == decision.warnings
    if decision.key and not decision.roles:
        temporary = "temporary" if decision.token else "permanent"
        assert report.access_key.value == f"{decision.key[:4]}…, {temporary}"
    assert report.verdict.startswith("Ready")
