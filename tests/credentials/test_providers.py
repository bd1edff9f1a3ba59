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
    SourceSetup,
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
def test_each_source_returns_the_key_that_was_issued_last(setup: SourceSetup, way: str) -> None:
    arrange, kind = REMOTE[way]
    credentials = get(settings_of(setup, arrange(setup)))
    number = setup.stand_in.issued
    assert credentials.access_key_id == f"{kind}-id-{number}"
    assert credentials.access_key_secret == f"{CANARY}-{kind}-secret-{number}"
    assert credentials.security_token == f"{CANARY}-{kind}-token-{number}"


@pytest.mark.parametrize("way", LOCAL)
def test_each_local_source_returns_its_key(setup: SourceSetup, way: str) -> None:
    arrange, key = LOCAL[way]
    assert get(settings_of(setup, arrange(setup))).access_key_id == key
    assert setup.stand_in.issued == 0


@pytest.mark.parametrize("way", REMOTE)
def test_a_call_is_signed_with_the_fetched_credentials(setup: SourceSetup, way: str) -> None:
    arrange, kind = REMOTE[way]
    with RawServer([NODES]) as server:
        client = Client(settings_of(setup, arrange(setup), endpoint=server.url))
        asyncio.run(client.list_instance_model())
        asyncio.run(client.list_instance_model())
    number = setup.stand_in.issued
    keys = {request.headers["x-acs-accesskey-id"] for request in server.requests}
    tokens = {request.headers["x-acs-security-token"] for request in server.requests}
    assert keys == {f"{kind}-id-{number}"}
    assert tokens == {f"{CANARY}-{kind}-token-{number}"}


def test_metadata_is_read_with_version_2_first(setup: SourceSetup) -> None:
    get(settings_of(setup, {"ALICLOUD_ECS_ROLE_NAME": INSTANCE_ROLE}))
    assert (setup.stand_in.asked["metadata v2"], setup.stand_in.asked["metadata v1"]) == (1, 0)


def test_metadata_falls_back_to_version_1(setup: SourceSetup) -> None:
    setup.stand_in.v2 = False
    get(settings_of(setup, {"ALICLOUD_ECS_ROLE_NAME": INSTANCE_ROLE}))
    assert (setup.stand_in.asked["metadata v2"], setup.stand_in.asked["metadata v1"]) == (0, 1)


def test_metadata_does_not_fall_back_if_version_1_is_forbidden(setup: SourceSetup) -> None:
    setup.stand_in.v2 = False
    environ = {"ALICLOUD_ECS_ROLE_NAME": INSTANCE_ROLE, "ALIBABA_CLOUD_IMDSV1_DISABLED": "true"}
    with pytest.raises(CredentialsError):
        get(settings_of(setup, environ))
    assert setup.stand_in.asked["metadata v1"] == 0


@pytest.mark.parametrize("on", ["true", "1", "TRUE"])
@pytest.mark.parametrize(
    "fields",
    [{"mode": "EcsRamRole"}, {"mode": "RamRoleArnWithRoleName", "ram_role_arn": ROLE}, {"mode": ""}],
    ids=lambda fields: fields["mode"] or "no mode",
)
def test_a_profile_does_not_fall_back_if_version_1_is_forbidden(
    setup: SourceSetup, fields: dict[str, str], on: str
) -> None:
    setup.stand_in.v2 = False
    environ = setup.profile(**fields, ram_role_name=INSTANCE_ROLE) | {"ALIBABA_CLOUD_IMDSV1_DISABLED": on}
    with pytest.raises(CredentialsError):
        get(settings_of(setup, environ))
    assert setup.stand_in.asked["metadata v1"] == 0


def test_a_switch_applies_to_a_profile_that_is_changed_later(setup: SourceSetup) -> None:
    environ = setup.profile("AK", **PROFILE_KEYS) | {"ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS": "1"}
    settings = settings_of(setup, environ)
    setup.profile("External", process_command=setup.command(EXTERNAL))
    with pytest.raises(ConfigurationError, match="ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS does not allow"):
        get(settings)
    assert not (setup.folder / "count").exists()


def test_no_proxy_is_used_for_metadata_and_for_hosts_in_no_proxy(
    setup: SourceSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer([http(502)]) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with pytest.raises(CredentialsError):
            get(settings_of(setup, {"ALICLOUD_CREDENTIALS_URI": setup.uri}))
        seen = len(proxy.requests)
        assert seen == 1
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        cache.forget()
        get(settings_of(setup, {"ALICLOUD_CREDENTIALS_URI": setup.uri}))
        get(settings_of(setup, {**KEYS, "ALICLOUD_ASSUME_ROLE_ARN": ROLE}))
        assert len(proxy.requests) == seen


def test_assume_role_sends_every_field_that_is_set(setup: SourceSetup) -> None:
    role = {"roleArn": ROLE, "sessionName": "night-job", "sessionExpiration": 900, "policy": "{}", "externalId": "x-1"}
    get(settings_of(setup, KEYS, assume_role=json.dumps(role)))
    [query] = setup.stand_in.queries
    wanted = {"RoleArn": ROLE, "RoleSessionName": "night-job", "DurationSeconds": "900", "Policy": "{}"}
    assert wanted.items() <= query.items()
    assert query["ExternalId"] == "x-1"


def test_a_role_session_has_a_default_name_and_duration(setup: SourceSetup) -> None:
    get(settings_of(setup, {**KEYS, "ALICLOUD_ASSUME_ROLE_ARN": ROLE}))
    get(settings_of(setup, oidc(setup)))
    assert {(query["RoleSessionName"], query["DurationSeconds"]) for query in setup.stand_in.queries} == {
        ("hologres-ai", "3600")
    }


def test_a_role_chain_assumes_each_role_with_the_previous_one(setup: SourceSetup) -> None:
    environ = setup.profile("ChainableRamRoleArn", AK, CHAIN, source_profile="chain", ram_role_arn=UPPER)
    get(settings_of(setup, environ | {"ALICLOUD_ASSUME_ROLE_ARN": f"{UPPER}most"}))
    assert [query["RoleArn"] for query in setup.stand_in.queries] == [ROLE, UPPER, f"{UPPER}most"]
    assert [query["AccessKeyId"] for query in setup.stand_in.queries] == ["static-id", "role-id-1", "role-id-2"]


def test_the_role_of_a_pod_is_not_assumed_twice(setup: SourceSetup) -> None:
    get(settings_of(setup, oidc(setup)))
    assert [query["Action"] for query in setup.stand_in.queries] == ["AssumeRoleWithOIDC"]


def test_the_output_of_a_command_is_not_written_into_the_profile(setup: SourceSetup) -> None:
    environ = setup.profile("External", process_command=setup.command(EXTERNAL))
    before = Path(environ["ALICLOUD_SHARED_CREDENTIALS_FILE"]).read_text()
    settings = settings_of(setup, environ)
    assert get(settings) == get(settings)
    assert (setup.folder / "count").read_text() == "1"
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
def test_a_failed_fetch_shows_no_secret(setup: SourceSetup, way: str, failure: str) -> None:
    settings = settings_of(setup, REMOTE[way][0](setup))
    setup.stand_in.failing = FAILURES[failure]
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
        place = SourceSetup(stopped, tmp_path)
        settings = settings_of(place, REMOTE[way][0](place))
    with pytest.raises(CredentialsError) as caught:
        get(settings)
    assert "refused" in caught.value.title
    assert caught.value.transient
    assert CANARY not in shown(caught.value)


@pytest.mark.parametrize("way", REMOTE)
def test_a_redirect_is_never_followed(setup: SourceSetup, way: str) -> None:
    settings = settings_of(setup, REMOTE[way][0](setup))
    with RawServer([http(200)]) as elsewhere:
        setup.stand_in.failing = (307, b"", {"Location": f"{elsewhere.url}/x"})
        with pytest.raises(CredentialsError, match="redirect"):
            get(settings)
    assert elsewhere.connections == 0


def test_the_code_of_sts_is_shown(setup: SourceSetup) -> None:
    settings = settings_of(setup, {**KEYS, "ALICLOUD_ASSUME_ROLE_ARN": ROLE})
    setup.stand_in.failing = FAILURES["400"]
    with pytest.raises(CredentialsError) as caught:
        get(settings)
    assert (caught.value.status, caught.value.code) == (400, "NoPermission")
    assert "sts:AssumeRole" in caught.value.remedy


def test_a_transient_failure_is_retried_in_the_call(setup: SourceSetup) -> None:
    with RawServer([NODES]) as server:
        settings = settings_of(setup, {"ALICLOUD_CREDENTIALS_URI": setup.uri}, endpoint=server.url)
        setup.stand_in.failing = FAILURES["500"]

        async def recover() -> NodeList:
            task = asyncio.create_task(Client(settings).list_instance_model())
            while not setup.stand_in.asked["failed"]:  # noqa: ASYNC110 - it is another thread that counts
                await asyncio.sleep(0.01)
            setup.stand_in.failing = None
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
def test_a_command_without_valid_output_is_an_error(setup: SourceSetup, name: str) -> None:
    environ = setup.profile("External", process_command=setup.command(COMMANDS[name]))
    settings = settings_of(setup, environ | {"MAX_RETRY_TIMEOUT": "2"})
    with pytest.raises((CredentialsError, DeadlineExceededError)) as caught:
        get(settings)
    assert "command" in str(caught.value) or name == "takes too long"
    assert "HTTP" not in str(caught.value)
    assert CANARY not in shown(caught.value)


def test_a_missing_command_is_an_error(setup: SourceSetup) -> None:
    settings = settings_of(setup, setup.profile("External", process_command=f"/nonexistent/{LOGIN}"))
    with pytest.raises(CredentialsError, match="can't be run") as caught:
        get(settings)
    assert CANARY not in shown(caught.value)


def test_an_expired_login_says_to_log_in_again(setup: SourceSetup) -> None:
    old = {"cloud_sso_sign_in_url": setup.stand_in.url, "cloud_sso_access_token_expire": 1, **SSO}
    with pytest.raises(CredentialsError, match="expired") as caught:
        get(settings_of(setup, setup.profile("CloudSSO", **old)))
    assert "aliyun configure" in caught.value.remedy


def test_a_missing_token_file_is_named(setup: SourceSetup) -> None:
    environ = oidc(setup) | {"ALIBABA_CLOUD_OIDC_TOKEN_FILE": "/nonexistent/token"}
    with pytest.raises(CredentialsError, match="can't be read"):
        get(settings_of(setup, environ))


@pytest.mark.parametrize("way", [*REMOTE, *LOCAL])
def test_settings_show_no_secret(setup: SourceSetup, way: str) -> None:
    arrange, _ = (REMOTE | LOCAL)[way]
    settings = settings_of(setup, arrange(setup))
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


def test_log_records_of_the_caller_are_kept(setup: SourceSetup, caplog: pytest.LogCaptureFixture) -> None:
    get(settings_of(setup, {"ALICLOUD_CREDENTIALS_URI": setup.uri}))
    logging.getLogger("httpx").debug("from the caller")
    assert "from the caller" in caplog.text
