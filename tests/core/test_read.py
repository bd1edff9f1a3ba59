"""Reads from plain Python code, with and without a running event loop, against a real emulator."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from hologres_ai.api.client import Client
from hologres_ai.api.response import HttpResponse, parse_response
from hologres_ai.config import CallConfig
from hologres_ai.core.read import read_ai_nodes
from hologres_ai.core.session import run
from hologres_ai.credentials import Credentials
from hologres_ai.errors import ConfigurationError, DeadlineExceededError, InvalidArgumentError, TransportError
from hologres_ai.models import AiNodeListResult, Query
from hologres_ai.settings.network import Endpoint
from tests.support.raw_server import RawServer, http

EXAMPLE = (Path(__file__).parents[1] / "data" / "example-response.json").read_bytes()
(EXAMPLE_NODE,) = parse_response(HttpResponse(200, {}, EXAMPLE)).nodes


@pytest.fixture
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("ALICLOUD_ACCESS_KEY", "the-id")
    monkeypatch.setenv("ALICLOUD_SECRET_KEY", "the-secret")
    monkeypatch.setenv("ALICLOUD_REGION", "cn-hangzhou")


async def give(value: int) -> int:
    await asyncio.sleep(0.01)
    return value


async def raise_key_error() -> int:
    await asyncio.sleep(0)
    raise KeyError("the cause")


def test_run_works_without_an_event_loop() -> None:
    assert run(lambda: give(7)) == 7


def test_run_works_inside_a_running_event_loop() -> None:
    async def main() -> int:
        return run(lambda: give(7))

    assert asyncio.run(main()) == 7


@pytest.mark.parametrize("call", [lambda: run(raise_key_error), lambda: asyncio.run(run_inside_a_loop())])
def test_run_raises_the_exception_of_the_coroutine(call: Callable[[], int]) -> None:
    with pytest.raises(KeyError, match="the cause"):
        call()


async def run_inside_a_loop() -> int:
    return run(raise_key_error)


def test_run_works_in_8_threads_at_the_same_time() -> None:
    gate = threading.Barrier(8, timeout=10)

    async def meet(value: int) -> int:
        await asyncio.to_thread(gate.wait)  # passes only when all 8 run at the same time
        return value

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda value: run(lambda: meet(value)), range(8))) == list(range(8))


def test_the_deadline_ends_a_slow_name_resolution(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name resolution runs in a thread that cannot be stopped, so the read must not wait for it."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: time.sleep(3))
    settings = CallConfig("cn-hangzhou", Endpoint("https", "localhost"), Credentials("id", "secret"), deadline=0.5)
    started = time.monotonic()
    with pytest.raises(DeadlineExceededError):
        run(lambda: Client(settings).list_instance_model())
    assert time.monotonic() - started < 1.5


@pytest.mark.usefixtures("_environment")
def test_read_ai_nodes_returns_the_nodes_of_an_instance() -> None:
    with RawServer([http(200, EXAMPLE)]) as server:
        result = read_ai_nodes("hgpostcn-cn-yi34hlzdx003", endpoint=server.url)
        assert read_ai_nodes("hgpostcn-cn-other", endpoint=server.url).ids == ()
    assert result.instance_model_list == (EXAMPLE_NODE,)
    assert result.region == "cn-hangzhou"
    assert server.requests[0].target.endswith("?instanceId=hgpostcn-cn-yi34hlzdx003")


@pytest.mark.usefixtures("_environment")
def test_read_ai_nodes_passes_every_argument_to_the_query_and_the_settings() -> None:
    arguments: dict[str, Any] = {
        "ids": ["a"],
        "name_regex": "^AI",
        "statuses": ["ResourceReady"],
        "charge_types": ["PostPaid"],
        "ai_specs": ["small-8core-30G-24G"],
        "include_usage": False,
    }
    keys: dict[str, Any] = {"access_key": "another-id", "secret_key": "another-secret", "security_token": "a-token"}
    with RawServer([http(200, EXAMPLE)]) as server:
        result = read_ai_nodes(region="cn-beijing", endpoint=server.url, **arguments, **keys)
    expected: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in arguments.items()
    }
    assert result.query == Query(region="cn-beijing", **expected)
    (request,) = server.requests
    assert "Credential=another-id," in request.headers["authorization"]
    assert request.headers["x-acs-security-token"] == "a-token"


@pytest.mark.usefixtures("_environment")
def test_read_ai_nodes_works_in_8_threads_and_inside_a_running_event_loop() -> None:
    with RawServer([http(200, EXAMPLE)]) as server, ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda _: read_ai_nodes(endpoint=server.url), range(8)))

        async def main() -> AiNodeListResult:
            return read_ai_nodes(endpoint=server.url)

        results.append(asyncio.run(main()))
    assert {result.ids for result in results} == {("hologram_aicombo_public_cn-77xxx",)}
    assert len(server.requests) == 9


@pytest.mark.usefixtures("_environment")
def test_invalid_input_is_refused_before_any_connection() -> None:
    with RawServer([http(200, EXAMPLE)]) as server:
        with pytest.raises(InvalidArgumentError):
            read_ai_nodes("../x", endpoint=server.url)
        with pytest.raises(ConfigurationError):
            read_ai_nodes(region="x@127.0.0.1:1/#", endpoint=server.url)
        with pytest.raises(ConfigurationError):
            read_ai_nodes(secret_key="a\nb", endpoint=server.url)
    assert server.connections == 0


@pytest.mark.usefixtures("_environment")
def test_a_refused_connection_is_an_error_and_not_an_empty_result(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(TransportError):
        read_ai_nodes(endpoint=f"http://127.0.0.1:{port}")


@pytest.mark.usefixtures("_environment")
def test_warnings_of_the_settings_are_in_the_result() -> None:
    with RawServer([http(200, EXAMPLE)]) as server:
        result = read_ai_nodes(region="cn-nowhere", endpoint=server.url)
    assert result.warnings == (
        "cn-nowhere is not in the list of regions with Hologres as of 2026-11-27; it is read anyway",
    )
    assert result.instance_model_list == (EXAMPLE_NODE,)
