"""A browser for the whole run, and pages that record what they request and report."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from hologres_ai.cli.reports import Report
from hologres_ai.cli.reports.html import render_html
from tools.chromium import ChromiumMissingError, chromium

NARROW, WIDE = 400, 1400  # pixels


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium; without one the tests fail, and are never skipped."""
    try:
        with chromium() as started:
            yield started
    except ChromiumMissingError as error:
        pytest.fail(str(error), pytrace=False)


@dataclass
class Opened:
    """A page of the browser, with all that it requested and reported."""

    page: Page
    requests: list[str] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)

    def texts(self, selector: str) -> list[str]:
        """The visible text of each element, on one line."""
        return [" ".join(text.split()) for text in self.page.locator(selector).all_inner_texts()]

    def count(self, selector: str) -> int:
        """How many elements there are."""
        return self.page.locator(selector).count()


Open = Callable[..., Opened]


@pytest.fixture
def open_report(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a report, written to a file as UTF-8; or a file that a command wrote."""
    contexts: list[BrowserContext] = []

    def open_(
        report: Report | Path, *, width: int = WIDE, scheme: Literal["light", "dark"] = "light", scripts: bool = True
    ) -> Opened:
        file = report if isinstance(report, Path) else tmp_path / f"report-{len(contexts)}.html"
        if isinstance(report, Report):
            file.write_text(render_html(report), encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=scripts
        )
        contexts.append(context)
        page = context.new_page()
        opened = Opened(page)
        page.on("request", lambda request: opened.requests.append(request.url))
        page.on("console", lambda message: opened.reports.append(message.text))
        page.on("pageerror", lambda error: opened.reports.append(str(error)))
        page.on("dialog", lambda dialog: opened.reports.append(dialog.message))
        page.goto(file.as_uri())
        assert opened.requests.pop(0) == file.as_uri()
        return opened

    yield open_
    for context in contexts:
        context.close()
