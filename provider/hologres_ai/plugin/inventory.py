"""What the resource's inputs and outputs hold: pure translation.

inputs    the arguments, `pinned`, `requirements`, and, filled in by `check`, the region where there is one, what came
          of each, and the inventory
outputs   those of every face, and what was asked
"""

import re

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import PropertyDiffKind
from pydantic import TypeAdapter, ValidationError

from ..core.result import build_result, keep_unread
from ..errors import Failure, InvalidArgumentError
from ..models import AiNode, AiNodeListResult, NodeList, Query, RegionOutcome, build_query, to_wire
from ..names import QUERY_KEY, region_label
from .guarding import without_requirements
from .values import UNKNOWN, Values, differences, is_secret, is_unknown, to_plain, to_values

# These names stand in users' states and must stay as they are.
INVENTORY = "instanceModelList"
REGION = "region"
REGIONS = "regions"
OUTCOMES = "regionOutcomes"
PINNED = "pinned"

FOUND = (INVENTORY, OUTCOMES)
OUTPUTS = (REGION, *FOUND, "ids", "names", "totals", "fingerprint")

# Past this many, a diff names the whole inventory: nobody reads on, and each path costs the engine time.
MAX_PATHS = 1000

_NODES = TypeAdapter(tuple[AiNode, ...])
_OUTCOMES = TypeAdapter(tuple[RegionOutcome, ...])


def known_query(inputs: Values) -> Query:
    """The query in a function's or a resource's inputs, without what is not known yet.

    Raises:
        InvalidArgumentError: one failure for each argument that is unknown or can't be meant.
    """
    known = {name: value for name, value in without_requirements(inputs).items() if not is_unknown(value)}
    return build_query(_arguments(known))


def whole_query(inputs: Values) -> Query:
    """The query in inputs of which all is known.

    Raises:
        InvalidArgumentError: as above, and for what is not known yet: without its filter a read would list too much.
    """
    given = without_requirements(inputs)
    failures = [Failure(name, "is not known yet") for name, value in given.items() if is_unknown(value)]
    if failures:
        raise InvalidArgumentError(failures)
    return build_query(_arguments(inputs))


def is_waiting(inputs: Values) -> bool:
    """Whether it is not known before an update which nodes are asked for."""
    return any(is_unknown(value) for value in without_requirements(inputs).values())


def has_inventory(inputs: Values) -> bool:
    """Whether `check` has filled the inputs in."""
    return INVENTORY in inputs and (REGION in inputs or REGIONS in inputs)


def with_inventory(inputs: Values, result: AiNodeListResult, old: Values) -> dict[str, PropertyValue]:
    """The inputs with the region and the inventory of a read; what could not be read stays as it was."""
    if result.unread and INVENTORY in old:
        result = keep_unread(result, _nodes(old[INVENTORY]))
    wire = to_wire(result)
    found = {name: wire[name] for name in (*([] if result.query.regions else [REGION]), *FOUND)}
    return {**inputs, **to_values(found, secret=is_secret(_given(inputs)))}


def awaiting_inventory(inputs: Values) -> dict[str, PropertyValue]:
    """The inputs with an inventory that is not known before an update."""
    return {**inputs, INVENTORY: UNKNOWN}


def with_old_inventory(new: Values, old: Values) -> dict[str, PropertyValue] | None:
    """The new inputs with the old inventory, where they pin it and ask what the old ones asked; else None.

    Raises:
        InvalidArgumentError: `pinned` is not a boolean, or a program gives an inventory of its own.
    """
    pinned = _is_pinned(new)
    ignored = _is_ignored(new, old)
    if not (pinned or ignored) or not has_inventory(old):
        return None
    region = {} if REGIONS in new else _only(old, REGION)
    kept = {**region, **new, **_only(old, *FOUND)}
    return kept if _arguments(kept) == _arguments(old) else None


def _is_pinned(inputs: Values) -> bool:
    pinned = inputs.get(PINNED, PropertyValue(None)).value
    if pinned is None or isinstance(pinned, bool):
        return bool(pinned)
    raise InvalidArgumentError([Failure(PINNED, "must be true or false")])


def _is_ignored(new: Values, old: Values) -> bool:
    """Whether the engine put the old inventory in, which it does where a program ignores its changes."""
    if INVENTORY not in new:
        return False
    if new[INVENTORY] == old.get(INVENTORY):
        return True
    raise InvalidArgumentError([Failure(INVENTORY, "is read from the service and can't be given")])


def build_outputs(inputs: Values) -> dict[str, PropertyValue]:
    """The outputs that follow from inputs with an inventory, each secret where an argument is."""
    given = _given(inputs)
    if is_waiting(inputs):
        return given | dict.fromkeys(OUTPUTS, UNKNOWN)
    query = whole_query(inputs)
    reply = NodeList(nodes=_nodes(inputs[INVENTORY]), request_id=None)
    outcomes = _OUTCOMES.validate_python(to_plain(inputs.get(OUTCOMES, PropertyValue([]))), by_alias=True)
    wire = to_wire(build_result(region_label(query.region, query.regions), query, reply, region_outcomes=outcomes))
    return given | to_values({**wire, QUERY_KEY: _asked(given)}, secret=is_secret(given))


def _nodes(inventory: PropertyValue) -> tuple[AiNode, ...]:
    try:
        return _NODES.validate_python(to_plain(inventory), by_alias=True, by_name=False)
    except ValidationError:
        raise InvalidArgumentError([Failure(INVENTORY, "is not an inventory that was read")]) from None


def changed_paths(old_outputs: Values, new_inputs: Values) -> dict[str, PropertyDiffKind]:
    """Where the arguments and the inventory of old outputs and new inputs differ."""
    kept = to_plain(old_outputs.get(QUERY_KEY, PropertyValue({})))
    old = {**kept} if isinstance(kept, dict) else {}
    old[INVENTORY] = to_plain(old_outputs.get(INVENTORY, PropertyValue([])))
    old[OUTCOMES] = to_plain(old_outputs.get(OUTCOMES, PropertyValue([])))
    new = _asked(new_inputs)
    paths = dict(differences(old, new))
    return paths if len(paths) <= MAX_PATHS else {top_name(path): PropertyDiffKind.UPDATE for path in paths}


def top_name(path: str) -> str:
    """The property that a path leads into."""
    return re.split(r"[.[]", path, maxsplit=1)[0]


def without_found(inputs: Values) -> dict[str, PropertyValue]:
    """What a program gave, without what reads have found."""
    return {name: value for name, value in inputs.items() if name not in FOUND}


def _given(inputs: Values) -> dict[str, PropertyValue]:
    """What a program gave to say which nodes."""
    return without_requirements(without_found(inputs))


def _only(values: Values, *names: str) -> dict[str, PropertyValue]:
    return {name: values[name] for name in names if name in values}


def _asked(inputs: Values) -> dict[str, object]:
    """The inputs that are compared, as plain values; null and left out are the same."""
    plain = {name: to_plain(value) for name, value in without_requirements(inputs).items()}
    return {name: value for name, value in plain.items() if value is not None}


def _arguments(inputs: Values) -> dict[str, object]:
    return {name: value for name, value in _asked(inputs).items() if name not in (*FOUND, PINNED)}
