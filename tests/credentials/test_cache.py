"""Cached credentials: fetched once for many readers, again before they expire and after they were refused."""

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hologres_ai.api.client import Client
from hologres_ai.config import CallConfig
from hologres_ai.credentials import Credentials, CredentialsSource, Limits
from hologres_ai.credentials.cache import FILE_LIFE, MARGIN, PAUSE, CredentialsCache
from hologres_ai.credentials.types import Fetched, Uri
from hologres_ai.errors import CredentialsError, DeadlineExceededError, HologresAiError
from hologres_ai.models import NodeList
from tests.support.credentials_setups import (
    KEYS,
    NODES,
    OAUTH,
    PROFILE_KEYS,
    REMOTE,
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
    ROLE,
)


@pytest.mark.parametrize("way", sorted(set(REMOTE) - {"profile OAuth"}))
def test_credentials_are_fetched_again_before_they_expire(setup: SourceSetup, way: str) -> None:
    arrange, _ = REMOTE[way]
    settings = settings_of(setup, arrange(setup))
    setup.stand_in.lifetime = MARGIN - 30
    first = get(settings)
    setup.stand_in.lifetime = 3600
    second, third = get(settings), get(settings)
    assert first != second == third


def test_an_oauth_login_keeps_its_key_until_it_expires_and_its_tokens_rotate_in_the_file(setup: SourceSetup) -> None:
    environ = setup.profile("OAuth", **OAUTH)
    file = Path(environ["ALICLOUD_SHARED_CREDENTIALS_FILE"])
    settings = settings_of(setup, environ)
    setup.stand_in.lifetime = 2
    first = get(settings)
    assert get(settings) == first
    [profile] = json.loads(file.read_text())["profiles"]
    assert profile["oauth_refresh_token"] == f"{LOGIN}-rotated"
    time.sleep(2.1)
    assert get(settings) != first


def test_a_token_file_is_read_again_for_each_fetch(setup: SourceSetup) -> None:
    settings = settings_of(setup, oidc(setup))
    setup.stand_in.lifetime = 60
    first = get(settings)
    setup.stand_in.oidc_token = f"{OIDC_TOKEN}-2"
    setup.file("token", f"{OIDC_TOKEN}-2")
    assert get(settings) != first
    assert [query["OIDCToken"] for query in setup.stand_in.queries] == [OIDC_TOKEN, f"{OIDC_TOKEN}-2"]


def test_a_changed_profile_is_read_again(setup: SourceSetup) -> None:
    settings = settings_of(setup, setup.profile("StsToken", **PROFILE_KEYS, sts_token=LOGIN))
    now = [0.0]
    assert isinstance(settings.credentials, CredentialsSource)
    refresher = CredentialsCache(settings.credentials, Limits(), clock=lambda: now[0])
    assert asyncio.run(refresher.get()).security_token == LOGIN
    setup.profile("StsToken", **PROFILE_KEYS, sts_token=f"{LOGIN}-2")
    assert asyncio.run(refresher.get()).security_token == LOGIN
    now[0] = FILE_LIFE + 1
    assert asyncio.run(refresher.get()).security_token == f"{LOGIN}-2"


def expired(status: int = 400) -> bytes:
    return http(status, json.dumps({"Code": "InvalidSecurityToken.Expired", "RequestId": "R-2"}), "Retry-After: 0")


def test_a_token_that_the_service_calls_expired_is_replaced_once(setup: SourceSetup) -> None:
    with RawServer([expired(), NODES]) as server:
        settings = settings_of(setup, {"ALICLOUD_CREDENTIALS_URI": setup.uri}, endpoint=server.url)
        assert asyncio.run(Client(settings).list_instance_model()).request_id == "R-1"
    assert [request.headers["x-acs-accesskey-id"] for request in server.requests] == ["uri-id-1", "uri-id-2"]


def test_a_second_expired_token_in_one_call_is_an_error(setup: SourceSetup) -> None:
    with RawServer([expired()]) as server:
        settings = settings_of(setup, {"ALICLOUD_CREDENTIALS_URI": setup.uri}, endpoint=server.url)
        with pytest.raises(HologresAiError) as caught:
            asyncio.run(Client(settings).list_instance_model())
    assert caught.value.code == "InvalidSecurityToken.Expired"
    assert (len(server.requests), setup.stand_in.issued) == (2, 2)


def test_an_expired_static_token_is_not_retried(setup: SourceSetup) -> None:
    with RawServer([expired()]) as server:
        settings = settings_of(setup, {**KEYS, "ALICLOUD_SECURITY_TOKEN": LOGIN}, endpoint=server.url)
        with pytest.raises(HologresAiError):
            asyncio.run(Client(settings).list_instance_model())
    assert len(server.requests) == 1


def test_many_readers_with_an_expired_token_fetch_once(setup: SourceSetup) -> None:
    async def many(settings: CallConfig) -> list[NodeList]:
        return await asyncio.gather(*(Client(settings).list_instance_model() for _ in range(20)))

    with RawServer([*[expired()] * 20, NODES]) as server:
        settings = settings_of(setup, {"ALICLOUD_CREDENTIALS_URI": setup.uri}, endpoint=server.url)
        setup.stand_in.delay = 0.2
        assert len(asyncio.run(many(settings))) == 20
    assert setup.stand_in.issued == 2


def test_200_readers_fetch_once(setup: SourceSetup) -> None:
    async def many(settings: CallConfig) -> list[Credentials]:
        return await asyncio.gather(*(Client(settings).credentials() for _ in range(200)))

    settings = settings_of(setup, {"ALICLOUD_CREDENTIALS_URI": setup.uri, "ALICLOUD_ASSUME_ROLE_ARN": ROLE})
    setup.stand_in.delay = 0.3
    assert len(set(asyncio.run(many(settings)))) == 1
    assert setup.stand_in.asked["uri"] == setup.stand_in.asked["role"] == 1


def test_8_threads_with_separate_event_loops_fetch_once(setup: SourceSetup) -> None:
    settings = settings_of(setup, {"ALICLOUD_ECS_ROLE_NAME": INSTANCE_ROLE})
    setup.stand_in.delay = 0.2
    found: list[Credentials] = []
    threads = [threading.Thread(target=lambda: found.append(get(settings))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), len(set(found)), setup.stand_in.issued) == (8, 1, 1)


def test_a_cancelled_reader_does_not_cancel_the_fetch_of_others(setup: SourceSetup) -> None:
    settings = settings_of(setup, {"ALICLOUD_CREDENTIALS_URI": setup.uri})
    setup.stand_in.delay = 0.5

    async def both() -> Credentials:
        hasty = asyncio.create_task(Client(settings).credentials())
        patient = asyncio.create_task(Client(settings).credentials())
        await asyncio.sleep(0.1)
        hasty.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hasty
        return await patient

    assert asyncio.run(both()).access_key_id == "uri-id-1"


def test_the_deadline_ends_a_wait_for_credentials(setup: SourceSetup) -> None:
    settings = settings_of(
        setup, {"ALICLOUD_CREDENTIALS_URI": setup.uri, "MAX_RETRY_TIMEOUT": "1"}, endpoint="h.example"
    )
    setup.stand_in.delay = 5
    with pytest.raises(DeadlineExceededError) as caught:
        asyncio.run(Client(settings).list_instance_model())
    assert setup.stand_in.asked["uri"] == 0, "the service has not answered yet"
    assert "credentials" in caught.value.title
    assert "MAX_RETRY_TIMEOUT" in caught.value.remedy


def test_a_process_ends_without_waiting_for_a_slow_service(setup: SourceSetup) -> None:
    """The end of a process does not wait for the thread that fetches."""
    setup.stand_in.delay = 20
    environ = {"ALICLOUD_CREDENTIALS_URI": setup.uri, "MAX_RETRY_TIMEOUT": "1", "ALICLOUD_REGION": "cn-hangzhou"}
    script = "from hologres_ai import read_ai_nodes; read_ai_nodes()"
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
    assert setup.stand_in.asked["uri"] == 0, "the service has not answered yet"


def test_a_forked_process_fetches_its_own_credentials(setup: SourceSetup) -> None:
    settings = settings_of(setup, {"ALICLOUD_CREDENTIALS_URI": setup.uri})
    get(settings)
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if get(settings).access_key_id == "uri-id-2" else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0


class FakeFetcher:
    """A cache with a fetcher that returns the given values in turn, and a clock that can be set."""

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


def test_a_failed_refresh_keeps_valid_credentials() -> None:
    fake = FakeFetcher(until(2000), CredentialsError("down"), CredentialsError("down"), until(9000, "b"))
    assert fake.get() == "a"
    fake.now = 2000 - MARGIN
    assert [fake.get(), fake.get(), fake.fetches] == ["a", "a", 2]
    fake.now += PAUSE
    assert [fake.get(), fake.fetches] == ["a", 3]
    fake.now += PAUSE
    assert fake.get() == "b"


def test_expired_credentials_are_never_returned() -> None:
    fake = FakeFetcher(until(2000), CredentialsError("down", "up"))
    fake.get()
    fake.now = 2000
    with pytest.raises(CredentialsError, match="down"):
        fake.get()


def test_the_next_reader_fetches_again_after_a_failure() -> None:
    fake = FakeFetcher(CredentialsError("down"), until(None))
    with pytest.raises(CredentialsError):
        fake.get()
    assert fake.get() == "a"


def test_refused_credentials_are_dropped_and_newer_ones_kept() -> None:
    fake = FakeFetcher(until(9000), until(9000, "b"))
    old = asyncio.run(fake.refresher.get())
    fake.refresher.refuse(old)
    assert fake.get() == "b"
    fake.refresher.refuse(old)
    assert (fake.get(), fake.fetches) == ("b", 2)


def test_an_unexpected_exception_is_reported_without_its_text() -> None:
    fake = FakeFetcher(RuntimeError(f"{CANARY} in a text"))
    with pytest.raises(CredentialsError, match="RuntimeError") as caught:
        fake.get()
    assert CANARY not in shown(caught.value)
