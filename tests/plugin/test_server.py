"""The process of the plugin: port, signals, error messages, and its end with the engine."""

import json
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

import grpc  # type: ignore[import-untyped]
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2

from hologres_ai.emulator import Emulator
from hologres_ai.plugin.engine import GONE_SECONDS
from hologres_ai.plugin.servicer import Servicer, schema_text
from tests.support.plugin_client import (
    CANARY,
    PLUGIN,
    Plugin,
    RecordingEngine,
    RefusedError,
    recording,
    running,
    started,
)
from tests.support.processes import wait_until


def test_the_plugin_reports_its_version(plugin: Plugin) -> None:
    assert plugin.call("GetPluginInfo", empty_pb2.Empty()).version == version("hologres_ai")


def test_the_plugin_serves_the_committed_schema_with_its_version(plugin: Plugin) -> None:
    """`pulumi package add` requires a version."""
    served = json.loads(plugin.call("GetSchema", provider_pb2.GetSchemaRequest(version=0)).schema)
    assert served == {"version": version("hologres_ai"), **json.loads(schema_text())}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_process_with_exit_code_0(environment: dict[str, str], number: signal.Signals) -> None:
    with started(environment) as plugin:
        plugin.process.send_signal(number)
        assert plugin.process.wait(timeout=60) == 0


def test_a_signal_ends_the_process_while_a_read_hangs(environment: dict[str, str], emulator: Emulator) -> None:
    emulator.arm("hang")
    with started(environment) as plugin, ThreadPoolExecutor(1) as threads:
        plugin.configure()
        read = threads.submit(plugin.asked)
        wait_until(lambda: emulator.requests == 1)
        plugin.process.send_signal(signal.SIGTERM)
        assert plugin.process.wait(timeout=60) == 0
        assert read.exception() is not None


def test_the_process_accepts_the_flags_of_the_engine_and_needs_no_engine(environment: dict[str, str]) -> None:
    with started(environment, "--logtostderr", "-v=9", "--tracing", "nowhere") as plugin:
        assert plugin.is_alive()


def test_the_engine_is_found_behind_its_flags(misspelt: dict[str, str]) -> None:
    with recording() as (engine, address), started(misspelt, "-v=9", "--tracing", "file:./trace", address) as plugin:
        assert is_connected(plugin, engine)


@pytest.mark.parametrize("command", [[PLUGIN], [sys.executable, "-m", "hologres_ai"]], ids=["script", "module"])
def test_a_command_given_to_the_plugin_is_refused_with_the_name_of_the_command_line(command: list[str | Path]) -> None:
    ended = subprocess.run([*command, "list"], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert not ended.stdout
    assert "The command line is `hologres-ai` or `python -m hologres_ai.cli`." in ended.stderr


NOT_DONE = {
    "Handshake": provider_pb2.ProviderHandshakeRequest(),
    "GetMapping": provider_pb2.GetMappingRequest(),
    "Call": provider_pb2.CallRequest(),
    "Parameterize": provider_pb2.ParameterizeRequest(args=provider_pb2.ParameterizeRequest.ParametersArgs()),
}


def test_a_method_that_is_not_implemented_is_reported_without_a_traceback(plugin: Plugin) -> None:
    for method, request in NOT_DONE.items():
        with pytest.raises(RefusedError) as refused:
            plugin.call(method, request)
        assert refused.value.code == grpc.StatusCode.UNIMPLEMENTED
        assert 'File "' not in refused.value.message
    assert plugin.is_alive()


class BrokenServicer(Servicer):
    """Raise an unexpected exception."""

    async def GetSchema(self, request: object, context: object) -> provider_pb2.GetSchemaResponse:  # noqa: N802
        """Fail."""
        raise ValueError(CANARY)


@pytest.mark.parametrize("debug", ["", "1"])
def test_an_internal_error_is_reported_without_its_text(debug: str) -> None:
    """The text of an exception may contain a secret; with HOLOGRES_AI_DEBUG=1 there is a traceback."""
    with running({"HOLOGRES_AI_DEBUG": debug}, BrokenServicer) as plugin, pytest.raises(RefusedError) as refused:
        plugin.call("GetSchema", provider_pb2.GetSchemaRequest())
    message = "Internal error in the plugin: ValueError. Please report it. Set HOLOGRES_AI_DEBUG=1 for a traceback."
    assert (refused.value.message == message) is not bool(debug)
    assert ("Traceback" in refused.value.message, CANARY in refused.value.message) == (bool(debug), bool(debug))


# --- The end of the process with its engine ---------------------------------------------------------------------------


@pytest.fixture
def misspelt(environment: dict[str, str]) -> dict[str, str]:
    """Settings with which each read gives a warning, so that the engine's log shows that the plugin is connected."""
    return {**environment, "ALIBABA_CLOUD_REGION": "cn-hangzhuo"}


def is_connected(plugin: Plugin, engine: RecordingEngine) -> bool:
    """Whether a warning of the plugin arrives at the engine."""
    plugin.configure()
    assert plugin.asked()["ids"]
    return any("cn-hangzhuo" in message for _, message in engine.lines)


def test_the_process_ends_with_its_engine(misspelt: dict[str, str]) -> None:
    with recording() as (engine, address), started(misspelt, address) as plugin:
        assert is_connected(plugin, engine)
        engine.stop()
        assert plugin.process.wait(timeout=60) == 0


def test_the_process_ends_with_its_engine_while_a_read_hangs(misspelt: dict[str, str], emulator: Emulator) -> None:
    with recording() as (engine, address), started(misspelt, address) as plugin, ThreadPoolExecutor(1) as threads:
        assert is_connected(plugin, engine)
        emulator.arm("hang")
        plugin.configure()
        read = threads.submit(plugin.asked)
        wait_until(lambda: emulator.requests == 2)
        engine.stop()
        assert plugin.process.wait(timeout=60) == 0
        assert read.exception() is not None


def test_the_process_stays_when_no_engine_has_responded(environment: dict[str, str]) -> None:
    addresses = {"none": (), "empty": ("",), "silent": ("127.0.0.1:1",)}
    with ExitStack() as processes:
        plugins = {name: processes.enter_context(started(environment, *address)) for name, address in addresses.items()}
        time.sleep(GONE_SECONDS + 1)
        assert {name: plugin.is_alive() for name, plugin in plugins.items()} == dict.fromkeys(addresses, True)


def test_the_process_stays_while_the_engine_reconnects(misspelt: dict[str, str]) -> None:
    with recording() as (engine, address), started(misspelt, address) as plugin:
        assert is_connected(plugin, engine)
        engine.stop()
        with recording(address) as (again, _):
            wait_until(lambda: is_connected(plugin, again))
            time.sleep(GONE_SECONDS + 1)
            assert plugin.is_alive()


def test_an_attached_engine_receives_the_warnings(misspelt: dict[str, str]) -> None:
    with started(misspelt) as plugin:
        for _ in range(2):
            with recording() as (engine, address):
                plugin.call("Attach", plugin_pb2.PluginAttach(address=address))
                assert is_connected(plugin, engine)
        time.sleep(GONE_SECONDS + 1)
        assert plugin.is_alive()
