"""Run every row with both clients: the same scenes, limits and judges, in one run."""

import platform
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version

from tests.faults.families import FAMILIES, MARGIN, Outcome, Row, leaked, passes
from tests.faults.testbed import staged
from tests.faults.worker import CLIENTS, Worker

OURS, OFFICIAL = CLIENTS
PATIENCE = MARGIN + 2.0  # seconds past a row's deadline, after which a client is stopped
# Families in which memory is judged need a new process for each row.
FRESH = {"bounds"}

Tell = Callable[[str], object]


@dataclass(frozen=True)
class Verdict:
    """The result of a client in a row, in a few words, and whether it is the wanted one.

    `carries` is whether the pickled error contains a secret.
    """

    passed: bool
    did: str
    carries: bool


@dataclass(frozen=True)
class Compared:
    """A row and both verdicts; the SDK's is None where the row does not apply to it."""

    row: Row
    ours: Verdict
    official: Verdict | None


@dataclass(frozen=True)
class Total:
    """The number of rows of a family that each client passes, and the number of rows that apply to it."""

    family: str
    ours: tuple[int, int]
    official: tuple[int, int]


def compare(rows: Sequence[Row], tell: Tell = lambda _line: None) -> list[Compared]:
    """Run both clients concurrently, each row by row; `tell` is called after each."""
    with ThreadPoolExecutor(2) as pool:
        ours = pool.submit(judge_all, OURS, rows, tell)
        official = pool.submit(judge_all, OFFICIAL, [row for row in rows if row.compared], tell)
    theirs = official.result()
    return [Compared(row, ours.result()[row.key], theirs.get(row.key)) for row in rows]


def judge_all(client: str, rows: Sequence[Row], tell: Tell = lambda _line: None) -> dict[tuple[str, str], Verdict]:
    """The verdicts of one client by the keys of the rows."""
    verdicts: dict[tuple[str, str], Verdict] = {}
    with Worker(client) as worker:
        for row in rows:
            verdicts[row.key] = _judge(worker, row)
            tell(f"{client}: {row.family}: {row.name}")
    return verdicts


def _judge(worker: Worker, row: Row) -> Verdict:
    fresh = row.family in FRESH
    if fresh:
        worker.restart()
    with staged(row.scene) as stage:
        report = worker.call(stage.job, row.scene.deadline + PATIENCE)
        outcome = Outcome(report, len(stage.requests), stage.server.connections, len(stage.elsewhere.requests), fresh)
    return Verdict(passes(row, outcome), outcome.described(), report is not None and "pickle" in leaked(report))


def totals(compared: Sequence[Compared]) -> list[Total]:
    """The totals of each family that has rows, in the order of the families."""
    found = {name: [entry for entry in compared if entry.row.family == name] for name in FAMILIES}
    return [_total(name, entries) for name, entries in found.items() if entries]


def _total(family: str, entries: Sequence[Compared]) -> Total:
    ours = [entry.ours for entry in entries]
    theirs = [entry.official for entry in entries if entry.official]
    return Total(family, _count(ours), _count(theirs))


def _count(verdicts: Sequence[Verdict]) -> tuple[int, int]:
    return sum(verdict.passed for verdict in verdicts), len(verdicts)


def versions() -> dict[str, str]:
    """The versions of Python and of both clients."""
    names = {OURS: "hologres_ai", OFFICIAL: "alibabacloud-hologram20220601"}
    return {"Python": platform.python_version(), **{client: version(name) for client, name in names.items()}}
