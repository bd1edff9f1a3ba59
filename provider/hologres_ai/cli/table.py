"""The list for people: a table that fits the terminal, grouped by Hologres instance, with totals beneath.

Ids are folded and never cut, so that they can be copied.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..core.result import totals
from ..models import AiNode, AiNodeListResult
from . import cells
from .cells import SLIM, WIDE, Cell, Look, Row


@dataclass(frozen=True)
class Column:
    """A heading and what stands beneath it. `folds` lets it be narrowed, by breaking lines."""

    heading: str
    cell: Cell
    justify: Literal["left", "right"] = "left"
    folds: bool = False


def print_table(result: AiNodeListResult) -> None:
    """Print the result on stdout as wide as the terminal is."""
    console = Console(highlight=False, markup=False, emoji=False)
    console.print(render(result, console))


def render(result: AiNodeListResult, console: Console, now: datetime | None = None) -> Table:
    """The table for that console; days are counted from `now`, which is the present moment when left out."""
    look = Look(console.width, console.encoding, now or datetime.now(UTC))
    columns = columns_for(look, usage=result.query.include_usage)
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
    """The nodes of each Hologres instance, under its name and id; its region too, should it be another one."""

    def key(node: AiNode) -> tuple[str | None, ...]:
        return node.region_id, node.holo_instance_id, node.holo_instance_name

    for (region, instance_id, name), nodes in groupby(result.instance_model_list, key):
        elsewhere = Text(f"in {look.text(region)}") if region not in {None, result.region} else Text()
        heading = cells.lines(Text(look.text(name), "bold cyan"), Text(look.text(instance_id), "cyan"), elsewhere)
        yield heading, tuple(nodes)


def columns_for(look: Look, *, usage: bool) -> Sequence[Column]:
    """The columns that fit the width; the narrower it is, the more of them share one."""
    return _wide(usage=usage) if look.width >= WIDE else _narrow(look, usage=usage)


_STATUS = Column("Status\nBilling\nRenewal", cells.stacked(cells.status, cells.billing, cells.renewal), folds=True)


def _narrow(look: Look, *, usage: bool) -> Sequence[Column]:
    name = cells.stacked(cells.name, cells.size, cells.expiry)
    figure = cells.bar if usage else cells.capacity
    free = Column("Free", cells.stacked(cells.free("gpu"), cells.free("gpu_memory")), "right")
    cpu = Column("CPU\nMemory", cells.stacked(figure("cpu"), figure("memory")))
    return (
        Column("AI instance\nNodes x specification\nExpiry (UTC)", name, folds=True),
        Column("GPU\nGPU memory", cells.stacked(figure("gpu"), figure("gpu_memory"))),
        *([cpu] if look.width >= SLIM else []),
        *([free] if usage else []),
        _STATUS,
    )


def _wide(*, usage: bool) -> Sequence[Column]:
    figure = cells.bar if usage else cells.capacity
    free = (
        Column("Free\nGPUs", cells.free("gpu", unit=False), "right"),
        Column("Free GPU\nmemory, GB", cells.free("gpu_memory", unit=False), "right"),
    )
    return (
        Column("AI instance\nSpecification", cells.stacked(cells.name, cells.specification), folds=True),
        Column("Nodes", cells.nodes, "right"),
        Column("GPU", figure("gpu")),
        Column("GPU memory", figure("gpu_memory")),
        Column("CPU", figure("cpu")),
        Column("Memory", figure("memory")),
        *(free if usage else ()),
        _STATUS,
        Column("Expiry (UTC)", cells.stacked(cells.expiry_date, cells.expiry_days)),
    )
