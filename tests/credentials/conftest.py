"""Each test runs without the proxy of this machine and without cached credentials, and leaks no secret."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from hologres_ai.credentials import cache
from tests.support import stand_ins
from tests.support.credentials_setups import SourceSetup
from tests.support.stand_ins import (
    CANARY,
    StandIn,
)


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No proxy of this machine, and nothing cached from another test."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    cache.forget()
    yield
    cache.forget()


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with stand_ins.arranged(monkeypatch) as running:
        yield running


@pytest.fixture(autouse=True)
def _no_secret_is_logged(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Every log record of every library is captured; no record and no output may contain a secret."""
    caplog.set_level(logging.DEBUG)
    yield
    assert CANARY not in caplog.text
    assert CANARY not in "".join(capfd.readouterr())


@pytest.fixture
def setup(stand_in: StandIn, tmp_path: Path) -> SourceSetup:
    return SourceSetup(stand_in, tmp_path)
