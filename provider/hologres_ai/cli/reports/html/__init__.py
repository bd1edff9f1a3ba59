"""The report as one self-contained HTML page for people, without requests and without scripts.

page.py       the page as data; figures, findings and expiries are its sections
page.html     the template, and page.css its style
"""

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ....names import plural
from .. import Report
from .page import build_page

_FOLDER = Path(__file__).parent


def render_html(report: Report) -> str:
    """Return the page: complete HTML in one text, to be written as UTF-8.

    All values are shown as text: the template escapes them, and invisible characters are shown as
    codes. The Content-Security-Policy of the page allows nothing but its own style.
    """
    style = (_FOLDER / "page.css").read_text("utf-8")
    template = _environment().get_template("page.html")
    return template.render(page=build_page(report), style=Markup(style), policy=_policy(style))  # noqa: S704 - our own file


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plural"] = plural
    return environment


def _policy(style: str) -> str:
    """Return the Content-Security-Policy, which allows only the style with this hash."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
