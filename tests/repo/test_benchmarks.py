"""The benchmarks: their output, their verdicts by ratios, and a ratio that does not depend on the machine."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as bench
from benchmarks.measuring import reader
from benchmarks.rows import HEADINGS, Row
from benchmarks.server import serving

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "performance.md").read_text()


def row(package: float, target: float | None) -> Row:
    return Row("a read", "the SDK", package, 1.0, target)


@pytest.mark.parametrize(
    ("package", "target", "verdict"), [(1.1, 1.1, "reached"), (1.2, 1.1, "missed"), (9.0, None, "shown")]
)
def test_the_verdict_of_a_row_follows_from_its_ratio(package: float, target: float | None, verdict: str) -> None:
    assert row(package, target).verdict == verdict


def test_a_run_is_written_into_the_page() -> None:
    page = bench.with_table(PAGE, [row(1.2, 1.5)], 3)
    assert "| a read | 1.20 s | the SDK | 1.00 s | 1.20 | 1.50 | reached |" in page
    assert "Smallest of 3 rounds on" in page
    assert page.partition("<!-- results -->")[0] == PAGE.partition("<!-- results -->")[0]


def test_the_commands_of_the_page_are_targets_of_the_makefile() -> None:
    assert set(re.findall(r"`(make [^`]+)`", PAGE)) == {"make bench", "make bench ARGS=--quick"}
    assert "\t$(BIN)/python -m benchmarks $(ARGS)\n" in (ROOT / "Makefile").read_text()


def test_a_quick_run_prints_its_rows() -> None:
    command = [sys.executable, "-m", "benchmarks", "--quick", "--rounds", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    heading, *rows = (line.split("\t") for line in done.stdout.splitlines())
    assert tuple(heading) == HEADINGS
    assert len(rows) == 7


def test_a_large_read_holds_no_more_memory_than_the_sdk() -> None:
    with serving("100000:0") as [url]:
        package, sdk = (reader(who, url, 1) for who in ("session", "sdk"))
    assert package.memory <= sdk.memory
