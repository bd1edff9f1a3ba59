"""The fleet of a test: a fleet file of the emulator, or a list of nodes.

The emulator returns an invalid node unchanged. In a fleet for mocks, an invalid node is an error in the test. The error
message contains the location of the node.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from pathlib import Path

from pydantic import JsonValue, TypeAdapter, ValidationError

from ..clock import utc_now
from ..emulator.fleet import read_fleet
from ..errors import ConfigurationError
from ..errors.validation import first_problem
from ..models import AiNode
from ..names import did_you_mean, to_camel

Fleet = str | Path | Sequence[AiNode | Mapping[str, JsonValue]]
"""The path of a fleet file, ``{"nodes": [...]}``, or nodes. A node is an `AiNode`, or a mapping with the API's keys."""

_FIELDS = [to_camel(field.name) for field in fields(AiNode)]
_NODE = TypeAdapter(AiNode)
_NODES = TypeAdapter(tuple[AiNode, ...])


def load_nodes(fleet: Fleet, clock: Callable[[], datetime] = utc_now) -> tuple[AiNode, ...]:
    """Return the nodes of a fleet. A relative expiry time such as ``now+9d`` is replaced by a timestamp.

    Raises:
        ConfigurationError: the file cannot be read, or a node is invalid. The title contains the location.
    """
    try:
        nodes = read_fleet(content_of(fleet), clock())
        _refuse_unknown_fields(nodes)
        return _NODES.validate_python(nodes, by_alias=True, by_name=False)
    except ValidationError as error:
        problem = first_problem(error, 2)
        raise _unusable(fleet, f"nodes{problem.place}: {problem.reason}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise _unusable(fleet, str(error)) from None


def content_of(fleet: Fleet) -> bytes:
    """Return the fleet as the content of a fleet file.

    Raises:
        OSError: the file cannot be read.
    """
    if isinstance(fleet, str | Path):
        return Path(fleet).read_bytes()
    return json.dumps({"nodes": [_wire(node) for node in fleet]}).encode()


def _wire(node: AiNode | Mapping[str, JsonValue]) -> object:
    if isinstance(node, Mapping):
        return dict(node)
    return _NODE.dump_python(node, mode="json", by_alias=True, exclude_none=True)


def _refuse_unknown_fields(nodes: Sequence[JsonValue]) -> None:
    """Raise ValueError for an unknown field. A test with a misspelled field could pass for the wrong reason."""
    for index, node in enumerate(nodes):
        for name in node if isinstance(node, dict) else ():
            if name not in _FIELDS:
                raise ValueError(f"nodes[{index}].{name}: no such field{did_you_mean(to_camel(name), _FIELDS)}")


def _unusable(fleet: Fleet, reason: str) -> ConfigurationError:
    what = f"the fleet file {fleet}" if isinstance(fleet, str | Path) else "the fleet"
    return ConfigurationError(
        f"{what} can't be used: {reason}",
        'Specify a JSON file of the form {"nodes": [...]}, or a list of nodes, with the field names of the API.',
    )
