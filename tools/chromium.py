"""Chromium, driven by Playwright: where it is found, and how it is started."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL = "apt-get install --no-install-recommends chromium"

# No traffic of its own, and no GPU.
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class ChromiumMissingError(Exception):
    """No Chromium is installed; the message has the command to install it."""


def find_chromium() -> str:
    """Return the path of Chromium or Chrome: CHROMIUM, or the first of `NAMES` on PATH.

    Raises:
        ChromiumMissingError: there is none.
    """
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise ChromiumMissingError(
            f"Chromium is not installed. Install it: {INSTALL}\nOr set CHROMIUM to the path of a Chromium or Chrome."
        )
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a headless Chromium, and end it after the block.

    Raises:
        ChromiumMissingError: there is none.
    """
    path = find_chromium()
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # as root, Chromium's own sandbox can't be set up
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*QUIET, *sandbox])
        yield browser
        browser.close()
