"""A client of the plugin: started as the engine starts it, and called with Pulumi's own gRPC stubs."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Any
from unittest.mock import patch

import grpc  # type: ignore[import-untyped]
from google.protobuf import empty_pb2
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2, provider_pb2_grpc

from hologres_ai.core.read import read_sync
from hologres_ai.emulator import EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET
from hologres_ai.models import build_query, to_wire
from hologres_ai.names import SECRET_SIGNATURE, SIGNATURE
from hologres_ai.plugin.engine import Engine
from hologres_ai.plugin.properties import UNKNOWN_TEXT
from hologres_ai.plugin.server import create_server
from hologres_ai.plugin.servicer import FUNCTION, Servicer

PLUGIN = Path(sys.executable).with_name("pulumi-resource-hologres")
URN = "urn:pulumi:dev::program::hologres:index:AiNodeList::nodes"
PROVIDER_URN = "urn:pulumi:dev::program::pulumi:providers:hologres::default"

NODE = "hologram_aipostpay_public_cn-77a02"
HOLO_INSTANCE = "hgpostcn-cn-yi34hlzdx003"
CANARY = "canary-5f1d"
UNKNOWN = UNKNOWN_TEXT

# The outputs of every interface.
WIRE = {"region", "instanceModelList", "ids", "names", "totals", "fingerprint", "regionOutcomes"}

Properties = Mapping[str, Any]
Change = Callable[..., None]
"""Gives a node other values; see the fixture `change`."""


def struct(values: Properties) -> Struct:
    message = Struct()
    message.update(values)
    return message


def plain(message: Struct) -> dict[str, Any]:
    found: dict[str, Any] = MessageToDict(message)
    return found


def secret(value: object) -> dict[str, object]:
    return {SIGNATURE: SECRET_SIGNATURE, "value": value}


def is_secret(value: object) -> bool:
    return isinstance(value, dict) and value.get(SIGNATURE) == SECRET_SIGNATURE


class RefusedError(Exception):
    """The plugin responded with an error: its code and its message."""

    def __init__(self, error: Any) -> None:
        super().__init__(error.details())
        self.code, self.message = error.code(), error.details()


class Plugin:
    """A plugin that runs, with one method for each request that the engine makes.

    Attributes:
        warnings: the warnings that it showed, where it runs in this process.
    """

    def __init__(self, port: int) -> None:
        size = 400 * 1024 * 1024
        options = [("grpc.max_receive_message_length", size), ("grpc.max_send_message_length", size)]
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=options)
        self.warnings: list[str] = []
        self._stub = provider_pb2_grpc.ResourceProviderStub(self.channel)

    def call(self, method: str, request: Any) -> Any:
        """One request.

        Raises:
            RefusedError: it was answered with an error.
        """
        try:
            return getattr(self._stub, method)(request, timeout=60)
        except grpc.RpcError as error:
            raise RefusedError(error) from None

    def configure(self, settings: Properties | None = None) -> Any:
        request = provider_pb2.ConfigureRequest(args=struct(settings or {}), acceptSecrets=True)
        return self.call("Configure", request)

    def check_config(self, settings: Properties) -> Any:
        return self.call("CheckConfig", provider_pb2.CheckRequest(urn=PROVIDER_URN, news=struct(settings)))

    def invoke(self, arguments: Properties | None = None, token: str = FUNCTION) -> Any:
        return self.call("Invoke", provider_pb2.InvokeRequest(tok=token, args=struct(arguments or {})))

    def asked(self, arguments: Properties | None = None) -> dict[str, Any]:
        """The function's result."""
        answer = self.invoke(arguments)
        assert not answer.failures, answer.failures
        return plain(getattr(answer, "return"))

    def try_check(self, news: Properties | None = None, olds: Properties | None = None, urn: str = URN) -> Any:
        request = provider_pb2.CheckRequest(urn=urn, olds=struct(olds or {}), news=struct(news or {}))
        return self.call("Check", request)

    def check(self, news: Properties | None = None, olds: Properties | None = None) -> dict[str, Any]:
        """The checked inputs."""
        answer = self.try_check(news, olds)
        assert not answer.failures, answer.failures
        return plain(answer.inputs)

    def create(self, inputs: Properties, *, preview: bool = False) -> dict[str, Any]:
        request = provider_pb2.CreateRequest(urn=URN, properties=struct(inputs), preview=preview)
        answer = self.call("Create", request)
        assert answer.id == "nodes"
        return plain(answer.properties)

    def diff(
        self,
        old_inputs: Properties,
        news: Properties,
        ignore_changes: Sequence[str] = (),
        outputs: Iterable[str] = WIRE,
    ) -> Any:
        """The difference; the state has the named outputs."""
        request = provider_pb2.DiffRequest(urn=URN, id="nodes", old_inputs=struct(old_inputs), news=struct(news))
        request.olds.CopyFrom(struct(dict.fromkeys(outputs, "")))
        request.ignoreChanges.extend(ignore_changes)
        return self.call("Diff", request)

    def paths(self, old_inputs: Properties, news: Properties, ignore_changes: Sequence[str] = ()) -> dict[str, str]:
        """The detailed diff: each path, and the kind of its change."""
        answer = self.diff(old_inputs, news, ignore_changes)
        kind = provider_pb2.PropertyDiff.Kind.Name
        assert bool(answer.detailedDiff) == (answer.changes == provider_pb2.DiffResponse.DIFF_SOME)
        assert not answer.replaces
        assert all(item.inputDiff for item in answer.detailedDiff.values())
        return {path: kind(item.kind) for path, item in answer.detailedDiff.items()}

    def update(self, olds: Properties, news: Properties, *, preview: bool = False) -> dict[str, Any]:
        request = provider_pb2.UpdateRequest(urn=URN, id="nodes", olds=struct(olds), news=struct(news), preview=preview)
        return plain(self.call("Update", request).properties)

    def read(self, inputs: Properties | None, state: Properties) -> tuple[dict[str, Any], dict[str, Any]]:
        """The outputs and the inputs."""
        request = provider_pb2.ReadRequest(urn=URN, id="nodes", properties=struct(state))
        if inputs is not None:
            request.inputs.CopyFrom(struct(inputs))
        answer = self.call("Read", request)
        assert answer.id == "nodes"
        return plain(answer.properties), plain(answer.inputs)

    def is_alive(self) -> bool:
        return bool(self.call("GetPluginInfo", empty_pb2.Empty()).version)


class PluginProcess(Plugin):
    """A plugin in a separate process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        super().__init__(int(process.stdout.readline()))
        self.process = process


@contextmanager
def started(
    environment: Mapping[str, str], *arguments: str, command: Sequence[str | Path] = (PLUGIN,)
) -> Iterator[PluginProcess]:
    """Start a plugin as the engine does; kill it at the end of the block if it still runs."""
    variables = {**os.environ, **environment}
    with subprocess.Popen([*command, *arguments], env=variables, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield PluginProcess(process)
        finally:
            process.kill()


class KeptWarnings(Engine):
    """Keeps the warnings; there is no engine."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    async def warn(self, text: str) -> None:
        """Keep a warning."""
        self.texts.append(text)


@contextmanager
def running(environment: Mapping[str, str], servicer_type: type[Servicer] = Servicer) -> Iterator[Plugin]:
    """A plugin in this process, on a port of its own and with an event loop in another thread."""
    engine, ports, stops = KeptWarnings(), Queue[int](), Queue[Callable[[], object]]()

    async def serve() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        servicer = servicer_type(engine)
        server, port = create_server(servicer)
        await server.start()
        stops.put(lambda: loop.call_soon_threadsafe(stop.set))
        ports.put(port)
        await stop.wait()
        servicer.cancel()
        await server.stop(None)

    with patch.dict(os.environ, environment), ThreadPoolExecutor(1) as threads:
        served = threads.submit(asyncio.run, serve())
        plugin = Plugin(ports.get(timeout=60))
        plugin.warnings = engine.texts
        try:
            yield plugin
        finally:
            plugin.channel.close()
            stops.get()()
            served.result(timeout=60)


class RecordingEngine(engine_pb2_grpc.EngineServicer):
    """The part of an engine that a plugin uses: its log.

    Attributes:
        lines: severity and message of each line of the log.
    """

    def __init__(self, port: int) -> None:
        self.lines: list[tuple[int, str]] = []
        self._threads = ThreadPoolExecutor(2)
        self._server = grpc.server(self._threads)
        engine_pb2_grpc.add_EngineServicer_to_server(self, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port(f'127.0.0.1:{port}')}"
        self._server.start()

    def Log(self, request: Any, context: Any) -> empty_pb2.Empty:  # noqa: N802 - gRPC's name
        """Keep a line."""
        self.lines.append((request.severity, request.message))
        return empty_pb2.Empty()

    def stop(self) -> None:
        """End without a response to the clients."""
        self._server.stop(None).wait()
        self._threads.shutdown()


@contextmanager
def recording(address: str = "127.0.0.1:0") -> Iterator[tuple[RecordingEngine, str]]:
    """Run a recording engine; yield it and its address."""
    engine = RecordingEngine(int(address.rpartition(":")[2]))
    try:
        yield engine, engine.address
    finally:
        engine.stop()


def expected(environment: Mapping[str, str], **arguments: object) -> dict[str, Any]:
    """The result of the core in JSON."""
    settings = {
        "endpoint": environment["ALIBABA_CLOUD_ENDPOINT_HOLOGRAM"],
        "access_key": EMULATOR_ACCESS_KEY_ID,
        "secret_key": EMULATOR_ACCESS_KEY_SECRET,
    }
    query = build_query({"region": "cn-hangzhou", **arguments})
    wire: dict[str, Any] = to_wire(read_sync(query, {**settings}))
    return wire


def of_every_interface(outputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in outputs.items() if name in WIRE}
