"""The cells of the table: what each shows of a node, and in which colour.

A figure that can't be known is ``?``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from rich import box
from rich.text import Text

from ..models import AiNode, Totals, Usage
from .text import UNKNOWN, printable

# Widths in cells: from which on every figure has a column of its own, there is room between the columns, and CPU and
# memory have room at all.
WIDE, ROOMY, SLIM = 150, 100, 72
NEAR = 30  # days

_UNITS = {"gpu": "GPU", "gpu_memory": "GB", "cpu": "cores", "memory": "GiB"}


@dataclass(frozen=True)
class Look:
    """What the terminal can show, and the moment from which days are counted."""

    width: int
    encoding: str
    now: datetime

    @property
    def unicode(self) -> bool:
        """Whether there are characters for bars and rules."""
        return self.encoding.startswith("utf")

    def text(self, value: object) -> str:
        """The value as text whose length is the one on the screen, codes for lacking characters included."""
        known = UNKNOWN if value is None else printable(str(value))
        return known.encode(self.encoding, "backslashreplace").decode(self.encoding)

    @property
    def bar(self) -> int:
        """The cells of a bar: more where there is room."""
        return 5 if self.width < ROOMY or WIDE <= self.width < WIDE + 10 else 8

    @property
    def gap(self) -> int:
        """The cells between two columns, beside the one that the frame takes."""
        return 0 if self.width < ROOMY else 1

    @property
    def frame(self) -> box.Box:
        """Only rules, no verticals: what stands in a cell can be selected with a double click."""
        return box.SIMPLE if self.unicode else box.Box(str(box.SIMPLE).replace("─", "-"), ascii=True)


@dataclass(frozen=True)
class Row:
    """A node and its figures; or, under a label, the figures of all of them."""

    node: AiNode | None
    figures: Totals
    label: str = ""

    def of(self, resource: str) -> Usage:
        """The figures of one of `models.RESOURCES`."""
        usage: Usage = getattr(self.figures, resource)
        return usage


Cell = Callable[[Row, Look], Text]


def stacked(*cells: Cell) -> Cell:
    """The cells above one another."""
    return lambda row, look: lines(*(cell(row, look) for cell in cells))


def lines(*texts: Text) -> Text:
    """The texts above one another, without the empty ones."""
    return Text("\n").join(text for text in texts if text)


def name(row: Row, look: Look) -> Text:
    """The AI instance, or the row's label."""
    return Text(look.text(row.node.ai_instance_id), "bold") if row.node else Text(row.label, "bold")


def specification(row: Row, look: Look) -> Text:
    """``small-8core-30G-24G``."""
    return Text(look.text(row.node.ai_spec)) if row.node else Text()


def nodes(row: Row, look: Look) -> Text:
    """How many nodes."""
    return Text(look.text(row.figures.node_count))


def size(row: Row, look: Look) -> Text:
    """``2 x small-8core-30G-24G``."""
    count = nodes(row, look)
    return Text.assemble(count, " x ", specification(row, look)) if row.node else Text.assemble(count, " nodes")


def status(row: Row, look: Look) -> Text:
    """The status; what is not known to be ready stands out."""
    if row.node is None:
        return Text()
    return Text(look.text(row.node.status), "green" if row.node.status == "ResourceReady" else "yellow")


def billing(row: Row, look: Look) -> Text:
    """``PostPaid`` or ``PrePaid``."""
    return Text(look.text(row.node.charge_type)) if row.node else Text()


def renewal(row: Row, _look: Look) -> Text:
    """Nothing for what is paid as it goes and has no renewal."""
    if row.node is None or (row.node.auto_renewal is None and row.node.charge_type == "PostPaid"):
        return Text()
    words = {True: "auto renewal", False: "no renewal", None: "renewal ?"}
    return Text(words[row.node.auto_renewal])


def free(resource: str, *, unit: bool = True) -> Cell:
    """``48 GB``, or without the unit."""

    def cell(row: Row, look: Look) -> Text:
        shown = look.text(row.of(resource).free)
        return Text(f"{shown} {_UNITS[resource]}" if unit else shown)

    return cell


def capacity(resource: str) -> Cell:
    """``48 GB``."""
    return lambda row, look: Text(f"{look.text(row.of(resource).capacity)} {_UNITS[resource]}")


def bar(resource: str) -> Cell:
    """See `utilisation`."""
    return lambda row, look: utilisation(row.of(resource), look)


def utilisation(usage: Usage, look: Look) -> Text:
    """``███░░  60%``, or the two figures where no share follows from them."""
    used, capacity = usage.used, usage.capacity
    if used is None or not capacity or not 0 <= used <= capacity or usage.free is None:
        return Text(f"{look.text(used)}/{look.text(capacity)}", "" if used == capacity == 0 else "yellow")
    full, empty = "█░" if look.unicode else "#."
    filled = _filled(used / capacity, look.bar)
    # Rounded down, so that only what is full is called 100%.
    percent = f" {used * 100 // capacity:3}%"
    return Text.assemble((full * filled + empty * (look.bar - filled), _fullness(used / capacity)), percent)


def _filled(share: float, cells: int) -> int:
    """The cells to fill: none only for nothing, and all only for everything."""
    if share in {0, 1}:
        return round(share * cells)
    return min(max(round(share * cells), 1), cells - 1)


def _fullness(share: float) -> str:
    if share >= 0.9:
        return "red"
    return "yellow" if share >= 0.7 else "green"


def expiry(row: Row, look: Look) -> Text:
    """``2026-01-28, in 9 days``; nothing where the API gives none."""
    return Text(", ").join(text for text in (expiry_date(row, look), expiry_days(row, look)) if text)


def expiry_date(row: Row, look: Look) -> Text:
    """``2026-01-28``, in UTC; a time that can't be read as it came."""
    if row.node is None or row.node.expiration_time is None:
        return Text()
    moment = _moment(row.node)
    return Text(look.text(moment.date() if moment else row.node.expiration_time), _urgency(row.node, look))


def expiry_days(row: Row, look: Look) -> Text:
    """``in 9 days``, ``today``, ``1 day ago``."""
    days = _days_left(row.node, look) if row.node else None
    return Text(_in_words(days), _urgency(row.node, look)) if row.node and days is not None else Text()


def _in_words(days: int) -> str:
    if days == 0:
        return "today"
    unit = "day" if abs(days) == 1 else "days"
    return f"in {days} {unit}" if days > 0 else f"{-days} {unit} ago"


def _urgency(node: AiNode, look: Look) -> str:
    """Red where a node is about to end, or has ended, and nothing is known to renew it."""
    days = _days_left(node, look)
    return "bold red" if days is not None and days <= NEAR and node.auto_renewal is not True else ""


def _days_left(node: AiNode, look: Look) -> int | None:
    """Days from today's date to that of the expiry, both in UTC; negative once it has passed."""
    moment = _moment(node)
    return (moment.date() - look.now.date()).days if moment else None


def _moment(node: AiNode) -> datetime | None:
    try:
        return datetime.fromisoformat(node.expiration_time) if node.expiration_time else None
    except ValueError:
        return None
