"""The end of a process of ours, without taking the interpreter apart."""

import os
import sys


def leave(code: int) -> None:
    """End the process at once; return only where what was printed can't be written, for Python to tell at its own end.

    With this package's libraries loaded, the interpreter's own end takes some 0.05 s, half of what a small read takes.
    It would free memory, which the system does anyway, and wait for threads, of which none has anything left to do.
    """
    try:
        for stream in filter(None, (sys.stdout, sys.stderr)):  # None, where the process was started without
            stream.flush()
    except (OSError, ValueError):
        return
    os._exit(code)
