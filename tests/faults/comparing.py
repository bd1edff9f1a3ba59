"""Every row on both clients: the same scenes, limits and judges, in the same run."""

import platform
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version

from tests.faults.judging import FAMILIES, MARGIN, Outcome, Row, leaked, passes
from tests.faults.stage import staged
from tests.faults.worker import CLIENTS, Worker

OURS, OFFICIAL = CLIENTS
PATIENCE = MARGIN + 2.0  # seconds past a row's deadline, after which a client is stopped
# Where memory is judged, a process must not have held any before.
FRESH = {"bounds"}

Tell = Callable[[str], object]


@dataclass(frozen=True)
class Verdict:
    """What a client did with a row, in a few words, and whether that is as wanted.

    `carries` tells whether its error takes a secret along when it is pickled.
    """

    passed: bool
    did: str
    carries: bool


@dataclass(frozen=True)
class Compared:
    """A row and both verdicts; the SDK's is None where the row is not one that it meets."""

    row: Row
    ours: Verdict
    official: Verdict | None


@dataclass(frozen=True)
class Total:
    """How many rows of a family each client passes, of how many that it meets."""

    family: str
    ours: tuple[int, int]
    official: tuple[int, int]


def compare(rows: Sequence[Row], tell: Tell = lambda _line: None) -> list[Compared]:
    """Both clients at once, each row after row; `tell` hears of each."""
    with ThreadPoolExecutor(2) as pool:
        ours = pool.submit(judge_all, OURS, rows, tell)
        official = pool.submit(judge_all, OFFICIAL, [row for row in rows if row.compared], tell)
    theirs = official.result()
    return [Compared(row, ours.result()[row.key], theirs.get(row.key)) for row in rows]


def judge_all(client: str, rows: Sequence[Row], tell: Tell = lambda _line: None) -> dict[tuple[str, str], Verdict]:
    """One client's verdicts by the rows' keys."""
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
    """One for each family that has rows, in the families' order."""
    found = {name: [entry for entry in compared if entry.row.family == name] for name in FAMILIES}
    return [_total(name, entries) for name, entries in found.items() if entries]


def _total(family: str, entries: Sequence[Compared]) -> Total:
    ours = [entry.ours for entry in entries]
    theirs = [entry.official for entry in entries if entry.official]
    return Total(family, _count(ours), _count(theirs))


def _count(verdicts: Sequence[Verdict]) -> tuple[int, int]:
    return sum(verdict.passed for verdict in verdicts), len(verdicts)


def versions() -> dict[str, str]:
    """What was compared, and on what."""
    names = {OURS: "hologres_ai", OFFICIAL: "alibabacloud-hologram20220601"}
    return {"Python": platform.python_version(), **{client: version(name) for client, name in names.items()}}
