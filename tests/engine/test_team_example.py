"""examples/team on a real engine: a platform stack, a models stack that reads it, and the drift job between them.

The platform stack gets an existing instance here; tests/test_examples.py creates one on Pulumi's mocks.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import OpenFolder
from tests.engine.conftest import Fleet
from tools.project import ROOT, Project

TEAM = ROOT / "examples" / "team"
INSTANCE = "hgpostcn-cn-yi34hlzdx003"
FREE, LARGEST_MODEL = "hologram_aipostpay_public_cn-77a01", 62  # GB that are free in all


@pytest.fixture
def platform(open_folder: OpenFolder, tmp_path: Path) -> Iterator[Project]:
    """The platform stack, up."""
    config = {"platform:instanceId": INSTANCE}
    with open_folder(TEAM / "platform", config=config, backend=tmp_path / "states") as project:
        assert project.up().code == 0
        yield project


def models(open_folder: OpenFolder, states: Path, gpu_memory: int) -> OpenFolder:
    """Opens the models stack for a model of this size, in GB."""
    config = {"models:platform": "organization/platform/dev", "models:gpuMemory": str(gpu_memory)}
    return lambda: open_folder(TEAM / "models", config=config, backend=states)


def drift(platform: Project) -> int:
    """The exit code of the CI job."""
    path = f"{Path(sys.executable).parent}:{platform.environment.get('PATH', os.defpath)}"
    environment = {**platform.environment, "PATH": path}
    command = ["bash", "drift.sh", platform.stack]
    return subprocess.run(command, cwd=platform.folder, env=environment, timeout=120, check=False).returncode


def test_a_model_is_placed_on_the_nodes_of_the_other_stack(
    platform: Project, open_folder: OpenFolder, tmp_path: Path, served_fleet: Fleet
) -> None:
    requests = served_fleet.emulator.requests
    with models(open_folder, tmp_path / "states", 24)() as project:
        assert project.up().code == 0
        assert project.outputs() == {"placement": FREE}
    assert served_fleet.emulator.requests == requests
    assert f'placement: "{FREE}"' in (TEAM / "README.md").read_text()


def test_a_model_that_does_not_fit_stops_the_preview(
    platform: Project, open_folder: OpenFolder, tmp_path: Path
) -> None:
    with models(open_folder, tmp_path / "states", LARGEST_MODEL + 1)() as project:
        preview = project.preview()
        assert preview.code != 0
        assert f"free GPU memory: at least {LARGEST_MODEL + 1}" in preview.text


def test_the_drift_job_reports_a_change(platform: Project, served_fleet: Fleet) -> None:
    assert drift(platform) == 0
    served_fleet.change(FREE, nodeCount=3)
    assert drift(platform) == 2
    assert f"{FREE}" in (platform.folder / "drift.md").read_text()
