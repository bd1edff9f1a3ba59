"""The provider protocol, called with Pulumi's own stubs."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc  # type: ignore[import-untyped]
import pytest
from google.protobuf import empty_pb2
from pulumi.dynamic import ConfigureRequest
from pulumi.dynamic.config import Config
from pulumi.runtime.proto import engine_pb2, provider_pb2

from hologres_ai.dynamic import AiNodeListProvider
from hologres_ai.emulator import Emulator
from hologres_ai.names import SECRET_SIGNATURE, SIGNATURE
from hologres_ai.plugin.properties import OUTPUT_SIGNATURE, REFUSED_SIGNATURES
from hologres_ai.plugin.servicer import FUNCTION
from tests.support.plugin_client import (
    CANARY,
    HOLO_INSTANCE,
    NODE,
    PROVIDER_URN,
    UNKNOWN,
    URN,
    WIRE,
    Change,
    Plugin,
    Properties,
    RefusedError,
    expected,
    is_secret,
    of_every_interface,
    recording,
    running,
    secret,
    started,
    struct,
)
from tests.support.processes import wait_until

ASSET, ARCHIVE, RESOURCE_REFERENCE, BYTES = REFUSED_SIGNATURES


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
def test_the_function_gives_the_result_of_every_interface(
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
def test_an_invalid_argument_is_a_failure_of_its_property(
    plugin: Plugin, emulator: Emulator, arguments: Properties, name: str, reason: str
) -> None:
    for failures in (plugin.invoke(arguments).failures, plugin.try_check(arguments).failures):
        [failure] = failures
        assert failure.property == name
        assert reason in failure.reason
    assert emulator.requests == 0


def test_the_function_makes_no_call_with_an_unknown_argument(plugin: Plugin, emulator: Emulator) -> None:
    assert plugin.asked({"instanceId": UNKNOWN}) == {}
    assert plugin.asked({"ids": [NODE, UNKNOWN]}) == {}
    assert emulator.requests == 0


def test_results_of_a_secret_argument_are_secret(plugin: Plugin) -> None:
    assert all(map(is_secret, plugin.asked({"instanceId": secret(HOLO_INSTANCE)}).values()))
    inputs = plugin.check({"instanceId": secret(HOLO_INSTANCE), "includeUsage": True})
    assert {name for name, value in inputs.items() if not is_secret(value)} == {"includeUsage"}
    for outputs in (plugin.create(inputs), plugin.read(inputs, {})[0]):
        assert {name for name, value in outputs.items() if not is_secret(value)} == {"includeUsage"}
        assert set(outputs) > WIRE
    [failure] = plugin.try_check({"instanceId": secret(f"../{CANARY}")}).failures
    assert (failure.property, CANARY in failure.reason) == ("", False)


def test_a_failed_read_is_reported_without_a_traceback(plugin: Plugin, emulator: Emulator) -> None:
    for ask in (plugin.invoke, plugin.try_check):
        emulator.arm("denied")
        [failure] = ask().failures
        assert failure.property == ""
        assert "hologram:ListInstanceModel" in failure.reason
        assert 'File "' not in failure.reason
    emulator.arm("denied")
    with pytest.raises(RefusedError, match="hologram:ListInstanceModel") as refused:
        plugin.read({}, {})
    # After UNKNOWN and INTERNAL, the engine assumes a partially created resource.
    assert refused.value.code == grpc.StatusCode.FAILED_PRECONDITION
    assert 'File "' not in refused.value.message


# --- The resource -----------------------------------------------------------------------------------------------------


def test_check_and_create_make_one_call_and_give_the_outputs_of_every_interface(
    plugin: Plugin, emulator: Emulator, environment: dict[str, str]
) -> None:
    arguments = {"statuses": ["ResourceReady"], "ids": [NODE, "none"], "includeUsage": False}
    inputs = plugin.check({**arguments, "pinned": None})
    previewed, created = plugin.create(inputs, preview=True), plugin.create(inputs)
    assert emulator.requests == 1
    assert previewed == created
    assert of_every_interface(created) == expected(environment, **arguments)
    assert created["statuses"] == ["ResourceReady"]
    assert "requestId" not in created


def test_the_resource_has_the_outputs_of_the_dynamic_resource(
    plugin: Plugin, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    dynamic = AiNodeListProvider()
    dynamic.configure(ConfigureRequest(Config({}, "project")))
    outputs = dynamic.read("id", {"nameRegex": "节点"}).outs or {}
    assert set(outputs) > WIRE
    assert of_every_interface(plugin.create(plugin.check({"nameRegex": "节点"}))) == of_every_interface(outputs)


def test_lists_of_one_region_share_a_call_in_a_run_and_a_new_run_reads_again(
    plugin: Plugin, emulator: Emulator, change: Change
) -> None:
    answers = [plugin.check({"statuses": [status]}) for status in ("ResourceReady", "Paused")]
    assert len(answers[0]["inventory"]) > len(answers[1]["inventory"]) == 0
    assert emulator.requests == 1
    plugin.check({"instanceId": HOLO_INSTANCE})
    assert emulator.requests == 2, "another question"
    change(status="Paused")
    assert list(plugin.check({"statuses": ["Paused"]})["inventory"]) == [NODE]
    assert emulator.requests == 3


def test_create_without_a_check_reads_the_nodes(plugin: Plugin, environment: dict[str, str]) -> None:
    assert of_every_interface(plugin.create({})) == expected(environment)


def test_an_unchanged_fleet_is_not_a_difference(plugin: Plugin) -> None:
    inputs = plugin.check()
    assert plugin.paths(inputs, plugin.check({}, inputs)) == {}


def test_a_preview_shows_drift_path_by_path(
    plugin: Plugin, emulator: Emulator, environment: dict[str, str], change: Change
) -> None:
    inputs = plugin.check()
    state = plugin.create(inputs)
    change(nodeCount=3, aiSpec=None)
    before = emulator.requests
    news = plugin.check({}, inputs)
    assert plugin.paths(inputs, news) == {
        f'inventory["{NODE}"].nodeCount': "UPDATE",
        f'inventory["{NODE}"].aiSpec': "DELETE",
    }
    assert list(plugin.diff(inputs, news).diffs) == ["inventory"]
    assert plugin.update(state, news, preview=True) == plugin.update(state, news)
    assert emulator.requests == before + 1
    assert of_every_interface(plugin.update(state, news)) == expected(environment)
    assert plugin.paths(news, plugin.check({}, news)) == {}


def test_a_refresh_shows_drift(plugin: Plugin, change: Change) -> None:
    """The engine then sends what was read as the old state, and the stored inputs as the new ones."""
    inputs = plugin.check({"includeUsage": True})
    state = plugin.create(inputs)
    outputs, now = plugin.read(inputs, state)
    assert (outputs, now) == (state, inputs)
    assert plugin.paths(now, inputs) == {}
    change(cpuUsed=7)
    outputs, now = plugin.read(inputs, state)
    assert sorted(now["inventory"]) == outputs["ids"]
    assert plugin.paths(now, inputs) == {f'inventory["{NODE}"].cpuUsed': "UPDATE"}


def test_usage_is_not_drift_if_it_is_left_out(plugin: Plugin, change: Change) -> None:
    inputs = plugin.check({"includeUsage": False})
    assert "Used" not in json.dumps([inputs, plugin.create(inputs)])
    change(cpuUsed=7)
    assert plugin.paths(inputs, plugin.check({"includeUsage": False}, inputs)) == {}
    change(cpu=9)
    assert plugin.paths(inputs, plugin.check({"includeUsage": False}, inputs)) == {f'inventory["{NODE}"].cpu': "UPDATE"}


def test_changed_arguments_are_an_update(plugin: Plugin, environment: dict[str, str]) -> None:
    inputs = plugin.check({"ids": [NODE], "nameRegex": "."})
    state = plugin.create(inputs)
    news = plugin.check({"ids": [NODE], "statuses": ["ResourceReady"]}, inputs)
    assert plugin.paths(inputs, news) == {"nameRegex": "DELETE", "statuses": "ADD"}
    assert of_every_interface(plugin.update(state, news)) == expected(
        environment, ids=[NODE], statuses=["ResourceReady"]
    )


def test_the_region_of_the_settings_is_part_of_the_inputs(environment: dict[str, str]) -> None:
    with running(environment) as plugin:
        plugin.configure({"region": "cn-hangzhou"})
        inputs = plugin.check()
        state = plugin.create(inputs)
        plugin.configure({"region": "cn-beijing"})
        paths = plugin.paths(inputs, plugin.check({}, inputs))
        assert paths == {
            "region": "UPDATE",
            'regionOutcomes["cn-hangzhou"]': "DELETE",
            'regionOutcomes["cn-beijing"]': "ADD",
        }
        assert plugin.read(inputs, state)[0]["region"] == "cn-hangzhou"


def test_a_pinned_list_does_not_change(plugin: Plugin, emulator: Emulator, change: Change) -> None:
    inputs = plugin.check({"pinned": True})
    state = plugin.create(inputs)
    change(nodeCount=3)
    before = emulator.requests
    news = plugin.check({"pinned": True}, inputs)
    assert plugin.paths(inputs, news) == {}
    assert of_every_interface(plugin.update(state, news)) == of_every_interface(state)
    assert emulator.requests == before
    _, now = plugin.read(inputs, state)
    assert plugin.paths(now, inputs) == {f'inventory["{NODE}"].nodeCount': "UPDATE"}
    other = plugin.check({"pinned": True, "statuses": ["ResourceReady"]}, inputs)
    assert other["inventory"][NODE]["nodeCount"] == 3
    loose = plugin.check({"pinned": False}, inputs)
    assert set(plugin.paths(inputs, loose)) == {"pinned", f'inventory["{NODE}"].nodeCount'}
    [failure] = plugin.try_check({"pinned": "yes"}, inputs).failures
    assert failure.property == "pinned"


def test_an_inventory_in_ignore_changes_does_not_change(plugin: Plugin, change: Change) -> None:
    """With ignoreChanges the engine puts the stored map into the new inputs."""
    inputs = plugin.check()
    change(nodeCount=3)
    assert plugin.check({"inventory": inputs["inventory"]}, inputs) == inputs
    now = plugin.check({}, inputs)
    assert plugin.paths(now, inputs) == {f'inventory["{NODE}"].nodeCount': "UPDATE"}
    assert plugin.paths(now, inputs, ["inventory"]) == {}
    assert plugin.warnings == []
    assert plugin.paths(now, inputs, [f'inventory["{NODE}"]', "instanceModelList"]) == plugin.paths(now, inputs)
    [warning] = plugin.warnings
    assert 'Write "inventory" to ignore changes to the nodes.' in warning


@pytest.mark.parametrize(
    ("given", "name", "reason"),
    [
        ({"inventory": {}}, "", "inventory: is computed by the provider. Remove it from the inputs."),
        ({"regionOutcomes": {}}, "regionOutcomes", "is computed by the provider. Remove it from the inputs."),
        (
            {"instanceModelList": []},
            "instanceModelList",
            'is an output. To ignore changes to the nodes, write "inventory" in ignoreChanges.',
        ),
    ],
    ids=["inventory", "outcomes", "output"],
)
def test_computed_inputs_are_refused(plugin: Plugin, given: Properties, name: str, reason: str) -> None:
    [failure] = plugin.try_check(given, plugin.check()).failures
    assert (failure.property, failure.reason) == (name, reason)


def test_a_state_without_an_inventory_is_updated_once(plugin: Plugin) -> None:
    inputs = plugin.check()
    outputs = plugin.create(inputs)
    listed = {"instanceModelList": outputs["instanceModelList"], "regionOutcomes": outputs["regionOutcomes"]}
    old = {name: value for name, value in inputs.items() if name != "inventory"} | listed
    for stored in (old, {**old, "pinned": True}):
        news = plugin.check({name: value for name, value in stored.items() if name == "pinned"}, stored)
        assert plugin.paths(stored, news) == {"inventory": "ADD", "regionOutcomes": "UPDATE"}
        assert plugin.paths(news, plugin.check({}, news) | {"pinned": news.get("pinned")}) == {}
    refreshed, now = plugin.read(old, outputs)
    assert (refreshed, now) == (outputs, inputs)
    assert plugin.paths(now, old) == {"inventory": "UPDATE", "regionOutcomes": "UPDATE"}


def test_missing_outputs_are_a_difference(plugin: Plugin) -> None:
    """Such as the outputs that a later version adds. The update computes them from the inputs."""
    inputs = plugin.check()
    assert list(plugin.diff(inputs, inputs, outputs=WIRE - {"totals"}).diffs) == ["totals"]
    assert set(plugin.diff(inputs, inputs, outputs=()).diffs) == WIRE
    assert of_every_interface(plugin.update({}, inputs)) == of_every_interface(plugin.create(inputs))


@pytest.mark.parametrize("inventory", [7, "text", [], {NODE: 7}, None])
def test_an_inventory_that_is_not_a_map_of_objects_is_read_again(plugin: Plugin, inventory: object) -> None:
    inputs = plugin.check()
    broken = {**inputs, "inventory": inventory}
    assert plugin.check({}, broken) == inputs
    assert plugin.check({"pinned": True}, {**broken, "pinned": True}) == {**inputs, "pinned": True}
    assert plugin.read(broken, {}) == (plugin.create(inputs), inputs)


def test_an_unknown_argument_makes_the_outputs_unknown_without_a_call(plugin: Plugin, emulator: Emulator) -> None:
    inputs = plugin.check({"instanceId": UNKNOWN, "statuses": ["ResourceReady"]})
    assert inputs == {"instanceId": UNKNOWN, "statuses": ["ResourceReady"], "inventory": UNKNOWN}
    outputs = plugin.create(inputs, preview=True)
    assert {name for name, value in outputs.items() if value == UNKNOWN} == WIRE | {"instanceId"}
    [failure] = plugin.try_check({"instanceId": UNKNOWN, "nameRegex": "("}).failures
    assert failure.property == "nameRegex"
    assert emulator.requests == 0
    read = plugin.check()
    state = plugin.create(read)
    before = emulator.requests
    assert set(plugin.paths(read, inputs)) >= {"instanceId", "inventory"}
    assert plugin.update(state, inputs, preview=True)["totals"] == UNKNOWN
    with pytest.raises(RefusedError, match=r"instanceId: is unknown\. It must be known before the nodes can be read"):
        plugin.read({"instanceId": UNKNOWN}, {})
    assert emulator.requests == before


def test_get_and_import_read_the_nodes(plugin: Plugin, environment: dict[str, str]) -> None:
    arguments = {"nameRegex": "节点"}
    outputs, inputs = plugin.read(arguments, arguments)
    assert of_every_interface(outputs) == expected(environment, **arguments)
    assert inputs == arguments, "get has no inputs that the program does not set"
    for given in (arguments, {}):  # a refresh
        assert plugin.read(given, outputs)[1] == given
    imported, inputs = plugin.read(None, {})
    assert of_every_interface(imported) == expected(environment)
    assert plugin.paths(inputs, plugin.check({}, inputs)) == {}


def test_delete_makes_no_call(plugin: Plugin, emulator: Emulator) -> None:
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


def test_a_warning_is_shown_by_the_engine(environment: dict[str, str]) -> None:
    misspelt = {**environment, "ALIBABA_CLOUD_REGION": "cn-hangzhuo"}
    with recording() as (engine, address), started(misspelt, address) as plugin:
        plugin.configure()
        assert plugin.asked()["ids"]
    [(severity, message)] = engine.lines
    assert severity == engine_pb2.WARNING
    assert 'did you mean "cn-hangzhou"' in message


# --- Hostile requests -------------------------------------------------------------------------------------------------

ODD: list[Properties] = [
    {"instanceId": 7},
    {"statuses": {"a": [None, {"b": True}]}},
    {"nameRegex": ["a"] * 1000},
    {"region": "x" * 100_000},
    {"ids": [secret([secret("a")])]},
    {"instanceModelList": "all of them", "region": "cn-hangzhou"},
    {"inventory": "all of them", "region": "cn-hangzhou"},
    {"inventory": {"a": {"nodeCount": "many"}, "b": None}, "region": "cn-hangzhou"},
    {"inventory": {"a": {"nodeCount": "many"}}, "region": "cn-hangzhou"},
    {"inventory": {}, "regionOutcomes": [7], "region": "cn-hangzhou"},
    {"inventory": [], "region": 5},
    {"": "", "a.b[0]": 1, "\u0000": "\u202e"},
    {"ids": [{SIGNATURE: ASSET, "text": "asset"}]},
    {"requirements": [[{"minFreeGpus": {"": None}}]]},
    {"requirements": {"minFreeGpus": {SIGNATURE: ASSET, "text": "asset"}}},
    {"statuses": {SIGNATURE: RESOURCE_REFERENCE, "urn": URN, "id": "x"}},
    {"ids": {SIGNATURE: "no such mark"}},
    {"ids": {SIGNATURE: SECRET_SIGNATURE}},
    {"ids": {SIGNATURE: OUTPUT_SIGNATURE}},
]


def refusals(plugin: Plugin, odd: Properties) -> Iterator[str]:
    """The error of each kind of request with `odd` in all its places; no error is an empty text."""
    message = struct(odd)
    requests = [
        ("CheckConfig", provider_pb2.CheckRequest(urn=PROVIDER_URN, olds=message, news=message)),
        ("Configure", provider_pb2.ConfigureRequest(args=message)),
        ("Invoke", provider_pb2.InvokeRequest(tok=FUNCTION, args=message)),
        ("Check", provider_pb2.CheckRequest(urn=URN, olds=message, news=message)),
        ("Create", provider_pb2.CreateRequest(urn=URN, properties=message)),
        ("Diff", provider_pb2.DiffRequest(urn=URN, id="x", old_inputs=message, news=message)),
        ("Update", provider_pb2.UpdateRequest(urn=URN, id="x", olds=message, news=message)),
        ("Read", provider_pb2.ReadRequest(urn=URN, id="x", properties=message, inputs=message)),
    ]
    for method, request in requests:
        try:
            answer = plugin.call(method, request)
        except RefusedError as refused:
            yield refused.message
        else:
            yield from (failure.reason for failure in getattr(answer, "failures", ()))


def test_malformed_requests_are_refused_without_a_traceback(plugin: Plugin) -> None:
    for odd in ODD:
        words = list(refusals(plugin, odd))
        assert words, odd
        assert not [text for text in words if 'File "' in text or "Traceback" in text or not text]
        assert plugin.is_alive()
    plugin.configure()
    assert plugin.asked()["ids"]


def test_an_unknown_token_is_refused_with_a_suggestion(plugin: Plugin, emulator: Emulator) -> None:
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


@pytest.mark.load
def test_every_request_handles_ten_thousand_nodes(plugin: Plugin, fleet: Path, emulator: Emulator) -> None:
    [node, *_] = json.loads(fleet.read_text())["nodes"]
    nodes = [{**node, "aiInstanceId": f"hologram_aicombo_public_cn-{index:05}"} for index in range(10_000)]
    fleet.write_text(json.dumps({"nodes": nodes}))
    inputs = plugin.try_check().inputs
    state = plugin.call("Create", provider_pb2.CreateRequest(urn=URN, properties=inputs)).properties
    assert len(state["ids"]) == len(getattr(plugin.invoke(), "return")["ids"]) == 10_000
    diff = provider_pb2.DiffRequest(urn=URN, id="nodes", olds=state, old_inputs=inputs, news=inputs)
    assert plugin.call("Diff", diff).changes == provider_pb2.DiffResponse.DIFF_NONE
    fleet.write_text(json.dumps({"nodes": nodes[1:]}))
    news = plugin.call("Check", provider_pb2.CheckRequest(urn=URN, olds=inputs)).inputs
    diff = provider_pb2.DiffRequest(urn=URN, id="nodes", olds=state, old_inputs=inputs, news=news)
    answer = plugin.call("Diff", diff)
    assert list(answer.detailedDiff) == [f'inventory["{nodes[0]["aiInstanceId"]}"]']
    updated = plugin.call("Update", provider_pb2.UpdateRequest(urn=URN, id="nodes", olds=state, news=news))
    assert len(updated.properties["ids"]) == 9_999
    read = plugin.call("Read", provider_pb2.ReadRequest(urn=URN, id="nodes", inputs=inputs, properties=state))
    assert (read.inputs, read.properties) == (news, updated.properties)
