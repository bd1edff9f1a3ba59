"""`make bench`: measures, prints one table, and renews what the documentation shows.

python -m benchmarks [--quick] [--json] [--rounds N]
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks import engine, plain, plot, report
from benchmarks.measuring import ROOT
from benchmarks.rows import Row

RESULTS = Path(__file__).with_name("results.json")
PAGE = ROOT / "docs" / "performance.md"
PLOT = ROOT / "docs" / "performance.svg"
ROUNDS = 5


def main() -> None:
    """Measure and show; a whole run is kept."""
    parser = argparse.ArgumentParser(prog="benchmarks", description="Measure hologres_ai beside the vendor's SDK.")
    parser.add_argument("--quick", action="store_true", help="leave out the long rows, and keep nothing")
    parser.add_argument("--json", action="store_true", help="print JSON in place of the table")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each is measured (default: 5)")
    parser.add_argument("--render", action="store_true", help="measure nothing: renew the page from the kept results")
    given = parser.parse_args()
    if not given.render:
        rows = _told(quick(given.rounds) if given.quick else whole(given.rounds))
        text = report.to_json(rows, given.rounds)
        print(text, end="") if given.json else report.print_table(rows)
        if given.quick:
            return
        RESULTS.write_text(text)
    render()


def quick(rounds: int) -> Iterator[Row]:
    """What takes a minute: no engine, no large reads."""
    yield from plain.imports(rounds)
    yield from plain.command_line(rounds)
    yield from engine.plugin_start(rounds)
    yield from plain.calls(rounds)
    yield from plain.reads(rounds, [1_000], doubled=False)
    yield from plain.fan_out(rounds)
    yield from plain.drift(rounds)


def whole(rounds: int) -> Iterator[Row]:
    """Everything."""
    yield from plain.imports(rounds)
    yield from plain.command_line(rounds)
    yield from engine.plugin_start(rounds)
    yield from plain.calls(rounds)
    yield from plain.reads(rounds, [1, 1_000, 100_000], doubled=True)
    yield from plain.fan_out(rounds)
    yield from plain.drift(rounds)
    yield from engine.previews(rounds, [1, 1_000, 10_000], doubled=True)


def _told(rows: Iterator[Row]) -> list[Row]:
    """The rows, with a sign of life for each: the whole takes some 10 minutes."""
    found = []
    for row in rows:
        print(f"{row.group}: {row.name}: {row.ratio:.2f} of {row.beside}", file=sys.stderr, flush=True)
        found.append(row)
    return found


def render() -> None:
    """Bring the page and the picture up to the kept results."""
    text = RESULTS.read_text()
    PAGE.write_text(rendered(PAGE.read_text(), text))
    PLOT.write_text(plot.svg(plot.lines(report.from_json(text))))


def rendered(page: str, results: str) -> str:
    """The page with its table made anew."""
    return re.sub(
        r"(<!-- results -->\n).*?(<!-- /results -->)",
        lambda m: m[1] + report.markdown(results) + m[2],
        page,
        flags=re.DOTALL,
    )


if __name__ == "__main__":
    main()
