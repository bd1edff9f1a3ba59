"""The output of a command: printable text, colour and progress."""

import codecs
import os
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import cycle
from threading import Event, Thread
from time import monotonic
from typing import TextIO

import click

UNKNOWN_SIGN = "?"
NOT_ASKED = "-"
NEAR = 30  # days; a subscription that expires within this time is marked

PROGRESS_AFTER = 0.5  # seconds; for a shorter time, progress would only flicker
_PROGRESS_EVERY = 0.2  # seconds
_LEAST_WIDTH, _MOST_WIDTH, _DEFAULT_WIDTH = 20, 1000, 80  # columns of a terminal

# Unicode categories: control, format (including right-to-left overrides), surrogate, private use, unassigned, line and
# paragraph separators. A terminal executes these characters, or shows nothing, and columns are then not aligned.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def printable(text: str) -> str:
    r"""Return the text with each invisible character replaced by its code, such as ``\x1b``."""
    return "".join(c if unicodedata.category(c) not in _INVISIBLE else _code(c) for c in text)


def _code(character: str) -> str:
    coded = character.encode("ascii", "backslashreplace").decode()
    return f"\\x{ord(character):02x}" if coded == character else coded


def shown(value: object) -> str:
    """Return a value as text: ``?`` for None, ``true`` and ``false`` as in JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return UNKNOWN_SIGN if value is None else printable(str(value))


def say(label: str, title: str, remedy: str = "") -> None:
    """Print ``label: title`` and the remedy on stderr. If stderr cannot be written, nothing is printed."""
    colour = {"error": "red", "warning": "yellow"}.get(label)
    head = click.style(f"{label}:", fg=colour, bold=True) + " " if label else ""
    lines = [head + printable(title), *map(printable, remedy.splitlines())]
    with suppress(OSError, ValueError):
        click.echo("\n".join(lines), err=True, color=wants_colour(sys.stderr))


def print_text(text: str) -> None:
    """Print human-readable text on stdout. Its styles are removed if colour is disabled.

    Long lines are not truncated, so that they can be copied.
    """
    sys.stdout.write(f"{text if wants_colour(sys.stdout) else click.unstyle(text)}\n")


def print_machine_text(text: str) -> None:
    """Print a machine-readable format on stdout in UTF-8, even if the terminal has a different encoding."""
    sys.stdout.flush()
    sys.stdout.buffer.write(f"{text}\n".encode("utf-8", "backslashreplace"))


def wants_colour(stream: TextIO) -> bool:
    """Return whether human-readable text on a stream is coloured.

    NO_COLOR and FORCE_COLOR=0 disable colour. Any other value of FORCE_COLOR enables it. If neither is set, a terminal
    has colour unless TERM is dumb.
    """
    forced = os.environ.get("FORCE_COLOR")
    if os.environ.get("NO_COLOR") or forced == "0":
        return False
    return bool(forced) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def is_unicode(stream: TextIO) -> bool:
    """Return whether the stream's encoding can represent every Unicode character."""
    try:
        return codecs.lookup(stream.encoding).name.startswith("utf")
    except (LookupError, TypeError):
        return False


def terminal_width() -> int:
    """Return the number of columns of the terminal. A valid value of COLUMNS takes precedence."""
    for text in (os.environ.get("COLUMNS", ""), str(_columns_of_terminal())):
        if text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= _LEAST_WIDTH:
            return min(int(text), _MOST_WIDTH)
    return _DEFAULT_WIDTH


def _columns_of_terminal() -> int:
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        return 0


@contextmanager
def progress(describe: Callable[[], str]) -> Iterator[None]:
    """Show progress and the elapsed time on stderr if the block takes longer than `PROGRESS_AFTER`.

    Progress is shown only if stdout and stderr are terminals. If stdout is a pipe, a pager may be using the terminal.
    The cursor stays visible, so there is no terminal state to restore when the process ends.
    """
    if not (sys.stdout.isatty() and sys.stderr.isatty()) or os.environ.get("TERM") == "dumb":
        yield
        return
    done = Event()
    thread = Thread(target=_show_progress, args=(describe, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _show_progress(describe: Callable[[], str], done: Event) -> None:
    started = monotonic()
    if done.wait(PROGRESS_AFTER):
        return
    with suppress(OSError, ValueError):
        for sign in cycle("-\\|/"):
            line = f"{sign} {printable(describe())} {monotonic() - started:.0f} s"
            _redraw(line[: terminal_width() - 1])
            if done.wait(_PROGRESS_EVERY):
                break
        _redraw("")


def _redraw(line: str) -> None:
    sys.stderr.write(f"\r{line}\x1b[K")
    sys.stderr.flush()
