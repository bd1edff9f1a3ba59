"""Credentials from every source, against local stand-ins: the requests, and the text of failures."""

import asyncio
import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from hologres_ai.api.client import Client
from hologres_ai.credentials import cache
from hologres_ai.errors import ConfigurationError, CredentialsError, DeadlineExceededError
from hologres_ai.models import NodeList
from tests.support import stand_ins
from tests.support.credentials_setups import (
    AK,
    CHAIN,
    EXTERNAL,
    KEYS,
    LOCAL,
    NODES,
    PROFILE_KEYS,
    REMOTE,
    SSO,
    Room,
    get,
    oidc,
    settings_of,
    shown,
)
from tests.support.raw_server import RawServer, http
from tests.support.stand_ins import (
    CANARY,
    INSTANCE_ROLE,
    LOGIN,
    OIDC_TOKEN,
    PASSWORD,
    ROLE,
    STATIC_SECRET,
    UPPER,
)


@pytest.mark.parametrize("way", REMOTE)
def test_each_source_returns_the_key_that_was_issued_last(room: Room, way: str) -> None:
    arrange, kind = REMOTE[way]
    credentials = get(settings_of(room, arrange(room)))
    number = room.stand_in.issued
    assert credentials.access_key_id == f"{kind}-id-{number}"
    assert credentials.access_key_secret == f"{CANARY}-{kind}-secret-{number}"
    assert credentials.security_token == f"{CANARY}-{kind}-token-{number}"


@pytest.mark.parametrize("way", LOCAL)
def test_each_local_source_returns_its_key(room: Room, way: str) -> None:
    arrange, key = LOCAL[way]
    assert get(settings_of(room, arrange(room))).access_key_id == key
    assert room.stand_in.issued == 0


@pytest.mark.parametrize("way", REMOTE)
def test_a_call_is_signed_with_the_fetched_credentials(room: Room, way: str) -> None:
    arrange, kind = REMOTE[way]
    with RawServer([NODES]) as server:
        client = Client(settings_of(room, arrange(room), endpoint=server.url))
        asyncio.run(client.list_instance_model())
        asyncio.run(client.list_instance_model())
    number = room.stand_in.issued
    keys = {request.headers["x-acs-accesskey-id"] for request in server.requests}
    tokens = {request.headers["x-acs-security-token"] for request in server.requests}
    assert keys == {f"{kind}-id-{number}"}
    assert tokens == {f"{CANARY}-{kind}-token-{number}"}


def test_metadata_is_read_with_version_2_first(room: Room) -> None:
    get(settings_of(room, {"ALICLOUD_ECS_ROLE_NAME": INSTANCE_ROLE}))
    assert (room.stand_in.asked["metadata v2"], room.stand_in.asked["metadata v1"]) == (1, 0)


def test_metadata_falls_back_to_version_1(room: Room) -> None:
    room.stand_in.v2 = False
    get(settings_of(room, {"ALICLOUD_ECS_ROLE_NAME": INSTANCE_ROLE}))
    assert (room.stand_in.asked["metadata v2"], room.stand_in.asked["metadata v1"]) == (0, 1)


def test_metadata_does_not_fall_back_where_version_1_is_forbidden(room: Room) -> None:
    room.stand_in.v2 = False
    environ = {"ALICLOUD_ECS_ROLE_NAME": INSTANCE_ROLE, "ALIBABA_CLOUD_IMDSV1_DISABLED": "true"}
    with pytest.raises(CredentialsError):
        get(settings_of(room, environ))
    assert room.stand_in.asked["metadata v1"] == 0


@pytest.mark.parametrize("on", ["true", "1", "TRUE"])
@pytest.mark.parametrize(
    "fields",
    [{"mode": "EcsRamRole"}, {"mode": "RamRoleArnWithRoleName", "ram_role_arn": ROLE}, {"mode": ""}],
    ids=lambda fields: fields["mode"] or "no mode",
)
def test_a_profile_does_not_fall_back_where_version_1_is_forbidden(room: Room, fields: dict[str, str], on: str) -> None:
    room.stand_in.v2 = False
    environ = room.profile(**fields, ram_role_name=INSTANCE_ROLE) | {"ALIBABA_CLOUD_IMDSV1_DISABLED": on}
    with pytest.raises(CredentialsError):
        get(settings_of(room, environ))
    assert room.stand_in.asked["metadata v1"] == 0


def test_a_switch_applies_to_a_profile_that_is_changed_later(room: Room) -> None:
    environ = room.profile("AK", **PROFILE_KEYS) | {"ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS": "1"}
    settings = settings_of(room, environ)
    room.profile("External", process_command=room.command(EXTERNAL))
    with pytest.raises(ConfigurationError, match="ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS refuses"):
        get(settings)
    assert not (room.folder / "count").exists()


def test_no_proxy_is_used_for_metadata_and_for_hosts_in_no_proxy(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer([http(502)]) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with pytest.raises(CredentialsError):
            get(settings_of(room, {"ALICLOUD_CREDENTIALS_URI": room.uri}))
        seen = len(proxy.requests)
        assert seen == 1
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        cache.forget()
        get(settings_of(room, {"ALICLOUD_CREDENTIALS_URI": room.uri}))
        get(settings_of(room, {**KEYS, "ALICLOUD_ASSUME_ROLE_ARN": ROLE}))
        assert len(proxy.requests) == seen


def test_assume_role_sends_every_field_that_is_set(room: Room) -> None:
    role = {"roleArn": ROLE, "sessionName": "night-job", "sessionExpiration": 900, "policy": "{}", "externalId": "x-1"}
    get(settings_of(room, KEYS, assume_role=json.dumps(role)))
    [query] = room.stand_in.queries
    wanted = {"RoleArn": ROLE, "RoleSessionName": "night-job", "DurationSeconds": "900", "Policy": "{}"}
    assert wanted.items() <= query.items()
    assert query["ExternalId"] == "x-1"


def test_a_role_session_has_a_default_name_and_duration(room: Room) -> None:
    get(settings_of(room, {**KEYS, "ALICLOUD_ASSUME_ROLE_ARN": ROLE}))
    get(settings_of(room, oidc(room)))
    assert {(query["RoleSessionName"], query["DurationSeconds"]) for query in room.stand_in.queries} == {
        ("hologres-ai", "3600")
    }


def test_a_role_chain_assumes_each_role_with_the_previous_one(room: Room) -> None:
    environ = room.profile("ChainableRamRoleArn", AK, CHAIN, source_profile="chain", ram_role_arn=UPPER)
    get(settings_of(room, environ | {"ALICLOUD_ASSUME_ROLE_ARN": f"{UPPER}most"}))
    assert [query["RoleArn"] for query in room.stand_in.queries] == [ROLE, UPPER, f"{UPPER}most"]
    assert [query["AccessKeyId"] for query in room.stand_in.queries] == ["static-id", "role-id-1", "role-id-2"]


def test_the_role_of_a_pod_is_not_assumed_twice(room: Room) -> None:
    get(settings_of(room, oidc(room)))
    assert [query["Action"] for query in room.stand_in.queries] == ["AssumeRoleWithOIDC"]


def test_the_output_of_a_command_is_not_written_into_the_profile(room: Room) -> None:
    environ = room.profile("External", process_command=room.command(EXTERNAL))
    before = Path(environ["ALICLOUD_SHARED_CREDENTIALS_FILE"]).read_text()
    settings = settings_of(room, environ)
    assert get(settings) == get(settings)
    assert (room.folder / "count").read_text() == "1"
    assert Path(environ["ALICLOUD_SHARED_CREDENTIALS_FILE"]).read_text() == before


ECHO = f"you sent {OIDC_TOKEN} {STATIC_SECRET} {LOGIN} {PASSWORD} {CANARY}-more"
FAILURES: dict[str, tuple[int, bytes, dict[str, str]]] = {
    "400": (400, json.dumps({"Code": "NoPermission", "Message": ECHO}).encode(), {}),
    "403 HTML": (403, f"<html>{ECHO}</html>".encode(), {}),
    "500": (500, ECHO.encode(), {}),
    "200 without credentials": (200, json.dumps({"Code": "Success", "Echo": ECHO}).encode(), {}),
    "200 with nulls": (
        200,
        json.dumps({"Code": "Success", "AccessKeyId": None, "AccessKeySecret": ECHO, "Expiration": ECHO}).encode(),
        {},
    ),
    "200 text": (200, ECHO.encode(), {}),
    "200 list": (200, json.dumps([ECHO]).encode(), {}),
    "200 not UTF-8": (200, b"\xff" + ECHO.encode(), {}),
    "302": (302, ECHO.encode(), {"Location": f"/elsewhere?{CANARY}"}),
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("way", REMOTE)
def test_a_failed_fetch_shows_no_secret(room: Room, way: str, failure: str) -> None:
    settings = settings_of(room, REMOTE[way][0](room))
    room.stand_in.failing = FAILURES[failure]
    with pytest.raises(CredentialsError) as caught:
        get(settings)
    error = caught.value
    assert error.title.startswith("no credentials from ")
    assert error.remedy
    assert "Tried in order: static keys: " in str(error)
    assert [step.state for step in error.attempts].count("failed") == 1
    assert error.transient == (failure == "500")
    assert CANARY not in shown(error)
    assert "role/" not in shown(error)


@pytest.mark.parametrize("way", sorted(set(REMOTE) - {"profile OAuth"}))
def test_a_service_that_does_not_run_is_a_transient_failure(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stand_ins.arranged(monkeypatch) as stopped:
        place = Room(stopped, tmp_path)
        settings = settings_of(place, REMOTE[way][0](place))
    with pytest.raises(CredentialsError) as caught:
        get(settings)
    assert "refused" in caught.value.title
    assert caught.value.transient
    assert CANARY not in shown(caught.value)


@pytest.mark.parametrize("way", REMOTE)
def test_a_redirect_is_never_followed(room: Room, way: str) -> None:
    settings = settings_of(room, REMOTE[way][0](room))
    with RawServer([http(200)]) as elsewhere:
        room.stand_in.failing = (307, b"", {"Location": f"{elsewhere.url}/x"})
        with pytest.raises(CredentialsError, match="redirect"):
            get(settings)
    assert elsewhere.connections == 0


def test_the_code_of_sts_is_shown(room: Room) -> None:
    settings = settings_of(room, {**KEYS, "ALICLOUD_ASSUME_ROLE_ARN": ROLE})
    room.stand_in.failing = FAILURES["400"]
    with pytest.raises(CredentialsError) as caught:
        get(settings)
    assert (caught.value.status, caught.value.code) == (400, "NoPermission")
    assert "sts:AssumeRole" in caught.value.remedy


def test_a_transient_failure_is_retried_in_the_call(room: Room) -> None:
    with RawServer([NODES]) as server:
        settings = settings_of(room, {"ALICLOUD_CREDENTIALS_URI": room.uri}, endpoint=server.url)
        room.stand_in.failing = FAILURES["500"]

        async def recover() -> NodeList:
            task = asyncio.create_task(Client(settings).list_instance_model())
            while not room.stand_in.asked["failed"]:  # noqa: ASYNC110 - it is another thread that counts
                await asyncio.sleep(0.01)
            room.stand_in.failing = None
            return await task

        assert asyncio.run(recover()).request_id == "R-1"


COMMANDS = {
    "fails": f"import sys; sys.exit('{LOGIN}')",
    "prints no JSON": f"print('{LOGIN}')",
    "prints no key": f'print(\'{{"access_key_secret": "{LOGIN}"}}\')',
    "prints a list": f"print('[\"{LOGIN}\"]')",
    "takes too long": "import time; time.sleep(30)",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_without_valid_output_is_an_error(room: Room, name: str) -> None:
    environ = room.profile("External", process_command=room.command(COMMANDS[name]))
    settings = settings_of(room, environ | {"MAX_RETRY_TIMEOUT": "2"})
    with pytest.raises((CredentialsError, DeadlineExceededError)) as caught:
        get(settings)
    assert "command" in str(caught.value) or name == "takes too long"
    assert CANARY not in shown(caught.value)


def test_a_missing_command_is_an_error(room: Room) -> None:
    settings = settings_of(room, room.profile("External", process_command=f"/nonexistent/{LOGIN}"))
    with pytest.raises(CredentialsError, match="can't be run") as caught:
        get(settings)
    assert CANARY not in shown(caught.value)


def test_an_expired_login_says_to_log_in_again(room: Room) -> None:
    old = {"cloud_sso_sign_in_url": room.stand_in.url, "cloud_sso_access_token_expire": 1, **SSO}
    with pytest.raises(CredentialsError, match="expired") as caught:
        get(settings_of(room, room.profile("CloudSSO", **old)))
    assert "aliyun configure" in caught.value.remedy


def test_a_missing_token_file_is_named(room: Room) -> None:
    environ = oidc(room) | {"ALIBABA_CLOUD_OIDC_TOKEN_FILE": "/nonexistent/token"}
    with pytest.raises(CredentialsError, match="can't be read"):
        get(settings_of(room, environ))


@pytest.mark.parametrize("way", [*REMOTE, *LOCAL])
def test_settings_show_no_secret(room: Room, way: str) -> None:
    arrange, _ = (REMOTE | LOCAL)[way]
    settings = settings_of(room, arrange(room))
    assert CANARY not in repr(settings) + str(settings)
    assert CANARY not in repr(get(settings))


def test_static_keys_import_no_provider() -> None:
    script = (
        "import sys; from hologres_ai.config import resolve;"
        "from hologres_ai.api import client; from hologres_ai.core import read;"
        "resolve({'access_key': 'a', 'secret_key': 'b', 'region': 'cn-hangzhou'}, None, {});"
        "print('hologres_ai.credentials.providers' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"


def test_log_records_of_the_caller_are_kept(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    get(settings_of(room, {"ALICLOUD_CREDENTIALS_URI": room.uri}))
    logging.getLogger("httpx").debug("of somebody else")
    assert "of somebody else" in caplog.text
