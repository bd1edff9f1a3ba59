"""Inputs and outputs of the resource, as plain values."""

from typing import cast

import pytest

from hologres_ai.core.result import build_result
from hologres_ai.errors import InvalidArgumentError
from hologres_ai.models import AiNode, AiNodeListResult, NodeList, Query, RegionOutcome
from hologres_ai.plugin.inputs import (
    MAX_PATHS,
    OUTPUTS,
    build_outputs,
    changed_paths,
    with_inventory,
    with_old_inventory,
)
from hologres_ai.plugin.properties import UNKNOWN, Properties, Property, Secret, is_secret, reveal

REGIONS: Properties = {"regions": ["r1", "r2"], "onRegionError": "partial"}


def listed(*nodes: AiNode, regions: tuple[str, ...] = (), unread: str = "") -> AiNodeListResult:
    """A result with these nodes of one region, or of some, of which one could not be read."""
    query = Query(regions=regions or None, on_region_error="partial" if regions else None)
    outcomes = tuple(
        RegionOutcome(region=name, outcome="denied" if name == unread else "ok") for name in regions or ("r",)
    )
    answer = NodeList(nodes=nodes, request_id=None)
    return build_result(",".join(regions) or "r", query, answer, region_outcomes=outcomes)


def filled(inputs: Properties, *nodes: AiNode) -> dict[str, Property]:
    return with_inventory(inputs, listed(*nodes), {})


def inventory(inputs: Properties) -> dict[str, dict[str, Property]]:
    return cast("dict[str, dict[str, Property]]", reveal(inputs["inventory"]))


A, B = AiNode(ai_instance_id="a", cpu=1), AiNode(ai_instance_id="b", cpu=2)


def test_a_read_adds_region_inventory_and_outcomes() -> None:
    assert filled({"nameRegex": "."}, A) == {
        "nameRegex": ".",
        "region": "r",
        "inventory": {"a": {"aiInstanceId": "a", "cpu": 1}},
        "regionOutcomes": {"r": {"region": "r", "outcome": "ok"}},
    }


def test_outputs_are_built_from_the_inputs_without_the_inventory() -> None:
    outputs = build_outputs({**filled({}, B, A), "requirements": {"minFreeGpus": 1.0}})
    assert outputs["ids"] == ["a", "b"]
    assert set(outputs) == {*OUTPUTS, "__query"}


def test_a_region_that_could_not_be_read_keeps_its_nodes() -> None:
    here, there = AiNode(ai_instance_id="a", region_id="r1"), AiNode(ai_instance_id="b", region_id="r2")
    old = with_inventory(REGIONS, listed(here, there, regions=("r1", "r2")), {})
    new = with_inventory(REGIONS, listed(regions=("r1", "r2"), unread="r2"), old)
    assert list(inventory(new)) == ["b"]
    assert changed_paths(old, new) == {'inventory["a"]': "DELETE", 'regionOutcomes["r2"].outcome': "UPDATE"}


def test_an_added_region_is_one_path_in_addition_to_the_argument() -> None:
    old = with_inventory({"regions": ["r2"]}, listed(regions=("r2",)), {})
    new = with_inventory({"regions": ["r1", "r2"]}, listed(regions=("r1", "r2")), old)
    assert changed_paths(old, new) == {"regions": "UPDATE", 'regionOutcomes["r1"]': "ADD"}


@pytest.mark.parametrize(("count", "paths"), [(MAX_PATHS, MAX_PATHS), (MAX_PATHS + 1, 1)], ids=["all", "one"])
def test_with_too_many_changes_a_diff_names_the_whole_inventory(count: int, paths: int) -> None:
    old, new = filled({}), filled({}, *(AiNode(ai_instance_id=f"n{index}") for index in range(count)))
    found = changed_paths(old, new)
    assert len(found) == paths
    assert ("inventory" in found) == (paths == 1)


@pytest.mark.parametrize(
    "given", [{"nameRegex": Secret(".")}, {"ids": ["a", Secret("b")]}], ids=["argument", "part of an argument"]
)
def test_a_secret_argument_makes_all_that_is_read_secret(given: Properties) -> None:
    old, new = filled(given, A, B), filled(given, A)
    assert changed_paths(old, new) == {"inventory": "UPDATE"}
    assert {name for name, value in new.items() if is_secret(value)} == {
        *given,
        "region",
        "inventory",
        "regionOutcomes",
    }
    assert {name for name, value in build_outputs(new).items() if not is_secret(value)} == set()
    assert not is_secret(filled({"requirements": {"minFreeGpus": Secret(1.0)}}, A)["inventory"])


def test_a_pinned_or_ignored_inventory_is_kept_while_the_query_is_unchanged() -> None:
    old = filled({"nameRegex": "."}, A)
    for given in ({"pinned": True}, {"inventory": old["inventory"]}, {"pinned": Secret(True)}):
        new: Properties = {"nameRegex": ".", **given}
        assert with_old_inventory(new, old) == {**old, **new}
        assert with_old_inventory({**new, "nameRegex": "x"}, old) is None
    assert with_old_inventory({"nameRegex": "."}, old) is None


def test_an_inventory_that_no_read_returned_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="is computed by the provider"):
        with_old_inventory({"inventory": {}}, filled({}, A))
    inventories: tuple[object, ...] = ({"a": {"cpu": "many"}}, {"a": None}, [], "x")
    for bad in inventories:
        with pytest.raises(InvalidArgumentError, match="inventory: was not computed by this provider"):
            build_outputs({"region": "r", "inventory": cast("Property", bad)})


def test_outputs_are_unknown_while_an_argument_is_unknown() -> None:
    inputs = {"instanceId": UNKNOWN, "inventory": UNKNOWN}
    assert build_outputs(inputs) == {"instanceId": UNKNOWN, **dict.fromkeys(OUTPUTS, UNKNOWN)}
    assert changed_paths(filled({}, A), inputs) == {
        "instanceId": "ADD",
        "region": "DELETE",
        "inventory": "UPDATE",
        "regionOutcomes": "UPDATE",
    }
