"""The list as a table that fits the terminal, grouped by Hologres instance, with totals at the bottom.

Unknown values are shown as ``?``. Long IDs are broken into several lines and not truncated, so that they can be copied.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from io import StringIO
from typing import Literal, TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..clock import describe_distance, parse_time
from ..core.result import by_owner, ends_within, has_end, is_pay_as_you_go, totals
from ..models import AiNode, AiNodeListResult, Totals, Usage
from ..requirements import READY
from .output import NEAR, shown, terminal_width, wants_colour

FILE_WIDTH = 120  # characters; the width of the table in a file
# Minimum widths of the table in cells: with a separate column for each value, with space between the columns, and with
# the column for CPU and memory.
WIDE, ROOMY, SLIM = 150, 100, 72

_UNITS = {"gpu": "GPU", "gpu_memory": "GB", "cpu": "cores", "memory": "GiB"}


@dataclass(frozen=True)
class Look:
    """The width and encoding of the terminal, and the current time, from which the time to an expiry is calculated."""

    width: int
    encoding: str
    now: datetime

    @property
    def unicode(self) -> bool:
        """Whether the encoding contains the characters for bars and rules."""
        return self.encoding.startswith("utf")

    def text(self, value: object) -> str:
        """Return the value as displayed. Characters that the encoding cannot represent are replaced by escape codes."""
        return shown(value).encode(self.encoding, "backslashreplace").decode(self.encoding)

    @property
    def bar(self) -> int:
        """The width of a bar in cells."""
        return 5 if self.width < ROOMY or WIDE <= self.width < WIDE + 10 else 8

    @property
    def gap(self) -> int:
        """The number of cells between two columns, in addition to the cell of the frame."""
        return 0 if self.width < ROOMY else 1

    @property
    def frame(self) -> box.Box:
        """Horizontal rules only, so that a double click selects the text of a cell."""
        return box.SIMPLE if self.unicode else box.Box(str(box.SIMPLE).replace("─", "-"), ascii=True)


@dataclass(frozen=True)
class Row:
    """A row of the table: a node and its totals, or a label and the totals of all nodes."""

    node: AiNode | None
    figures: Totals
    label: str = ""

    def of(self, resource: str) -> Usage:
        """Return the usage of a resource, which is one of `models.RESOURCES`."""
        usage: Usage = getattr(self.figures, resource)
        return usage


Cell = Callable[[Row, Look], Text]


def stacked(*cells: Cell) -> Cell:
    """Return a cell that shows the given cells one below the other."""
    return lambda row, look: join_lines(*(cell(row, look) for cell in cells))


def join_lines(*texts: Text) -> Text:
    """Return the texts, one below the other, without the empty ones."""
    return Text("\n").join(text for text in texts if text)


def show_name(row: Row, look: Look) -> Text:
    """Return the ID of the AI instance, or the label of the row."""
    return Text(look.text(row.node.ai_instance_id), "bold") if row.node else Text(row.label, "bold")


def show_specification(row: Row, look: Look) -> Text:
    """Return the specification, such as ``small-8core-30G-24G``."""
    return Text(look.text(row.node.ai_spec)) if row.node else Text()


def show_nodes(row: Row, look: Look) -> Text:
    """Return the number of nodes."""
    return Text(look.text(row.figures.node_count))


def show_size(row: Row, look: Look) -> Text:
    """Return the number of nodes and the specification, such as ``2 x small-8core-30G-24G``."""
    count = look.text(row.figures.node_count)
    return Text(f"{count} x {look.text(row.node.ai_spec)}" if row.node else f"{count} nodes")


def show_status(row: Row, look: Look) -> Text:
    """Return status, billing and renewal. A pay-as-you-go node has no renewal."""
    node = row.node
    if node is None:
        return Text()
    renewal = {True: "auto renewal", False: "no renewal", None: "renewal ?"}[node.auto_renewal]
    return join_lines(
        Text(look.text(node.status), "green" if node.status == READY else "yellow"),
        Text(look.text(node.charge_type)),
        Text("" if node.auto_renewal is None and is_pay_as_you_go(node) else renewal),
    )


def show_free(resource: str, *, unit: bool = True) -> Cell:
    """Return a cell that shows the free amount, such as ``48 GB``, or ``48`` without the unit."""
    suffix = f" {_UNITS[resource]}" if unit else ""
    return lambda row, look: Text(look.text(row.of(resource).free) + suffix)


def show_capacity(resource: str) -> Cell:
    """Return a cell that shows the capacity, such as ``48 GB``."""
    return lambda row, look: Text(f"{look.text(row.of(resource).capacity)} {_UNITS[resource]}")


def show_bar(resource: str) -> Cell:
    """Return a cell that shows the bar of `utilisation`."""
    return lambda row, look: utilisation(row.of(resource), look)


def utilisation(usage: Usage, look: Look) -> Text:
    """Return a bar and the percentage in use, such as ``███░░  60%``, or both values if their ratio is invalid."""
    used, capacity = usage.used, usage.capacity
    if used is None or not capacity or not 0 <= used <= capacity or usage.free is None:
        return Text(f"{look.text(used)}/{look.text(capacity)}", "" if used == capacity == 0 else "yellow")
    full, empty = "█░" if look.unicode else "#."
    share = used / capacity
    filled = _filled(share, look.bar)
    colour = "red" if share >= 0.9 else "yellow" if share >= 0.7 else "green"
    # The percentage is rounded down, so that only a full resource shows 100%.
    percent = f" {used * 100 // capacity:3}%"
    return Text.assemble((full * filled + empty * (look.bar - filled), colour), percent)


def _filled(share: float, cells: int) -> int:
    """Return the number of cells to fill: no cell only if the share is 0, all cells only if it is 1."""
    if share in {0, 1}:
        return round(share * cells)
    return min(max(round(share * cells), 1), cells - 1)


def show_expiry(row: Row, look: Look, separator: str = ", ") -> Text:
    """Return the expiry date in UTC and the time until the expiry, such as ``2026-01-28, in 9 days``.

    The text is red for a node that `check --not-expiring-within 30` would report. An invalid time is returned
    unchanged. The text is empty if the API returns no time.
    """
    if row.node is None or not has_end(row.node):
        return Text()
    end = parse_time(row.node.expiration_time)
    if end is None:
        return Text(look.text(row.node.expiration_time))
    style = "bold red" if ends_within(row.node, look.now, NEAR) else ""
    texts = (look.text(end.date()), describe_distance(end, look.now))
    return Text(separator).join(Text(text, style) for text in texts)


# --- The table --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """A heading and its cells; `folds` allows breaking long lines to make the column narrower."""

    heading: str
    cell: Cell
    justify: Literal["left", "right"] = "left"
    folds: bool = False


def print_table(result: AiNodeListResult, now: datetime) -> None:
    """Print the table on stdout, in the width of the terminal."""
    console = _console(sys.stdout, terminal_width(), colour=wants_colour(sys.stdout))
    console.print(build_table(result, Look(console.width, console.encoding, now)))


def render_table(result: AiNodeListResult, now: datetime, width: int = FILE_WIDTH) -> str:
    """Return the table as text without colour, for a file."""
    file = StringIO()
    _console(file, width, colour=False).print(build_table(result, Look(width, "utf-8", now)))
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def _console(file: TextIO, width: int, *, colour: bool) -> Console:
    return Console(
        file=file,
        width=width,
        height=25,  # unused, but without it rich reads LINES, which may not be a number
        color_system="standard" if colour else None,
        force_terminal=colour,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
    )


def build_table(result: AiNodeListResult, look: Look) -> Table:
    """Return the table of the result."""
    usage = result.query.include_usage
    columns = _wide(usage=usage) if look.width >= WIDE else _narrow(look, usage=usage)
    table = _empty_table(columns, Row(None, result.totals, label=f"Total in {result.place}"), look)
    for heading, nodes in _groups(result, look):
        table.add_row(heading)
        for node in nodes:
            row = Row(node, totals([node]))
            table.add_row(*(column.cell(row, look) for column in columns))
        table.add_section()
    return table


def _empty_table(columns: Sequence[Column], total: Row, look: Look) -> Table:
    table = Table(box=look.frame, show_edge=False, pad_edge=False, padding=(0, look.gap, 0, 0), show_footer=True)
    height = max(column.heading.count("\n") for column in columns)
    for column in columns:
        table.add_column(
            column.heading + "\n " * (height - column.heading.count("\n")),  # rich aligns headings at the bottom
            footer=column.cell(total, look),
            justify=column.justify,
            overflow="fold",
            no_wrap=not column.folds,
        )
    return table


def _groups(result: AiNodeListResult, look: Look) -> Iterator[tuple[Text, Sequence[AiNode]]]:
    """Yield the nodes of each Hologres instance under a heading with the name, the ID and any different region."""
    for (region, identifier, name), nodes in by_owner(result.instance_model_list):
        elsewhere = Text(f"in {look.text(region)}") if region not in {None, result.region} else Text()
        yield join_lines(Text(look.text(name), "bold cyan"), Text(look.text(identifier), "cyan"), elsewhere), nodes


_STATUS = Column("Status\nBilling\nRenewal", show_status, folds=True)


def _narrow(look: Look, *, usage: bool) -> Sequence[Column]:
    """Return columns that each contain several values."""
    name = stacked(show_name, show_size, show_expiry)
    figure = show_bar if usage else show_capacity
    free = Column("Free", stacked(show_free("gpu"), show_free("gpu_memory")), "right")
    cpu = Column("CPU\nMemory", stacked(figure("cpu"), figure("memory")))
    return (
        Column("AI instance\nNodes x specification\nExpiry (UTC)", name, folds=True),
        Column("GPU\nGPU memory", stacked(figure("gpu"), figure("gpu_memory"))),
        *([cpu] if look.width >= SLIM else []),
        *([free] if usage else []),
        _STATUS,
    )


def _wide(*, usage: bool) -> Sequence[Column]:
    figure = show_bar if usage else show_capacity
    free = (
        Column("Free\nGPUs", show_free("gpu", unit=False), "right"),
        Column("Free GPU\nmemory, GB", show_free("gpu_memory", unit=False), "right"),
    )
    return (
        Column("AI instance\nSpecification", stacked(show_name, show_specification), folds=True),
        Column("Nodes", show_nodes, "right"),
        Column("GPU", figure("gpu")),
        Column("GPU memory", figure("gpu_memory")),
        Column("CPU", figure("cpu")),
        Column("Memory", figure("memory")),
        *(free if usage else ()),
        _STATUS,
        Column("Expiry (UTC)", partial(show_expiry, separator="\n")),
    )
