"""Credentials in responses: every form of expiry, and incomplete responses."""

import asyncio
import json
from datetime import UTC, datetime

import pytest

from hologres_ai.api.client import Client
from hologres_ai.credentials.http import FetchError, credentials_in, parse_expiry
from hologres_ai.errors import CredentialsError
from tests.support.credentials_setups import NODES, SourceSetup, get, settings_of
from tests.support.raw_server import RawServer, http
from tests.support.stand_ins import CANARY

MOMENT = datetime(2099, 1, 1, tzinfo=UTC).timestamp()
KEY = {"AccessKeyId": "uri-id", "AccessKeySecret": f"{CANARY}-secret"}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        (0, None),
        ("0001-01-01T00:00:00Z", None),
        ("2099-01-01T00:00:00Z", MOMENT),
        ("2099-01-01T00:00:00.000Z", MOMENT),
        ("2099-01-01T00:00:00.123456Z", MOMENT + 0.123456),
        ("2099-01-01T08:00:00+08:00", MOMENT),
        ("2099-01-01T00:00:00", MOMENT),
        (int(MOMENT), MOMENT),
        (float(MOMENT), MOMENT),
        (str(int(MOMENT)), MOMENT),
        (int(MOMENT) * 1000, MOMENT),
        (str(int(MOMENT) * 1000), MOMENT),
    ],
    ids=repr,
)
def test_an_expiry_is_read_in_every_form(value: object, seconds: float | None) -> None:
    assert parse_expiry(value) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    "value", [True, [], {}, "soon", "-1", float("nan"), float("inf"), "9" * 400, 10**400, "12:00"], ids=repr
)
def test_an_expiry_that_is_neither_a_number_nor_a_date_is_refused(value: object) -> None:
    with pytest.raises(FetchError, match="neither a number nor a date"):
        parse_expiry(value)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({}, "AccessKeyId"),
        ({"AccessKeyId": "a"}, "AccessKeySecret"),
        ({"AccessKeySecret": f"{CANARY}-s"}, "AccessKeyId"),
        (KEY | {"AccessKeyId": ["a"]}, "header"),
        (KEY | {"AccessKeySecret": f"{CANARY} s"}, "header"),
        (KEY | {"SecurityToken": f"{CANARY}\n"}, "header"),
        (KEY | {"Expiration": "2001-01-01T00:00:00Z"}, "already expired"),
        (KEY | {"Expiration": 1_000_000_000_000}, "already expired"),
    ],
)
def test_a_response_without_valid_credentials_is_refused_and_not_shown(document: dict[str, object], says: str) -> None:
    with pytest.raises(FetchError, match=says) as caught:
        credentials_in(document)
    assert CANARY not in str(caught.value)


def uri(answer: object) -> bytes:
    return http(200, json.dumps(answer))


@pytest.mark.parametrize("expiration", [{}, {"Expiration": None}, {"Expiration": ""}], ids=repr)
def test_credentials_without_an_expiry_are_kept_until_the_service_calls_them_expired(
    setup: SourceSetup, expiration: dict[str, object]
) -> None:
    answers = [uri({"Code": "Success", **KEY, "AccessKeyId": f"uri-{number}", **expiration}) for number in (1, 2)]
    expired = http(400, json.dumps({"Code": "InvalidSecurityToken.Expired", "RequestId": "R"}), "Retry-After: 0")
    with RawServer(answers) as service, RawServer([NODES, NODES, expired, NODES, NODES]) as api:
        settings = settings_of(setup, {"ALICLOUD_CREDENTIALS_URI": f"{service.url}/c"}, endpoint=api.url)
        for _ in range(4):
            asyncio.run(Client(settings).list_instance_model())
    assert len(service.requests) == 2
    used = [request.headers["authorization"].partition("Credential=")[2].partition(",")[0] for request in api.requests]
    assert used == ["uri-1", "uri-1", "uri-1", "uri-2", "uri-2"]


@pytest.mark.parametrize("code", ["Failed", "", None, "success "])
def test_a_uri_response_whose_code_is_not_success_is_refused(setup: SourceSetup, code: str | None) -> None:
    with (
        RawServer([uri({"Code": code, **KEY})]) as service,
        pytest.raises(CredentialsError, match="the Code in its response is not Success"),
    ):
        get(settings_of(setup, {"ALICLOUD_CREDENTIALS_URI": service.url}))


def test_a_uri_with_an_invalid_host_is_an_error_with_the_next_step(setup: SourceSetup) -> None:
    settings = settings_of(setup, {"ALICLOUD_CREDENTIALS_URI": "http://1.2.3.999/"})
    with pytest.raises(CredentialsError, match=r"the credentials URI at 1\.2\.3\.999: its address is invalid"):
        get(settings)


@pytest.mark.parametrize(
    "expiration", [None, "2099-01-01T00:00:00.000Z", MOMENT, MOMENT * 1000, "2099-01-01T00:00:00Z"], ids=repr
)
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte order mark"])
def test_a_command_may_print_any_expiry(setup: SourceSetup, expiration: object, mark: str) -> None:
    printed = {"mode": "StsToken", "access_key_id": "external", "access_key_secret": "s", "sts_token": "t"}
    text = mark + json.dumps(printed | ({"expiration": expiration} if expiration else {}))
    script = f"import sys; sys.stdout.buffer.write({text.encode()!r})"
    settings = settings_of(setup, setup.profile("External", process_command=setup.command(script)))
    assert get(settings).access_key_id == "external"
