"""The figures of the page: totals, free capacity by specification, usage of each AI instance. Pure functions."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from ....core.result import totals
from ....models import AiNode, AiNodeListResult, Totals, Usage
from ....names import plural
from ....requirements import READY
from .expiries import Expiry, expiry_of
from .values import bounded

FULL = 90  # percent in use; a bar with this share or more is marked
MAX_INSTANCES = 300
MAX_SPECS = 40
MAX_STATUSES = 6


@dataclass(frozen=True)
class Resource:
    """One of `models.RESOURCES`: its heading and unit."""

    name: str
    heading: str
    unit: str

    @property
    def title(self) -> str:
        """The heading with the unit, such as ``GPU memory (GB)``."""
        return f"{self.heading} ({self.unit})" if self.unit else self.heading


METERED = (
    Resource("gpu", "GPU cards", ""),
    Resource("gpu_memory", "GPU memory", "GB"),
    Resource("cpu", "CPU", "cores"),
    Resource("memory", "Memory", "GiB"),
)


@dataclass(frozen=True)
class Meter:
    """The usage of one resource, as a bar and as text; `usage_read` is false if usage was left out."""

    resource: Resource
    usage: Usage
    usage_read: bool = True

    @property
    def percent(self) -> int | None:
        """The share in use, rounded down, so that 100 means full; None if it is unknown."""
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
    def has_bar(self) -> bool:
        """Whether there is a share to draw."""
        return self.percent is not None

    @property
    def text(self) -> str:
        """The figures, such as ``12 of 16``; only the capacity if usage was left out."""
        used, capacity = bounded(self.usage.used), bounded(self.usage.capacity)
        return f"{used} of {capacity}" if self.usage_read else capacity

    @property
    def share(self) -> str:
        """The share in use, such as ``75%``; the reason if it is unknown."""
        used, capacity = self.usage.used, self.usage.capacity
        if self.percent is not None:
            return f"{self.percent}%"
        if not self.usage_read or used is None or not capacity:
            return ""
        return "over capacity" if used > capacity else "free not known"

    @property
    def free(self) -> str:
        """The free figure, or ``?``."""
        return bounded(self.usage.free)

    @property
    def capacity(self) -> str:
        """The capacity, or ``?``."""
        return bounded(self.usage.capacity)


def meters(figures: Totals, *, usage_read: bool) -> tuple[Meter, ...]:
    """Return a bar for each of `METERED`."""
    return tuple(Meter(item, getattr(figures, item.name), usage_read) for item in METERED)


@dataclass(frozen=True)
class Status:
    """The number of AI instances in a status."""

    name: str
    instances: int
    is_ready: bool


@dataclass(frozen=True)
class Summary:
    """The totals over all listed nodes."""

    instances: int
    nodes: str
    owners: int
    statuses: tuple[Status, ...]
    meters: tuple[Meter, ...]
    usage_read: bool


def summarise(result: AiNodeListResult) -> Summary:
    """Return the totals of the result, and how many AI instances (by status too), nodes and Hologres instances."""
    nodes = result.instance_model_list
    return Summary(
        instances=len(nodes),
        nodes=bounded(result.totals.node_count),
        owners=len({(node.region_id, node.holo_instance_id) for node in nodes}),
        statuses=tuple(_statuses(nodes)),
        meters=meters(result.totals, usage_read=result.query.include_usage),
        usage_read=result.query.include_usage,
    )


def _statuses(nodes: Sequence[AiNode]) -> Iterator[Status]:
    """Yield the statuses, the most frequent first; those beyond `MAX_STATUSES` are summed up."""
    common = Counter(node.status for node in nodes).most_common()
    for name, instances in common[:MAX_STATUSES]:
        yield Status(bounded(name), instances, name == READY)
    others = common[MAX_STATUSES:]
    if others:
        yield Status(f"{len(others)} other statuses", sum(instances for _, instances in others), is_ready=False)


@dataclass(frozen=True)
class Specification:
    """The free capacity of the AI instances of one specification."""

    name: str
    instances: int
    nodes: str
    meters: tuple[Meter, ...]


def list_specifications(result: AiNodeListResult) -> tuple[Specification, ...]:
    """Return a row for each specification, the most free GPU cards first; those beyond `MAX_SPECS` in one last row."""
    by_spec: dict[str | None, list[AiNode]] = {}
    for node in result.instance_model_list:
        by_spec.setdefault(node.ai_spec, []).append(node)
    known = [(bounded(name), nodes, totals(nodes)) for name, nodes in by_spec.items()]
    known.sort(key=lambda item: (-(item[2].gpu.free or 0), -(item[2].gpu_memory.free or 0), item[0]))
    listed, others = known[:MAX_SPECS], known[MAX_SPECS:]
    if others:
        nodes = [node for _, nodes, _ in others for node in nodes]
        listed.append((f"{plural(len(others), 'other specification')}", nodes, totals(nodes)))
    return tuple(_specification(*item, usage_read=result.query.include_usage) for item in listed)


def _specification(name: str, nodes: Sequence[AiNode], figures: Totals, *, usage_read: bool) -> Specification:
    return Specification(name, len(nodes), bounded(figures.node_count), meters(figures, usage_read=usage_read))


@dataclass(frozen=True)
class Instance:
    """One AI instance, as a row."""

    name: str
    size: str
    status: str
    is_ready: bool
    billing: str
    expiry: Expiry | None
    meters: tuple[Meter, ...]


@dataclass(frozen=True)
class Owner:
    """The AI instances of one Hologres instance; `region` is empty if it is the one that was read."""

    name: str
    identifier: str
    region: str
    instances: tuple[Instance, ...]


@dataclass(frozen=True)
class FleetSection:
    """The AI instances by Hologres instance; those beyond `MAX_INSTANCES` are summed up."""

    owners: tuple[Owner, ...]
    listed: int
    others: int
    others_nodes: str
    others_meters: tuple[Meter, ...]


def build_fleet(result: AiNodeListResult, now: datetime) -> FleetSection:
    """Return a row for each AI instance, in the order of the result; days are counted from `now`."""
    nodes, others = result.instance_model_list[:MAX_INSTANCES], result.instance_model_list[MAX_INSTANCES:]
    rest = totals(others)
    usage_read = result.query.include_usage
    return FleetSection(
        owners=tuple(_owners(nodes, result.region, now, usage_read=usage_read)),
        listed=len(nodes),
        others=len(others),
        others_nodes=bounded(rest.node_count),
        others_meters=meters(rest, usage_read=usage_read),
    )


def _owners(nodes: Sequence[AiNode], region: str, now: datetime, *, usage_read: bool) -> Iterator[Owner]:
    def key(node: AiNode) -> tuple[str | None, ...]:
        return node.region_id, node.holo_instance_id, node.holo_instance_name

    for (place, identifier, name), owned in groupby(nodes, key):
        elsewhere = "" if place in {None, region} else bounded(place)
        rows = tuple(_instance(node, now, usage_read=usage_read) for node in owned)
        yield Owner(bounded(name), bounded(identifier), elsewhere, rows)


def _instance(node: AiNode, now: datetime, *, usage_read: bool) -> Instance:
    return Instance(
        name=bounded(node.ai_instance_id),
        size=f"{bounded(node.node_count)} × {bounded(node.ai_spec)}",
        status=bounded(node.status),
        is_ready=node.status == READY,
        billing=bounded(node.charge_type),
        expiry=expiry_of(node, now),
        meters=meters(totals([node]), usage_read=usage_read),
    )
