"""Measuring in alternation: what disturbs the machine disturbs both sides."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

Figures = dict[str, float]
Subject = Callable[[], Figures]

SECONDS, PEAK = "seconds", "peak"  # peak memory is in MiB
KEYS = ("emulator-access-key-id", "emulator-access-key-secret")  # the emulator's own, which open nothing else


def alternate(subjects: Mapping[str, Subject], rounds: int) -> dict[str, list[Figures]]:
    """The figures of each subject in each round. A round before the first fills caches and is not counted."""
    found: dict[str, list[Figures]] = {name: [] for name in subjects}
    for number in range(rounds + 1):
        names = list(subjects)[:: 1 if number % 2 else -1]
        for name in names:
            figures = subjects[name]()
            if number:
                found[name].append(figures)
    return found


def child(case: str, *arguments: object) -> Figures:
    """What `benchmarks.child` measures in a fresh interpreter.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    command = [sys.executable, "-m", "benchmarks.child", case, *map(str, arguments)]
    figures: Figures = json.loads(run(command))
    return figures


def timed(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Figures:
    """How long a command takes, from its start to its end.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    start = time.perf_counter()
    run(command, environment)
    return {SECONDS: time.perf_counter() - start}


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """What a command prints; its complaints go where ours go.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    variables = {**clean(), **(environment or {})}
    done = subprocess.run(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def clean() -> dict[str, str]:
    """This process's environment without proxies, which would stand between us and loopback."""
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}


def settings(url: str) -> dict[str, str]:
    """The variables that lead to the service at `url`."""
    return {
        "ALIBABA_CLOUD_ENDPOINT_HOLOGRAM": url,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": KEYS[0],
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": KEYS[1],
        "ALIBABA_CLOUD_REGION": "cn-hangzhou",
    }
