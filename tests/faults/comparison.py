"""Run every row with both clients: the same scenarios, limits and checks, in one run."""

import platform
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version

from tests.faults.families import FAMILIES, MARGIN, Outcome, Row, leaked, passes
from tests.faults.testbed import start_testbed
from tests.faults.worker import CLIENTS, Worker

PACKAGE, OFFICIAL = CLIENTS
GRACE = MARGIN + 2.0  # seconds past a row's deadline, after which a client is stopped
# Families that check memory need a new process for each row.
FRESH = {"bounds"}

OnRow = Callable[[str], object]


@dataclass(frozen=True)
class RowResult:
    """The outcome of a row in a few words, and whether it is the wanted one.

    `carries` is whether the pickled error contains a secret.
    """

    passed: bool
    did: str
    carries: bool


@dataclass(frozen=True)
class Compared:
    """A row and both results; the SDK's is None where the row does not apply to it."""

    row: Row
    package: RowResult
    official: RowResult | None


@dataclass(frozen=True)
class Total:
    """The number of rows of a family that each client passes, and the number of rows that apply to it."""

    family: str
    package: tuple[int, int]
    official: tuple[int, int]


def compare(rows: Sequence[Row], on_row: OnRow = lambda _line: None) -> list[Compared]:
    """Run both clients concurrently, each row by row; `on_row` is called after each."""
    with ThreadPoolExecutor(2) as pool:
        package = pool.submit(run_rows, PACKAGE, rows, on_row)
        official = pool.submit(run_rows, OFFICIAL, [row for row in rows if row.compared], on_row)
    official_results = official.result()
    return [Compared(row, package.result()[row.key], official_results.get(row.key)) for row in rows]


def run_rows(client: str, rows: Sequence[Row], on_row: OnRow = lambda _line: None) -> dict[tuple[str, str], RowResult]:
    """The results of one client by the keys of the rows."""
    results: dict[tuple[str, str], RowResult] = {}
    with Worker(client) as worker:
        for row in rows:
            results[row.key] = _run_row(worker, row)
            on_row(f"{client}: {row.family}: {row.name}")
    return results


def _run_row(worker: Worker, row: Row) -> RowResult:
    fresh = row.family in FRESH
    if fresh:
        worker.restart()
    with start_testbed(row.scenario) as testbed:
        report = worker.call(testbed.job, row.scenario.deadline + GRACE)
        outcome = Outcome(
            report, len(testbed.requests), testbed.server.connections, len(testbed.elsewhere.requests), fresh
        )
    return RowResult(passes(row, outcome), outcome.described(), report is not None and "pickle" in leaked(report))


def totals(compared: Sequence[Compared]) -> list[Total]:
    """The totals of each family that has rows, in the order of the families."""
    found = {name: [entry for entry in compared if entry.row.family == name] for name in FAMILIES}
    return [_total(name, entries) for name, entries in found.items() if entries]


def _total(family: str, entries: Sequence[Compared]) -> Total:
    package = [entry.package for entry in entries]
    official = [entry.official for entry in entries if entry.official]
    return Total(family, _count(package), _count(official))


def _count(results: Sequence[RowResult]) -> tuple[int, int]:
    return sum(result.passed for result in results), len(results)


def versions() -> dict[str, str]:
    """The versions of Python and of both clients."""
    names = {PACKAGE: "hologres_ai", OFFICIAL: "alibabacloud-hologram20220601"}
    return {"Python": platform.python_version(), **{client: version(name) for client, name in names.items()}}
