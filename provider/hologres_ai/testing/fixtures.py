"""pytest fixtures for the emulator and the mocks. Load them in the `conftest.py` in the root folder of the tests::

    pytest_plugins = ["hologres_ai.testing.fixtures"]

The module is not registered as a pytest entry point, because the import of Pulumi would slow down every pytest run.
"""

import asyncio
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path

import pulumi
import pytest
from pulumi.runtime import Mocks

from ..emulator import SHIPPED_FLEET, Emulator
from ..settings import environment_names
from .fleets import Fleet, content_of
from .mocks import HologresMocks


@pytest.fixture
def hologres_fleet() -> Fleet:
    """The nodes (the fleet) that `hologres_emulator` and `hologres_mocks` return.

    Override or parametrize it to use a different fleet.
    """
    return SHIPPED_FLEET


@pytest.fixture(scope="session")
def hologres_session_fleet() -> Fleet:
    """The fleet of `hologres_session_emulator`. Override it to use a different fleet."""
    return SHIPPED_FLEET


@pytest.fixture
def hologres_emulator(
    hologres_fleet: Fleet, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Emulator]:
    """A running emulator for one test, with the environment variables to use it. The test can edit the fleet file."""
    with Emulator(fleet=_copied(hologres_fleet, tmp_path_factory)) as running:
        for name in environment_names():
            monkeypatch.delenv(name, raising=False)
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture(scope="session")
def hologres_session_emulator(
    hologres_session_fleet: Fleet, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Emulator]:
    """A running emulator for all tests. The environment variables are not set; see `Emulator.environment`."""
    with Emulator(fleet=_copied(hologres_session_fleet, tmp_path_factory)) as running:
        yield running


@pytest.fixture
def hologres_mocks(hologres_fleet: Fleet) -> Iterator[HologresMocks]:
    """Mocks with the fleet, which are set as the mocks of Pulumi. A test can use `run_program`, or create resources.

    After the test, the previous settings, mocks and root resource of Pulumi are restored, and the previous event loop
    of the thread.
    """
    mocks = HologresMocks(hologres_fleet)
    with _own_loop() as loop, _own_settings(mocks):
        root = pulumi.runtime.get_root_resource()
        if root:  # resolved here, so that an asynchronous test can await it in a different event loop
            loop.run_until_complete(root.urn.future())
        yield mocks


def _copied(fleet: Fleet, folders: pytest.TempPathFactory) -> Path:
    path = folders.mktemp("hologres") / "fleet.json"
    path.write_bytes(content_of(fleet))
    return path


@contextmanager
def _own_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Set a new event loop for this thread, and restore the previous event loop afterwards. Pulumi uses this loop."""
    previous = _current_loop()
    try:
        with asyncio.Runner() as runner:
            asyncio.set_event_loop(runner.get_loop())
            yield runner.get_loop()
    finally:  # after the runner, which removes the event loop of the thread
        asyncio.set_event_loop(previous)


def _current_loop() -> asyncio.AbstractEventLoop | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python issues a warning if no event loop is set
        try:
            return asyncio.get_event_loop()
        except RuntimeError:
            return None


@contextmanager
def _own_settings(mocks: Mocks) -> Iterator[None]:
    """Set the mocks with a new root resource, and restore Pulumi's previous settings afterwards.

    These settings are context variables. The default of each variable is None.
    """
    before = copy_context()
    pulumi.runtime.reset_options()
    pulumi.runtime.set_mocks(mocks)
    changed = [variable for variable, value in copy_context().items() if before.get(variable) is not value]
    try:
        yield
    finally:
        for variable in changed:
            variable.set(before.get(variable))
