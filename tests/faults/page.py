"""The comparison for a terminal, a pipe, a program and docs/reliability.md."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from tests.faults.comparison import OFFICIAL, PACKAGE, Compared, RowResult, Total, totals, versions
from tests.faults.families import FAMILIES

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
START, END = "<!-- faults -->", "<!-- /faults -->"
PASSED, FAILED, NOT_MET = "✓", "✗", "–"


def on_terminal(compared: Sequence[Compared], console: Console) -> None:
    """Every row in one table, and the totals below it."""
    table = _table("fault", "wanted")
    for total in totals(compared):
        family = FAMILIES[total.family]
        table.add_section()
        table.add_row(
            f"[bold]{family.title}[/]", f"[bold]{family.wanted}[/]", *map(_count, (total.package, total.official))
        )
        for entry in _rows(compared, total):
            table.add_row(f"  {entry.row.name}", "", *(_coloured(result) for result in _results(entry)))
    console.print(table)
    sums = _table("family", "wanted")
    for total in totals(compared):
        family = FAMILIES[total.family]
        sums.add_row(family.title, family.wanted, *map(_count, (total.package, total.official)))
    console.print(sums)


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title_justify="left")
    for column in (*columns, PACKAGE, OFFICIAL):
        table.add_column(column, overflow="fold")
    return table


def _coloured(result: RowResult | None) -> str:
    colour = "dim" if result is None else "green" if result.passed else "red"
    return f"[{colour}]{_cell(result)}[/]"


def plain(compared: Sequence[Compared]) -> str:
    """Tab-separated: family, fault and both results; then the totals."""
    rows = ["\t".join([entry.row.family, entry.row.name, *map(_cell, _results(entry))]) for entry in compared]
    sums = [
        "\t".join(["total", total.family, _count(total.package), _count(total.official)]) for total in totals(compared)
    ]
    return "\n".join([*rows, *sums])


def as_json(compared: Sequence[Compared]) -> str:
    """As JSON: the versions, the families, every row and the totals."""
    document = {
        "versions": versions(),
        "families": {name: {"title": family.title, "wanted": family.wanted} for name, family in FAMILIES.items()},
        "rows": [
            {
                "family": entry.row.family,
                "name": entry.row.name,
                PACKAGE: _plain(entry.package),
                OFFICIAL: _plain(entry.official),
            }
            for entry in compared
        ],
        "totals": {total.family: {PACKAGE: total.package, OFFICIAL: total.official} for total in totals(compared)},
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _plain(result: RowResult | None) -> dict[str, object] | None:
    return None if result is None else {"passed": result.passed, "did": result.did, "carries a secret": result.carries}


def write(compared: Sequence[Compared]) -> None:
    """Put the comparison into the page, between its markers."""
    before, _, rest = PAGE.read_text().partition(START)
    PAGE.write_text(f"{before}{START}\n{rendered(compared)}\n{END}{rest.partition(END)[2]}")


def rendered(compared: Sequence[Compared]) -> str:
    """The text between the two markers."""
    return "\n".join([_versions(), "", *_totals(compared), *_tables(compared)])


def _versions() -> str:
    found = versions()
    names = {"Python": "Python", PACKAGE: "`hologres_ai`", OFFICIAL: "`alibabacloud-hologram20220601`"}
    return "Measured with " + ", ".join(f"{names[name]} {version}" for name, version in found.items()) + "."


def _totals(compared: Sequence[Compared]) -> Iterator[str]:
    yield from _head("fault", "wanted")
    for total in totals(compared):
        family = FAMILIES[total.family]
        yield _line(family.title, family.wanted, _count(total.package), _count(total.official))
    yield _line("Every row", "no error carries a secret when it is pickled", *_carrying(compared))


def _carrying(compared: Sequence[Compared]) -> Iterator[str]:
    for results in ([entry.package for entry in compared], [entry.official for entry in compared if entry.official]):
        yield f"{sum(not result.carries for result in results)} of {len(results)}"


def _tables(compared: Sequence[Compared]) -> Iterator[str]:
    for total in totals(compared):
        family = FAMILIES[total.family]
        yield from ("", f"### {family.title}", "", f"Wanted: {family.wanted}.", "")
        yield from _head("fault")
        for entry in _rows(compared, total):
            yield _line(entry.row.name, *map(_cell, _results(entry)))


def _rows(compared: Sequence[Compared], total: Total) -> list[Compared]:
    return [entry for entry in compared if entry.row.family == total.family]


def _results(entry: Compared) -> tuple[RowResult, RowResult | None]:
    return entry.package, entry.official


def _head(*columns: str) -> Iterator[str]:
    names = (*columns, f"`{PACKAGE}`", OFFICIAL)
    yield _line(*names)
    yield _line(*("---" for _ in names))


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(result: RowResult | None) -> str:
    return NOT_MET if result is None else f"{PASSED if result.passed else FAILED} {result.did}"


def _count(count: tuple[int, int]) -> str:
    return f"{count[0]} of {count[1]}"
