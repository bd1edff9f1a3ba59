"""The result that is built from a response: filters, order, times, totals and fingerprint."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hologres_ai.api.response import HttpResponse, parse_response
from hologres_ai.core.result import build_result, fingerprint
from hologres_ai.models import RESOURCES, USAGE_FIELDS, AiNode, AiNodeListResult, NodeList, Query, Usage, to_wire

EXAMPLE = (Path(__file__).parents[1] / "data" / "example-response.json").read_bytes()
(EXAMPLE_NODE,) = parse_response(HttpResponse(200, {}, EXAMPLE)).nodes


def result_of(*nodes: AiNode, query: Query | None = None) -> AiNodeListResult:
    return build_result("cn-hangzhou", query or Query(), NodeList(nodes=nodes, request_id="R-1"))


def make(ai_instance_id: str, **values: Any) -> AiNode:
    return replace(EXAMPLE_NODE, ai_instance_id=ai_instance_id, **values)


def with_value(field: str, value: object) -> AiNode:
    changed: dict[str, Any] = {field: value}
    return replace(EXAMPLE_NODE, **changed)


# --- Filters ---------------------------------------------------------------------------------------------------------

FLEET = (
    make("a", holo_instance_id="h1", holo_instance_name="prod-1", status="ResourceReady", charge_type="PostPaid"),
    make("b", holo_instance_id="h1", holo_instance_name="prod-2", status="Creating", charge_type="PrePaid"),
    make("c", holo_instance_id="h2", holo_instance_name="测试", status="ResourceReady", charge_type="PrePaid"),
    make("d", holo_instance_id="h3", holo_instance_name="my-prod", ai_spec="large"),
    AiNode(ai_instance_id="e"),
)

FILTERS: list[tuple[dict[str, Any], str]] = [
    ({}, "abcde"),
    ({"instance_id": "h1"}, "ab"),
    ({"instance_id": "h9"}, ""),
    ({"ids": ("a", "d", "z")}, "ad"),
    ({"ids": ()}, ""),
    ({"name_regex": "prod"}, "abd"),
    ({"name_regex": "^prod"}, "ab"),
    ({"name_regex": "测"}, "c"),
    ({"name_regex": "^$"}, "e"),
    ({"statuses": ("Creating",)}, "b"),
    ({"statuses": ("Creating", "ResourceReady")}, "abcd"),
    ({"statuses": ("creating",)}, ""),
    ({"statuses": ()}, ""),
    ({"charge_types": ("PrePaid",)}, "bc"),
    ({"ai_specs": ("large",)}, "d"),
    ({"ai_specs": ("large", "small-8core-30G-24G")}, "abcd"),
    ({"instance_id": "h1", "statuses": ("ResourceReady",)}, "a"),
    ({"name_regex": "prod", "charge_types": ("PrePaid",), "ids": ("b", "c")}, "b"),
    ({"ids": ("a",), "statuses": ("Creating",)}, ""),
]


@pytest.mark.parametrize(("arguments", "selected"), FILTERS, ids=[str(arguments) for arguments, _ in FILTERS])
def test_a_node_must_match_all_filters(arguments: dict[str, Any], selected: str) -> None:
    result = result_of(*FLEET, query=Query(**arguments))
    assert "".join(result.ids) == selected
    assert len(result.instance_model_list) == len(selected)


def test_totals_are_those_of_the_selected_nodes() -> None:
    assert result_of(*FLEET, query=Query(ids=("a", "b"))).totals.node_count == 4
    assert result_of(*FLEET, query=Query(ids=("a", "b"))).totals.cpu.capacity == 28


def test_ids_and_names_are_each_once_and_sorted() -> None:
    nodes = (make("b", holo_instance_name="y"), make("a", holo_instance_name="y"), make("c", holo_instance_name="x"))
    result = result_of(*nodes, AiNode(status="Creating"))
    assert result.ids == ("a", "b", "c")
    assert result.names == ("x", "y")


def test_the_result_has_the_region_the_query_the_request_id_and_warnings() -> None:
    reply = NodeList(nodes=(), request_id="R-1", warnings=("from the reply",))
    query = Query(ids=("x",))
    result = build_result("cn-beijing", query, reply, warnings=("from the settings",))
    assert (result.region, result.request_id, result.query) == ("cn-beijing", "R-1", query)
    assert result.warnings == ("from the settings", "from the reply")


# --- Order and repeats -----------------------------------------------------------------------------------------------

TANGLED = (
    *FLEET,
    FLEET[0],
    make("a", region_id="cn-beijing"),
    make("a", holo_instance_id="h1", cpu=99),
    make("a", holo_instance_id="h1", cpu_used=3),
    AiNode(),
    AiNode(cpu=1),
    make("t", expiration_time="2026-01-28T15:44:27+08:00"),
)


@given(st.permutations(TANGLED))
def test_the_result_does_not_depend_on_the_order_of_the_response(nodes: list[AiNode]) -> None:
    expected, got = result_of(*TANGLED), result_of(*nodes)
    assert replace(got, warnings=()) == replace(expected, warnings=())
    assert sorted(got.warnings) == sorted(expected.warnings)
    assert to_wire(got) == to_wire(expected)
    assert fingerprint(nodes) == fingerprint(TANGLED)


@given(st.permutations(TANGLED))
def test_the_result_without_usage_does_not_depend_on_the_order_of_the_response(nodes: list[AiNode]) -> None:
    query = Query(include_usage=False)
    assert to_wire(result_of(*nodes, query=query)) == to_wire(result_of(*TANGLED, query=query))


def test_nodes_are_sorted_by_region_then_instance_then_id() -> None:
    nodes = (
        make("c", region_id="cn-beijing", holo_instance_id="h2"),
        make("b", region_id="cn-hangzhou", holo_instance_id="h1"),
        make("a", region_id="cn-hangzhou", holo_instance_id="h2"),
        make("d", region_id="cn-beijing", holo_instance_id="h1"),
    )
    assert [node.ai_instance_id for node in result_of(*nodes).instance_model_list] == ["d", "c", "b", "a"]


def test_identical_nodes_are_listed_once() -> None:
    result = result_of(make("a"), make("a"), make("a"))
    assert result.instance_model_list == (make("a"),)
    assert result.totals.node_count == 2
    assert result.warnings == ()


@pytest.mark.parametrize("ai_instance_id", [None, ""])
def test_equal_nodes_without_an_id_are_counted_once_with_a_warning(ai_instance_id: str | None) -> None:
    one, two = (AiNode(ai_instance_id=ai_instance_id, node_count=count) for count in (1, 2))
    result = result_of(one, two, two, two, make("a"), make("a"))
    assert len(result.instance_model_list) == 3
    (warning,) = result.warnings
    assert "without an ID and with equal values" in warning
    assert warning.endswith("(omitted: 2)")
    assert result_of(one, two).warnings == ()


def test_one_id_with_different_values_is_two_nodes_and_a_warning() -> None:
    result = result_of(make("a", cpu=1), make("a", cpu=2), make("b"))
    assert len(result.instance_model_list) == 3
    (warning,) = result.warnings
    assert "a more than once" in warning


def test_one_id_in_two_regions_is_two_nodes_without_a_warning() -> None:
    result = result_of(make("a"), make("a", region_id="cn-beijing"))
    assert len(result.instance_model_list) == 2
    assert result.warnings == ()


def test_nodes_without_an_id_are_not_merged() -> None:
    result = result_of(AiNode(cpu=1), AiNode(cpu=2))
    assert len(result.instance_model_list) == 2
    assert result.warnings == ()


# --- Times -----------------------------------------------------------------------------------------------------------

SECOND_YEAR = datetime(2, 1, 1)  # the year 1 means that there is no expiry
TIMES = [
    ("2026-01-28T15:44:27.535+08:00", "2026-01-28T07:44:27.535Z"),
    ("2026-01-28T15:44:27+08:00", "2026-01-28T07:44:27.000Z"),
    ("2026-01-28T00:14:27.535-07:30", "2026-01-28T07:44:27.535Z"),
    ("2026-01-28T07:44:27.535+00:00", "2026-01-28T07:44:27.535Z"),
    ("2026-01-28T07:44:27.535", "2026-01-28T07:44:27.535Z"),
    ("2026-01-28T07:44:27", "2026-01-28T07:44:27.000Z"),
    ("2026-01-28 07:44:27", "2026-01-28T07:44:27.000Z"),
    ("2026-01-28T15:44:27.535123+08:00", "2026-01-28T07:44:27.535123Z"),
    ("2026-01-28T07:44:27.535000", "2026-01-28T07:44:27.535Z"),
    ("2026-01-01T00:00:00+08:00", "2025-12-31T16:00:00.000Z"),
]


@pytest.mark.parametrize(("sent", "shown"), TIMES)
def test_an_expiry_is_converted_to_utc(sent: str, shown: str) -> None:
    result = result_of(make("a", expiration_time=sent))
    assert result.instance_model_list[0].expiration_time == shown
    assert result.warnings == ()


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-28T07:44:27.535Z",
        "2026-01-28T07:44:27Z",
        "2026-01-28T07:44Z",
        "2026-01-28T07:44:27.535123Z",
        "20260128T074427Z",
    ],
)
def test_an_expiry_in_utc_is_unchanged(text: str) -> None:
    result = result_of(make("a", expiration_time=text))
    assert result.instance_model_list[0].expiration_time == text
    assert result.warnings == ()


@pytest.mark.parametrize(
    "text",
    [
        *("soon", "Z", "2026-13-01T00:00:00Z", "2026-02-30", "1769586267535", "28/01/2026", "x" * 5_000),
        "9999-12-31T23:59:59-08:00",  # a valid time whose UTC value is outside the range of datetime
    ],
    ids=lambda text: text[:30],
)
def test_an_invalid_expiry_is_unchanged_with_a_warning(text: str) -> None:
    result = result_of(make("a", expiration_time=text))
    assert result.instance_model_list[0].expiration_time == text
    (warning,) = result.warnings
    assert "expirationTime of a " in warning
    assert len(warning) < 200


@pytest.mark.parametrize("text", ["", " ", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+08:00"])
def test_an_empty_expiry_and_the_year_1_are_the_same_as_no_expiry(text: str) -> None:
    result, missing = result_of(make("a", expiration_time=text)), result_of(make("a", expiration_time=None))
    assert result == missing


@pytest.mark.parametrize("ai_instance_id", [None, ""])
def test_a_warning_about_a_node_says_when_it_has_no_id(ai_instance_id: str | None) -> None:
    (warning,) = result_of(AiNode(ai_instance_id=ai_instance_id, expiration_time="soon")).warnings
    assert warning.startswith("expirationTime of an AI instance without an ID is not a time: 'soon'")


@given(
    st.datetimes(SECOND_YEAR)
    | st.datetimes(SECOND_YEAR, timezones=st.integers(-1439, 1439).map(lambda m: timezone(timedelta(minutes=m))))
)
def test_a_converted_expiry_is_the_same_point_in_time(moment: datetime) -> None:
    (node,) = result_of(make("a", expiration_time=moment.isoformat())).instance_model_list
    shown = datetime.fromisoformat(node.expiration_time or "")
    assert shown == (moment if moment.tzinfo else moment.replace(tzinfo=UTC))


@given(st.text())
def test_any_text_as_an_expiry_gives_a_result(text: str) -> None:
    assert len(result_of(make("a", expiration_time=text)).instance_model_list) == 1


def test_nodes_with_the_same_expiry_in_two_notations_are_one_node() -> None:
    texts = ("2026-01-28T07:44:27.535Z", "2026-01-28T15:44:27.535+08:00")
    assert len(result_of(*(make("a", expiration_time=text) for text in texts)).instance_model_list) == 1


# --- Totals ----------------------------------------------------------------------------------------------------------


def test_the_totals_of_the_example_of_the_vendor() -> None:
    totals = result_of(EXAMPLE_NODE).totals
    assert totals.node_count == 2
    assert totals.cpu == Usage(capacity=14, used=7, free=7)
    assert totals.memory == Usage(capacity=32, used=32, free=0)
    assert totals.gpu == Usage(capacity=2, used=32, free=None)
    assert totals.gpu_memory == Usage(capacity=64, used=32, free=32)


NODE_TOTALS = [
    # cards of a node, nodes, cards in use; capacity, used, free
    ((8, 2, 4), (16, 4, 12)),
    ((8, 2, 16), (16, 16, 0)),
    ((8, 2, 17), (16, 17, None)),
    ((8, 2, 0), (16, 0, 16)),
    ((0, 2, 0), (0, 0, 0)),
    ((8, 0, 0), (0, 0, 0)),
    ((8, 0, 1), (0, 1, None)),
    ((None, 2, 4), (None, 4, None)),
    ((8, None, 4), (None, 4, None)),
    ((8, 2, None), (16, None, None)),
    ((None, None, None), (None, None, None)),
]


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize(("node", "usage"), NODE_TOTALS)
def test_the_totals_of_one_node(resource: str, node: tuple[int | None, ...], usage: tuple[int | None, ...]) -> None:
    specification, count, used = node
    values: dict[str, Any] = {resource: specification, f"{resource}_used": used}
    totals = result_of(AiNode(node_count=count, **values)).totals
    got = getattr(totals, resource)
    assert (got.capacity, got.used, got.free) == usage
    assert totals.node_count == count


def test_an_unknown_figure_makes_only_its_own_total_unknown() -> None:
    totals = result_of(make("a"), make("b", memory_used=None), make("c", gpu=None)).totals
    assert totals.cpu == Usage(capacity=42, used=21, free=21)
    assert totals.memory == Usage(capacity=96, used=None, free=None)
    assert totals.gpu == Usage(capacity=None, used=96, free=None)
    assert totals.node_count == 6


def test_totals_without_nodes_are_zero() -> None:
    result = result_of()
    nothing = Usage(capacity=0, used=0, free=0)
    assert (result.totals.node_count, result.totals.cpu, result.totals.gpu) == (0, nothing, nothing)
    assert (result.ids, result.names, result.instance_model_list) == ((), (), ())


COUNTS = st.none() | st.integers(0, 1000)


@given(st.lists(st.tuples(COUNTS, COUNTS, COUNTS), max_size=5))
def test_the_free_total_is_the_exact_difference_or_unknown(
    figures: list[tuple[int | None, int | None, int | None]],
) -> None:
    nodes = [
        AiNode(ai_instance_id=str(index), gpu=gpu, node_count=count, gpu_used=used)
        for index, (gpu, count, used) in enumerate(figures)
    ]
    gpu = result_of(*nodes).totals.gpu
    known = [(g * c, u) for g, c, u in figures if g is not None and c is not None and u is not None and u <= g * c]
    assert gpu.free == (sum(c - u for c, u in known) if len(known) == len(figures) else None)


def test_without_usage_nodes_that_differ_only_in_usage_are_one_node() -> None:
    """Otherwise a stored list would have fewer nodes, which is drift."""
    busy, idle = make("a", gpu_used=1), make("a", gpu_used=0)
    result = result_of(busy, idle, query=Query(include_usage=False))
    assert (len(result.instance_model_list), result.warnings) == (1, ())
    assert result.fingerprint == result_of(busy, idle).fingerprint


def test_without_usage_nodes_have_no_usage_and_keep_their_capacity() -> None:
    result = result_of(EXAMPLE_NODE, query=Query(include_usage=False))
    (node,) = result.instance_model_list
    assert [getattr(node, name) for name in USAGE_FIELDS] == [None] * 4
    assert result.totals.gpu_memory == Usage(capacity=64, used=None, free=None)
    assert node == replace(EXAMPLE_NODE, **dict.fromkeys(USAGE_FIELDS))


# --- The fingerprint -------------------------------------------------------------------------------------------------


def test_the_fingerprint_of_known_nodes_does_not_change() -> None:
    """It is stored in stacks: another value for the same nodes would be false drift."""
    assert result_of(EXAMPLE_NODE).fingerprint == PINNED_EXAMPLE
    assert result_of().fingerprint == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


PINNED_EXAMPLE = "97d3cee56aab40a9cb07952be7bebafc0e08aae13b57e7f91c515560304e698c"


@pytest.mark.parametrize("field", USAGE_FIELDS)
@pytest.mark.parametrize("value", [None, 0, 31])
def test_the_fingerprint_ignores_usage(field: str, value: int | None) -> None:
    changed = with_value(field, value)
    assert changed != EXAMPLE_NODE
    assert result_of(changed).fingerprint == result_of(EXAMPLE_NODE).fingerprint


def another(value: object) -> object:
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else "2027-01-28T07:44:27.535Z"


LASTING = [field.name for field in fields(AiNode) if field.name not in USAGE_FIELDS]


@pytest.mark.parametrize("field", LASTING)
def test_the_fingerprint_changes_with_every_other_field(field: str) -> None:
    value = getattr(EXAMPLE_NODE, field)
    assert value is not None
    variants = [EXAMPLE_NODE, *(with_value(field, v) for v in (None, another(value)))]
    assert len({result_of(node).fingerprint for node in variants}) == 3


def test_the_fingerprint_changes_with_the_number_of_nodes() -> None:
    fleets = [(), (make("a"),), (make("a"), make("b")), (make("b"),)]
    assert len({result_of(*fleet).fingerprint for fleet in fleets}) == 4


def test_the_fingerprint_distinguishes_empty_from_missing() -> None:
    assert fingerprint([AiNode(status="")]) != fingerprint([AiNode()])
    assert fingerprint([AiNode(gpu=0)]) != fingerprint([AiNode()])


def test_the_fingerprint_is_the_same_with_and_without_usage() -> None:
    assert result_of(*FLEET).fingerprint == result_of(*FLEET, query=Query(include_usage=False)).fingerprint
