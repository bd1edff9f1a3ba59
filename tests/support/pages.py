"""Pages in Markdown: their fenced blocks, links and headings."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page in a language."""
    return [token.content for token in _tokens(page) if token.type == "fence" and token.info == language]


def fences(page: Path) -> list[tuple[str, str]]:
    """All fenced blocks of a page, with their languages."""
    return [(token.info, token.content) for token in _tokens(page) if token.type == "fence"]


def commands(page: Path) -> list[str]:
    """The lines of the fenced blocks of a page in `sh`."""
    return [line for block in blocks(page, "sh") for line in block.splitlines()]


def links(page: Path) -> list[str]:
    """The targets of links and pictures of a page."""
    inline = [child for token in _tokens(page) for child in token.children or ()]
    targets = [str(token.attrs.get("href") or token.attrs.get("src")) for token in inline if token.attrs]
    html = "".join(token.content for token in [*_tokens(page), *inline] if token.type.startswith("html"))
    return [*targets, *re.findall(r'(?:src|srcset|href)="([^"]+)"', html)]


def headings(page: Path) -> list[tuple[str, str]]:
    """The headings of a page with their levels, such as ("h2", "Install")."""
    pairs = pairwise(_tokens(page))
    return [(token.tag, text.content) for token, text in pairs if token.type == "heading_open"]


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub and the documentation site give the headings of a page."""
    return set(_anchors(page))


def _anchors(page: Path) -> Iterator[str]:
    for _, text in headings(page):
        yield re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def _tokens(page: Path) -> list[Token]:
    return _MARKDOWN.parse(page.read_text(encoding="utf-8"))
