"""Text that a terminal shows as it is."""

import os
import sys
import unicodedata

import click

UNKNOWN = "?"
NOT_ASKED = "-"

# Control, format (where the right-to-left overrides are), surrogate and private characters, line and paragraph ends:
# a terminal obeys them, or shows nothing and loses count of its columns.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def printable(text: str) -> str:
    r"""The text with every character that is not visible as its code, such as ``\x1b``."""
    return "".join(c if unicodedata.category(c) not in _INVISIBLE else _code(c) for c in text)


def _code(character: str) -> str:
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def say(label: str, title: str, remedy: str = "") -> None:
    """``label: title`` on stderr, and beneath it what to do next."""
    colours = {"error": "red", "warning": "yellow"}
    shown = click.style(f"{label}:", fg=colours.get(label), bold=True) if _is_colourful() else f"{label}:"
    click.echo(f"{shown} {printable(title)}", err=True)
    for line in remedy.splitlines():
        click.echo(printable(line), err=True)


def _is_colourful() -> bool:
    """Whether stderr takes colour: click asks for a terminal only, and neither for NO_COLOR nor for TERM."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
