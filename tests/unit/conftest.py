"""What only the unit tests need."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _no_profile_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A developer's own ~/.aliyun must not reach a test."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
