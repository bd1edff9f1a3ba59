"""Inputs and outputs of the resource and of the function. Pure.

inputs    set by a program: the arguments, `pinned` and `requirements`; computed by a check: the region if only one is
          read, the inventory, and the outcome of each region
outputs   the outputs of every interface, and the query

Invalid inputs raise an `InvalidArgumentError`. It has one failure for each input that is unsupported, invalid, unknown
during a read, or set by a program although the provider computes it.
"""

from collections.abc import Collection, Mapping
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from ..core.result import build_result, keep_unread
from ..errors import Failure, InvalidArgumentError
from ..models import AiNode, AiNodeListResult, NodeList, Query, RegionOutcome, build_query, to_wire
from ..names import QUERY_KEY, region_label
from ..requirements import Requirements, build_requirements
from .inventory import ADD, UPDATE, Kind, Node, build_inventory, changed_names, differences
from .properties import UNKNOWN, Properties, Property, is_secret, is_unknown, marked, reveal

# These names are stored in the states of users and must not change.
INVENTORY = "inventory"
OUTCOMES = "regionOutcomes"
REGION_KEY = "region"
REGIONS_KEY = "regions"
PINNED = "pinned"
REQUIREMENTS_KEY = "requirements"
NODES = "instanceModelList"

OUTPUTS = (REGION_KEY, NODES, OUTCOMES, "ids", "names", "totals", "fingerprint")
_COMPUTED = (INVENTORY, OUTCOMES)
# The inputs that do not select nodes. The oldest states of version 0.1.0 contain the list of nodes as an input.
_NO_ARGUMENTS = (*_COMPUTED, NODES, PINNED, REQUIREMENTS_KEY)

# The maximum number of paths in a diff. If there are more changes, the diff has one path for the whole inventory.
MAX_PATHS = 1000

_NOT_COMPUTED = "was not computed by this provider. Run `pulumi refresh` to read the nodes again."

_NODES = TypeAdapter(tuple[AiNode, ...])
_OUTCOMES = TypeAdapter(tuple[RegionOutcome, ...])


# --- The query --------------------------------------------------------------------------------------------------------


def build_function_query(arguments: Properties) -> Query:
    """Build the query from the arguments of the function, which must all be known."""
    return build_query(_plain(arguments, without=(REQUIREMENTS_KEY,)))


def known_query(inputs: Properties) -> Query:
    """Build the query from the known arguments only. During a preview, some arguments can be unknown."""
    return build_query({name: value for name, value in _arguments(inputs).items() if not is_unknown(value)})


def build_whole_query(inputs: Properties) -> Query:
    """Build the query from inputs, which must all be known."""
    failures = [
        Failure(name, "is unknown. It must be known before the nodes can be read")
        for name in inputs
        if is_waiting({name: inputs[name]})
    ]
    if failures:
        raise InvalidArgumentError(failures)
    return build_query(_arguments(inputs))


def is_waiting(inputs: Properties) -> bool:
    """Return whether an input other than the requirements is unknown, so that the nodes cannot be read."""
    return any(is_unknown(value) for name, value in inputs.items() if name != REQUIREMENTS_KEY)


def known_requirements(inputs: Properties, query: Query) -> Requirements | None:
    """Build the requirements; None if there are none, or if one of them is unknown."""
    given = reveal(inputs.get(REQUIREMENTS_KEY))
    if given is None or given is UNKNOWN:
        return None
    if not isinstance(given, dict):
        raise InvalidArgumentError([Failure(REQUIREMENTS_KEY, "an object is expected")])
    known = {name: value for name, value in given.items() if not is_unknown(value)}
    if known.keys() == given.keys():
        return build_requirements(known, query)
    if known.keys() - {"mode"}:
        build_requirements(known, query)
    return None


def without_internal(properties: Properties) -> dict[str, Property]:
    """Return the properties without the internal ones of the SDKs and the engine."""
    return {name: value for name, value in properties.items() if not name.startswith("__")}


def given_inputs(inputs: Properties) -> dict[str, Property]:
    """Return the inputs that a program set."""
    return {name: value for name, value in inputs.items() if name not in (*_COMPUTED, NODES)}


def _selecting(inputs: Properties) -> dict[str, Property]:
    """Return the inputs that a program set, without the requirements."""
    return {name: value for name, value in given_inputs(inputs).items() if name != REQUIREMENTS_KEY}


def has_secret(inputs: Properties) -> bool:
    """Return whether an input other than the requirements is secret, so that the outputs must be secret."""
    return is_secret(_selecting(inputs))


def _arguments(inputs: Properties) -> dict[str, Property]:
    """Return the plain arguments of a resource, with Pulumi's secret markers removed. Null is treated as absent."""
    return _plain(inputs, without=_NO_ARGUMENTS)


def _plain(inputs: Properties, without: Collection[str]) -> dict[str, Property]:
    plain = {name: reveal(value) for name, value in inputs.items() if name not in without}
    return {name: value for name, value in plain.items() if value is not None}


# --- The inventory ----------------------------------------------------------------------------------------------------


def has_inventory(inputs: Properties) -> bool:
    """Return whether the inputs contain the inventory, which `check` adds, and the region."""
    is_readable = is_unknown(inputs.get(INVENTORY)) or _inventory(inputs) is not None
    return is_readable and (REGION_KEY in inputs or REGIONS_KEY in inputs)


def is_computed(inputs: Properties) -> bool:
    """Return whether a check added the nodes to the inputs; the inputs of `get` are only the arguments."""
    return INVENTORY in inputs or NODES in inputs


def with_stored_nodes(inputs: Properties, outputs: Properties) -> dict[str, Property]:
    """Return the inputs with the inventory of stored outputs, unless the inputs have one."""
    nodes = reveal(outputs.get(NODES))
    listed = [node for node in nodes if isinstance(node, dict)] if isinstance(nodes, list) else []
    return {INVENTORY: {**build_inventory(listed, {})}, **inputs}


def with_inventory(inputs: Properties, result: AiNodeListResult, old: Properties) -> dict[str, Property]:
    """Return the inputs with the region and the inventory of a result.

    The nodes of a region that could not be read are copied from the old inputs.
    """
    known = _inventory(old) or {}
    if result.unread and known:
        result = keep_unread(result, _parse_nodes(known))
    wire: dict[str, Any] = to_wire(result)
    computed: dict[str, Property] = {} if result.query.regions else {REGION_KEY: wire[REGION_KEY]}
    computed[INVENTORY] = {**build_inventory(wire[NODES], known)}
    computed[OUTCOMES] = {outcome[REGION_KEY]: outcome for outcome in wire[OUTCOMES]}
    return {**inputs, **marked(computed, secret=has_secret(inputs))}


def with_old_inventory(new: Properties, old: Properties) -> dict[str, Property] | None:
    """Return the new inputs with the old inventory, or None if the nodes must be read.

    The old inventory is used if the new inputs are pinned, or ignore changes to the inventory, and if the arguments of
    the old and the new inputs are equal.
    """
    kept = _is_pinned(new) | _ignores_changes(new, old)
    if not kept or not has_inventory(old):
        return None
    stored = (*_COMPUTED, *(() if REGIONS_KEY in new else (REGION_KEY,)))
    inputs = {**{name: old[name] for name in stored if name in old}, **new}
    return inputs if _arguments(inputs) == _arguments(old) else None


def _is_pinned(inputs: Properties) -> bool:
    pinned = reveal(inputs.get(PINNED))
    if pinned is None or isinstance(pinned, bool):
        return bool(pinned)
    raise InvalidArgumentError([Failure(PINNED, "must be true or false")])


def _ignores_changes(new: Properties, old: Properties) -> bool:
    """Return whether the new inputs contain the stored inventory, which the engine copies for `ignoreChanges`."""
    if NODES in new:
        reason = f'is an output. To ignore changes to the nodes, write "{INVENTORY}" in ignoreChanges.'
        raise InvalidArgumentError([Failure(NODES, reason)])
    failures = [
        Failure(name, "is computed by the provider. Remove it from the inputs.")
        for name in _COMPUTED
        if name in new and reveal(new[name]) != reveal(old.get(name))
    ]
    if failures:
        raise InvalidArgumentError(failures)
    return INVENTORY in new


def _inventory(inputs: Properties) -> dict[str, Node] | None:
    """Return the inventory in the inputs; None if there is none, or if it is unknown or not a map of objects."""
    inventory = reveal(inputs.get(INVENTORY))
    if isinstance(inventory, dict) and all(isinstance(node, dict) for node in inventory.values()):
        return cast("dict[str, Node]", inventory)
    return None


def _parse_nodes(inventory: Mapping[str, Node] | None) -> tuple[AiNode, ...]:
    nodes = None if inventory is None else tuple(inventory.values())
    try:
        return _NODES.validate_python(nodes, by_alias=True, by_name=False)
    except ValidationError:
        raise InvalidArgumentError([Failure(INVENTORY, _NOT_COMPUTED)]) from None


def _parse_outcomes(inputs: Properties) -> tuple[RegionOutcome, ...]:
    outcomes = reveal(inputs.get(OUTCOMES, {}))
    try:
        items = tuple(outcomes.values()) if isinstance(outcomes, dict) else outcomes
        return _OUTCOMES.validate_python(items, by_alias=True, by_name=False)
    except ValidationError:
        raise InvalidArgumentError([Failure(OUTCOMES, _NOT_COMPUTED)]) from None


# --- Outputs and differences ------------------------------------------------------------------------------------------


def build_outputs(inputs: Properties) -> dict[str, Property]:
    """Return the outputs for inputs with an inventory. If an argument is secret, every output is secret."""
    given = _selecting(inputs)
    if is_waiting(inputs):
        return given | dict.fromkeys(OUTPUTS, UNKNOWN)
    query = build_whole_query(inputs)
    reply = NodeList(nodes=_parse_nodes(_inventory(inputs)), request_id=None)
    region = region_label(query.region, query.regions)
    wire: dict[str, Any] = to_wire(build_result(region, query, reply, region_outcomes=_parse_outcomes(inputs)))
    return given | marked({**wire, QUERY_KEY: _asked(inputs)}, secret=has_secret(inputs))


def _asked(inputs: Properties) -> dict[str, Property]:
    """Return the plain arguments and `pinned`, with Pulumi's secret markers removed."""
    pinned = reveal(inputs.get(PINNED))
    return _arguments(inputs) | ({} if pinned is None else {PINNED: pinned})


def changed_paths(old: Properties, new: Properties) -> dict[str, Kind]:
    """Return the path and the kind of each change between two sets of inputs. No path leads into a secret value."""
    paths = dict(changed_names(_asked(old), _asked(new)))
    for name in _COMPUTED:
        paths |= _changes_of(name, old.get(name), new.get(name))
    return paths


def _changes_of(name: str, old: Property, new: Property) -> dict[str, Kind]:
    before, after = reveal(old), reveal(new)
    if before == after:
        return {}
    if not isinstance(before, dict) or not isinstance(after, dict):
        return {name: ADD if before is None else UPDATE}
    paths = dict(differences(before, after, name))
    return {name: UPDATE} if is_secret([old, new]) or len(paths) > MAX_PATHS else paths
