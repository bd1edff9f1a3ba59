"""Measure, print a table and write it into docs/performance.md: `make bench`.

python -m benchmarks [--quick] [--rounds N]
"""

import os
import platform
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version

import click

from benchmarks.measuring import ROOT
from benchmarks.previews import previews
from benchmarks.processes import all_regions, cold_processes, large_reads, reads
from benchmarks.rows import HEADINGS, Row

PAGE = ROOT / "docs" / "performance.md"
PACKAGES = ("pulumi", "pydantic", "httpx", "alibabacloud-hologram20220601")

Measure = Callable[[int], Iterator[Row]]
QUICK: tuple[Measure, ...] = (cold_processes, reads, all_regions)
ALL: tuple[Measure, ...] = (*QUICK, large_reads, previews)


@click.command(help="Compare hologres_ai with the vendor's SDK and with bare Pulumi resources.")
@click.option("--quick", is_flag=True, help="Leave out previews and large reads, and write nothing.")
@click.option("--rounds", default=5, show_default=True, help="How often each subject is measured.")
def main(*, quick: bool, rounds: int) -> None:
    """Print each row when it is measured; write the table into the page unless `quick` is set."""
    found = []
    print("\t".join(HEADINGS))
    for row in (row for measure in (QUICK if quick else ALL) for row in measure(rounds)):
        print("\t".join(row.cells()), flush=True)
        found.append(row)
    if not quick:
        PAGE.write_text(with_table(PAGE.read_text(), found, rounds))


def with_table(page: str, rows: Sequence[Row], rounds: int) -> str:
    """Return the page with the table of these rows between its two markers."""
    lines = [HEADINGS, ["---"] * len(HEADINGS), *(row.cells() for row in rows)]
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    text = f"Smallest of {rounds} rounds on {machine()}.\n\n{table}"
    return re.sub(r"(<!-- results -->\n).*?(<!-- /results -->)", rf"\g<1>{text}\2", page, flags=re.DOTALL)


def machine() -> str:
    """Return the properties of this machine that affect the figures; they do not identify the machine."""
    system = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return ", ".join([system, *(f"{name} {version(name)}" for name in PACKAGES)])


if __name__ == "__main__":
    sys.exit(main())
