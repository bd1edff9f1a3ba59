"""Fixtures of all tests: an emulator with its own fleet, the environment that points to it, and the tests' markers."""

import json
import re
import shutil
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from hologres_ai.emulator import SHIPPED_FLEET, Emulator
from hologres_ai.settings import environment_names
from tools.engine import Engine, find_engine
from tools.project import Project, opened

# Folders of tests that start programs of this machine, which keep caches in the home.
WITH_HOME = frozenset({"contract", "engine", "faults", "fuzz", "repo"})

# The marker of every test in a folder or file; pyproject.toml describes each marker.
MARKERS = {
    "tests/browser/": "browser",
    "tests/engine/": "engine",
    "tests/fuzz/": "fuzz",
    "tests/api/test_any_response.py": "fuzz",
    "tests/contract/test_openapi_clients.py": "packaging",
    "tests/core/test_load.py": "load",
    "tests/repo/test_benchmarks.py": "load",
    "tests/repo/test_packages.py": "packaging",
    "tests/repo/test_sdk.py": "packaging",
    "tests/testing/test_fixtures.py": "packaging",
}

# Tests that compile Pulumi's Go SDK run on one worker: at the same time, each would compile it again.
COMPILE_GO = re.compile(
    r"tests/repo/test_sdk\.py::.*_go_|tests/engine/test_plugin_examples\.py::test_an_example_shows_values_and_detects_a_change\[go|"
    r"tests/contract/test_openapi_clients\.py::"
)

OpenFolder = Callable[..., AbstractContextManager[Project]]


def pytest_configure() -> None:
    """Restore the default handling of signals, which child processes inherit.

    A shell starts `make test &` with SIGINT ignored, and nohup with SIGHUP. A process that inherits this does not end.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


# `make test-fast` selects this profile. Otherwise, each property is tested with 100 generated examples.
settings.register_profile("fast", max_examples=20)


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by its folder or file, and every test that uses the engine."""
    for item in items:
        path = item.path.relative_to(item.config.rootpath).as_posix()
        names = {marker for prefix, marker in MARKERS.items() if path.startswith(prefix)}
        if "engine" in getattr(item, "fixturenames", ()):
            names.add("engine")
        for name in sorted(names):
            item.add_marker(name)
        if COMPILE_GO.match(item.nodeid):
            item.add_marker(pytest.mark.xdist_group("go"))


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """A copy of the shipped fleet, to edit."""
    return Path(shutil.copy(SHIPPED_FLEET, tmp_path / "fleet.json"))


def write_a_node_in_each(file: Path, regions: Iterable[str]) -> Path:
    """A fleet with a node ``ai-REGION`` in each of the regions."""
    nodes = [{"aiInstanceId": f"ai-{region}", "regionId": region, "nodeCount": 1} for region in regions]
    file.write_text(json.dumps({"nodes": nodes}))
    return file


@pytest.fixture
def emulator(fleet: Path) -> Iterator[Emulator]:
    """An emulator that serves `fleet`."""
    with Emulator(fleet=fleet) as running:
        yield running


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the developer's keys and region from tests."""
    for name in environment_names():
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _no_profile_of_this_machine(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Hide the developer's ~/.aliyun from tests; Go and npm need the real home for their caches."""
    if request.path.parent.name not in WITH_HOME:
        monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture
def environment(emulator: Emulator) -> dict[str, str]:
    """The settings of a person who tries the emulator."""
    return emulator.environment


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The engine. Without one the tests fail; they are never skipped."""
    return find_engine()


@pytest.fixture
def open_folder(engine: Engine, environment: dict[str, str]) -> OpenFolder:
    """Opens a folder as a project whose settings point to the emulator; `environment` and others can be replaced."""

    def open_(folder: Path, **options: Any) -> AbstractContextManager[Project]:
        return opened(engine, folder, **{"environment": environment, **options})

    return open_
