"""Find Chromium and start it with Playwright."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL = "apt-get install --no-install-recommends chromium"

# Chromium must send only the requests of the pages, and must not use a GPU.
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
        ChromiumMissingError: Chromium is not installed.
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
        ChromiumMissingError: Chromium is not installed.
    """
    path = find_chromium()
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # as root, Chromium's own sandbox can't be set up
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*QUIET, *sandbox])
        yield browser
        browser.close()
