"""An emulator with a fleet of its own, reached without a proxy."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hologres_ai.emulator import (
    SHIPPED_FLEET,
    Emulator,
)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    with Emulator(Path(shutil.copy(SHIPPED_FLEET, tmp_path))) as started:
        yield started
