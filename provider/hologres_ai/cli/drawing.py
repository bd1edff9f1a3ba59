"""Lines in colour, on a terminal."""

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from .reports import Line


def print_lines(lines: Iterable[Line]) -> None:
    """Print them on stdout. The terminal breaks what is too long, so that it can be copied whole."""
    console = Console(highlight=False, markup=False, emoji=False)
    for line in lines:
        console.print(Text.assemble((line.head, line.style), line.rest), soft_wrap=True)
