"""Functions for the two programs of this package, `hologres-ai` and the plugin.

The library does not use this module, because its functions end the process or set signal handlers.
"""

import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

DEBUG = "HOLOGRES_AI_DEBUG"
"""The environment variable that enables tracebacks of internal errors, if set to 1."""


def exit_process(code: int) -> None:
    """Flush stdout and stderr, stop the commands that fetch credentials, then exit without interpreter shutdown.

    With the libraries of this package loaded, the shutdown takes about 0.05 s. This is a fifth of the run time of a
    cold ``hologres-ai list`` (measured: 263 ms with the shutdown, 216 ms without it). If stdout can't be flushed, the
    function returns, so that Python reports the error at normal exit. An error on stderr is ignored, because it must
    not change the exit code.
    """
    for stream in filter(None, (sys.stderr, sys.stdout)):  # a stream is None if the process was started without it
        try:
            stream.flush()
        except (OSError, ValueError):
            if stream is sys.stdout:
                return
    if command := sys.modules.get(f"{__package__}.credentials.command"):  # not imported only to stop commands
        command.stop_commands()
    os._exit(code)


def stop_on_signals() -> "asyncio.Event":
    """Return an event that SIGINT and SIGTERM set; requires a running event loop."""
    import asyncio  # noqa: PLC0415 - slow to import, and not needed for --help

    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # on Windows, an interrupt stops asyncio.run without a handler
            loop.add_signal_handler(number, stop.set)
    return stop
