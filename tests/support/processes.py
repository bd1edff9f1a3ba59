"""Processes that a test starts, and all that those start in turn: they inherit a mark in their environment."""

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
        except OSError:  # it has just ended, or is another user's
            continue
    return found


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for it, or fail."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)
