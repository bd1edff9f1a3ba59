"""What tests of every kind share: a real emulator with a fleet of its own, and the environment that points to it."""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from hologres_ai.emulator import SHIPPED_FLEET, Emulator
from hologres_ai.settings import environment_names
from tools.engine import Engine, find_engine
from tools.project import Project, opened

# Folders of tests that start tools of this machine.
WITH_HOME = frozenset({"contract", "engine", "faults", "fuzz", "repo"})

OpenFolder = Callable[..., AbstractContextManager[Project]]


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
    """A developer's own keys and region must not reach a test."""
    for name in environment_names():
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _no_profile_of_this_machine(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A developer's own ~/.aliyun must not reach a test. Where Go and npm run, they need the real home for their caches."""
    if request.path.parent.name not in WITH_HOME:
        monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture
def environment(emulator: Emulator) -> dict[str, str]:
    """The settings of a person who tries the emulator."""
    return emulator.environment


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The engine; where none can be had the tests fail: they are never skipped."""
    return find_engine()


@pytest.fixture
def open_folder(engine: Engine, environment: dict[str, str]) -> OpenFolder:
    """Opens a folder as a project whose settings point to the emulator; `environment` and others may be given anew."""

    def open_(folder: Path, **options: Any) -> AbstractContextManager[Project]:
        return opened(engine, folder, **{"environment": environment, **options})

    return open_
