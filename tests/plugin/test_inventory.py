"""The inventory of the nodes: stable keys, and one path for one change."""

import random

import pytest

from hologres_ai.names import SIGNATURE
from hologres_ai.plugin.inventory import Node, build_inventory, differences
from hologres_ai.plugin.properties import Property


def node(
    ai_instance_id: str | None = None, region: str | None = None, holo: str | None = None, **fields: Property
) -> Node:
    known: Node = {"aiInstanceId": ai_instance_id, "regionId": region, "holoInstanceId": holo, **fields}
    return {name: value for name, value in known.items() if value is not None}


def keys(*nodes: Node, old: dict[str, Node] | None = None) -> list[str]:
    return sorted(build_inventory(nodes, old or {}))


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([], []),
        ([node("a"), node("b", "r1")], ["a", "b"]),
        ([node("a", "r1"), node("a", "r2"), node("b", "r2")], ["a (r1)", "a (r2)", "b"]),
        ([node("a", "r1"), node("a")], ["a", "a (r1)"]),
        ([node("a", cpu=1.0), node("a", cpu=2.0), node("a", cpu=3.0)], ["a", "a #2", "a #3"]),
        ([node("a", "r1", cpu=1.0), node("a", "r1", cpu=2.0), node("a", "r2")], ["a (r1)", "a (r1) #2", "a (r2)"]),
        ([node("a"), node("a", cpu=1.0), node("a #2")], ["a", "a #2", "a #3"]),
        ([node(holo="h"), node("", "r", "h2")], ["(no id) h", "(no id) h2"]),
        ([node(holo="h", cpu=1.0), node(holo="h")], ["(no id) h", "(no id) h #2"]),
        ([node(holo="h", region="r1"), node(holo="h", region="r2")], ["(no id) h (r1)", "(no id) h (r2)"]),
        ([node()], ["(no id)"]),
        ([node("a\\"), node(holo="h\\")], ["((no id) h\\)", "(a\\)"]),
        ([node(SIGNATURE), node("__a"), node('a"b')], [f"({SIGNATURE})", "(__a)", 'a"b']),
    ],
    ids=lambda value: "" if value and isinstance(value[0], dict) else str(value),
)
def test_inventory_keys_are_unique_and_do_not_depend_on_the_order(nodes: list[Node], expected: list[str]) -> None:
    assert keys(*nodes) == expected
    for seed in range(5):
        shuffled = random.Random(seed).sample(nodes, len(nodes))
        assert build_inventory(shuffled, {}) == build_inventory(nodes, {})


@pytest.mark.parametrize(
    ("before", "added"),
    [
        ([node("b")], node("a")),
        ([node("a", "r2")], node("a", "r1")),
        ([node("a", cpu=2.0)], node("a", cpu=1.0)),
        ([node("a", cpu=2.0), node("a", cpu=3.0)], node("a", cpu=1.0)),
        ([node(holo="h", cpu=2.0)], node(holo="h", cpu=1.0)),
        ([node("a #2"), node("a", cpu=2.0)], node("a", cpu=1.0)),
        ([node("(a\\)")], node("a\\")),
    ],
    ids=["another id", "another region", "same id", "third", "no id", "taken name", "replaced name"],
)
def test_an_added_or_removed_node_renames_no_other_key(before: list[Node], added: Node) -> None:
    old = build_inventory(before, {})
    new = build_inventory([added, *before], old)
    assert new.items() > old.items()
    assert len(new) == len(before) + 1
    assert len(list(differences(old, new, "inventory"))) == 1
    for gone in new:
        left = {key: node for key, node in new.items() if key != gone}
        assert build_inventory(reversed([*left.values()]), new) == left


def test_a_node_keeps_its_key_when_its_values_change() -> None:
    old = build_inventory([node("a", cpu=1.0), node("a", cpu=5.0), node("b")], {})
    new = build_inventory([node("a", cpu=7.0), node("a", cpu=5.0), node("b", cpu=1.0)], old)
    assert list(differences(old, new, "inventory")) == [
        ('inventory["a"].cpu', "UPDATE"),
        ('inventory["b"].cpu', "ADD"),
    ]


def test_differences_name_a_value_or_a_whole_object() -> None:
    old: dict[str, Property] = {"same": {"cpu": 1.0}, "went": {}, "a.b": {"cpu": 1.0, "gpu": 2.0, "gone": "x"}}
    new: dict[str, Property] = {"same": {"cpu": 1.0}, 'came "x"': {}, "a.b": {"cpu": 2.0, "gpu": 2.0, "new": False}}
    assert list(differences(old, new, "inventory")) == [
        ('inventory["a.b"].cpu', "UPDATE"),
        ('inventory["a.b"].gone', "DELETE"),
        ('inventory["a.b"].new', "ADD"),
        ('inventory["came \\"x\\""]', "ADD"),
        ('inventory["went"]', "DELETE"),
    ]
