"""Processes that a test starts, and their child processes: all inherit a mark in their environment."""

import time
from collections.abc import Callable
from pathlib import Path

MARK = "HOLOGRES_AI_TEST_MARK"


def marked(mark: str) -> list[str]:
    """The command lines of all running processes with the mark."""
    wanted, found = f"{MARK}={mark}".encode(), []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:  # the process has ended, or belongs to another user
            continue
    return found


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until the condition is met; fail after a time limit."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition was not met in time"
        time.sleep(0.05)
