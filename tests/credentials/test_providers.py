"""Credentials in every way in which a company hands them out, against local stand-ins that expire and rotate."""

import asyncio
import copy
import json
import logging
import os
import pickle
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from hologres_ai.api.client import Client
from hologres_ai.config import CallConfig, resolve
from hologres_ai.credentials import Credentials, CredentialsSource, Limits, cache
from hologres_ai.credentials.cache import FILE_LIFE, MARGIN, PAUSE, CredentialsCache
from hologres_ai.credentials.resolver import resolve_credentials
from hologres_ai.credentials.types import Fetched, Uri
from hologres_ai.errors import ConfigurationError, CredentialsError, DeadlineExceededError, HologresAiError
from hologres_ai.models import NodeList
from hologres_ai.settings import look_up
from tests.support import stand_ins
from tests.support.raw_server import RawServer, http
from tests.support.stand_ins import (
    CANARY,
    EXTERNAL_ID,
    INSTANCE_ROLE,
    LOGIN,
    OIDC_TOKEN,
    PASSWORD,
    PROVIDER,
    ROLE,
    STATIC_SECRET,
    UPPER,
    StandIn,
)

KEYS = {"ALICLOUD_ACCESS_KEY": "static-id", "ALICLOUD_SECRET_KEY": STATIC_SECRET}
PROFILE_KEYS = {"access_key_id": "static-id", "access_key_secret": STATIC_SECRET}
NODES = http(200, b'{"requestId": "R-1", "instanceModelList": []}')


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No proxy of this machine, and nothing held from another test."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    cache.forget()
    yield
    cache.forget()


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with stand_ins.arranged(monkeypatch) as running:
        yield running


@pytest.fixture(autouse=True)
def _nothing_leaks(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Every line of every library is taken down, and none of them, nor any output, may hold a secret."""
    caplog.set_level(logging.DEBUG)
    yield
    assert CANARY not in caplog.text
    assert CANARY not in "".join(capfd.readouterr())


def shown(error: BaseException) -> str:
    """All that a person or a file could get to see of an error."""
    forms = [str(error), repr(error), repr(vars(error)), repr(pickle.dumps(error)), str(copy.copy(error))]
    return "".join([*forms, *traceback.format_exception(error)])


# --- The ways --------------------------------------------------------------------------------------------------------


@dataclass
class Room:
    """Where a test takes place."""

    stand_in: StandIn
    folder: Path

    @property
    def uri(self) -> str:
        return f"{self.stand_in.url}/credentials?p={PASSWORD}"

    def file(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def profile(self, mode: str, *others: Mapping[str, object], **fields: object) -> dict[str, str]:
        """The environment that names the profile `it` of a file, in which there are others too."""
        profiles = [{"name": "it", "mode": mode, **fields}, *others]
        file = self.file("config.json", json.dumps({"current": "other", "profiles": profiles}))
        return {"ALICLOUD_PROFILE": "it", "ALICLOUD_SHARED_CREDENTIALS_FILE": file}

    def command(self, text: str) -> str:
        return f"{sys.executable} {self.file('command.py', text)}"


EXTERNAL = f"""
import json, pathlib
count = pathlib.Path(__file__).with_name("count")
number = int(count.read_text()) + 1 if count.exists() else 1
count.write_text(str(number))
print(json.dumps({{"mode": "StsToken", "access_key_id": f"external-id-{{number}}",
    "access_key_secret": "{CANARY}-external", "sts_token": "{CANARY}-external-token",
    "expiration": "2099-01-01T00:00:00Z"}}))
"""


def _oidc(room: Room) -> dict[str, str]:
    return {
        "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": PROVIDER,
        "ALIBABA_CLOUD_ROLE_ARN": ROLE,
        "ALIBABA_CLOUD_OIDC_TOKEN_FILE": room.file("token", OIDC_TOKEN),
    }


def _default_profile(room: Room) -> dict[str, str]:
    (room.folder / ".aliyun").mkdir(exist_ok=True)
    profiles = [{"name": "default", "mode": "CredentialsURI", "credentials_uri": room.uri}]
    room.file(".aliyun/config.json", json.dumps({"current": "default", "profiles": profiles}))
    return {"HOME": str(room.folder)}


Arrange = Callable[[Room], dict[str, str]]
AK = {"name": "ak", "mode": "AK", **PROFILE_KEYS}
CHAIN = {"name": "chain", "mode": "ChainableRamRoleArn", "source_profile": "ak", "ram_role_arn": ROLE}
OAUTH = {
    "oauth_site_type": "CN",
    "oauth_refresh_token": LOGIN,
    "oauth_access_token": "",
    "oauth_access_token_expire": 0,
}
SSO = {"cloud_sso_account_id": "1", "cloud_sso_access_config": "ac-1", "access_token": LOGIN}

REMOTE: dict[str, tuple[Arrange, str]] = {
    # the environment, and the kind of the key that comes out
    "profile RamRoleArn": (
        lambda room: room.profile("RamRoleArn", **PROFILE_KEYS, ram_role_arn=ROLE, external_id=EXTERNAL_ID),
        "role",
    ),
    "profile EcsRamRole": (lambda room: room.profile("EcsRamRole", ram_role_name=INSTANCE_ROLE), "ecs"),
    "profile EcsRamRole without a name": (lambda room: room.profile("EcsRamRole"), "ecs"),
    "profile RamRoleArnWithRoleName": (
        lambda room: room.profile("RamRoleArnWithRoleName", ram_role_name=INSTANCE_ROLE, ram_role_arn=ROLE),
        "role",
    ),
    "profile OIDC": (
        lambda room: room.profile(
            "OIDC", oidc_provider_arn=PROVIDER, oidc_token_file=room.file("token", OIDC_TOKEN), ram_role_arn=ROLE
        ),
        "oidc",
    ),
    "profile CredentialsURI": (lambda room: room.profile("CredentialsURI", credentials_uri=room.uri), "uri"),
    "profile ChainableRamRoleArn": (
        lambda room: room.profile("ChainableRamRoleArn", AK, CHAIN, source_profile="chain", ram_role_arn=UPPER),
        "role",
    ),
    "profile CloudSSO": (
        lambda room: room.profile(
            "CloudSSO", cloud_sso_sign_in_url=room.stand_in.url, cloud_sso_access_token_expire=4102444800, **SSO
        ),
        "sso",
    ),
    "profile OAuth": (lambda room: room.profile("OAuth", **OAUTH), "oauth"),
    "default profile": (_default_profile, "uri"),
    "credentials URI": (lambda room: {"ALICLOUD_CREDENTIALS_URI": room.uri}, "uri"),
    "ECS role": (lambda _room: {"ALICLOUD_ECS_ROLE_NAME": INSTANCE_ROLE}, "ecs"),
    "OIDC, token in a file": (_oidc, "oidc"),
    "OIDC, token as text": (
        lambda _room: {
            "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": PROVIDER,
            "ALIBABA_CLOUD_ROLE_ARN": ROLE,
            "ALIBABA_CLOUD_OIDC_TOKEN": OIDC_TOKEN,
        },
        "oidc",
    ),
    "role on static keys": (lambda _room: {**KEYS, "ALICLOUD_ASSUME_ROLE_ARN": ROLE}, "role"),
    "role on a security token": (
        lambda room: {"ALICLOUD_CREDENTIALS_URI": room.uri, "ALICLOUD_ASSUME_ROLE_ARN": ROLE},
        "role",
    ),
}
LOCAL: dict[str, tuple[Arrange, str]] = {
    "static keys": (lambda _room: KEYS, "static-id"),
    "profile AK": (lambda room: room.profile("AK", **PROFILE_KEYS), "static-id"),
    "profile StsToken": (lambda room: room.profile("StsToken", **PROFILE_KEYS, sts_token=LOGIN), "static-id"),
    "profile External": (
        lambda room: room.profile("External", process_command=room.command(EXTERNAL)),
        "external-id-1",
    ),
}


@pytest.fixture
def room(stand_in: StandIn, tmp_path: Path) -> Room:
    return Room(stand_in, tmp_path)


def settings_of(room: Room, environ: Mapping[str, str], **arguments: str) -> CallConfig:
    base = {"ALICLOUD_REGION": "cn-hangzhou", "STS_ENDPOINT": room.stand_in.url}
    return resolve(arguments, None, base | dict(environ))


def get(settings: CallConfig) -> Credentials:
    return asyncio.run(Client(settings).credentials())


@pytest.mark.parametrize("way", REMOTE)
def test_each_way_gives_the_key_that_was_issued_last(room: Room, way: str) -> None:
    arrange, kind = REMOTE[way]
    credentials = get(settings_of(room, arrange(room)))
    number = room.stand_in.issued
    assert credentials.access_key_id == f"{kind}-id-{number}"
    assert credentials.access_key_secret == f"{CANARY}-{kind}-secret-{number}"
    assert credentials.security_token == f"{CANARY}-{kind}-token-{number}"


@pytest.mark.parametrize("way", LOCAL)
def test_each_local_way(room: Room, way: str) -> None:
    arrange, key = LOCAL[way]
    assert get(settings_of(room, arrange(room))).access_key_id == key
    assert room.stand_in.issued == 0


@pytest.mark.parametrize("way", REMOTE)
def test_a_call_is_signed_with_what_was_fetched(room: Room, way: str) -> None:
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


# --- Expiry and rotation ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", sorted(set(REMOTE) - {"profile OAuth"}))
def test_what_is_about_to_expire_is_fetched_anew(room: Room, way: str) -> None:
    arrange, _ = REMOTE[way]
    settings = settings_of(room, arrange(room))
    room.stand_in.lifetime = MARGIN - 30
    first = get(settings)
    room.stand_in.lifetime = 3600
    second, third = get(settings), get(settings)
    assert first != second == third


def test_an_oauth_login_keeps_its_key_until_it_expires_and_its_tokens_rotate_in_the_file(room: Room) -> None:
    environ = room.profile("OAuth", **OAUTH)
    file = Path(environ["ALICLOUD_SHARED_CREDENTIALS_FILE"])
    settings = settings_of(room, environ)
    room.stand_in.lifetime = 2
    first = get(settings)
    assert get(settings) == first
    [profile] = json.loads(file.read_text())["profiles"]
    assert profile["oauth_refresh_token"] == f"{LOGIN}-rotated"
    time.sleep(2.1)
    assert get(settings) != first


def test_a_token_file_that_rotates_is_read_anew(room: Room) -> None:
    settings = settings_of(room, _oidc(room))
    room.stand_in.lifetime = 60
    first = get(settings)
    room.stand_in.oidc_token = f"{OIDC_TOKEN}-2"
    room.file("token", f"{OIDC_TOKEN}-2")
    assert get(settings) != first
    assert [query["OIDCToken"] for query in room.stand_in.queries] == [OIDC_TOKEN, f"{OIDC_TOKEN}-2"]


def test_a_profile_that_is_written_anew_is_read_anew(room: Room) -> None:
    settings = settings_of(room, room.profile("StsToken", **PROFILE_KEYS, sts_token=LOGIN))
    now = [0.0]
    assert isinstance(settings.credentials, CredentialsSource)
    refresher = CredentialsCache(settings.credentials, Limits(), clock=lambda: now[0])
    assert asyncio.run(refresher.get()).security_token == LOGIN
    room.profile("StsToken", **PROFILE_KEYS, sts_token=f"{LOGIN}-2")
    assert asyncio.run(refresher.get()).security_token == LOGIN
    now[0] = FILE_LIFE + 1
    assert asyncio.run(refresher.get()).security_token == f"{LOGIN}-2"


def expired(status: int = 400) -> bytes:
    return http(status, json.dumps({"Code": "InvalidSecurityToken.Expired", "RequestId": "R-2"}), "Retry-After: 0")


def test_a_token_that_the_service_calls_expired_is_fetched_anew_once(room: Room) -> None:
    with RawServer([expired(), NODES]) as server:
        settings = settings_of(room, {"ALICLOUD_CREDENTIALS_URI": room.uri}, endpoint=server.url)
        assert asyncio.run(Client(settings).list_instance_model()).request_id == "R-1"
    assert [request.headers["x-acs-accesskey-id"] for request in server.requests] == ["uri-id-1", "uri-id-2"]


def test_a_second_expiry_in_one_call_is_the_end(room: Room) -> None:
    with RawServer([expired()]) as server:
        settings = settings_of(room, {"ALICLOUD_CREDENTIALS_URI": room.uri}, endpoint=server.url)
        with pytest.raises(HologresAiError) as caught:
            asyncio.run(Client(settings).list_instance_model())
    assert caught.value.code == "InvalidSecurityToken.Expired"
    assert (len(server.requests), room.stand_in.issued) == (2, 2)


def test_a_static_token_is_not_tried_again(room: Room) -> None:
    with RawServer([expired()]) as server:
        settings = settings_of(room, {**KEYS, "ALICLOUD_SECURITY_TOKEN": LOGIN}, endpoint=server.url)
        with pytest.raises(HologresAiError):
            asyncio.run(Client(settings).list_instance_model())
    assert len(server.requests) == 1


def test_many_readers_whose_token_has_expired_fetch_once(room: Room) -> None:
    async def many(settings: CallConfig) -> list[NodeList]:
        return await asyncio.gather(*(Client(settings).list_instance_model() for _ in range(20)))

    with RawServer([*[expired()] * 20, NODES]) as server:
        settings = settings_of(room, {"ALICLOUD_CREDENTIALS_URI": room.uri}, endpoint=server.url)
        room.stand_in.delay = 0.2
        assert len(asyncio.run(many(settings))) == 20
    assert room.stand_in.issued == 2


# --- At once ---------------------------------------------------------------------------------------------------------


def test_200_readers_fetch_once(room: Room) -> None:
    async def many(settings: CallConfig) -> list[Credentials]:
        return await asyncio.gather(*(Client(settings).credentials() for _ in range(200)))

    settings = settings_of(room, {"ALICLOUD_CREDENTIALS_URI": room.uri, "ALICLOUD_ASSUME_ROLE_ARN": ROLE})
    room.stand_in.delay = 0.3
    assert len(set(asyncio.run(many(settings)))) == 1
    assert room.stand_in.asked["uri"] == room.stand_in.asked["role"] == 1


def test_8_threads_with_loops_of_their_own_fetch_once(room: Room) -> None:
    settings = settings_of(room, {"ALICLOUD_ECS_ROLE_NAME": INSTANCE_ROLE})
    room.stand_in.delay = 0.2
    found: list[Credentials] = []
    threads = [threading.Thread(target=lambda: found.append(get(settings))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), len(set(found)), room.stand_in.issued) == (8, 1, 1)


def test_a_reader_that_gives_up_does_not_disturb_the_others(room: Room) -> None:
    settings = settings_of(room, {"ALICLOUD_CREDENTIALS_URI": room.uri})
    room.stand_in.delay = 0.5

    async def both() -> Credentials:
        hasty = asyncio.create_task(Client(settings).credentials())
        patient = asyncio.create_task(Client(settings).credentials())
        await asyncio.sleep(0.1)
        hasty.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hasty
        return await patient

    assert asyncio.run(both()).access_key_id == "uri-id-1"


def test_the_deadline_ends_a_wait_for_credentials(room: Room) -> None:
    settings = settings_of(room, {"ALICLOUD_CREDENTIALS_URI": room.uri, "MAX_RETRY_TIMEOUT": "1"}, endpoint="h.example")
    room.stand_in.delay = 5
    started = time.monotonic()
    with pytest.raises(DeadlineExceededError) as caught:
        asyncio.run(Client(settings).list_instance_model())
    assert 1 <= time.monotonic() - started < 2.5
    assert "credentials" in caught.value.title
    assert "MAX_RETRY_TIMEOUT" in caught.value.remedy


def test_a_peer_that_drips_does_not_keep_the_process(room: Room) -> None:
    """In a process of its own: its end waits for no thread that waits for the peer."""
    room.stand_in.delay = 20
    environ = {"ALICLOUD_CREDENTIALS_URI": room.uri, "MAX_RETRY_TIMEOUT": "1", "ALICLOUD_REGION": "cn-hangzhou"}
    script = "from hologres_ai import read_ai_nodes; read_ai_nodes()"
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "DeadlineExceededError" in done.stderr
    assert CANARY not in done.stderr
    assert time.monotonic() - started < 10


def test_a_fork_starts_anew(room: Room) -> None:
    settings = settings_of(room, {"ALICLOUD_CREDENTIALS_URI": room.uri})
    get(settings)
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if get(settings).access_key_id == "uri-id-2" else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0


# --- A refresh ahead of time -----------------------------------------------------------------------------------------


class Shelf:
    """A fetcher that gives what is on it, in turn, and a clock to set."""

    def __init__(self, *outcomes: Fetched | Exception) -> None:
        self._outcomes = list(outcomes)
        self.now = 1000.0
        self.fetches = 0
        self.refresher = CredentialsCache(
            CredentialsSource(Uri("http://h")), Limits(), fetcher=self._next, clock=lambda: self.now
        )

    def _next(self, _source: CredentialsSource, _limits: Limits) -> Fetched:
        self.fetches += 1
        outcome = self._outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def get(self) -> str:
        return asyncio.run(self.refresher.get()).access_key_id


def until(expires: float | None, key: str = "a") -> Fetched:
    return Fetched(Credentials(key, "s", "t"), expires)


def test_a_refresh_that_fails_while_the_old_are_good_is_no_failure_yet() -> None:
    shelf = Shelf(until(2000), CredentialsError("down"), CredentialsError("down"), until(9000, "b"))
    assert shelf.get() == "a"
    shelf.now = 2000 - MARGIN
    assert [shelf.get(), shelf.get(), shelf.fetches] == ["a", "a", 2]
    shelf.now += PAUSE
    assert [shelf.get(), shelf.fetches] == ["a", 3]
    shelf.now += PAUSE
    assert shelf.get() == "b"


def test_what_has_expired_is_never_handed_out() -> None:
    shelf = Shelf(until(2000), CredentialsError("down", "up"))
    shelf.get()
    shelf.now = 2000
    with pytest.raises(CredentialsError, match="down"):
        shelf.get()


def test_a_failure_is_asked_again_by_the_next_reader() -> None:
    shelf = Shelf(CredentialsError("down"), until(None))
    with pytest.raises(CredentialsError):
        shelf.get()
    assert shelf.get() == "a"


def test_what_was_refused_is_not_handed_out_again_and_what_came_since_is_kept() -> None:
    shelf = Shelf(until(9000), until(9000, "b"))
    old = asyncio.run(shelf.refresher.get())
    shelf.refresher.refuse(old)
    assert shelf.get() == "b"
    shelf.refresher.refuse(old)
    assert (shelf.get(), shelf.fetches) == ("b", 2)


def test_a_bug_in_a_source_is_told_by_its_class_alone() -> None:
    shelf = Shelf(RuntimeError(f"{CANARY} in a text"))
    with pytest.raises(CredentialsError, match="RuntimeError") as caught:
        shelf.get()
    assert CANARY not in shown(caught.value)


# --- The metadata service --------------------------------------------------------------------------------------------


def test_metadata_speaks_version_2_first(room: Room) -> None:
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


def test_metadata_and_what_no_proxy_names_never_see_a_proxy(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
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


# --- What is asked for -----------------------------------------------------------------------------------------------


def test_a_role_is_asked_for_with_all_that_is_set(room: Room) -> None:
    role = {"roleArn": ROLE, "sessionName": "night-job", "sessionExpiration": 900, "policy": "{}", "externalId": "x-1"}
    get(settings_of(room, KEYS, assume_role=json.dumps(role)))
    [query] = room.stand_in.queries
    wanted = {"RoleArn": ROLE, "RoleSessionName": "night-job", "DurationSeconds": "900", "Policy": "{}"}
    assert wanted.items() <= query.items()
    assert query["ExternalId"] == "x-1"


def test_the_defaults_of_a_session(room: Room) -> None:
    get(settings_of(room, {**KEYS, "ALICLOUD_ASSUME_ROLE_ARN": ROLE}))
    get(settings_of(room, _oidc(room)))
    assert {(query["RoleSessionName"], query["DurationSeconds"]) for query in room.stand_in.queries} == {
        ("hologres-ai", "3600")
    }


def test_a_chain_assumes_one_role_with_the_other(room: Room) -> None:
    environ = room.profile("ChainableRamRoleArn", AK, CHAIN, source_profile="chain", ram_role_arn=UPPER)
    get(settings_of(room, environ | {"ALICLOUD_ASSUME_ROLE_ARN": f"{UPPER}most"}))
    assert [query["RoleArn"] for query in room.stand_in.queries] == [ROLE, UPPER, f"{UPPER}most"]
    assert [query["AccessKeyId"] for query in room.stand_in.queries] == ["static-id", "role-id-1", "role-id-2"]


def test_the_role_of_a_pod_is_not_assumed_twice(room: Room) -> None:
    get(settings_of(room, _oidc(room)))
    assert [query["Action"] for query in room.stand_in.queries] == ["AssumeRoleWithOIDC"]


def test_a_command_prints_to_us_alone(room: Room) -> None:
    environ = room.profile("External", process_command=room.command(EXTERNAL))
    before = Path(environ["ALICLOUD_SHARED_CREDENTIALS_FILE"]).read_text()
    settings = settings_of(room, environ)
    assert get(settings) == get(settings)
    assert (room.folder / "count").read_text() == "1"
    assert Path(environ["ALICLOUD_SHARED_CREDENTIALS_FILE"]).read_text() == before


# --- The order -------------------------------------------------------------------------------------------------------

IN_ORDER = [
    ("static keys", "static keys"),
    ("profile CredentialsURI", "profile"),
    ("credentials URI", "credentials URI"),
    ("ECS role", "ECS role"),
    ("OIDC, token in a file", "OIDC"),
    ("default profile", "default profile of the CLI"),
]


@pytest.mark.parametrize("first", range(len(IN_ORDER)))
def test_the_first_source_that_is_set_is_used(room: Room, first: int) -> None:
    environ: dict[str, str] = {}
    for way, _ in IN_ORDER[first:]:
        environ |= (LOCAL | REMOTE)[way][0](room)
    environ.pop("ALIBABA_CLOUD_ROLE_ARN") if first < 4 else None
    source = resolve_credentials(look_up({}, None, environ)).source
    states = [(step.source, step.state) for step in source.attempts]
    names = [name for _, name in IN_ORDER]
    assert states[:-1] == [(name, "not set") for name in names[:first]] + [(names[first], "used")]
    assert states[-1] == ("role to assume", "not set")


HALVES: list[tuple[str, dict[str, str], str]] = [
    ("static keys", {"ALICLOUD_ACCESS_KEY": "a"}, "secretKey"),
    ("static keys", {"ALICLOUD_SECURITY_TOKEN": LOGIN}, "accessKey"),
    ("profile", {"ALICLOUD_PROFILE": "absent", "HOME": "/nonexistent"}, "can't be read"),
    ("credentials URI", {"ALICLOUD_CREDENTIALS_URI": PASSWORD}, "not a URL"),
    ("credentials URI", {"ALICLOUD_CREDENTIALS_URI": f"http://u:{PASSWORD}@h/"}, "not a URL"),
    ("ECS role", {"ALICLOUD_ECS_ROLE_NAME": "../../token"}, "is invalid"),
    ("OIDC", {"ALIBABA_CLOUD_OIDC_PROVIDER_ARN": PROVIDER}, "oidcTokenFile"),
    ("OIDC", {"ALIBABA_CLOUD_OIDC_TOKEN": OIDC_TOKEN}, "oidcProviderArn"),
    ("OIDC", {"ALIBABA_CLOUD_OIDC_TOKEN": OIDC_TOKEN, "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": PROVIDER}, "roleArn"),
    ("role to assume", {**KEYS, "ALICLOUD_ASSUME_ROLE_ARN": "reader"}, "is invalid"),
    (
        "role to assume",
        {**KEYS, "ALICLOUD_ASSUME_ROLE_ARN": ROLE, "ALICLOUD_ASSUME_ROLE_SESSION_EXPIRATION": "899"},
        "session's length",
    ),
    (
        "role to assume",
        {**KEYS, "ALICLOUD_ASSUME_ROLE_ARN": ROLE, "ALICLOUD_ASSUME_ROLE_SESSION_NAME": "a b"},
        "is invalid",
    ),
]


@pytest.mark.parametrize(("name", "environ", "says"), HALVES, ids=[f"{h[0]}, {h[2]}" for h in HALVES])
def test_half_a_source_is_an_error_and_never_passed_over(
    room: Room, name: str, environ: dict[str, str], says: str
) -> None:
    below = {} if name == "role to assume" else _default_profile(room)
    with pytest.raises(ConfigurationError) as caught:
        settings_of(room, below | environ)
    error = caught.value
    assert says in error.title
    assert error.remedy
    assert (error.attempts[-1].source, error.attempts[-1].state) == (name, "failed")
    assert {step.state for step in error.attempts[:-1]} <= {"not set", "used"}
    assert [step.source for step in error.attempts if step.source not in str(error)] in ([], [name])
    assert CANARY not in shown(error)


OBJECTS = [
    ('{"roleArm": "x"}', 'did you mean "roleArn"?'),
    ('{"role_arn": "x"}', 'did you mean "roleArn"?'),
    (f'{{"zzz": "{LOGIN}"}}', "known are roleArn"),
    ('{"sessionName": "x"}', "roleArn is missing"),
    (f'{{"roleArn": ["{LOGIN}"]}}', "neither a text"),
    ('{"roleArn": true}', "neither a text"),
    (f'"{LOGIN}"', "not a JSON object"),
    (LOGIN, "not a JSON object"),
    ("[" * 100_000, "not a JSON object"),
]


@pytest.mark.parametrize(("text", "says"), OBJECTS, ids=[text[:20] for text, _ in OBJECTS])
def test_an_object_that_can_not_be_meant_is_refused(room: Room, text: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings_of(room, KEYS, assume_role=text)
    assert says in caught.value.title
    assert "argument assume_role" in caught.value.title or "assumeRole" in caught.value.title
    assert CANARY not in shown(caught.value)


@pytest.mark.parametrize("text", ["{}", "null", '{"roleArn": ""}', '{"roleArn": null}'])
def test_an_empty_object_is_not_set(room: Room, text: str) -> None:
    if text in ("{}", "null"):
        assert isinstance(settings_of(room, KEYS, assume_role=text).credentials, Credentials)
    else:
        with pytest.raises(ConfigurationError, match="roleArn is missing"):
            settings_of(room, KEYS, assume_role=text)


@pytest.mark.parametrize(("text", "seconds"), [("0", 3600), ("900", 900), ("43200", 43200)])
def test_a_sessions_length(room: Room, text: str, seconds: int) -> None:
    settings = settings_of(room, KEYS, assume_role=json.dumps({"roleArn": ROLE, "sessionExpiration": text}))
    assert isinstance(settings.credentials, CredentialsSource)
    assert settings.credentials.roles[0].seconds == seconds


# --- Profiles --------------------------------------------------------------------------------------------------------

BAD_PROFILES: list[tuple[str, Arrange, str]] = [
    ("no access key", lambda room: room.profile("AK", access_key_secret=STATIC_SECRET), "access_key_id is missing"),
    ("no token", lambda room: room.profile("StsToken", **PROFILE_KEYS), "sts_token is missing"),
    ("no role", lambda room: room.profile("RamRoleArn", **PROFILE_KEYS), "ram_role_arn is missing"),
    ("no command", lambda room: room.profile("External"), "process_command is missing"),
    ("no source", lambda room: room.profile("ChainableRamRoleArn", ram_role_arn=ROLE), "source_profile is missing"),
    (
        "its own source",
        lambda room: room.profile("ChainableRamRoleArn", source_profile="it", ram_role_arn=ROLE),
        "in a circle",
    ),
    ("unknown mode", lambda room: room.profile("Bearer", token=LOGIN), "not supported: 'Bearer'"),
    ("no mode", lambda room: room.profile(""), "neither a mode nor the fields of one"),
    ("line break", lambda room: room.profile("AK", access_key_id="a", access_key_secret=f"{LOGIN}\n"), "line break"),
    ("not a text", lambda room: room.profile("AK", access_key_id=["a"], access_key_secret="b"), "not a text"),
    (
        "short session",
        lambda room: room.profile("RamRoleArn", **PROFILE_KEYS, ram_role_arn=ROLE, expired_seconds=60),
        "session's length",
    ),
    ("misspelt", lambda room: {**room.profile("AK", **PROFILE_KEYS), "ALICLOUD_PROFILE": "itt"}, 'did you mean "it"?'),
    (
        "INI",
        lambda room: {"ALIBABA_CLOUD_CREDENTIALS_FILE": room.file("c.ini", f"[default]\naccess_key_secret = {LOGIN}")},
        "not the JSON",
    ),
    ("a list", lambda room: {"ALIBABA_CLOUD_CREDENTIALS_FILE": room.file("c.json", "[]")}, "not the JSON"),
]


@pytest.mark.parametrize(("name", "arrange", "says"), BAD_PROFILES, ids=[name for name, _, _ in BAD_PROFILES])
def test_a_bad_profile_is_told_before_any_call(room: Room, name: str, arrange: Arrange, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings_of(room, arrange(room))
    assert says in caught.value.title
    assert caught.value.attempts[-1].source == "profile"
    assert CANARY not in shown(caught.value)
    assert room.stand_in.issued == 0


def test_a_file_without_a_name_means_its_current_profile(room: Room) -> None:
    environ = room.profile("External", {**AK, "name": "other"})
    del environ["ALICLOUD_PROFILE"]
    assert get(settings_of(room, environ)).access_key_id == "static-id"


def test_the_region_of_a_profile_is_the_last_resort(room: Room) -> None:
    environ = room.profile("AK", **PROFILE_KEYS, region_id="cn-beijing")
    assert resolve({}, None, environ).region == "cn-beijing"
    assert resolve({}, None, environ | {"ALICLOUD_REGION": "cn-shanghai"}).region == "cn-shanghai"


def test_a_profile_that_vanishes_later_is_told(room: Room) -> None:
    environ = room.profile("AK", **PROFILE_KEYS)
    settings = settings_of(room, environ)
    Path(environ["ALICLOUD_SHARED_CREDENTIALS_FILE"]).unlink()
    with pytest.raises(ConfigurationError, match="can't be read"):
        get(settings)


# --- Failures --------------------------------------------------------------------------------------------------------

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
def test_a_failure_is_told_without_a_value(room: Room, way: str, failure: str) -> None:
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
def test_a_dead_service_is_told_and_may_pass(room: Room, way: str) -> None:
    settings = settings_of(room, REMOTE[way][0](room))
    room.stand_in.__exit__(None, None, None)
    with pytest.raises(CredentialsError) as caught:
        get(settings)
    assert "refused" in caught.value.title
    assert caught.value.transient
    assert CANARY not in shown(caught.value)
    room.stand_in.__init__()  # type: ignore[misc]  # something to stop at the end
    room.stand_in.__enter__()


@pytest.mark.parametrize("way", REMOTE)
def test_a_redirect_is_never_followed(room: Room, way: str) -> None:
    settings = settings_of(room, REMOTE[way][0](room))
    with RawServer([http(200)]) as elsewhere:
        room.stand_in.failing = (307, b"", {"Location": f"{elsewhere.url}/x"})
        with pytest.raises(CredentialsError, match="redirect"):
            get(settings)
    assert elsewhere.connections == 0


def test_stss_code_is_told(room: Room) -> None:
    settings = settings_of(room, {**KEYS, "ALICLOUD_ASSUME_ROLE_ARN": ROLE})
    room.stand_in.failing = FAILURES["400"]
    with pytest.raises(CredentialsError) as caught:
        get(settings)
    assert (caught.value.status, caught.value.code) == (400, "NoPermission")
    assert "sts:AssumeRole" in caught.value.remedy


def test_a_failure_that_may_pass_is_retried_in_the_call(room: Room) -> None:
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
def test_a_command_that_gives_no_credentials(room: Room, name: str) -> None:
    environ = room.profile("External", process_command=room.command(COMMANDS[name]))
    settings = settings_of(room, environ | {"MAX_RETRY_TIMEOUT": "2"})
    with pytest.raises((CredentialsError, DeadlineExceededError)) as caught:
        get(settings)
    assert "command" in str(caught.value) or name == "takes too long"
    assert CANARY not in shown(caught.value)


def test_a_command_that_does_not_exist(room: Room) -> None:
    settings = settings_of(room, room.profile("External", process_command=f"/nonexistent/{LOGIN}"))
    with pytest.raises(CredentialsError, match="can't be run") as caught:
        get(settings)
    assert CANARY not in shown(caught.value)


def test_an_old_login_says_to_log_in_again(room: Room) -> None:
    old = {"cloud_sso_sign_in_url": room.stand_in.url, "cloud_sso_access_token_expire": 1, **SSO}
    with pytest.raises(CredentialsError, match="expired") as caught:
        get(settings_of(room, room.profile("CloudSSO", **old)))
    assert "aliyun configure" in caught.value.remedy


def test_a_token_file_that_is_missing_is_told(room: Room) -> None:
    environ = _oidc(room) | {"ALIBABA_CLOUD_OIDC_TOKEN_FILE": "/nonexistent/token"}
    with pytest.raises(CredentialsError, match="can't be read"):
        get(settings_of(room, environ))


# --- What shows ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", [*REMOTE, *LOCAL])
def test_settings_show_no_secret(room: Room, way: str) -> None:
    arrange, _ = (REMOTE | LOCAL)[way]
    settings = settings_of(room, arrange(room))
    assert CANARY not in repr(settings) + str(settings)
    assert CANARY not in repr(get(settings))


def test_plain_keys_import_no_provider() -> None:
    script = (
        "import sys; from hologres_ai.config import resolve;"
        "from hologres_ai.api import client; from hologres_ai.core import read;"
        "resolve({'access_key': 'a', 'secret_key': 'b', 'region': 'cn-hangzhou'}, None, {});"
        "print('hologres_ai.credentials.providers' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"


def test_other_threads_keep_their_log_lines(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    get(settings_of(room, {"ALICLOUD_CREDENTIALS_URI": room.uri}))
    logging.getLogger("urllib3.connectionpool").debug("of somebody else")
    assert "of somebody else" in caplog.text


@pytest.mark.parametrize("way", REMOTE)
def test_the_librarys_own_debugging_shows_nothing(room: Room, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBUG", "sdk")  # makes it log whole requests
    get(settings_of(room, REMOTE[way][0](room)))
