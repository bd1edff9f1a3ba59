"""Requirements: thresholds, unknown figures, and the texts."""

import json
import typing
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic.alias_generators import to_camel

from hologres_ai import AiNodes, require
from hologres_ai.core.result import build_result
from hologres_ai.dynamic import ArgumentError, UnmetRequirementsError
from hologres_ai.envelope import to_envelope
from hologres_ai.errors import InvalidArgumentError, RequirementsError
from hologres_ai.models import AiNode, AiNodeListResult, NodeList, RegionOutcome, build_query
from hologres_ai.requirements import (
    REQUIREMENTS,
    RequirementArguments,
    RequirementResult,
    Requirements,
    assess,
    build_requirements,
    describe_secret,
    enforce,
)

NOW = datetime(2026, 1, 19, 12, tzinfo=UTC)
PAST = "2026-01-15T12:00:00.000Z"
NODE = AiNode(
    ai_instance_id="a",
    region_id="cn-hangzhou",
    ai_spec="small-8core-30G-24G",
    node_count=2,
    gpu=1,
    gpu_memory=24,
    gpu_used=1,
    gpu_memory_used=20,
    status="ResourceReady",
    charge_type="PrePaid",
    expiration_time="2026-01-29T12:00:00.000Z",  # ten days from NOW, to the second
    auto_renewal=False,
)


def result_of(*nodes: AiNode, **query: object) -> AiNodeListResult:
    return build_result("cn-hangzhou", build_query(query), NodeList(nodes=nodes, request_id=None))


def assess_one(nodes: list[AiNode], asked: Mapping[str, object], now: datetime = NOW) -> RequirementResult:
    """The outcome of the one requirement."""
    [finding] = assess(build_requirements(asked), result_of(*nodes), now)
    return finding


def one(nodes: list[AiNode], **asked: object) -> RequirementResult:
    return assess_one(nodes, asked)


OTHER = replace(NODE, ai_instance_id="b", gpu_used=0, gpu_memory_used=0)

# Each requirement with a value that NODE just meets, one that it just misses, and the figure that is found.
THRESHOLDS: list[tuple[str, object, object, object]] = [
    ("min_free_gpus", 1, 2, 1),
    ("min_free_gpu_memory", 28, 29, 28),
    ("min_nodes_ready", 2, 3, 2),
    ("statuses", ["Paused", "ResourceReady"], ["Paused"], ("ResourceReady",)),
    ("ai_specs", ["small-8core-30G-24G"], ["small-8core-30G-24G", "small"], ("small-8core-30G-24G",)),
    ("not_expiring_within_days", 10, 11, 10),
]


@pytest.mark.parametrize(("name", "met", "missed", "figure"), THRESHOLDS)
def test_each_requirement_is_met_at_its_threshold_and_not_beyond(
    name: str, met: object, missed: object, figure: object
) -> None:
    for spelling in (name, to_camel(name)):
        assert (one([NODE], **{spelling: met}).met, one([NODE], **{spelling: missed}).met) == (True, False)
    assert one([NODE], **{name: met}).figure == one([NODE], **{name: missed}).figure == figure
    assert one([NODE], **{name: met}).nearest == ()


def test_every_requirement_has_a_row_with_its_threshold() -> None:
    assert [name for name, *_ in THRESHOLDS] == list(REQUIREMENTS)


@pytest.mark.parametrize(("name", "met", "missed", "figure"), THRESHOLDS)
def test_requirements_consider_all_nodes(name: str, met: object, missed: object, figure: object) -> None:
    """Nodes are counted together, except for requirements of each node."""
    each = {"statuses": False, "not_expiring_within_days": False}
    good = replace(NODE, ai_instance_id="b", status="Paused", gpu_used=0, ai_spec="small", auto_renewal=True)
    ready = replace(good, status="ResourceReady", gpu_memory_used=0)
    assert one([NODE, good if name == "statuses" else ready], **{name: missed}).met is each.get(name, True)


# An unknown figure never meets a requirement, and is reported with its reason.
UNKNOWN: list[tuple[str, object, Mapping[str, object], str]] = [
    ("min_free_gpus", 0, {"gpu_used": None}, "a (no gpuUsed)"),
    ("min_free_gpus", 1, {"gpu": None}, "a (no gpu)"),
    ("min_free_gpus", 1, {"node_count": None}, "a (no nodeCount)"),
    ("min_free_gpus", 1, {"gpu_used": 32}, "a (32 used of 2)"),
    ("min_free_gpu_memory", 1, {"gpu_memory_used": None}, "a (no gpuMemoryUsed)"),
    ("min_nodes_ready", 0, {"node_count": None}, "a (no nodeCount)"),
    ("statuses", ["ResourceReady"], {"status": None}, "a (no status)"),
    ("ai_specs", ["small-8core-30G-24G"], {"ai_spec": None}, "small-8core-30G-24G missing"),
    ("not_expiring_within_days", 0, {"expiration_time": None}, "a (no expirationTime)"),
    ("not_expiring_within_days", 0, {"expiration_time": "soon"}, "a (expirationTime 'soon')"),
    ("not_expiring_within_days", 11, {"auto_renewal": None}, "a (10 days, 2026-01-29T12:00:00.000Z)"),
    ("not_expiring_within_days", 11, {"charge_type": None}, "a (10 days, 2026-01-29T12:00:00.000Z)"),
]


@pytest.mark.parametrize(("name", "asked", "fields_", "message"), UNKNOWN)
def test_an_unknown_figure_meets_no_requirement_and_is_named(
    name: str, asked: object, fields_: dict[str, Any], message: str
) -> None:
    finding = one([replace(NODE, **fields_), replace(OTHER, auto_renewal=True, ai_spec="x")], **{name: asked})
    assert not finding.met
    assert message in str(finding)
    assert "b (" not in str(finding)


@pytest.mark.parametrize("name", ["min_free_gpus", "min_free_gpu_memory", "min_nodes_ready", "ai_specs"])
def test_without_nodes_no_minimum_is_met(name: str) -> None:
    finding = assess_one([], {name: ["x"] if name == "ai_specs" else 1})
    assert not finding.met
    assert str(finding).endswith("required, no AI nodes are listed")


def test_without_nodes_requirements_of_each_node_are_met() -> None:
    assert one([], statuses=["ResourceReady"]).met
    assert one([], not_expiring_within_days=30).met
    assert one([], min_free_gpus=0).met


@pytest.mark.parametrize(
    ("fields_", "counts"),
    [
        ({}, True),
        ({"auto_renewal": True}, False),
        ({"auto_renewal": True, "expiration_time": PAST}, True),
        ({"auto_renewal": True, "expiration_time": PAST, "charge_type": "PostPaid"}, False),
        ({"charge_type": "PostPaid"}, False),
        ({"charge_type": "PostPaid", "expiration_time": None}, False),
        ({"charge_type": None, "expiration_time": None}, False),
        ({"charge_type": "POSTPAID"}, False),
        ({"charge_type": "Prepaid"}, True),
        ({"charge_type": "Subscription"}, True),
        ({"charge_type": "Subscription", "expiration_time": None}, True),
        ({"charge_type": "a later value"}, True),
        ({"charge_type": "a later value", "expiration_time": None}, False),
        ({"charge_type": "a later value", "expiration_time": "0001-01-01T00:00:00Z"}, False),
        ({"charge_type": "a later value", "auto_renewal": True}, False),
        ({"auto_renewal": True, "expiration_time": "soon"}, False),
    ],
)
def test_not_expiring_within_days_considers_subscriptions_that_are_not_renewed(
    fields_: dict[str, Any], counts: bool
) -> None:
    assert one([replace(NODE, **fields_)], not_expiring_within_days=3000).met is not counts


@pytest.mark.parametrize(
    ("later", "days", "met"),
    [
        (timedelta(), 10, True),
        (timedelta(microseconds=1), 10, False),
        (timedelta(microseconds=-1), 10, True),
        (timedelta(days=10), 0, True),
        (timedelta(days=10, microseconds=1), 0, False),
        (timedelta(), 2**53 - 1, False),
    ],
)
def test_days_are_compared_to_the_microsecond(later: timedelta, days: int, met: bool) -> None:
    elsewhere = (NOW + later).astimezone(timezone(timedelta(hours=8)))
    assert assess_one([NODE], {"not_expiring_within_days": days}, NOW + later).met is met
    assert assess_one([NODE], {"not_expiring_within_days": days}, elsewhere).met is met


@pytest.mark.parametrize(
    ("later", "found"), [("2026-01-19T20:00:00Z", "the next expires in 8 hours"), ("2026-01-28T13:00:00Z", "in 9 days")]
)
def test_the_time_to_the_next_expiry_is_in_hours_or_days(later: str, found: str) -> None:
    assert one([replace(NODE, expiration_time=later)], not_expiring_within_days=0).found.endswith(found)


@pytest.mark.parametrize(
    ("number", "reason"),
    [("99999999999999999999", "is too large"), (10**20, "is too large"), (str(-(10**20)), "must not be less than 0")],
)
def test_a_number_out_of_range_is_refused_with_this_reason(number: object, reason: str) -> None:
    with pytest.raises(InvalidArgumentError, match=f"minFreeGpus: {reason}"):
        build_requirements({"minFreeGpus": number})


def test_a_capacity_that_is_too_large_is_named_as_the_reason() -> None:
    node = replace(NODE, node_count=2**30, gpu=2**30, gpu_used=1)
    assert one([node], min_free_gpus=1).nearest == ("a (capacity too large)",)


def test_the_three_nearest_nodes_are_named_and_the_others_counted() -> None:
    fleet = [replace(NODE, ai_instance_id=f"n{used}", node_count=9, gpu_used=used) for used in (9, 3, 4, 8, 5)]
    finding = one(fleet, min_free_gpus=99)
    assert (finding.nearest, finding.more) == (("n3 (6)", "n4 (5)", "n5 (4)"), 1)
    assert str(finding) == "free GPUs: at least 99 required, 16 found; most free: n3 (6), n4 (5), n5 (4) and 1 more"
    full = [replace(node, gpu_used=9) for node in fleet]
    assert str(one(full, min_free_gpus=1)) == "free GPUs: at least 1 required, 0 found"
    ends = [replace(NODE, ai_instance_id=day, expiration_time=f"2026-01-{day}T00:00:00Z") for day in ("22", "18", "20")]
    found = one([*ends, replace(NODE, ai_instance_id="x", expiration_time="?")], not_expiring_within_days=2)
    assert (found.nearest, found.more, found.figure) == (
        ("18 (expired, 2026-01-18T00:00:00Z)", "20 (12 hours, 2026-01-20T00:00:00Z)", "x (expirationTime '?')"),
        0,
        None,
    )
    specs = [replace(NODE, ai_spec=spec) for spec in ("large-2", "small-1", "small-22", "medium")]
    assert one(specs, ai_specs=["small-2"]).nearest == ("small-22", "small-1", "large-2")
    waiting = [replace(NODE, ai_instance_id=None, status="ResourceCreating"), NODE]
    assert one(waiting, min_nodes_ready=3).nearest == ("an AI instance without an ID (ResourceCreating)",)


@pytest.mark.parametrize(("name", "met", "missed", "figure"), THRESHOLDS)
def test_nodes_of_an_unread_region_are_not_considered(name: str, met: object, missed: object, figure: object) -> None:
    """Nodes that a state has kept of the region are not considered either, whether they would meet it or not."""
    query = build_query({"regions": ["cn-beijing", "cn-hangzhou"], "on_region_error": "partial"})
    outcomes = (RegionOutcome(region="cn-beijing", outcome="denied"), RegionOutcome(region="cn-hangzhou", outcome="ok"))
    for kept in (replace(OTHER, ai_spec="small", region_id="cn-beijing"), AiNode(region_id="cn-beijing")):
        reply = NodeList(nodes=(NODE, kept), request_id=None)
        result = build_result("cn-beijing,cn-hangzhou", query, reply, region_outcomes=outcomes)
        [enough] = assess(build_requirements({name: met}), result, NOW)
        [too_little] = assess(build_requirements({name: missed}), result, NOW)
        assert enough.figure == too_little.figure == figure
        assert not too_little.met
        message = "; could not be read: cn-beijing (denied)"
        if name in ("statuses", "not_expiring_within_days"):  # one violation is enough, whatever the unread region has
            assert (enough.met, str(enough).endswith(message), too_little.unread) == (False, True, ())
        else:
            assert (enough.met, enough.unread, str(too_little).endswith(message)) == (True, (), True)


# --- Invalid requirements ---------------------------------------------------------------------------------------------

BAD: list[tuple[dict[str, object], str]] = [
    ({}, "requirements: no requirement is set; set at least one"),
    ({"mode": "warn", "statuses": None}, "requirements: no requirement is set; set at least one"),
    ({"min_free_gpu": 1}, 'requirements.min_free_gpu: no such argument; did you mean "min_free_gpus"?'),
    ({"minFreeGpu": 1}, 'requirements.minFreeGpu: no such argument; did you mean "minFreeGpus"?'),
    ({"minFreeGpus": 1, "min_free_gpus": 1}, "requirements.min_free_gpus: set twice, also as minFreeGpus"),
    ({"min_free_gpus": -1}, "requirements.min_free_gpus: must not be less than 0"),
    ({"min_nodes_ready": 1.5}, "requirements.min_nodes_ready: not a whole number"),
    ({"min_nodes_ready": True}, "requirements.min_nodes_ready: not a whole number"),
    ({"min_nodes_ready": float("nan")}, "requirements.min_nodes_ready: not a whole number"),
    ({"minFreeGpuMemory": 2**53}, "requirements.minFreeGpuMemory: is too large"),
    ({"statuses": "ResourceReady"}, "requirements.statuses: must be a list of strings"),
    ({"statuses": []}, "requirements.statuses: must not be empty"),
    ({"aiSpecs": ["x", ""]}, "requirements.aiSpecs[1]: must not be empty"),
    ({"aiSpecs": ["x", 7]}, "requirements.aiSpecs[1]: must be a string"),
    ({"min_free_gpus": 1, "mode": "quiet"}, "requirements.mode: 'error' or 'warn' is expected"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD)
def test_an_invalid_requirement_is_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidArgumentError) as refused:
        build_requirements(arguments)
    assert [f"{failure.argument}: {failure.reason}" for failure in refused.value.failures] == [message]


def test_figures_as_doubles_and_as_text_are_accepted() -> None:
    assert build_requirements({"minFreeGpus": 2.0, "min_nodes_ready": "3"}) == Requirements(
        min_free_gpus=2, min_nodes_ready=3
    )


def test_a_requirement_of_usage_is_refused_when_usage_is_left_out() -> None:
    query = build_query({"include_usage": False})
    with pytest.raises(InvalidArgumentError) as refused:
        build_requirements({"minFreeGpus": 0, "min_free_gpu_memory": 1, "min_nodes_ready": 1}, query)
    assert [failure.argument for failure in refused.value.failures] == [
        "requirements.minFreeGpus",
        "requirements.min_free_gpu_memory",
    ]
    assert build_requirements({"minNodesReady": 1, "minFreeGpus": None}, query).min_nodes_ready == 1


def test_the_typed_arguments_are_the_fields_of_requirements() -> None:
    hints = typing.get_type_hints(RequirementArguments)
    assert list(hints) == [field.name for field in fields(Requirements)]


# --- Enforcement ------------------------------------------------------------------------------------------------------


def refuse(_text: str) -> None:
    raise AssertionError("an unexpected warning")


def test_an_unmet_requirement_is_an_error_with_a_line_for_each() -> None:
    asked = build_requirements({"min_free_gpus": 2, "min_nodes_ready": 1, "statuses": ["Paused"]})
    with pytest.raises(RequirementsError) as raised:
        enforce(asked, result_of(NODE), NOW, refuse)
    assert str(raised.value).splitlines() == [
        "the AI nodes of cn-hangzhou do not meet the requirements",
        "- free GPUs: at least 2 required, 1 found; most free: a (1)",
        "- status: Paused required for every AI instance, 0 of 1 match; not matching: a (ResourceReady)",
        'Free or add capacity, or lower the requirements. To get a warning instead of an error, set mode to "warn".',
    ]


def test_mode_warn_gives_the_same_message_as_a_warning() -> None:
    said: list[str] = []
    asked = {"min_free_gpus": 2, "mode": "warn"}
    enforce(build_requirements(asked), result_of(NODE), NOW, said.append)
    with pytest.raises(RequirementsError) as raised:
        enforce(build_requirements(asked | {"mode": "error"}), result_of(NODE), NOW, refuse)
    assert said == [str(raised.value)]
    enforce(build_requirements({"min_free_gpus": 1}), result_of(NODE), NOW, refuse)


@pytest.mark.parametrize(("unread", "end"), [((), "match"), (("cn-beijing: denied",), "; 1 region could not be read")])
def test_a_summary_has_no_ids_and_the_number_of_unread_regions(unread: tuple[str, ...], end: str) -> None:
    asked = build_requirements({"statuses": ["Paused"]})
    (result,) = assess(asked, result_of(NODE), NOW)
    summary = replace(result, unread=unread).summary
    assert summary.endswith(end)
    assert "a (" not in summary


def test_describe_secret_hides_figures_and_values() -> None:
    asked = build_requirements({"min_free_gpus": 77, "statuses": ["canary"]})
    with pytest.raises(RequirementsError) as raised:
        enforce(asked, result_of(NODE), NOW, refuse, describe=describe_secret)
    text = str(raised.value)
    assert "minFreeGpus: not met" in text
    assert "statuses: not met" in text
    assert not [word for word in ("77", "canary", "ResourceReady", "a (") if word in text]


def test_require_returns_the_result_when_the_requirements_are_met() -> None:
    result = result_of(NODE)
    assert require(result, min_free_gpus=1, not_expiring_within_days=10, now=NOW) is result
    with pytest.raises(RequirementsError, match=r"1 found: a \(10 days"):
        require(result, not_expiring_within_days=11, now=NOW)
    with pytest.warns(UserWarning, match="at least 2 required, 1 found") as warned:
        assert require(result, min_free_gpus=2, mode="warn") is result
    assert warned[0].filename == __file__
    with pytest.raises(InvalidArgumentError, match="argument min_free_gpus: requires usage values"):
        require(result_of(NODE, include_usage=False), min_free_gpus=1)
    with pytest.raises(InvalidArgumentError, match="now: must have a time zone"):
        require(result, min_free_gpus=1, now=NOW.replace(tzinfo=None))
    assert require(result_of(), not_expiring_within_days=1) == result_of()


def test_require_accepts_nodes_of_another_stack_or_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    nodes = AiNodes.from_json(json.dumps(to_envelope(result_of(NODE, OTHER))))
    assert nodes.require(min_free_gpus=3, not_expiring_within_days=10, now=NOW) is nodes
    with pytest.raises(UnmetRequirementsError, match="at least 4 required, 3 found"):
        nodes.require(min_free_gpus=4)
    with pytest.raises(ArgumentError, match="argument statuses: must not be empty"):
        nodes.require(statuses=[])
    assert nodes.require(min_free_gpus=4, mode="warn") is nodes
    assert "at least 4 required, 3 found" in capsys.readouterr().err


# --- Generated fleets -------------------------------------------------------------------------------------------------

COUNTS = st.integers(0, 20) | st.none()
NODES = st.lists(
    st.builds(
        AiNode,
        ai_instance_id=st.sampled_from("abcdefg"),
        node_count=COUNTS,
        gpu=COUNTS,
        gpu_used=COUNTS,
        gpu_memory=COUNTS,
        gpu_memory_used=COUNTS,
        status=st.sampled_from(["ResourceReady", "ResourceCreating", None]),
        ai_spec=st.sampled_from(["small", "large", None]),
        charge_type=st.sampled_from(["PrePaid", "PostPaid", None]),
        auto_renewal=st.booleans() | st.none(),
        expiration_time=st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat) | st.sampled_from([None, "soon"]),
    ),
    max_size=6,
)
ASKED = st.builds(
    Requirements,
    min_free_gpus=COUNTS,
    min_free_gpu_memory=COUNTS,
    min_nodes_ready=COUNTS,
    statuses=st.sampled_from([None, ("ResourceReady",), ("ResourceReady", "ResourceCreating")]),
    ai_specs=st.sampled_from([None, ("small",), ("small", "large")]),
    not_expiring_within_days=COUNTS,
)


def missed(requirements: Requirements, nodes: list[AiNode]) -> set[str]:
    return {finding.requirement for finding in assess(requirements, result_of(*nodes), NOW) if not finding.met}


@given(ASKED, NODES, st.integers(0, 5))
def test_more_free_or_ready_capacity_makes_no_requirement_unmet(
    asked: Requirements, nodes: list[AiNode], at: int
) -> None:
    """This includes a figure that was unknown and becomes known."""
    before = missed(asked, nodes)
    for index in [at % len(nodes)] if nodes else []:
        counted: dict[str, Any] = {"status": "ResourceReady", "node_count": nodes[index].node_count or 0}
        free: dict[str, Any] = {"gpu_used": 0, "gpu_memory_used": 0}
        for better in (free, counted, {"auto_renewal": True}):
            improved = [*nodes[:index], replace(nodes[index], **better), *nodes[index + 1 :]]
            assert missed(asked, improved) <= before


@given(ASKED, NODES, st.integers(1, 5))
def test_a_higher_minimum_makes_no_requirement_met(asked: Requirements, nodes: list[AiNode], more: int) -> None:
    figures: dict[str, Any] = {
        name: figure + more for name in REQUIREMENTS if isinstance(figure := getattr(asked, name), int)
    }
    assert missed(asked, nodes) <= missed(replace(asked, **figures), nodes)


@given(ASKED, NODES)
def test_the_text_of_a_result_is_consistent_with_its_figures(asked: Requirements, nodes: list[AiNode]) -> None:
    for finding in assess(asked, result_of(*nodes), NOW):
        assert len(finding.nearest) <= 3
        assert finding.more == 0 or len(finding.nearest) == 3
        assert not (finding.met and finding.nearest)
        assert "None" not in str(finding)
