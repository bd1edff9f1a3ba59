"""The table: for people, for pipes, for programs, for the documentation."""

import json
import os
import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.rows import Row

HEADINGS = ("what", "measured", "ours", "beside", "theirs", "ratio", "at most", "verdict")
PACKAGES = ("pulumi", "pydantic", "httpx", "alibabacloud-hologram20220601")
_COLORS = {"reached": "green", "missed": "red", "-": "dim"}


def machine() -> dict[str, str]:
    """What the figures depend on; nothing that names this machine."""
    return {
        "cpu": _cpu(),
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
    }


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or "unknown"


def cells(row: Row) -> tuple[str, ...]:
    """A row as text, under `HEADINGS`."""
    target = "" if row.target is None else f"{row.target:.2f}"
    theirs = _shown(row.theirs, row.unit)
    return (
        row.group,
        row.name,
        _shown(row.ours, row.unit),
        row.beside,
        theirs,
        f"{row.ratio:.2f}",
        target,
        row.verdict,
    )


def _shown(figure: float, unit: str) -> str:
    if unit == "MiB":
        return f"{figure:.0f} MiB"
    return f"{figure * 1000:.1f} ms" if figure < 1 else f"{figure:.2f} s"


def print_table(rows: Iterable[Row]) -> None:
    """A table on a terminal, and lines of values between tabs in a pipe."""
    if not sys.stdout.isatty():
        print(*HEADINGS, sep="\t")
        for row in rows:
            print(*cells(row), sep="\t")
        return
    table = Table(*HEADINGS, title="Medians of the rounds; a ratio is ours as a multiple of theirs")
    for row in rows:
        *values, verdict = cells(row)
        table.add_row(*values, f"[{_COLORS[verdict]}]{verdict}[/]")
    Console().print(table)


def to_json(rows: Sequence[Row], rounds: int) -> str:
    """The whole run: the machine, and each row with its rounds."""
    document = {
        "machine": machine(),
        "rounds": rounds,
        "rows": [{**asdict(row), "ratio": round(row.ratio, 4), "verdict": row.verdict} for row in rows],
    }
    return json.dumps(_rounded(document), indent=1) + "\n"


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return round(value, 5) if isinstance(value, float) else value


def from_json(text: str) -> list[Row]:
    """The rows of a run."""
    rows = json.loads(text)["rows"]
    return [Row(**{name: item for name, item in row.items() if name not in ("ratio", "verdict")}) for row in rows]


def markdown(text: str) -> str:
    """A run's table for the documentation, with the machine above it."""
    document = json.loads(text)
    about = ", ".join(f"{name} {value}" for name, value in document["machine"].items())
    lines = [f"Medians of {document['rounds']} rounds. {about}.", ""]
    lines += [f"| {' | '.join(HEADINGS)} |", f"|{' --- |' * len(HEADINGS)}"]
    lines += [f"| {' | '.join(cells(row))} |" for row in from_json(text)]
    return "\n".join(lines) + "\n"
