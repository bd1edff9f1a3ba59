"""The inventory: the AI nodes in a resource's inputs, as a map from a key to a node. Pure.

The key is the ID of the AI instance, so that the engine compares nodes by instance and not by position.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, count

from ..names import SIGNATURE
from .properties import Property

Node = dict[str, Property]
"""One AI node with the field names of the API."""

Kind = str
ADD, DELETE, UPDATE = "ADD", "DELETE", "UPDATE"
"""The kinds of a change in the protocol."""

_Identity = tuple[str, str, str]


def build_inventory(nodes: Iterable[Node], old: Mapping[str, Node]) -> dict[str, Node]:
    """Return the nodes by key.

    A node that is in the old inventory keeps its key when other nodes are added or removed. The key of a new node is
    its ID, with `` (region)`` if several regions have this ID, and with `` #2`` if that key is in use. For a node
    without an ID, ``(no id)`` and the ID of its Hologres instance replace the ID.
    """
    ordered = sorted(nodes, key=_canonical)
    keys = _keep_keys(ordered, old)
    regions: dict[str, set[str]] = defaultdict(set)
    for node in ordered:
        regions[_name(node)].add(_text(node, "regionId"))
    taken = set(keys.values())
    for index, node in enumerate(ordered):
        if index not in keys:
            keys[index] = _free_key(_label(node, regions[_name(node)]), taken)
            taken.add(keys[index])
    return {keys[index]: node for index, node in enumerate(ordered)}


def _keep_keys(nodes: list[Node], old: Mapping[str, Node]) -> dict[int, str]:
    """Return the old keys of the nodes in the old inventory, by position in `nodes`.

    If several nodes have the same ID, equal nodes are matched first.
    """
    unused: dict[_Identity, dict[str, Node]] = defaultdict(dict)
    for key, node in sorted(old.items()):
        unused[_identity(node)][key] = node
    kept: dict[int, str] = {}
    for only_equal in (True, False):
        for index, node in enumerate(nodes):
            keys = {} if index in kept else unused[_identity(node)]
            match = next((key for key, known in keys.items() if not only_equal or known == node), None)
            if match is not None:
                kept[index] = match
                del keys[match]
    return kept


def _identity(node: Node) -> _Identity:
    instance = _text(node, "aiInstanceId")
    return _text(node, "regionId"), instance, "" if instance else _text(node, "holoInstanceId")


def _canonical(node: Node) -> str:
    return json.dumps([*_identity(node), node], sort_keys=True)


def _name(node: Node) -> str:
    """Return the ID, or its replacement, in a form that the engine accepts as the key of a map.

    A text is put in parentheses if it ends with a backslash, which would escape the quote in a path; if it is Pulumi's
    signature of special values; or if it begins with two underscores, because the engine treats such names as internal.
    """
    text = _text(node, "aiInstanceId") or f"(no id) {_text(node, 'holoInstanceId')}".rstrip()
    return f"({text})" if text.endswith("\\") or text == SIGNATURE or text.startswith("__") else text


def _label(node: Node, regions: set[str]) -> str:
    region = _text(node, "regionId")
    return f"{_name(node)} ({region})" if len(regions) > 1 and region else _name(node)


def _free_key(label: str, taken: set[str]) -> str:
    numbered = (f"{label} #{number}" for number in count(2))
    return next(key for key in chain([label], numbered) if key not in taken)


def _text(node: Node, field: str) -> str:
    return str(node.get(field) or "")


def differences(old: Mapping[str, Property], new: Mapping[str, Property], path: str) -> Iterator[tuple[str, Kind]]:
    """Yield path and kind of each difference between two maps of objects: ``inventory["ID"].nodeCount``, UPDATE."""
    for key, kind in changed_names(old, new):
        before, after = old.get(key), new.get(key)
        step = '{}["{}"]'.format(path, key.replace('"', '\\"'))
        if isinstance(before, dict) and isinstance(after, dict):
            yield from ((f"{step}.{name}", change) for name, change in changed_names(before, after))
        else:
            yield step, kind


def changed_names(old: Mapping[str, Property], new: Mapping[str, Property]) -> Iterator[tuple[str, Kind]]:
    """Yield the name and the kind of each value that differs; null is treated as absent."""
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if before != after:
            yield name, ADD if before is None else DELETE if after is None else UPDATE


def top_name(path: str) -> str:
    """Return the top-level property of a path."""
    return path.partition(".")[0].partition("[")[0]
