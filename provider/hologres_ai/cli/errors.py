"""How a command ends: every failure becomes a message on stderr and an exit code, and never a traceback."""

import io
import os
import sys
import traceback
from typing import Any

import click

from ..errors import ConfigurationError, HologresAiError, InvalidArgumentError
from .text import say

READ_FAILED = 1
BAD_ARGUMENTS = 2  # click's own for a bad usage, too
DRIFT = UNMET = 2  # of a `ComparingCommand`
INTERRUPTED = 128 + 2  # SIGINT
READER_GONE = 128 + 13  # SIGPIPE

DEBUG = "HOLOGRES_AI_DEBUG"


class GuardedGroup(click.Group):
    """Commands whose failures are reported here; click keeps to its own, such as a bad usage."""

    def invoke(self, ctx: click.Context) -> None:
        """Run the command, to the last byte of its output."""
        if sys.stdout is None:
            say("error", "stdout is closed: what is read has nowhere to go")
            ctx.exit(READ_FAILED)
        _make_stdout_safe()
        try:
            super().invoke(ctx)
            sys.stdout.flush()
        except (click.ClickException, click.exceptions.Exit):
            raise
        except (click.Abort, KeyboardInterrupt):
            click.echo("interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except OSError as error:
            _let_go_of_stdout()
            ctx.exit(READER_GONE if isinstance(error, BrokenPipeError) else report(error))
        except Exception as error:  # noqa: BLE001 - the last one to see it
            ctx.exit(report(error))


class ComparingCommand(click.Command):
    """A command whose exit code 2 is a finding and nothing else: what stops it, a bad usage too, is 1.

    Its function returns the exit code.
    """

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Read the arguments."""
        try:
            return super().make_context(*args, **kwargs)
        except click.UsageError as error:
            raise _stopped(error) from None

    def invoke(self, ctx: click.Context) -> None:
        """Run it, to the last byte of its output."""
        try:
            code: int = super().invoke(ctx)
        except click.UsageError as error:
            raise _stopped(error) from None
        except HologresAiError as error:
            report(error)
            code = READ_FAILED
        sys.stdout.flush()
        ctx.exit(code)


def _stopped(error: click.UsageError) -> click.exceptions.Exit:
    error.show()
    return click.exceptions.Exit(READ_FAILED)


def report(error: Exception) -> int:
    """Say what failed and what to do next; the exit code."""
    if isinstance(error, HologresAiError):
        say("error", f"{error.title} ({error.facts})" if error.facts else error.title, error.remedy)
        return BAD_ARGUMENTS if isinstance(error, InvalidArgumentError | ConfigurationError) else READ_FAILED
    if isinstance(error, OSError) and error.strerror:
        place = f": {error.filename}" if error.filename else ""
        say("error", f"{error.strerror}{place}")
        return READ_FAILED
    if os.environ.get(DEBUG) == "1":
        traceback.print_exception(error)
    # The exception's own words stay unsaid: nobody has looked at them for secrets.
    say(
        "error",
        f"{type(error).__name__}: this is a bug in hologres-ai; please report it",
        f"Set {DEBUG}=1 to see where it happened.",
    )
    return READ_FAILED


def _make_stdout_safe() -> None:
    """Show the code of a character that the encoding lacks, and write to the end.

    Under ``PYTHONUNBUFFERED`` stdout has no buffer, and Python takes a write that a full disk or a closed pipe has cut
    short for a whole one.
    """
    if not isinstance(sys.stdout, io.TextIOWrapper):
        return
    sys.stdout.reconfigure(errors="backslashreplace")
    raw: io.IOBase = sys.stdout.buffer
    if isinstance(raw, io.RawIOBase):
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(raw), sys.stdout.encoding, "backslashreplace")


def _let_go_of_stdout() -> None:
    """Python flushes stdout once more when it ends, and would complain about the closed pipe or the full disk then."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
