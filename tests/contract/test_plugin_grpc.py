"""The plugin without an engine: started as the engine starts it, and spoken to with Pulumi's own gRPC stubs."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
from google.protobuf import empty_pb2
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.dynamic import ConfigureRequest
from pulumi.dynamic.config import Config
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import InvokeRequest
from pulumi.runtime import rpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc

from hologres_ai.clock import utc_now
from hologres_ai.core.read import read_sync
from hologres_ai.dynamic import AiNodeListProvider
from hologres_ai.emulator import EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET, Emulator
from hologres_ai.models import build_query, to_wire
from hologres_ai.plugin.provider import HologresProvider
from hologres_ai.plugin.schema import schema_text

PLUGIN = Path(sys.executable).with_name("pulumi-resource-hologres")
FUNCTION = "hologres:index:getAiNodeList"
URN = "urn:pulumi:dev::program::hologres:index:AiNodeList::nodes"
PROVIDER_URN = "urn:pulumi:dev::program::pulumi:providers:hologres::default"
NODE = "hologram_aipostpay_public_cn-77a02"
HOLO_INSTANCE = "hgpostcn-cn-yi34hlzdx003"
WIRE = {"region", "instanceModelList", "ids", "names", "totals", "fingerprint", "regionOutcomes"}
UNKNOWN = rpc.UNKNOWN
CANARY = "canary-5f1d"

Properties = Mapping[str, Any]


def struct(values: Properties) -> Struct:
    message = Struct()
    message.update(values)
    return message


def plain(message: Struct) -> dict[str, Any]:
    found: dict[str, Any] = MessageToDict(message)
    return found


def secret(value: object) -> dict[str, object]:
    return {rpc._special_sig_key: rpc._special_secret_sig, "value": value}


def is_secret(value: object) -> bool:
    return isinstance(value, dict) and value.get(rpc._special_sig_key) == rpc._special_secret_sig


class RefusedError(Exception):
    """The plugin answered with an error: its code and its words."""

    def __init__(self, error: Any) -> None:
        super().__init__(error.details())
        self.code, self.words = error.code(), error.details()


class Plugin:
    """A plugin that runs, with one method for each request that the engine makes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        port = int(process.stdout.readline()) if process.stdout else 0
        size = 400 * 1024 * 1024
        options = [("grpc.max_receive_message_length", size), ("grpc.max_send_message_length", size)]
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=options)
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

    def diff(self, olds: Properties, news: Properties) -> Any:
        return self.call("Diff", provider_pb2.DiffRequest(urn=URN, id="nodes", olds=struct(olds), news=struct(news)))

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


Start = Callable[..., Any]


@contextmanager
def running(environment: Mapping[str, str], *arguments: str) -> Iterator[Plugin]:
    """The plugin, ended with the block; on stderr it may have explained an empty list, and nothing else."""
    process = subprocess.Popen(
        [PLUGIN, *(arguments or ("127.0.0.1:1",))],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            plugin = Plugin(process)
            yield plugin
            plugin.channel.close()
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=10)
            complaints = [line for line in said.splitlines() if not line.startswith("warning: no AI nodes in ")]
            assert (process.returncode, complaints) == (0, [])
        finally:
            process.kill()


@pytest.fixture
def plugin(environment: dict[str, str]) -> Iterator[Plugin]:
    """A configured plugin whose settings come from the environment."""
    with running(environment) as plugin:
        plugin.configure()
        yield plugin


@pytest.fixture
def change(fleet: Path, plugin: Plugin) -> Callable[..., None]:
    """Gives one node of the fleet other values, between two runs of a program, each of which configures the plugin."""

    def change_(ai_instance_id: str = NODE, **fields: object) -> None:
        document = json.loads(fleet.read_text())
        [node] = [node for node in document["nodes"] if node["aiInstanceId"] == ai_instance_id]
        node.update(fields)
        fleet.write_text(json.dumps(document))
        plugin.configure()

    return change_


def expected(environment: Mapping[str, str], **arguments: object) -> dict[str, Any]:
    """What the core reads, in the wire's spelling, as a JSON reader has it."""
    settings = {
        "endpoint": environment["ALIBABA_CLOUD_ENDPOINT_HOLOGRAM"],
        "access_key": EMULATOR_ACCESS_KEY_ID,
        "secret_key": EMULATOR_ACCESS_KEY_SECRET,
    }
    query = build_query({"region": "cn-hangzhou", **arguments})
    wire: dict[str, Any] = to_wire(read_sync(query, {**settings}))
    return wire


def of_every_face(outputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in outputs.items() if name in WIRE}


def place(outputs: Mapping[str, Any], ai_instance_id: str = NODE) -> int:
    return [node["aiInstanceId"] for node in outputs["instanceModelList"]].index(ai_instance_id)


# --- What it is -------------------------------------------------------------------------------------------------------


def test_it_tells_its_version(plugin: Plugin) -> None:
    assert plugin.call("GetPluginInfo", empty_pb2.Empty()).version == version("hologres_ai")


def test_it_serves_the_committed_schema(plugin: Plugin) -> None:
    assert plugin.call("GetSchema", provider_pb2.GetSchemaRequest(version=0)).schema == schema_text()


def test_the_schema_takes_neither_the_sdk_nor_the_core(environment: dict[str, str]) -> None:
    variables = {**os.environ, **environment, "PYTHONPROFILEIMPORTTIME": "1"}
    with subprocess.Popen(PLUGIN, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        plugin = Plugin(process)
        plugin.call("GetSchema", provider_pb2.GetSchemaRequest(version=0))
        plugin.call("Cancel", empty_pb2.Empty())
        plugin.channel.close()
        process.terminate()
        imported = {line.rpartition("|")[2].strip() for line in process.communicate()[1].splitlines()}
    assert "grpc" in imported
    assert not imported & {"pulumi", "pydantic", "httpx", "hologres_ai.models"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(environment: dict[str, str], number: signal.Signals) -> None:
    with running(environment) as plugin:
        plugin.process.send_signal(number)
        assert plugin.process.wait(timeout=5) == 0


def test_a_signal_ends_it_while_a_read_hangs(environment: dict[str, str], emulator: Emulator) -> None:
    emulator.arm("hang")
    with running(environment) as plugin, ThreadPoolExecutor(1) as threads:
        plugin.configure()
        read = threads.submit(plugin.asked)
        wait_until(lambda: emulator.requests == 1)
        plugin.process.send_signal(signal.SIGTERM)
        assert plugin.process.wait(timeout=5) == 0
        assert read.exception() is not None


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_it_takes_the_engines_flags_and_needs_no_engine(environment: dict[str, str]) -> None:
    with running(environment, "--logtostderr", "-v=9", "--tracing", "nowhere") as plugin:
        assert plugin.is_alive()


NOT_DONE = {
    "Handshake": provider_pb2.ProviderHandshakeRequest(),
    "GetMapping": provider_pb2.GetMappingRequest(),
    "Call": provider_pb2.CallRequest(),
    "Parameterize": provider_pb2.ParameterizeRequest(args=provider_pb2.ParameterizeRequest.ParametersArgs()),
}


def test_what_it_does_not_do_it_says_without_a_trace(plugin: Plugin) -> None:
    for method, request in NOT_DONE.items():
        with pytest.raises(RefusedError) as refused:
            plugin.call(method, request)
        assert refused.value.code == grpc.StatusCode.UNIMPLEMENTED
        assert 'File "' not in refused.value.words
    assert plugin.is_alive()


# --- Its configuration ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "name", "reason"),
    [
        ({"regoin": "cn-hangzhou"}, "regoin", 'did you mean "region"'),
        ({"region": "cn_hangzhou"}, "region", 'did you mean "cn-hangzhou"'),
        ({"region": "x@127.0.0.1:1/#"}, "region", "not a region"),
        ({"region": ["cn-hangzhou"]}, "region", "expected"),
        ({"region": True}, "region", "not a region"),
        ({"clientReadTimeout": 0}, "clientReadTimeout", "milliseconds"),
        ({"clientReadTimeout": 1.5}, "clientReadTimeout", "whole number"),
        ({"maxRetryTimeout": "soon"}, "maxRetryTimeout", "seconds"),
        ({"accessKey": "id"}, "secretKey", "accessKey is set without it"),
        ({"secretKey": "x"}, "accessKey", "secretKey is set without it"),
    ],
)
def test_a_bad_setting_is_refused_by_its_name(settings: Properties, name: str, reason: str) -> None:
    with running({}) as plugin:
        [failure] = plugin.check_config(settings).failures
        assert failure.property == name
        assert reason in failure.reason


def test_good_settings_pass(plugin: Plugin) -> None:
    settings = {
        **{"accessKey": "id", "secretKey": "key", "securityToken": "token", "region": "cn-hangzhou"},
        **{"endpoint": "http://127.0.0.1:1", "clientConnectTimeout": 5000, "clientReadTimeout": "10000"},
        **{"assumeRole": {"roleArn": "acs:ram::123456789012:role/reader", "sessionExpiration": 3600}},
        **{"maxRetryTimeout": 60, "version": "0.1.0", "pluginDownloadURL": "https://example.com", "__internal": {}},
    }
    answer = plugin.check_config(settings)
    assert not answer.failures
    checked = plain(answer.inputs)
    assert {name for name, value in checked.items() if is_secret(value)} == {"assumeRole", "secretKey", "securityToken"}
    assert {name: value["value"] if is_secret(value) else value for name, value in checked.items()} == settings


def test_a_bad_object_is_refused_by_its_field(plugin: Plugin) -> None:
    role = {"roleArn": "acs:ram::123456789012:role/reader", "sessionExpiration": 899, "externalId": CANARY}
    for given in (role, json.dumps(role)):
        [failure] = plugin.check_config({"assumeRole": given}).failures
        assert failure.reason.startswith("assumeRole: sessionExpiration")
        assert CANARY not in str(failure)


def test_what_is_not_known_yet_or_in_the_environment_may_be_missing(plugin: Plugin) -> None:
    assert not plugin.check_config({}).failures
    assert not plugin.check_config({"accessKey": "id"}).failures  # its other half is in the environment
    with running({}) as bare:
        assert not bare.check_config({"accessKey": "id", "secretKey": UNKNOWN, "region": UNKNOWN}).failures


@pytest.mark.parametrize("name", ["secretKey", "secretKeyy", "secret", "securityToken", "accessKey", "endpoint"])
def test_a_value_that_may_be_secret_is_not_named_because_the_engine_would_show_it(name: str) -> None:
    with running({}) as plugin:
        answer = plugin.check_config({"accessKey": "id", "secretKey": "key", name: f"https://{CANARY}:x@host /"})
        [failure] = answer.failures
        assert failure.property == ""
        assert failure.reason.startswith(f"{name}: ")
        assert CANARY not in str(answer)


def test_a_changed_setting_does_not_replace_the_provider(plugin: Plugin) -> None:
    olds, news = struct({"region": "cn-hangzhou"}), struct({"region": "cn-beijing"})
    answer = plugin.call("DiffConfig", provider_pb2.DiffRequest(urn=PROVIDER_URN, id="id", olds=olds, news=news))
    assert (answer.changes, list(answer.diffs)) == (provider_pb2.DiffResponse.DIFF_SOME, ["region"])
    assert list(answer.replaces) == []


def test_a_newer_version_is_no_change_to_a_provider(plugin: Plugin) -> None:
    olds = struct({"region": "cn-hangzhou", "version": "0.0.9"})
    news = struct({"region": "cn-hangzhou", "version": "0.1.0"})
    answer = plugin.call("DiffConfig", provider_pb2.DiffRequest(urn=PROVIDER_URN, id="id", olds=olds, news=news))
    assert (answer.changes, list(answer.diffs)) == (provider_pb2.DiffResponse.DIFF_NONE, [])


def test_it_offers_previews_and_keeps_secrets_apart(plugin: Plugin) -> None:
    answer = plugin.configure({"region": "cn-hangzhou"})
    assert (answer.supportsPreview, answer.acceptSecrets, answer.acceptOutputs) == (True, True, False)


def test_its_settings_come_before_the_environment(environment: dict[str, str], emulator: Emulator) -> None:
    with running({**environment, "ALIBABA_CLOUD_REGION": "cn-shanghai", "ALIBABA_CLOUD_ACCESS_KEY_ID": "no"}) as plugin:
        plugin.configure(
            {
                "region": "cn-beijing",
                "accessKey": EMULATOR_ACCESS_KEY_ID,
                "secretKey": secret(EMULATOR_ACCESS_KEY_SECRET),
                "endpoint": emulator.url,
                "maxRetryTimeout": "5",
            }
        )
        assert plugin.asked()["region"] == "cn-beijing"
        assert plugin.asked({"region": "cn-chengdu"})["region"] == "cn-chengdu"


def test_a_missing_setting_is_an_answer_that_names_it() -> None:
    with running({"ALIBABA_CLOUD_REGION": "cn-hangzhou"}) as plugin:
        plugin.configure()
        for failures in (plugin.invoke().failures, plugin.try_check().failures):
            [failure] = failures
            assert "AccessKey" in failure.reason
        with pytest.raises(RefusedError, match="ALIBABA_CLOUD_ACCESS_KEY_ID"):
            plugin.read({}, {})
        with pytest.raises(RefusedError, match="did you mean"):
            plugin.configure({"regoin": "cn-hangzhou"})


# --- The function -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"instanceId": HOLO_INSTANCE},
        {"ids": [NODE, "none"], "includeUsage": False},
        {"nameRegex": "^AI节点", "statuses": ["ResourceReady"], "chargeTypes": ["PostPaid"]},
        {"aiSpecs": [], "region": "cn-shanghai", "nameRegex": None},
    ],
)
def test_the_function_gives_what_every_face_gives(
    plugin: Plugin, environment: dict[str, str], arguments: Properties
) -> None:
    result = plugin.asked(arguments)
    assert result.pop("requestId")
    assert result == expected(environment, **arguments)


@pytest.mark.parametrize(
    ("arguments", "name", "reason"),
    [
        ({"instanceId": "../x"}, "instanceId", "hgpostcn"),
        ({"nameRegex": "("}, "nameRegex", "regular expression"),
        ({"chargeTypes": "PostPaid"}, "chargeTypes", "a list of strings"),
        ({"statuses": ["ok", 7]}, "statuses[1]", "a string"),
        ({"includeUsage": "yes"}, "includeUsage", "true or false"),
        ({"chargeType": ["PostPaid"]}, "chargeType", 'did you mean "chargeTypes"'),
        ({"instanceID": "x"}, "instanceID", 'did you mean "instanceId"'),
        ({"region": {"name": "cn-hangzhou"}}, "region", "a string"),
    ],
)
def test_a_bad_argument_is_a_failure_of_its_property(
    plugin: Plugin, emulator: Emulator, arguments: Properties, name: str, reason: str
) -> None:
    for failures in (plugin.invoke(arguments).failures, plugin.try_check(arguments).failures):
        [failure] = failures
        assert failure.property == name
        assert reason in failure.reason
    assert emulator.requests == 0


def test_the_function_waits_for_what_is_not_known_yet(plugin: Plugin, emulator: Emulator) -> None:
    assert plugin.asked({"instanceId": UNKNOWN}) == {}
    assert plugin.asked({"ids": [NODE, UNKNOWN]}) == {}
    assert emulator.requests == 0


def test_what_a_secret_selects_is_secret(plugin: Plugin) -> None:
    assert all(map(is_secret, plugin.asked({"instanceId": secret(HOLO_INSTANCE)}).values()))
    inputs = plugin.check({"instanceId": secret(HOLO_INSTANCE), "includeUsage": True})
    assert {name for name, value in inputs.items() if not is_secret(value)} == {"includeUsage"}
    for outputs in (plugin.create(inputs), plugin.read(inputs, {})[0]):
        assert {name for name, value in outputs.items() if not is_secret(value)} == {"includeUsage"}
        assert set(outputs) > WIRE
    [failure] = plugin.try_check({"instanceId": secret(f"../{CANARY}")}).failures
    assert (failure.property, CANARY in failure.reason) == ("", False)


def test_a_failed_read_is_told_in_words(plugin: Plugin, emulator: Emulator) -> None:
    for ask in (plugin.invoke, plugin.try_check):
        emulator.arm("denied")
        [failure] = ask().failures
        assert failure.property == ""
        assert "hologram:ListInstanceModel" in failure.reason
        assert 'File "' not in failure.reason
    emulator.arm("denied")
    with pytest.raises(RefusedError, match="hologram:ListInstanceModel") as refused:
        plugin.read({}, {})
    # An engine takes a resource for half-made after UNKNOWN and INTERNAL.
    assert refused.value.code == grpc.StatusCode.FAILED_PRECONDITION
    assert 'File "' not in refused.value.words


# --- The resource -----------------------------------------------------------------------------------------------------


def test_a_step_is_one_call_and_its_outputs_are_those_of_every_face(
    plugin: Plugin, emulator: Emulator, environment: dict[str, str]
) -> None:
    arguments = {"statuses": ["ResourceReady"], "ids": [NODE, "none"], "includeUsage": False}
    inputs = plugin.check({**arguments, "pinned": None})
    previewed, created = plugin.create(inputs, preview=True), plugin.create(inputs)
    assert emulator.requests == 1
    assert previewed == created
    assert of_every_face(created) == expected(environment, **arguments)
    assert created["statuses"] == ["ResourceReady"]
    assert "requestId" not in created


def test_its_outputs_are_those_of_the_dynamic_resource(
    plugin: Plugin, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    dynamic = AiNodeListProvider()
    dynamic.configure(ConfigureRequest(Config({}, "project")))
    outputs = dynamic.read("id", {"nameRegex": "节点"}).outs or {}
    assert set(outputs) > WIRE
    assert of_every_face(plugin.create(plugin.check({"nameRegex": "节点"}))) == of_every_face(outputs)


def test_lists_of_one_region_are_one_call_in_a_run_and_a_new_run_asks_anew(
    plugin: Plugin, emulator: Emulator, change: Callable[..., None]
) -> None:
    answers = [plugin.check({"statuses": [status]}) for status in ("ResourceReady", "Paused")]
    assert len(answers[0]["instanceModelList"]) > len(answers[1]["instanceModelList"]) == 0
    assert emulator.requests == 1
    plugin.check({"instanceId": HOLO_INSTANCE})
    assert emulator.requests == 2, "another question"
    change(status="Paused")
    assert [node["aiInstanceId"] for node in plugin.check({"statuses": ["Paused"]})["instanceModelList"]] == [NODE]
    assert emulator.requests == 3


def test_a_resource_that_nobody_checked_is_read(plugin: Plugin, environment: dict[str, str]) -> None:
    assert of_every_face(plugin.create({})) == expected(environment)


def test_an_unchanged_world_is_no_difference(plugin: Plugin) -> None:
    inputs = plugin.check()
    answer = plugin.diff(plugin.create(inputs), plugin.check({}, inputs))
    assert (answer.changes, dict(answer.detailedDiff)) == (provider_pb2.DiffResponse.DIFF_NONE, {})


def test_drift_is_seen_at_a_preview_path_by_path(
    plugin: Plugin, emulator: Emulator, environment: dict[str, str], change: Callable[..., None]
) -> None:
    inputs = plugin.check()
    state = plugin.create(inputs)
    change(nodeCount=3, aiSpec=None)
    before = emulator.requests
    news = plugin.check({}, inputs)
    answer = plugin.diff(state, news)
    index = place(state)
    assert answer.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert list(answer.diffs) == ["instanceModelList"]
    assert not answer.replaces
    assert {path: (item.kind, item.inputDiff) for path, item in answer.detailedDiff.items()} == {
        f"instanceModelList[{index}].nodeCount": (provider_pb2.PropertyDiff.UPDATE, True),
        f"instanceModelList[{index}].aiSpec": (provider_pb2.PropertyDiff.DELETE, True),
    }
    assert plugin.update(state, news, preview=True) == plugin.update(state, news)
    assert emulator.requests == before + 1
    assert of_every_face(plugin.update(state, news)) == expected(environment)
    assert (
        plugin.diff(plugin.update(state, news), plugin.check({}, news)).changes == provider_pb2.DiffResponse.DIFF_NONE
    )


def test_drift_is_seen_at_a_refresh(plugin: Plugin, change: Callable[..., None]) -> None:
    """As the engine does: what was read is the old state then, and what is stored are the new inputs."""
    inputs = plugin.check({"includeUsage": True})
    state = plugin.create(inputs)
    outputs, now = plugin.read(inputs, state)
    assert (outputs, now) == (state, inputs)
    assert plugin.diff(outputs, inputs).changes == provider_pb2.DiffResponse.DIFF_NONE
    change(cpuUsed=7)
    outputs, now = plugin.read(inputs, state)
    assert now["instanceModelList"] == outputs["instanceModelList"]
    assert list(plugin.diff(outputs, inputs).detailedDiff) == [f"instanceModelList[{place(state)}].cpuUsed"]


def test_usage_is_no_drift_where_it_is_left_out(plugin: Plugin, change: Callable[..., None]) -> None:
    inputs = plugin.check({"includeUsage": False})
    state = plugin.create(inputs)
    assert "Used" not in json.dumps(state)
    change(cpuUsed=7)
    assert (
        plugin.diff(state, plugin.check({"includeUsage": False}, inputs)).changes == provider_pb2.DiffResponse.DIFF_NONE
    )
    change(cpu=9)
    assert (
        plugin.diff(state, plugin.check({"includeUsage": False}, inputs)).changes == provider_pb2.DiffResponse.DIFF_SOME
    )


def test_other_arguments_are_an_update(plugin: Plugin, environment: dict[str, str]) -> None:
    inputs = plugin.check({"ids": [NODE], "nameRegex": "."})
    state = plugin.create(inputs)
    news = plugin.check({"ids": [NODE], "statuses": ["ResourceReady"]}, inputs)
    answer = plugin.diff(state, news)
    assert answer.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert set(answer.detailedDiff) == {"nameRegex", "statuses"}
    assert not answer.replaces
    assert of_every_face(plugin.update(state, news)) == expected(environment, ids=[NODE], statuses=["ResourceReady"])


def test_the_region_of_the_settings_is_part_of_the_inputs(environment: dict[str, str]) -> None:
    with running(environment) as plugin:
        plugin.configure({"region": "cn-hangzhou"})
        inputs = plugin.check()
        state = plugin.create(inputs)
        plugin.configure({"region": "cn-beijing"})
        paths = plugin.diff(state, plugin.check({}, inputs)).detailedDiff
        assert set(paths) == {"region", "regionOutcomes[0].region"}
        assert plugin.read(inputs, state)[0]["region"] == "cn-hangzhou"


def test_a_pinned_list_stays_as_it_was_taken(plugin: Plugin, emulator: Emulator, change: Callable[..., None]) -> None:
    inputs = plugin.check({"pinned": True})
    state = plugin.create(inputs)
    change(nodeCount=3)
    before = emulator.requests
    news = plugin.check({"pinned": True}, inputs)
    assert plugin.diff(state, news).changes == provider_pb2.DiffResponse.DIFF_NONE
    assert of_every_face(plugin.update(state, news)) == of_every_face(state)
    assert emulator.requests == before
    outputs, _ = plugin.read(inputs, state)
    assert plugin.diff(outputs, inputs).changes == provider_pb2.DiffResponse.DIFF_SOME
    other = plugin.check({"pinned": True, "statuses": ["ResourceReady"]}, inputs)
    assert other["instanceModelList"][place(other)]["nodeCount"] == 3
    loose = plugin.check({"pinned": False}, inputs)
    assert set(plugin.diff(state, loose).detailedDiff) == {"pinned", f"instanceModelList[{place(state)}].nodeCount"}
    [failure] = plugin.try_check({"pinned": "yes"}, inputs).failures
    assert failure.property == "pinned"


def test_an_inventory_whose_changes_are_ignored_stays(plugin: Plugin, change: Callable[..., None]) -> None:
    """With ignoreChanges the engine puts the old value among the new inputs; a program has none to give."""
    inputs = plugin.check()
    change(nodeCount=3)
    assert plugin.check({"instanceModelList": inputs["instanceModelList"]}, inputs) == inputs
    [failure] = plugin.try_check({"instanceModelList": []}, inputs).failures
    assert failure.property == "instanceModelList"


def test_what_is_not_known_yet_is_waited_for(plugin: Plugin, emulator: Emulator) -> None:
    inputs = plugin.check({"instanceId": UNKNOWN, "statuses": ["ResourceReady"]})
    assert inputs == {"instanceId": UNKNOWN, "statuses": ["ResourceReady"], "instanceModelList": UNKNOWN}
    outputs = plugin.create(inputs, preview=True)
    assert {name for name, value in outputs.items() if value == UNKNOWN} == WIRE | {"instanceId"}
    [failure] = plugin.try_check({"instanceId": UNKNOWN, "nameRegex": "("}).failures
    assert failure.property == "nameRegex"
    assert emulator.requests == 0
    state = plugin.create(plugin.check())
    before = emulator.requests
    assert set(plugin.diff(state, inputs).detailedDiff) >= {"instanceId", "instanceModelList"}
    assert plugin.update(state, inputs, preview=True)["totals"] == UNKNOWN
    with pytest.raises(RefusedError, match="instanceId: is not known yet"):
        plugin.read({"instanceId": UNKNOWN}, {})
    assert emulator.requests == before


def test_get_and_import_read(plugin: Plugin, environment: dict[str, str]) -> None:
    arguments = {"nameRegex": "节点"}
    outputs, _ = plugin.read(arguments, arguments)
    assert of_every_face(outputs) == expected(environment, **arguments)
    imported, inputs = plugin.read(None, {})
    assert of_every_face(imported) == expected(environment)
    assert plugin.diff(imported, plugin.check({}, inputs)).changes == provider_pb2.DiffResponse.DIFF_NONE


def test_delete_calls_nothing(plugin: Plugin, emulator: Emulator) -> None:
    state = plugin.create(plugin.check())
    before = emulator.requests
    plugin.call("Delete", provider_pb2.DeleteRequest(urn=URN, id="nodes", properties=struct(state)))
    assert emulator.requests == before


def test_a_cancelled_read_ends_at_once(plugin: Plugin, emulator: Emulator) -> None:
    emulator.arm("hang")
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(plugin.invoke)
        wait_until(lambda: emulator.requests == 1)
        plugin.call("Cancel", empty_pb2.Empty())
        [failure] = answer.result(timeout=5).failures
    assert "cancelled" in failure.reason
    assert plugin.asked()["ids"]


def test_a_child_of_a_component_is_the_same_resource(plugin: Plugin) -> None:
    urn = "urn:pulumi:dev::program::my:index:Component$hologres:index:AiNodeList::nodes"
    assert not plugin.try_check({}, urn=urn).failures


class RecordingEngine(engine_pb2_grpc.EngineServicer):
    """The part of an engine that a plugin talks to: its log."""

    def __init__(self) -> None:
        self.lines: list[tuple[int, str]] = []

    def Log(self, request: Any, context: Any) -> empty_pb2.Empty:  # noqa: N802 - gRPC's name
        self.lines.append((request.severity, request.message))
        return empty_pb2.Empty()


@contextmanager
def recording() -> Iterator[tuple[RecordingEngine, str]]:
    """Such an engine, and its address."""
    with ThreadPoolExecutor(2) as threads:
        server, engine = grpc.server(threads), RecordingEngine()
        engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield engine, f"127.0.0.1:{port}"
        server.stop(None).wait()


def test_a_warning_is_shown_by_the_engine(environment: dict[str, str]) -> None:
    misspelt = {**environment, "ALIBABA_CLOUD_REGION": "cn-hangzhuo"}
    with recording() as (engine, address), running(misspelt, address) as plugin:
        plugin.configure()
        assert plugin.asked()["ids"]
    [(severity, message)] = engine.lines
    assert severity == engine_pb2.WARNING
    assert 'did you mean "cn-hangzhou"' in message


# --- What is required of the nodes ------------------------------------------------------------------------------------

CREATING = "hologram_aipostpay_public_cn-90c04"  # alone not ready
TOO_MUCH: Properties = {"requirements": {"minFreeGpus": 7}}
ENOUGH: Properties = {"requirements": {"minFreeGpus": 6, "notExpiringWithinDays": 1, "aiSpecs": None}}
UNMET = "the AI nodes of cn-hangzhou do not meet the requirements\n- free GPUs: at least 7 required, 6 found"


def test_what_is_not_met_is_a_failure_of_one_message(plugin: Plugin) -> None:
    for failures in (plugin.invoke(TOO_MUCH).failures, plugin.try_check(TOO_MUCH).failures):
        [failure] = failures
        assert failure.property == ""
        assert failure.reason.startswith(UNMET)
    met = plugin.asked(ENOUGH)
    assert met["ids"]
    assert "requirements" not in met
    assert plugin.check(ENOUGH)["requirements"] == ENOUGH["requirements"]
    with pytest.raises(RefusedError, match="do not meet the requirements"):
        plugin.create(TOO_MUCH)  # which nobody has checked


OF_USAGE = "needs the usage figures, which includeUsage leaves out"
BAD_REQUIREMENTS: list[tuple[object, str]] = [
    ({}, "requirements: nothing is required"),
    ({"mode": "warn"}, "requirements: nothing is required"),
    ("all", "requirements: an object is expected"),
    ([{"minFreeGpus": 1}], "requirements: an object is expected"),
    ({"minFreeGpu": 1}, 'requirements.minFreeGpu: no such argument; did you mean "minFreeGpus"?'),
    ({"minFreeGpus": 1.5}, "requirements.minFreeGpus: not a whole number"),
    ({"minFreeGpus": secret(CANARY)}, "requirements.minFreeGpus: not a whole number"),
    ({"minNodesReady": 1, "mode": CANARY}, "requirements.mode: 'error' or 'warn' is expected"),
    (
        {"minFreeGpus": 1},
        "requirements.minFreeGpus: needs the usage figures, which includeUsage leaves out",
    ),
]


def test_a_requirement_that_can_not_be_meant_is_refused_before_any_call(plugin: Plugin, emulator: Emulator) -> None:
    """The engine shows the value of a property that a failure names as `{<nil>}` where it lies in an object."""
    for requirements, told in BAD_REQUIREMENTS:
        given = {"requirements": requirements, "includeUsage": False}
        for failures in (plugin.invoke(given).failures, plugin.try_check(given).failures):
            assert [(failure.property, failure.reason) for failure in failures] == [("", told)]
    half_known = {"minFreeGpus": -1, "notExpiringWithinDays": UNKNOWN}
    [failure] = plugin.try_check({"requirements": half_known}).failures
    assert failure.reason == "requirements.minFreeGpus: must not be less than 0"
    assert emulator.requests == 0


def test_requirements_are_no_part_of_the_state_nor_a_difference(plugin: Plugin) -> None:
    bare = plugin.check()
    state = plugin.create(bare)
    inputs = plugin.check(ENOUGH, bare)
    assert plugin.create(inputs) == state == plugin.update(state, inputs)
    assert "requirements" not in json.dumps(state)
    for olds, news in ((bare, inputs), (inputs, bare), (inputs, {**inputs, **TOO_MUCH})):
        answer = plugin.diff(plugin.create(olds), news)
        assert (answer.changes, dict(answer.detailedDiff)) == (provider_pb2.DiffResponse.DIFF_NONE, {})


def test_a_refresh_and_an_import_tell_what_is_there(plugin: Plugin, change: Callable[..., None]) -> None:
    inputs = plugin.check(ENOUGH)
    state = plugin.create(inputs)
    change(CREATING, gpuUsed=1)
    outputs, now = plugin.read(inputs, state)
    assert now["requirements"] == inputs["requirements"]
    assert outputs["totals"]["gpu"]["free"] == 5
    assert plugin.read({**TOO_MUCH}, {})[0]["ids"]


def test_a_kept_inventory_is_judged_by_what_is_there_now(
    plugin: Plugin, emulator: Emulator, change: Callable[..., None]
) -> None:
    inputs = plugin.check({"pinned": True, **ENOUGH})
    ignored = {"instanceModelList": inputs["instanceModelList"], "pinned": True}
    change(gpuUsed=0, nodeCount=2)
    before = emulator.requests
    for given in ({"pinned": True}, ignored):
        kept = plugin.check({**given, "requirements": {"minFreeGpus": 7}}, inputs)
        assert kept["instanceModelList"] == inputs["instanceModelList"]
        [failure] = plugin.try_check({**given, "requirements": {"minFreeGpus": 8}}, inputs).failures
        assert "at least 8 required, 7 found" in failure.reason
    assert emulator.requests == before + 1
    plugin.configure()
    assert plugin.check({"pinned": True}, inputs)["instanceModelList"] == inputs["instanceModelList"]
    assert emulator.requests == before + 1


def test_a_requirement_that_is_not_known_yet_waits_and_the_nodes_do_not(
    plugin: Plugin, environment: dict[str, str]
) -> None:
    for requirements in (UNKNOWN, {"minFreeGpus": UNKNOWN}, {"minFreeGpus": 1, "statuses": ["x", UNKNOWN]}):
        inputs = plugin.check({"requirements": requirements})
        assert inputs["requirements"] == requirements
        assert of_every_face(plugin.create(inputs, preview=True)) == expected(environment)
        assert plugin.asked({"requirements": requirements}) == {}


def test_what_is_required_of_unknown_nodes_waits(plugin: Plugin, emulator: Emulator) -> None:
    inputs = plugin.check({"instanceId": UNKNOWN, **TOO_MUCH})
    assert inputs["instanceModelList"] == UNKNOWN
    assert plugin.create(inputs, preview=True)["ids"] == UNKNOWN
    assert emulator.requests == 0


def test_a_secret_is_not_shown_where_it_is_not_met(plugin: Plugin) -> None:
    hidden = {"requirements": {"statuses": [secret(CANARY)]}}
    for failures in (plugin.invoke(hidden).failures, plugin.try_check(hidden).failures):
        [failure] = failures
        assert "statuses: not met" in failure.reason
        assert CANARY not in failure.reason
    [failure] = plugin.try_check({"instanceId": secret(HOLO_INSTANCE), **TOO_MUCH}).failures
    assert "minFreeGpus: not met" in failure.reason
    assert "hologram_" not in failure.reason
    enough = {"requirements": secret({"minFreeGpus": 6})}
    assert not any(map(is_secret, plugin.asked(enough).values()))
    inputs = plugin.check(enough)
    assert [name for name, value in inputs.items() if is_secret(value)] == ["requirements"]


def test_in_mode_warn_what_is_not_met_is_shown_by_the_engine(environment: dict[str, str]) -> None:
    required = {"requirements": {"minFreeGpus": 7, "mode": "warn"}}
    with recording() as (engine, address), running(environment, address) as plugin:
        plugin.configure()
        assert plugin.asked(required)["ids"]
        assert plugin.check(required)["instanceModelList"]
    assert [severity for severity, _ in engine.lines] == [engine_pb2.WARNING] * 2
    assert all(message.startswith(UNMET) for _, message in engine.lines)


def test_the_clock_is_handed_in(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    year, said = timedelta(days=365), list[str]()
    arguments = {"requirements": PropertyValue({"notExpiringWithinDays": PropertyValue(5.0)})}
    for clock, unmet in ((utc_now, 0), (lambda: utc_now() + year, 1)):
        provider = HologresProvider(said.append, clock)
        answer = asyncio.run(provider.invoke(InvokeRequest(FUNCTION, arguments)))
        assert len(answer.failures or ()) == unmet
    assert said == []


# --- Hostile requests -------------------------------------------------------------------------------------------------

ODD: list[Properties] = [
    {"instanceId": 7},
    {"statuses": {"a": [None, {"b": True}]}},
    {"nameRegex": ["a"] * 1000},
    {"region": "x" * 100_000},
    {"ids": [secret([secret("a")])]},
    {"instanceModelList": "all of them", "region": "cn-hangzhou"},
    {"instanceModelList": [{"nodeCount": "many"}, None], "region": "cn-hangzhou"},
    {"instanceModelList": {}, "region": 5},
    {"": "", "a.b[0]": 1, "\u0000": "\u202e"},
    {"ids": [{rpc._special_sig_key: rpc._special_asset_sig, "text": "asset"}]},
    {"requirements": [[{"minFreeGpus": {"": None}}]]},
    {"requirements": {"minFreeGpus": {rpc._special_sig_key: rpc._special_asset_sig, "text": "asset"}}},
    {"statuses": {rpc._special_sig_key: rpc._special_resource_sig, "urn": URN, "id": "x"}},
    {"ids": {rpc._special_sig_key: "no such mark"}},
    {"ids": {rpc._special_sig_key: rpc._special_secret_sig}},
    {"ids": {rpc._special_sig_key: rpc._special_output_value_sig}},
]


def refusals(plugin: Plugin, odd: Properties) -> Iterator[str]:
    """What each kind of request is told when `odd` is in all its places; an answer is nothing."""
    message = struct(odd)
    requests = [
        ("CheckConfig", provider_pb2.CheckRequest(urn=PROVIDER_URN, olds=message, news=message)),
        ("Configure", provider_pb2.ConfigureRequest(args=message)),
        ("Invoke", provider_pb2.InvokeRequest(tok=FUNCTION, args=message)),
        ("Check", provider_pb2.CheckRequest(urn=URN, olds=message, news=message)),
        ("Create", provider_pb2.CreateRequest(urn=URN, properties=message)),
        ("Diff", provider_pb2.DiffRequest(urn=URN, id="x", olds=message, news=message)),
        ("Update", provider_pb2.UpdateRequest(urn=URN, id="x", olds=message, news=message)),
        ("Read", provider_pb2.ReadRequest(urn=URN, id="x", properties=message, inputs=message)),
    ]
    for method, request in requests:
        try:
            answer = plugin.call(method, request)
        except RefusedError as refused:
            yield refused.words
        else:
            yield from (failure.reason for failure in getattr(answer, "failures", ()))


def test_odd_values_are_refused_in_words(plugin: Plugin) -> None:
    for odd in ODD:
        words = list(refusals(plugin, odd))
        assert words, odd
        assert not [text for text in words if 'File "' in text or "Traceback" in text or not text]
        assert plugin.is_alive()
    plugin.configure()
    assert plugin.asked()["ids"]


def test_an_unknown_token_is_refused_with_the_nearest(plugin: Plugin, emulator: Emulator) -> None:
    [failure] = plugin.invoke({}, token="hologres:index:getAiNodes").failures
    assert 'did you mean "hologres:index:getAiNodeList"' in failure.reason
    for urn in (URN.replace("AiNodeList", "AiNodes"), "", "::", "urn:pulumi:dev::program"):
        [failure] = plugin.try_check({}, urn=urn).failures
        assert "no such resource" in failure.reason
        with pytest.raises(RefusedError, match="no such resource"):
            plugin.call("Create", provider_pb2.CreateRequest(urn=urn))
        with pytest.raises(RefusedError, match="no such resource"):
            plugin.call("Read", provider_pb2.ReadRequest(urn=urn, id="x"))
    assert emulator.requests == 0


def test_a_mistake_of_ours_is_called_one(environment: dict[str, str]) -> None:
    broken = {"ids": {rpc._special_sig_key: CANARY}}
    with running(environment) as plugin, pytest.raises(RefusedError) as refused:
        plugin.invoke(broken)
    assert "a mistake in the plugin" in refused.value.words
    assert "ValueError" in refused.value.words
    assert 'File "' not in refused.value.words
    assert CANARY not in refused.value.words
    with running({**environment, "HOLOGRES_AI_DEBUG": "1"}) as plugin, pytest.raises(RefusedError, match="Traceback"):
        plugin.invoke(broken)


@pytest.mark.load
def test_ten_thousand_nodes_go_through_every_request(plugin: Plugin, fleet: Path, emulator: Emulator) -> None:
    [node, *_] = json.loads(fleet.read_text())["nodes"]
    nodes = [{**node, "aiInstanceId": f"hologram_aicombo_public_cn-{index:05}"} for index in range(10_000)]
    fleet.write_text(json.dumps({"nodes": nodes}))
    inputs = plugin.try_check().inputs
    state = plugin.call("Create", provider_pb2.CreateRequest(urn=URN, properties=inputs)).properties
    assert len(state["ids"]) == len(getattr(plugin.invoke(), "return")["ids"]) == 10_000
    diff = provider_pb2.DiffRequest(urn=URN, id="nodes", olds=state, news=inputs)
    assert plugin.call("Diff", diff).changes == provider_pb2.DiffResponse.DIFF_NONE
    fleet.write_text(json.dumps({"nodes": nodes[1:]}))
    news = plugin.call("Check", provider_pb2.CheckRequest(urn=URN, olds=inputs)).inputs
    answer = plugin.call("Diff", provider_pb2.DiffRequest(urn=URN, id="nodes", olds=state, news=news))
    assert list(answer.detailedDiff) == ["instanceModelList"]  # each has moved up by one: too many paths to show
    updated = plugin.call("Update", provider_pb2.UpdateRequest(urn=URN, id="nodes", olds=state, news=news))
    assert len(updated.properties["ids"]) == 9_999
    read = plugin.call("Read", provider_pb2.ReadRequest(urn=URN, id="nodes", inputs=inputs, properties=state))
    assert (read.inputs, read.properties) == (news, updated.properties)
