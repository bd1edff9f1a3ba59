"""Subjects measured in alternation, so that a disturbance of the machine affects all of them."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
ACCESS_KEY, SECRET_KEY, REGION = "emulator-access-key-id", "emulator-access-key-secret", "cn-hangzhou"


@dataclass(frozen=True)
class Figures:
    """Seconds, and the peak memory of the process in MiB."""

    seconds: float
    memory: float = 0.0


Subject = Callable[[], Figures]


def alternate(subjects: Mapping[str, Subject], rounds: int) -> dict[str, Figures]:
    """Return the medians of each subject. One more round comes first, fills caches and is not counted."""
    found: dict[str, list[Figures]] = {name: [] for name in subjects}
    for number in range(rounds + 1):
        for name in list(subjects)[:: 1 if number % 2 else -1]:
            figures = subjects[name]()
            if number:
                found[name].append(figures)
    return {
        name: Figures(median(each.seconds for each in all_), median(each.memory for each in all_))
        for name, all_ in found.items()
    }


def whole_process(command: Sequence[str], environment: Mapping[str, str]) -> Figures:
    """Measure a command from its start to its end."""
    start = time.perf_counter()
    run(command, environment)
    return Figures(time.perf_counter() - start)


def reader(who: str, url: str, repeats: int, regions: Sequence[str] = ()) -> Figures:
    """Measure a read in a fresh interpreter, after a first read that is not counted (`benchmarks.reader`)."""
    command = [sys.executable, "-m", "benchmarks.reader", who, url, str(repeats), *regions]
    seconds, memory = run(command, {}).split()
    return Figures(float(seconds), float(memory))


def run(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return what a command prints.

    Raises:
        subprocess.CalledProcessError: the command failed.
    """
    variables = {**without_proxies(), "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True, check=True).stdout


def without_proxies() -> dict[str, str]:
    """The environment of this process without proxies, which would carry loopback requests."""
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}


def settings(url: str) -> dict[str, str]:
    """The environment that points to the service at `url`."""
    return {
        "ALIBABA_CLOUD_ENDPOINT_HOLOGRAM": url,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": ACCESS_KEY,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": SECRET_KEY,
        "ALIBABA_CLOUD_REGION": REGION,
    }
