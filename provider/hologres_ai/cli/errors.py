"""Error handling: each failure of a command is a message on stderr and an exit code, without a traceback."""

import errno
import io
import os
import re
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import click

from ..errors import HologresAiError, RegionsError
from ..process import DEBUG
from .output import print_text, printable, say
from .reports import STDOUT, ReportedError
from .reports.nagios import UNKNOWN

DONE = 0
FAILED = 1
FINDING = 2
INTERRUPTED = 128 + 2  # SIGINT
READER_GONE = 128 + 13  # SIGPIPE

EXIT_CODES = (
    (DONE, "success"),
    (FAILED, "error, such as a failed read, or an invalid option or setting"),
    (FINDING, "a finding: drift, or an unmet requirement"),
    (INTERRUPTED, "interrupted"),
    (READER_GONE, "the reader closed the output, as `head` does"),
)

COMPLETE = "_HOLOGRES_AI_COMPLETE"  # the environment variable of click's shell completion
_NAGIOS = "hologres_ai.nagios"
_OTHER_COMMANDS = ("list", "drift", "doctor", "emulate")  # without the report format nagios


class CommandGroup(click.Group):
    """The command group. It maps every failure to one of `EXIT_CODES`.

    A command function returns its exit code, or None for 0.
    """

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command line, and also map failures outside the commands, such as a failure of shell completion."""
        try:
            with _mapped_to_exit_codes(nagios=False):
                _check_completion()
                return super().main(*args, **extra)
        except click.exceptions.Exit as end:
            sys.exit(end.exit_code)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse the arguments."""
        nagios = wants_nagios(args)
        with _mapped_to_exit_codes(nagios=nagios):
            context = super().make_context(info_name, args, parent, **extra)
            sys.stdout.flush()
        context.meta[_NAGIOS] = nagios
        return context

    def invoke(self, ctx: click.Context) -> None:
        """Run the command and flush its output."""
        with _mapped_to_exit_codes(nagios=ctx.meta[_NAGIOS]):
            code: int | None = super().invoke(ctx)
            sys.stdout.flush()
        ctx.exit(code or DONE)


def _check_completion() -> None:
    """Raise an error if click cannot use the value of `COMPLETE`."""
    value = os.environ.get(COMPLETE)
    shell, _, action = (value or "bash_source").partition("_")
    if shell not in ("bash", "zsh", "fish") or action not in ("source", "complete"):
        raise click.UsageError(f"{COMPLETE}={value} is not valid: set bash_source, zsh_source or fish_source.")
    if action == "complete" and "COMP_WORDS" not in os.environ:
        raise click.UsageError(f"Only a completion script can set {COMPLETE}={value}: unset {COMPLETE}.")


def wants_nagios(arguments: Sequence[str]) -> bool:
    """Return whether ``--report nagios`` is given to `check`, even if the name of the command or an option is invalid.

    Otherwise, a monitoring system would interpret exit code 1 of a misspelled command as a warning.
    """
    if any(argument in _OTHER_COMMANDS for argument in arguments[:1]):
        return False
    pairs = zip(("", *arguments), arguments, strict=False)
    values = (now if before == "--report" else now.removeprefix("--report=") for before, now in pairs if now != before)
    return any(value in ("nagios", *(f"nagios={name}" for name in STDOUT)) for value in values)


@contextmanager
def _mapped_to_exit_codes(*, nagios: bool) -> Iterator[None]:
    """Replace every failure in the block by `click.exceptions.Exit` with its exit code."""
    try:
        yield
    except click.exceptions.Exit:
        with _mapped_to_exit_codes(nagios=nagios):  # --help and --version also print
            sys.stdout.flush()
        raise
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - this is the last handler
        code, title = _report(error)
    else:
        return
    if nagios:
        code = UNKNOWN
        with suppress(OSError):
            print_text(printable(f"HOLOGRES_AI UNKNOWN - {title}").replace("|", "/"))
            sys.stdout.flush()
    raise click.exceptions.Exit(code)


def _report(error: BaseException) -> tuple[int, str]:
    """Print on stderr why a command ended; return its exit code and the text."""
    if isinstance(error, click.ClickException):
        with suppress(OSError):
            error.show()
        return FAILED, error.format_message()
    if isinstance(error, click.Abort | KeyboardInterrupt):
        say("", "interrupted")
        return INTERRUPTED, "interrupted"
    if isinstance(error, OSError):
        _abandon_stdout()
    if isinstance(error, BrokenPipeError):
        return READER_GONE, "the reader closed the output"
    return report_error(error)


def report_error(error: BaseException) -> tuple[int, str]:
    """Print on stderr what failed and what to do next; return the exit code and the title."""
    reported = describe_error(error)
    if not isinstance(error, HologresAiError | OSError) and os.environ.get(DEBUG) == "1":
        traceback.print_exception(error)
    say("error", str(reported), reported.remedy)
    return FAILED, reported.title


def describe_error(error: BaseException) -> ReportedError:
    """Convert an exception to a `ReportedError`, which contains no secrets."""
    kind = type(error).__name__
    if isinstance(error, HologresAiError):
        return ReportedError(
            title=name_options(error.title),
            facts=error.facts,
            remedy=name_options(error.remedy),
            regions=_unread_regions(error),
            kind=kind,
            status=error.status,
            code=error.code,
            request_id=error.request_id,
            denial=error.denial,
        )
    if isinstance(error, OSError) and error.errno == errno.EBADF and not error.filename:
        title, remedy = (
            "stdout is closed; cannot print results",
            "Open stdout, or write a file with --report FORMAT=FILE.",
        )
    elif isinstance(error, OSError) and error.strerror:
        title, remedy = f"cannot access {error.filename}: {error.strerror}", "Check the name and the access rights."
        if not error.filename:
            title, remedy = f"cannot write to stdout: {error.strerror}", "Write a file with --report FORMAT=FILE."
    else:  # The text of an unexpected exception is not shown: it may contain a secret.
        title, remedy = f"Internal error in hologres-ai: {kind}", f"Please report it. Set {DEBUG}=1 for a traceback."
    return ReportedError(title=title, remedy=remedy, kind=kind)


def name_options(text: str) -> str:
    """Replace ``argument region`` by ``option --region``, because the user typed an option."""
    return re.sub(r"\bargument (region|profile|endpoint)s?\b", r"option --\1", text)


def _unread_regions(error: HologresAiError) -> tuple[str, ...]:
    """Return the regions that could not be read, each with its outcome, such as ``cn-hangzhou (denied)``."""
    if not isinstance(error, RegionsError):
        return ()
    from ..core.regions import outcomes  # noqa: PLC0415 - the module that raised the error is loaded

    return tuple(f"{item.region} ({item.outcome})" for item in outcomes(error.errors))


def open_missing_streams() -> None:
    """Replace a stdin, stdout or stderr that is closed at the start.

    Otherwise, the next file or socket would use the file descriptor of the missing stream. A write to the replacement
    of stdout fails, so that output is not lost without an error. Messages on stderr are discarded.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_WRONLY if number == 2 else os.O_RDONLY)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - open until the process ends
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def prepare_stdout() -> None:
    """Set the encoding of stdout to UTF-8, or to the encoding of the terminal, and ensure that no output is lost.

    With ``PYTHONUNBUFFERED``, stdout has no buffer, and Python does not detect a partial write to a full disk or a
    closed pipe.
    """
    if not isinstance(sys.stdout, io.TextIOWrapper):
        return
    encoding = sys.stdout.encoding if sys.stdout.isatty() else "utf-8"
    raw: io.IOBase = sys.stdout.buffer
    if isinstance(raw, io.RawIOBase):
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(raw), encoding, "backslashreplace")
    else:
        sys.stdout.reconfigure(encoding=encoding, errors="backslashreplace")


def _abandon_stdout() -> None:
    """Discard the remaining output. Otherwise, Python would flush stdout again at exit and repeat the failure."""
    with suppress(OSError, ValueError):
        number = sys.stdout.fileno()
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)
