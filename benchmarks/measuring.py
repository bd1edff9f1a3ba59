"""Measure subjects alternately, so that a disturbance of the machine affects all of them."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

ROOT = Path(__file__).resolve().parents[1]
ACCESS_KEY, SECRET_KEY, REGION = "emulator-access-key-id", "emulator-access-key-secret", "cn-hangzhou"

Name = TypeVar("Name")


class Figures(NamedTuple):
    """Seconds, and the peak memory of the process in MiB."""

    seconds: float
    memory: float = 0.0


def alternate(subjects: Mapping[Name, Callable[[], Figures]], rounds: int) -> dict[Name, Figures]:
    """Return the smallest figures of each subject, which other work on the machine disturbs least.

    One additional round comes first to fill caches, and is not counted.
    """
    found: dict[Name, list[Figures]] = {name: [] for name in subjects}
    for number in range(rounds + 1):
        for name in list(subjects)[:: 1 if number % 2 else -1]:
            found[name].append(subjects[name]())
    return {name: Figures(*map(min, zip(*all_[1:], strict=True))) for name, all_ in found.items()}


def whole_process(command: Sequence[str], environment: Mapping[str, str]) -> Figures:
    """Measure a command from its start to its end."""
    start = time.perf_counter()
    run(command, environment)
    return Figures(time.perf_counter() - start)


def reader(who: str, url: str, repeats: int, regions: Sequence[str] = ()) -> Figures:
    """Measure a read in a fresh interpreter, after a first read that is not counted (`benchmarks.reader`)."""
    printed = run([sys.executable, "-m", "benchmarks.reader", who, url, str(repeats), *regions], {})
    return Figures(*map(float, printed.split()))


def run(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """Run a command, which must succeed, and return its output. No proxy is set: it would get the loopback requests."""
    inherited = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    variables = {**inherited, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True, check=True).stdout


def settings(url: str) -> dict[str, str]:
    """Return the environment that points to the service at `url`."""
    return {
        "ALIBABA_CLOUD_ENDPOINT_HOLOGRAM": url,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": ACCESS_KEY,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": SECRET_KEY,
        "ALIBABA_CLOUD_REGION": REGION,
    }
