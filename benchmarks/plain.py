"""What needs no engine: imports, the command line, reads, drift."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from benchmarks.measuring import PEAK, SECONDS, alternate, child, clean, settings, timed
from benchmarks.rows import Row, compared, counted, doubled_row
from benchmarks.server import serving

SDK = "the SDK"
BOUND = "httpx and pydantic alone"  # what nothing that is built on them can be quicker than
LARGE = 100_000  # nodes, from which on a ratio is aimed at
DRIFT_BUDGET = 0.3  # seconds, for 10,000 nodes against 10,000
LIST = (sys.executable, "-m", "hologres_ai.cli", "list")
SCRIPT = (sys.executable, "-m", "benchmarks.script_on_the_sdk")


def imports(rounds: int) -> Iterator[Row]:
    """A fresh interpreter imports what a script or a program needs."""
    cases = ("import-ours", "import-face", "import-libraries", "import-theirs")
    found = alternate({case: partial(child, case) for case in cases}, rounds)
    script, program = found["import-ours"], found["import-face"]
    row = partial(compared, "import", beside=SDK, theirs=found["import-theirs"])
    yield row("read_ai_nodes", SECONDS, ours=script, target=0.4)
    yield row(BOUND, SECONDS, ours=found["import-libraries"])
    yield row("AiNodeList, beyond pulumi", SECONDS, ours=program, target=0.4)
    yield row("read_ai_nodes, peak memory", PEAK, ours=script)


def command_line(rounds: int) -> Iterator[Row]:
    """A cold `hologres-ai list` against the emulator, beside ten lines on the SDK."""
    with _emulator() as url:
        subjects = {"ours": partial(timed, LIST, settings(url)), "theirs": partial(timed, SCRIPT, settings(url))}
        found = alternate(subjects, rounds)
    yield compared(
        "process",
        "hologres-ai list, cold",
        SECONDS,
        beside="ten lines on the SDK",
        target=0.6,
        ours=found["ours"],
        theirs=found["theirs"],
    )


@contextmanager
def _emulator() -> Iterator[str]:
    command = [sys.executable, "-m", "hologres_ai.cli", "emulate"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=clean()
    ) as process:
        try:
            yield process.stdout.readline().strip() if process.stdout else ""
        finally:
            process.terminate()


def calls(rounds: int) -> Iterator[Row]:
    """A process's first call, a later one, and a later one on a connection that is kept, as the SDK keeps its own."""
    with serving([1]) as urls:
        for case, who, name, target in (
            ("first-call", "ours", "first call, 1 node", None),
            ("warm-call", "ours", "later call, 1 node", None),
            ("warm-call", "session", "later call in a session, 1 node", 0.8),
            ("warm-call", "libraries", f"later call, {BOUND}", None),
        ):
            found = alternate({each: partial(child, case, each, urls[1]) for each in (who, "theirs")}, rounds)
            yield compared("call", name, SECONDS, beside=SDK, ours=found[who], theirs=found["theirs"], target=target)


def reads(rounds: int, sizes: Sequence[int], *, doubled: bool) -> Iterator[Row]:
    """One read of many nodes, from the request to the result; and of the last size, what twice the nodes take."""
    halves = [sizes[-1] // 2] if doubled else []
    with serving([1, *sizes, *halves]) as urls:
        subjects = {
            f"{who} {size}": partial(child, "read", who, urls[size], urls[1], size)
            for size in (*halves, *sizes)
            for who in ("ours", "theirs", *(("libraries",) if size in sizes and size >= LARGE else ()))
        }
        found = alternate(subjects, rounds)
    for size in sizes:
        row = partial(compared, "read", beside=SDK, theirs=found[f"theirs {size}"])
        yield row(name=counted(size), figure=SECONDS, ours=found[f"ours {size}"], target=_target(size, 0.45))
        yield row(
            name=f"{counted(size)}, peak memory", figure=PEAK, ours=found[f"ours {size}"], target=_target(size, 0.5)
        )
        if size >= LARGE:
            yield row(name=f"{counted(size)}, {BOUND}", figure=SECONDS, ours=found[f"libraries {size}"])
    for half in halves:
        whole, before = found[f"ours {sizes[-1]}"], found[f"ours {half}"]
        yield doubled_row(f"read of {sizes[-1]:,} nodes", half, whole, before)


def _target(size: int, ratio: float) -> float | None:
    return ratio if size >= LARGE else None


def fan_out(rounds: int) -> Iterator[Row]:
    """Every region there is, at once, beside one region: each answers with 100 nodes."""
    with serving([100]) as urls:
        cases = {"ours": "every", "theirs": "one"}
        found = alternate({who: partial(child, "fan-out", which, urls[100]) for who, which in cases.items()}, rounds)
    yield compared(
        "call", "every region at once", SECONDS, beside="one region", ours=found["ours"], theirs=found["theirs"]
    )


def drift(rounds: int) -> Iterator[Row]:
    """A fleet of 10,000 nodes compared with what became of it."""
    found = alternate({str(size): partial(child, "drift", size) for size in (5_000, 10_000)}, rounds)
    half, whole = found["5000"], found["10000"]
    budget = [{SECONDS: DRIFT_BUDGET}] * rounds
    name = "10,000 against 10,000 nodes"
    yield compared("drift", name, SECONDS, beside="0.3 s", ours=whole, theirs=budget, target=1.0)
    yield doubled_row("drift of 10,000 nodes", 5_000, whole, half)
