"""The values of the page: free capacity by specification, and usage of each AI instance. All functions are pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ....core.result import by_owner, totals
from ....models import AiNode, AiNodeListResult, Totals, Usage
from ....names import plural
from ...output import shown
from .expiries import Expiry, expiry_of

FULL = 90  # percent in use; a bar with this percentage or more is marked
MAX_INSTANCES = 300
MAX_SPECS = 40
MAX_STATUSES = 6

# The heading and the unit of each of `models.RESOURCES`.
METERED = {
    "gpu": ("GPU cards", ""),
    "gpu_memory": ("GPU memory", "GB"),
    "cpu": ("CPU", "cores"),
    "memory": ("Memory", "GiB"),
}


@dataclass(frozen=True)
class Meter:
    """The usage of one resource, as a bar and as text."""

    heading: str
    unit: str
    usage: Usage

    @property
    def title(self) -> str:
        """The heading with the unit, such as ``GPU memory (GB)``."""
        return f"{self.heading} ({self.unit})" if self.unit else self.heading

    @property
    def percent(self) -> int | None:
        """The percentage in use, rounded down, so that 100 means full. None if it is unknown."""
        used, capacity = self.usage.used, self.usage.capacity
        return used * 100 // capacity if used is not None and capacity and self.usage.free is not None else None

    @property
    def width(self) -> float:
        """The length of the bar in percent: 0 only if nothing is in use, 100 only if everything is in use."""
        used, capacity = self.usage.used, self.usage.capacity
        if self.percent in (None, 100) or not used or not capacity:
            return self.percent or 0
        return min(max(round(used * 100 / capacity, 1), 2), 99)

    @property
    def is_full(self) -> bool:
        """Whether the bar is marked."""
        return (self.percent or 0) >= FULL

    @property
    def text(self) -> str:
        """The used amount and the capacity, such as ``12 of 16``."""
        return f"{shown(self.usage.used)} of {shown(self.usage.capacity)}"

    @property
    def share(self) -> str:
        """The percentage in use, such as ``75%``, or the reason why it is unknown."""
        used, capacity = self.usage.used, self.usage.capacity
        if self.percent is not None:
            return f"{self.percent}%"
        if used is None or not capacity:
            return ""
        return "over capacity" if used > capacity else "free unknown"


def meters(figures: Totals) -> tuple[Meter, ...]:
    """Return a bar for each of `METERED`."""
    return tuple(Meter(heading, unit, getattr(figures, name)) for name, (heading, unit) in METERED.items())


def count_statuses(nodes: Sequence[AiNode]) -> list[tuple[str | None, int]]:
    """Return each status and its number, the most frequent first. Further statuses are added up in one entry."""
    common = Counter(node.status for node in nodes).most_common()
    listed, others = common[:MAX_STATUSES], common[MAX_STATUSES:]
    return [*listed, (f"{len(others)} other statuses", sum(number for _, number in others))] if others else listed


@dataclass(frozen=True)
class Specification:
    """The free capacity of all AI instances of one specification. `nodes` is None if the number is unknown."""

    name: str | None
    instances: int
    nodes: int | None
    meters: tuple[Meter, ...]


def list_specifications(nodes: Sequence[AiNode]) -> list[Specification]:
    """Return a row for each specification, sorted by free GPU cards. Further specifications are added up in one row."""
    by_spec: dict[str | None, list[AiNode]] = {}
    for node in nodes:
        by_spec.setdefault(node.ai_spec, []).append(node)
    known = [(name, listed, totals(listed)) for name, listed in by_spec.items()]
    known.sort(key=lambda item: (-(item[2].gpu.free or 0), -(item[2].gpu_memory.free or 0), shown(item[0])))
    rows, others = known[:MAX_SPECS], known[MAX_SPECS:]
    if others:
        rest = [node for _, listed, _ in others for node in listed]
        rows.append((plural(len(others), "other specification"), rest, totals(rest)))
    return [Specification(name, len(listed), sums.node_count, meters(sums)) for name, listed, sums in rows]


@dataclass(frozen=True)
class Instance:
    """One AI instance, as a row."""

    node: AiNode
    expiry: Expiry | None
    meters: tuple[Meter, ...]


@dataclass(frozen=True)
class Owner:
    """The AI instances of one Hologres instance."""

    name: str | None
    identifier: str | None
    region: str | None
    instances: tuple[Instance, ...]


@dataclass(frozen=True)
class Fleet:
    """The AI instances by Hologres instance. AI instances after the first `MAX_INSTANCES` are added up."""

    owners: tuple[Owner, ...]
    others: int
    others_nodes: int | None
    others_meters: tuple[Meter, ...]


def build_fleet(result: AiNodeListResult, now: datetime) -> Fleet:
    """Return a row for each AI instance, in the order of the result. The time to an expiry is calculated from `now`."""

    def row(node: AiNode) -> Instance:
        return Instance(node, expiry_of(node, now), meters(totals([node])))

    nodes, others = result.instance_model_list[:MAX_INSTANCES], result.instance_model_list[MAX_INSTANCES:]
    owners = tuple(
        Owner(name, identifier, region, tuple(map(row, owned))) for (region, identifier, name), owned in by_owner(nodes)
    )
    rest = totals(others)
    return Fleet(owners, len(others), rest.node_count, meters(rest))
