"""pytest fixtures; in a `conftest.py`::

    pytest_plugins = ["hologres_ai.testing.fixtures"]

They are asked for and don't register themselves, because Pulumi's import would slow down every other run of pytest.
"""

import asyncio
from collections.abc import Iterator

import pulumi
import pytest

from ..emulator import SHIPPED_FLEET, Emulator
from ..settings import SETTINGS
from .fleets import Fleet, content_of
from .mocks import HologresMocks


@pytest.fixture
def hologres_fleet() -> Fleet:
    """The fleet of the two fixtures below; define it anew, or parametrize it, for another."""
    return SHIPPED_FLEET


@pytest.fixture
def hologres_emulator(
    hologres_fleet: Fleet, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Emulator]:
    """A running emulator, to which the environment leads; it serves a copy of the fleet, to be edited."""
    path = tmp_path_factory.mktemp("hologres") / "fleet.json"
    path.write_bytes(content_of(hologres_fleet))
    for name in (name for setting in SETTINGS for name in setting.environment):
        monkeypatch.delenv(name, raising=False)
    with Emulator(fleet=path) as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def hologres_mocks(hologres_fleet: Fleet) -> Iterator[HologresMocks]:
    """Mocks with the fleet, which are set: for `run_program`, and for tests that make resources themselves."""
    mocks = HologresMocks(hologres_fleet)
    with asyncio.Runner() as runner:
        # Pulumi takes the thread's event loop, which another test may have closed.
        asyncio.set_event_loop(runner.get_loop())
        pulumi.runtime.reset_options()
        pulumi.runtime.set_mocks(mocks)
        yield mocks
        pulumi.runtime.reset_options()
