"""docs/reliability.md matches this table: its rows, its families, and the results of this package's client."""

import json
import re
from dataclasses import replace
from importlib.metadata import version
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from tests.faults import page
from tests.faults.comparison import Compared, RowResult, totals
from tests.faults.families import FAMILIES
from tests.faults.table import ROWS

TEXT = page.PAGE.read_text()
ROOT = Path(__file__).parents[2]
STALE = "run `make faults`"


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def table_under(heading: str) -> list[list[str]]:
    """The rows of the first table behind a heading, without its head."""
    behind = TEXT.partition(f"{heading}\n")[2]
    lines = re.search(r"((?:^\|.*\n)+)", behind, re.MULTILINE)
    assert lines, STALE
    return [cells(line) for line in lines[1].splitlines()[2:]]


def written() -> dict[tuple[str, str], tuple[str, str]]:
    """The results of both clients on the page, by the key of the row."""
    return {
        (name, fault): (package, official)
        for name, family in FAMILIES.items()
        for fault, package, official in table_under(f"### {family.title}")
    }


def test_the_rows_of_the_page_are_those_of_the_table() -> None:
    assert [*written()] == [row.key for row in ROWS], STALE


def test_this_package_passes_every_row_of_the_page() -> None:
    assert [key for key, (package, _) in written().items() if not package.startswith(page.PASSED)] == [], STALE


def test_a_dash_marks_the_rows_that_do_not_apply_to_the_sdk() -> None:
    dashes = {key for key, (_, official) in written().items() if official == page.NOT_MET}
    assert dashes == {row.key for row in ROWS if not row.compared}, STALE


def test_the_totals_follow_from_the_rows() -> None:
    found = table_under(page.START)
    for (name, family), line in zip(FAMILIES.items(), found, strict=False):
        rows = [results for key, results in written().items() if key[0] == name]
        counted = [f"{passed} of {met}" for passed, met in (count([row[index] for row in rows]) for index in (0, 1))]
        assert line == [family.title, family.wanted, *counted], STALE
    assert len(found) == len(FAMILIES) + 1
    every = found[-1]
    assert every[2] == f"{len(ROWS)} of {len(ROWS)}", STALE


def count(marks: list[str]) -> tuple[int, int]:
    return sum(mark.startswith(page.PASSED) for mark in marks), sum(mark != page.NOT_MET for mark in marks)


def test_the_versions_are_those_that_are_installed() -> None:
    for name in ("hologres_ai", "alibabacloud-hologram20220601"):
        assert f"`{name}` {version(name)}" in TEXT, STALE


def test_the_command_of_the_page_is_the_make_target() -> None:
    assert re.findall(r"^```sh\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL) == ["make faults\n"]
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(r"^faults: .*\n\t\$\(BIN\)/python -m tests\.faults --write$", makefile, re.MULTILINE)
    assert "docs/reliability.md" in (ROOT / "README.md").read_text()


# --- Output formats ---------------------------------------------------------------------------------------------------

GOOD, BAD = RowResult(True, "1 node", False), RowResult(False, "had to be stopped", True)
COMPARED = [Compared(row, GOOD, BAD if row.compared else None) for row in ROWS]


def test_a_page_is_written_between_its_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "page.md"
    copy.write_text(f"before\n{page.START}\nold\n{page.END}\nafter\n")
    monkeypatch.setattr(page, "PAGE", copy)
    page.write(COMPARED)
    once = copy.read_text()
    page.write(COMPARED)
    assert copy.read_text() == once
    assert once.startswith(f"before\n{page.START}\nMeasured with Python ")
    assert once.endswith(f"|\n{page.END}\nafter\n")
    assert "| 301 | ✓ 1 node | ✗ had to be stopped |" in once


def test_a_pipe_gets_a_line_for_each_row_and_each_total() -> None:
    lines = page.plain(COMPARED).splitlines()
    assert len(lines) == len(ROWS) + len(FAMILIES)
    assert "redirect\t301\t✓ 1 node\t✗ had to be stopped" in lines
    assert "total\tredirect\t5 of 5\t0 of 5" in lines


def test_json_has_families_rows_and_totals() -> None:
    document = json.loads(page.as_json(COMPARED))
    assert [(row["family"], row["name"]) for row in document["rows"]] == [row.key for row in ROWS]
    assert document["families"].keys() == FAMILIES.keys()
    assert document["totals"]["redirect"] == {"hologres_ai": [5, 5], "official SDK": [0, 5]}


def test_a_terminal_gets_a_table() -> None:
    console = Console(file=StringIO(), width=160, force_terminal=True)
    page.on_terminal(COMPARED, console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "had to be stopped" in text
    assert "A redirect to another host" in text


def test_totals_count_failed_rows() -> None:
    failing = [replace(entry, package=BAD) for entry in COMPARED if entry.row.family == "redirect"]
    [total] = totals(failing)
    assert (total.package, total.official) == ((0, 5), (0, 5))
