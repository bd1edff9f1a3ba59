"""Draws the pictures of the documentation: `python -m tools.pictures`.

The terminal table is what `hologres-ai list` prints on a terminal with the emulator's fleet. It is written as SVG for a
light and a dark page. The SVG refers to no font and no other file.
"""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from html import unescape
from io import StringIO
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from hologres_ai.emulator import Emulator

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
COMMAND = "hologres-ai list --instance-id hgpostcn-cn-yi34hlzdx003"
COLUMNS, LINES = 112, 60
CHARACTER, LINE, MARGIN = 12.2, 24.4, 20  # of rich's SVG, in its units

RGB = tuple[int, int, int]


def _theme(background: RGB, foreground: RGB, colours: str) -> TerminalTheme:
    """A theme from black, red, green, yellow, blue, magenta, cyan and white; bright colours are the same."""
    values = [(int(code[:2], 16), int(code[2:4], 16), int(code[4:], 16)) for code in colours.split()]
    return TerminalTheme(background, foreground, values, values)


THEMES = {
    "light": _theme((250, 250, 250), (36, 41, 47), "24292f cf222e 116329 8a5300 0969da 8250df 1b6c7d 57606a"),
    "dark": _theme((22, 27, 34), (201, 209, 217), "6e7681 ff7b72 3fb950 d29922 79c0ff d2a8ff 56d4dd c9d1d9"),
}

# rich's own template without its fonts from a content delivery network, its window buttons and its title.
TEMPLATE = """\
<svg viewBox="0 0 {{width}} {{height}}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>{{title}}</title>
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, monospace; font-size: {char_height}px;
line-height: {line_height}px; }}
{styles}
</style>
<defs>
{lines}
</defs>
<rect width="{{width}}" height="{{height}}" rx="8" fill="{{background}}"/>
<g transform="translate({{margin}}, {{margin}})">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g>
</g>
</svg>
"""


def main() -> None:
    """Write the pictures."""
    FOLDER.mkdir(exist_ok=True)
    printed = run_on_a_terminal(COMMAND)
    for name, theme in THEMES.items():
        (FOLDER / f"list-{name}.svg").write_text(draw(printed, name, theme), encoding="utf-8")


def run_on_a_terminal(command: str) -> str:
    """What a command of `hologres-ai` prints on a terminal with the emulator's fleet."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    arguments = [sys.executable, "-m", "hologres_ai.cli", *command.split()[1:]]
    with Emulator() as emulator:
        environment = {**os.environ, **emulator.environment, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
        with subprocess.Popen(arguments, stdout=theirs, stderr=subprocess.DEVNULL, env=environment):
            os.close(theirs)
            return _read_all(ours).decode().replace("\r\n", "\n")


def _read_all(descriptor: int) -> bytes:
    """Everything that is written to a pseudo-terminal until its other end is closed."""
    with os.fdopen(descriptor, "rb", buffering=0) as stream:
        content = b""
        try:
            while part := stream.read(65536):
                content += part
        except OSError:  # EIO: Linux's end of file
            pass
        return content


def draw(printed: str, name: str, theme: TerminalTheme) -> str:
    """The output of a terminal as SVG."""
    text = Text.from_ansi(f"$ {COMMAND}\n\n{printed.strip()}")
    lines = text.plain.splitlines()
    columns = max(map(cell_len, lines))
    console = Console(record=True, width=columns, file=StringIO(), force_terminal=True, color_system="truecolor")
    console.print(text, soft_wrap=True)
    svg = _fit_wide_characters(console.export_svg(theme=theme, code_format=TEMPLATE, unique_id=f"list-{name}"))
    values = {
        "title": COMMAND,
        "background": theme.background_color.hex,
        "margin": f"{MARGIN}",
        "width": f"{columns * CHARACTER + 2 * MARGIN:.0f}",
        "height": f"{len(lines) * LINE + 2 * MARGIN:.0f}",
    }
    for key, value in values.items():
        svg = svg.replace(f"{{{key}}}", value)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def _fit_wide_characters(svg: str) -> str:
    """Give each text the width of its cells: rich counts a Chinese character as one cell here."""

    def fit(match: re.Match[str]) -> str:
        text = unescape(match["text"])
        width = float(match["width"]) * cell_len(text) / max(len(text), 1)
        return f'textLength="{width:g}"{match["rest"]}>{match["text"]}</text>'

    return re.sub(r'textLength="(?P<width>[0-9.]+)"(?P<rest>[^>]*)>(?P<text>[^<]*)</text>', fit, svg)


if __name__ == "__main__":
    main()
