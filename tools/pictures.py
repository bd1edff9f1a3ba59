"""Draw the pictures in docs/pictures: `python -m tools.pictures`, or `make pictures`. report.png needs Chromium.

All pictures show the emulator's fleet at a fixed time, so that a picture changes only with the code.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from rich.cells import cell_len
from rich.console import Console
from rich.terminal_theme import TerminalTheme

from hologres_ai.cli.reports import Report
from hologres_ai.cli.reports.html import render_html
from hologres_ai.cli.table import Look, build_table
from hologres_ai.core.result import build_result
from hologres_ai.drift import compare
from hologres_ai.emulator import SHIPPED_FLEET
from hologres_ai.models import AiNode, AiNodeListResult, NodeList, RegionOutcome, build_query
from hologres_ai.testing.fleets import load_nodes
from tools.chromium import ChromiumMissingError, chromium

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
NOW = datetime(2026, 1, 19, 12, tzinfo=UTC)
REGION = "cn-hangzhou"
COMMAND = "hologres-ai list --charge-type PrePaid"

TERMINAL_WIDTH = 100  # columns
PAGE_WIDTH, PAGE_HEIGHT, PAGE_SCALE = 1240, 1560, 1.25  # pixels, and device pixels per pixel

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")

LIGHT = TerminalTheme(
    (255, 255, 255),
    (36, 41, 47),
    [
        (36, 41, 47),
        (188, 40, 35),
        (26, 127, 55),
        (138, 98, 0),
        (9, 105, 218),
        (130, 80, 223),
        (23, 112, 130),
        (87, 96, 106),
    ],
)
DARK = TerminalTheme(
    (22, 27, 34),
    (214, 221, 229),
    [
        (72, 79, 88),
        (255, 123, 114),
        (86, 211, 100),
        (227, 179, 65),
        (121, 192, 255),
        (210, 168, 255),
        (118, 210, 225),
        (177, 186, 196),
    ],
)
THEMES = {"light": LIGHT, "dark": DARK}

# The template of rich without its web fonts, so that the picture makes no requests.
SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"
  role="img" aria-label="Output of hologres-ai list">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-family: system-ui, "Segoe UI", Roboto, sans-serif; font-size: 16px; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def main() -> int:
    """Draw all pictures; return 1 if Chromium is missing."""
    FOLDER.mkdir(exist_ok=True)
    for scheme in SCHEMES:
        (FOLDER / f"list-{scheme}.svg").write_text(draw_list(scheme), encoding="utf-8")
    try:
        _draw_page(render_html(_drift()))
    except ChromiumMissingError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def draw_list(scheme: Scheme) -> str:
    """Return the output of `COMMAND` on a terminal, as SVG."""
    console = Console(
        file=StringIO(),
        record=True,
        width=TERMINAL_WIDTH,
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
    )
    console.print(f"[bold]$ {COMMAND}[/]\n")
    console.print(build_table(_result(_nodes(), charge_types=("PrePaid",)), Look(TERMINAL_WIDTH, "utf-8", NOW)))
    svg = console.export_svg(
        title="hologres-ai list", theme=THEMES[scheme], code_format=SVG, unique_id=f"list-{scheme}"
    )
    return "\n".join(line.rstrip() for line in _fit_wide_characters(svg).splitlines()) + "\n"


def _fit_wide_characters(svg: str) -> str:
    """Give each text the width of its cells; rich counts a Chinese character as one cell here."""

    def fit(match: re.Match[str]) -> str:
        text = unescape(match["text"])
        width = float(match["width"]) * cell_len(text) / max(len(text), 1)
        return f'textLength="{width:g}"{match["rest"]}>{match["text"]}</text>'

    return re.sub(r'textLength="(?P<width>[0-9.]+)"(?P<rest>[^>]*)>(?P<text>[^<]*)</text>', fit, svg)


def _draw_page(html: str) -> None:
    with TemporaryDirectory() as folder, chromium() as browser:
        file = Path(folder) / "report.html"
        file.write_text(html, encoding="utf-8")
        page = browser.new_page(
            viewport={"width": PAGE_WIDTH, "height": PAGE_HEIGHT}, device_scale_factor=PAGE_SCALE, color_scheme="light"
        )
        page.goto(file.as_uri())
        page.screenshot(path=FOLDER / "report.png")


def _nodes() -> tuple[AiNode, ...]:
    return load_nodes(SHIPPED_FLEET, clock=lambda: NOW)


def _result(nodes: Sequence[AiNode], **filters: object) -> AiNodeListResult:
    listed = NodeList(nodes=tuple(nodes), request_id=None)
    outcome = RegionOutcome(region=REGION, outcome="ok")
    return build_result(REGION, build_query(filters), listed, region_outcomes=(outcome,))


def _drift() -> Report:
    current = _result(list(_changed(_nodes())))
    return Report(
        command="drift",
        read_at=NOW,
        credentials_from="profile prod",
        access_key_id="LTAI",
        result=current,
        drift=compare(_result(_nodes()), current),
    )


def _changed(nodes: Sequence[AiNode]) -> Iterator[AiNode]:
    """Yield the fleet after some days: one AI instance has grown, one has lost its renewal, one was removed."""
    for index, node in enumerate(nodes):
        match index:
            case 1:
                yield replace(node, node_count=3)
            case 3:
                yield replace(node, auto_renewal=False)
            case 6:
                pass
            case _:
                yield node


if __name__ == "__main__":
    sys.exit(main())
