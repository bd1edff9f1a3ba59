"""Cost against nodes, as an SVG: both axes logarithmic, so that what grows with the nodes is a straight line.

A template, because it is the one picture here: a plotting library would weigh more than everything that is measured.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from xml.sax.saxutils import escape

from benchmarks.rows import Row

WIDTH, HEIGHT, LEFT, TOP, BOTTOM, LEGEND = 860, 420, 64, 24, 48, 260
COLORS = ("#0b6e99", "#d9730d", "#448361", "#9065b0", "#c14c8a", "#787774", "#d44c47", "#337ea9")

Line = list[tuple[int, float]]


def lines(rows: Iterable[Row]) -> dict[str, Line]:
    """Each curve by its name: nodes and seconds."""
    found: dict[str, Line] = {}
    for row in rows:
        size = re.search(r"([\d,]+) nodes?$", row.name)
        if row.unit != "s" or not size or row.group not in ("read", "added to a preview") or row.target == 1.0:
            continue
        nodes, name = int(size[1].replace(",", "")), row.name[: size.start()].rstrip(", ") or "read_ai_nodes"
        found.setdefault(name, []).append((nodes, row.ours))
        found.setdefault(f"{row.beside}, for {name}", []).append((nodes, row.theirs))
    return {name: line for name, line in found.items() if len(line) > 1}


def svg(curves: Mapping[str, Line]) -> str:
    """The picture."""
    points = [point for line in curves.values() for point in line]
    across = _Scale([nodes for nodes, _ in points], LEFT, WIDTH - LEGEND)
    up = _Scale([seconds for _, seconds in points], HEIGHT - BOTTOM, TOP)
    parts = [*_axes(across, up), *_curves(curves, across, up)]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"'
    return "\n".join(
        [f'{head} font-size="12">', f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>', *parts, "</svg>", ""]
    )


class _Scale:
    """Where a value stands between two ends of the picture; whole powers of ten at both."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self.low, self.high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        self._start, self._step = start, (end - start) / max(self.high - self.low, 1)

    def at(self, value: float) -> float:
        return round(self._start + (math.log10(value) - self.low) * self._step, 1)

    @property
    def ticks(self) -> list[float]:
        return [10.0**power for power in range(self.low, self.high + 1)]


def _axes(across: _Scale, up: _Scale) -> Iterable[str]:
    floor, right = HEIGHT - BOTTOM, WIDTH - LEGEND
    for nodes in across.ticks:
        x = across.at(nodes)
        yield f'<line x1="{x}" y1="{TOP}" x2="{x}" y2="{floor}" stroke="#e3e2e0"/>'
        yield f'<text x="{x}" y="{floor + 18}" text-anchor="middle">{nodes:,.0f}</text>'
    for seconds in up.ticks:
        y = up.at(seconds)
        yield f'<line x1="{LEFT}" y1="{y}" x2="{right}" y2="{y}" stroke="#e3e2e0"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{seconds:g} s</text>'
    yield f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 10}" text-anchor="middle">nodes</text>'


def _curves(curves: Mapping[str, Line], across: _Scale, up: _Scale) -> Iterable[str]:
    for number, (name, line) in enumerate(curves.items()):
        # Ours and what stands beside it have one color; what stands beside it is dashed.
        color, dash = COLORS[number // 2 % len(COLORS)], ' stroke-dasharray="6 4"' if number % 2 else ""
        points = " ".join(f"{across.at(nodes)},{up.at(seconds)}" for nodes, seconds in sorted(line))
        x, y = WIDTH - LEGEND + 16, TOP + 12 + 22 * number
        yield f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"{dash}/>'
        yield f'<line x1="{x}" y1="{y}" x2="{x + 24}" y2="{y}" stroke="{color}" stroke-width="2"{dash}/>'
        yield f'<text x="{x + 30}" y="{y + 4}">{escape(name)}</text>'
