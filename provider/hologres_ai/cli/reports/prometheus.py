"""The report in the text format of Prometheus, for the textfile collector of a node exporter."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ...clock import parse_time
from ...core.result import totals
from ...models import RESOURCES, AiNode
from ...names import to_camel
from ..output import printable
from . import Report

# For each resource: the unit in the metric name, the conversion factor from the unit of the API, and the help text.
_UNITS = {
    "cpu": ("_cores", 1, "CPU cores"),
    "memory": ("_bytes", 2**30, "Memory in bytes"),
    "gpu": ("_cards", 1, "GPU cards"),
    "gpu_memory": ("_bytes", 10**9, "GPU memory in bytes"),
}

Labels = Mapping[str, str]


def render_prometheus(report: Report) -> str:
    """Return the metrics of a run. For a failed run, return only ``up`` with the value 0 for each region."""
    metrics: dict[str, list[str]] = {}  # by metric name: its lines

    def add(metric: str, words: str, labels: Labels, value: float | None) -> None:
        if value is None:
            return
        name = f"hologres_ai_{metric}"
        pairs = ",".join(f'{label}="{_escape(text)}"' for label, text in labels.items())
        lines = metrics.setdefault(name, [f"# HELP {name} {words}", f"# TYPE {name} gauge"])
        lines.append(f"{name}{{{pairs}}} {value + 0}")

    for region, is_read in _regions(report):
        add("up", "Whether the region could be read.", {"region": region}, is_read)
        read_at = report.read_at.timestamp() if is_read else None
        add("last_read_timestamp_seconds", "When the region was read.", {"region": region}, read_at)
    for node, labels in _nodes(report):
        for name, words, value in _figures(node):
            add(name, words, labels, value)
    for verdict in report.verdicts:
        labels = {"requirement": to_camel(verdict.requirement)}
        add("requirement_met", "Whether the requirement is met.", labels, verdict.met)
    return "\n".join(line for lines in metrics.values() for line in lines)


def _regions(report: Report) -> Sequence[tuple[str, bool]]:
    if report.result is None:
        return [(region, False) for region in report.regions or ("",)]
    return [(item.region, item.is_read) for item in report.result.region_outcomes]


def _nodes(report: Report) -> Iterator[tuple[AiNode, Labels]]:
    """Yield the nodes with their labels. The label `entry` makes the labels of a repeated ID unique."""
    seen: Counter[tuple[str, ...]] = Counter()
    for node in report.result.instance_model_list if report.result else ():
        labels = {
            "region": node.region_id or "",
            "holo_instance_id": node.holo_instance_id or "",
            "holo_instance_name": node.holo_instance_name or "",
            "ai_instance_id": node.ai_instance_id or "",
        }
        key = tuple(labels.values())
        seen[key] += 1
        yield node, labels if seen[key] == 1 else {**labels, "entry": str(seen[key])}


def _figures(node: AiNode) -> Iterator[tuple[str, str, float | None]]:
    """Yield name, help and value of each metric of a node; an unknown value is None."""
    figures = totals([node])
    yield "nodes", "Number of nodes.", node.node_count
    for resource in RESOURCES:
        unit, factor, words = _UNITS[resource]
        usage = getattr(figures, resource)
        for kind in ("capacity", "used", "free"):
            value: int | None = getattr(usage, kind)
            yield f"{resource}_{kind}{unit}", f"{words}, {kind}.", None if value is None else value * factor
    end = parse_time(node.expiration_time)
    yield (
        "expiry_timestamp_seconds",
        "When the subscription of the AI instance expires.",
        end.timestamp() if end else None,
    )
    yield "auto_renewal", "Whether the subscription renews automatically.", node.auto_renewal


def _escape(text: str) -> str:
    return printable(text).replace("\\", "\\\\").replace('"', '\\"')
