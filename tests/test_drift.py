"""Comparison of two results: each difference has its name, and equal results have none."""

import json
import random
import sys
from collections.abc import Callable
from dataclasses import replace
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hologres_ai import drift
from hologres_ai.clock import parse_time
from hologres_ai.core.result import build_result
from hologres_ai.drift import Drift, compare
from hologres_ai.envelope import from_envelope, to_envelope
from hologres_ai.errors import InvalidArgumentError
from hologres_ai.models import AiNode, AiNodeListResult, NodeList, RegionOutcome, build_query
from hologres_ai.names import DRIFT_CLASSES as CLASSES
from hologres_ai.names import DRIFT_EVENTS
from tests.test_envelope import NODES, over_the_wire

NODE = AiNode(
    ai_instance_id="a",
    region_id="cn-hangzhou",
    holo_instance_id="h",
    holo_instance_name="name",
    ai_spec="small-8core-30G-24G",
    resource_type="small",
    node_count=2,
    cpu=8,
    memory=30,
    gpu=1,
    gpu_memory=24,
    cpu_used=4,
    memory_used=60,
    gpu_used=1,
    gpu_memory_used=36,
    status="ResourceReady",
    charge_type="PrePaid",
    commodity_code="hologram_aicombo_public_cn",
    expiration_time="2026-01-28T07:44:27.535Z",
    auto_renewal=True,
)
OTHER = replace(NODE, ai_instance_id="b")


def result_of(*nodes: AiNode, region: str = "cn-hangzhou", **query: object) -> AiNodeListResult:
    return build_result(region, build_query(query), NodeList(nodes=nodes, request_id=None))


def kinds(found: Drift) -> list[tuple[str, str]]:
    return [(event.category, event.kind) for event in found.events]


def found(before: AiNode, after: AiNode) -> list[tuple[str, str, dict[str, tuple[object, object]]]]:
    """Class, kind and changes of each event between two nodes, usage included."""
    events = compare(result_of(before), result_of(after), CLASSES).events
    return [(event.category, event.kind, {c.field: (c.before, c.after) for c in event.changes}) for event in events]


CHANGES: list[tuple[str, object, str, str, str]] = [
    ("ai_spec", "large", "inventory", "resized", "aiSpec"),
    ("resource_type", "large", "inventory", "resized", "resourceType"),
    ("node_count", 3, "inventory", "resized", "nodeCount"),
    ("cpu", 16, "inventory", "resized", "cpu"),
    ("memory", 60, "inventory", "resized", "memory"),
    ("gpu", None, "inventory", "resized", "gpu"),
    ("gpu_memory", 48, "inventory", "resized", "gpuMemory"),
    ("holo_instance_id", "i", "inventory", "owner-changed", "holoInstanceId"),
    ("holo_instance_name", "another", "lifecycle", "renamed", "holoInstanceName"),
    ("status", "Paused", "lifecycle", "status-changed", "status"),
    ("charge_type", "PostPaid", "lifecycle", "billing-changed", "chargeType"),
    ("commodity_code", "another", "lifecycle", "billing-changed", "commodityCode"),
    ("auto_renewal", False, "lifecycle", "renewal-turned-off", "autoRenewal"),
    ("auto_renewal", None, "lifecycle", "renewal-changed", "autoRenewal"),
    ("expiration_time", "2027-01-28T07:44:27.535Z", "lifecycle", "expiry-moved-forward", "expirationTime"),
    ("expiration_time", "2026-01-27T07:44:27.535Z", "lifecycle", "expiry-moved-backward", "expirationTime"),
    ("expiration_time", None, "lifecycle", "expiry-changed", "expirationTime"),
    ("expiration_time", "soon", "lifecycle", "expiry-changed", "expirationTime"),
    ("cpu_used", 5, "usage", "usage", "cpuUsed"),
    ("memory_used", 0, "usage", "usage", "memoryUsed"),
    ("gpu_used", None, "usage", "usage", "gpuUsed"),
    ("gpu_memory_used", 0, "usage", "usage", "gpuMemoryUsed"),
]


@pytest.mark.parametrize(("field", "value", "category", "kind", "shown"), CHANGES, ids=lambda value: str(value)[:24])
def test_each_field_has_its_class_and_kind(field: str, value: Any, category: str, kind: str, shown: str) -> None:
    after = replace(NODE, **{field: value})
    assert found(NODE, after) == [(category, kind, {shown: (getattr(NODE, field), value)})]


def test_every_field_of_a_node_is_compared() -> None:
    keys = {"ai_instance_id", "region_id"}
    assert {field for field, *_ in CHANGES} == set(AiNode.__dataclass_fields__) - keys
    ruled = {name for names, _ in drift.RULES for name in names}
    assert ruled == set(AiNode.__dataclass_fields__) - keys


def test_a_renewal_and_a_renewal_turned_off_are_distinguished() -> None:
    renewed = replace(NODE, expiration_time="2027-01-28T07:44:27.535Z")
    turned_off = replace(NODE, auto_renewal=False)
    assert [kind for _, kind, _ in found(NODE, renewed)] == ["expiry-moved-forward"]
    assert [kind for _, kind, _ in found(NODE, turned_off)] == ["renewal-turned-off"]
    assert [kind for _, kind, _ in found(turned_off, NODE)] == ["renewal-turned-on"]


def test_changes_of_one_kind_are_one_event() -> None:
    [(category, kind, changes)] = found(NODE, replace(NODE, node_count=3, gpu=2, ai_spec="large"))
    assert (category, kind) == ("inventory", "resized")
    assert changes == {"aiSpec": (NODE.ai_spec, "large"), "nodeCount": (2, 3), "gpu": (1, 2)}


def test_a_changed_owner_is_not_reported_as_renamed() -> None:
    [(_, kind, changes)] = found(NODE, replace(NODE, holo_instance_id="i", holo_instance_name="another"))
    assert kind == "owner-changed"
    assert changes == {"holoInstanceId": ("h", "i"), "holoInstanceName": ("name", "another")}


def test_added_and_removed_nodes_are_events() -> None:
    assert kinds(compare(result_of(NODE), result_of(OTHER))) == [("inventory", "removed"), ("inventory", "added")]
    assert compare(result_of(NODE), result_of()).events[0].node == NODE


def test_the_same_id_in_another_region_is_another_node() -> None:
    elsewhere = replace(NODE, region_id="cn-beijing")
    events = compare(result_of(NODE, elsewhere), result_of(NODE)).events
    assert [(event.kind, event.region_id) for event in events] == [("removed", "cn-beijing")]


def test_a_node_without_a_region_has_the_region_that_was_read() -> None:
    assert compare(result_of(replace(NODE, region_id=None)), result_of(NODE)).events == ()


@pytest.mark.parametrize("chosen", [("inventory",), ("lifecycle",), ("usage",), CLASSES], ids=str)
def test_only_selected_classes_are_compared(chosen: tuple[str, ...]) -> None:
    after = replace(NODE, gpu=2, status="Paused", gpu_used=0)
    assert [name for name, _ in kinds(compare(result_of(NODE), result_of(after), chosen))] == list(chosen)


def test_usage_is_compared_only_when_selected() -> None:
    assert compare(result_of(NODE), result_of(replace(NODE, gpu_used=0))).events == ()


# --------------------------------------------------------------------------------------- differences that are not drift


@given(st.lists(NODES, max_size=5), st.randoms())
def test_order_repetition_and_serialization_are_not_drift(nodes: list[AiNode], chance: random.Random) -> None:
    shuffled = [*nodes, *nodes[:2]]
    chance.shuffle(shuffled)
    before = from_envelope(over_the_wire(to_envelope(result_of(*nodes))))
    assert compare(before, result_of(*shuffled), CLASSES).events == ()
    assert compare(result_of(*shuffled), before, CLASSES).events == ()


def test_a_repeated_node_in_a_constructed_result_is_compared_once() -> None:
    twice = replace(result_of(NODE), instance_model_list=(NODE, NODE))
    assert kinds(compare(twice, result_of(NODE))) == []
    assert kinds(compare(twice, result_of(replace(NODE, node_count=3)))) == [("inventory", "resized")]


@pytest.mark.parametrize("text", ["2026-01-28T07:44:27.535000Z", "2026-01-28T15:44:27.535+08:00"])
def test_the_same_expiry_in_another_notation_is_not_drift(text: str) -> None:
    assert found(NODE, replace(NODE, expiration_time=text)) == []


def test_a_missing_entry_of_a_repeated_id_is_not_a_removed_node() -> None:
    twice = result_of(NODE, replace(NODE, status="Paused"))
    assert kinds(compare(twice, result_of(NODE))) == [("lifecycle", "status-changed")]
    assert kinds(compare(result_of(NODE), twice)) == [("lifecycle", "status-changed")]
    assert kinds(compare(twice, result_of())) == [("inventory", "removed")]


def test_nodes_without_an_id_are_compared_by_their_number() -> None:
    one, two = (replace(NODE, ai_instance_id=None, node_count=count) for count in (1, 2))
    assert kinds(compare(result_of(one, two), result_of(two))) == [("inventory", "removed")]
    assert kinds(compare(result_of(two), result_of(one, two))) == [("inventory", "added")]
    assert kinds(compare(result_of(one), result_of(two))) == [("inventory", "resized")]


def test_a_region_that_could_not_be_read_is_not_a_removal() -> None:
    elsewhere = replace(OTHER, region_id="cn-beijing")
    whole = result_of(NODE, elsewhere)
    gap = (RegionOutcome(region="cn-beijing", outcome="unreachable"), RegionOutcome(region="cn-hangzhou", outcome="ok"))
    partial = compare(whole, replace(result_of(NODE), region_outcomes=gap))
    assert (partial.events, partial.unread) == ((), ("cn-beijing",))
    assert kinds(compare(whole, replace(result_of(), region_outcomes=gap))) == [("inventory", "removed")]
    assert compare(replace(result_of(NODE), region_outcomes=gap), whole).events == (), "nor is its return an addition"


@given(st.lists(NODES, max_size=4), st.lists(NODES, max_size=4))
def test_drift_is_reported_exactly_when_nodes_differ(before: list[AiNode], after: list[AiNode]) -> None:
    old, new = result_of(*before), result_of(*after)
    events = compare(old, new, CLASSES).events
    same = set(map(comparable, old.instance_model_list)) == set(map(comparable, new.instance_model_list))
    assert (not events) == same


def comparable(node: AiNode) -> AiNode:
    moment = parse_time(node.expiration_time)
    return replace(node, region_id=node.region_id or "cn-hangzhou",
                   expiration_time=str(moment.timestamp()) if moment else node.expiration_time)  # fmt: skip


# -------------------------------------------------------------------------------------------------- invalid comparisons


@pytest.mark.parametrize(
    ("then", "now", "says"),
    [
        (
            {"region": "cn-beijing"},
            {},
            "baseline: was read in region cn-beijing, but the current result was read in cn-hangzhou",
        ),
        ({"statuses": ["A", "B"]}, {}, "baseline: was read with a different query: statuses was [A, B], now not set"),
        ({}, {"name_regex": "^x"}, 'baseline: was read with a different query: nameRegex was not set, now "^x"'),
        ({"ids": []}, {}, "baseline: was read with a different query: ids was [], now not set"),
        ({"instance_id": "h"}, {"instance_id": "i"}, 'instanceId was "h", now "i"'),
    ],
)
def test_another_query_is_refused(then: dict[str, Any], now: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        compare(result_of(**then), result_of(**now))
    assert says in caught.value.title


def test_the_order_of_a_filter_is_the_same_query() -> None:
    assert compare(result_of(ids=["a", "b"]), result_of(ids=["b", "a"])).events == ()


def test_unknown_and_empty_classes_are_refused() -> None:
    for chosen, says in ((["inventry"], 'did you mean "inventory"'), ([], "specify at least one")):
        with pytest.raises(InvalidArgumentError, match=says):
            compare(result_of(), result_of(), chosen)
    with pytest.raises(InvalidArgumentError, match="usage can't be compared"):
        compare(result_of(include_usage=False), result_of(), CLASSES)
    assert compare(result_of(NODE, include_usage=False), result_of(NODE)).events == ()


# --------------------------------------------------------------------------------------------- reports and fingerprints


def test_json_has_the_field_names_of_the_api() -> None:
    found = compare(result_of(NODE), result_of(replace(NODE, node_count=3)))
    assert json.loads(json.dumps(drift.to_json(found))) == {
        "kind": "hologres-ai/Drift",
        "version": 1,
        "drift": True,
        "fingerprint": drift.drift_fingerprint(found),
        "region": "cn-hangzhou",
        "unread": [],
        "classes": ["inventory", "lifecycle"],
        "counts": {"inventory": 1, "lifecycle": 0},
        "events": [
            {
                "class": "inventory",
                "kind": "resized",
                "regionId": "cn-hangzhou",
                "aiInstanceId": "a",
                "holoInstanceId": "h",
                "holoInstanceName": "name",
                "changes": [{"field": "nodeCount", "before": 2, "after": 3}],
            }
        ],
        "ignored": [],
    }


@given(st.lists(NODES, max_size=4), st.lists(NODES, max_size=4))
def test_every_event_has_a_known_kind_and_the_class_of_the_kind(before: list[AiNode], after: list[AiNode]) -> None:
    for event in compare(result_of(*before), result_of(*after), CLASSES).events:
        assert DRIFT_EVENTS[event.kind] == event.category


@given(st.lists(NODES, max_size=4), st.lists(NODES, max_size=4), st.randoms())
def test_the_fingerprint_depends_on_the_events_alone(
    before: list[AiNode], after: list[AiNode], chance: random.Random
) -> None:
    first = compare(result_of(*before), result_of(*after))
    chance.shuffle(before)
    chance.shuffle(after)
    second = compare(result_of(*before), result_of(*after))
    assert (first.events == second.events) <= (drift.drift_fingerprint(first) == drift.drift_fingerprint(second))


def test_the_fingerprint_leaves_usage_out_unless_it_is_compared() -> None:
    moved = replace(NODE, node_count=9)
    busier = replace(moved, gpu_used=7)

    def fingerprint(after: AiNode, *classes: str) -> str:
        return drift.drift_fingerprint(compare(result_of(NODE), result_of(after), classes or CLASSES[:2]))

    assert fingerprint(moved) == fingerprint(busier)
    assert fingerprint(moved, *CLASSES) != fingerprint(busier, *CLASSES)
    assert fingerprint(moved) != fingerprint(replace(NODE, node_count=8))


def test_the_fingerprint_counts_nodes_without_an_id() -> None:
    nameless = replace(NODE, ai_instance_id=None)
    one, two = (
        compare(result_of(*nodes), result_of()) for nodes in ((nameless,), (nameless, replace(nameless, node_count=9)))
    )
    assert drift.drift_fingerprint(one) != drift.drift_fingerprint(two)


def calls_of(work: Callable[[], object]) -> int:
    """The number of function calls that the work makes, which is the same on every machine."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize(
    "change", [{}, {"node_count": 7}, {"ai_instance_id": "same"}], ids=["equal", "resized", "one ID"]
)
def test_the_work_of_a_comparison_grows_with_the_number_of_nodes(change: dict[str, Any]) -> None:
    def compared(size: int) -> Callable[[], object]:
        before = [replace(NODE, ai_instance_id=f"ai-{number}", cpu_used=number) for number in range(size)]
        after = [replace(node, **change) for node in reversed(before)]
        return lambda: compare(result_of(*before), result_of(*after), CLASSES)

    assert calls_of(compared(1000)) <= 2.2 * calls_of(compared(500))
