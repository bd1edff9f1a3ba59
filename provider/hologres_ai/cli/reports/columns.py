"""The list for programs: a line for each node, values separated by tabs, no heading.

A value contains no tab and no line break, so that ``cut`` and ``awk -F'\\t'`` read any name correctly.
"""

from collections.abc import Iterator
from operator import attrgetter
from typing import TYPE_CHECKING

from ..output import NOT_ASKED, shown

if TYPE_CHECKING:
    from ...models import AiNode, AiNodeListResult, Totals

# The title and the source of each column: a field of `models.AiNode`, or of the node's `models.Totals`. Append new
# columns at the end, because the numbers of the others must not change.
COLUMNS = (
    ("region", "region_id"),
    ("Hologres instance ID", "holo_instance_id"),
    ("Hologres instance name", "holo_instance_name"),
    ("AI instance ID", "ai_instance_id"),
    ("specification", "ai_spec"),
    ("number of nodes", "node_count"),
    ("GPU cards used", "gpu.used"),
    ("GPU cards", "gpu.capacity"),
    ("free GPU cards", "gpu.free"),
    ("GPU memory used, GB", "gpu_memory.used"),
    ("GPU memory, GB", "gpu_memory.capacity"),
    ("free GPU memory, GB", "gpu_memory.free"),
    ("CPU cores used", "cpu.used"),
    ("CPU cores", "cpu.capacity"),
    ("memory used, GiB", "memory.used"),
    ("memory, GiB", "memory.capacity"),
    ("status", "status"),
    ("charge type", "charge_type"),
    ("expiry, UTC", "expiration_time"),
    ("auto renewal", "auto_renewal"),
)


def tab_separated_lines(result: "AiNodeListResult") -> Iterator[str]:
    """Yield one line for each node, without a line break."""
    from ...core.result import totals  # noqa: PLC0415 - --help needs only the titles

    for node in result.instance_model_list:
        figures = totals([node])
        yield "\t".join(_value(source, node, figures, usage=result.query.include_usage) for _, source in COLUMNS)


def _value(source: str, node: "AiNode", figures: "Totals", *, usage: bool) -> str:
    if not usage and source.endswith((".used", ".free")):
        return NOT_ASKED
    value: object = attrgetter(source)(figures if "." in source else node)
    return shown(value)
