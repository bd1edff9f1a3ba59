"""`make demo` as a whole: its output, and that nothing remains afterwards."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tools.engine import Engine

ROOT = Path(__file__).parents[2]


@pytest.fixture
def empty_folders(tmp_path: Path) -> dict[str, Path]:
    """An empty home and an empty folder for temporary files."""
    folders = {"HOME": tmp_path / "home", "TMPDIR": tmp_path / "tmp"}
    for folder in folders.values():
        folder.mkdir()
    return folders


def start(empty_folders: dict[str, Path]) -> subprocess.Popen[str]:
    """The demo in a separate process group, as in a terminal."""
    environment = {**os.environ, **{name: str(folder) for name, folder in empty_folders.items()}}
    return subprocess.Popen(
        [sys.executable, "-m", "tools.demo"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def left_behind(empty_folders: dict[str, Path], group: int) -> list[str]:
    """Files in the home or among the temporary files, and processes of the group."""
    files = [str(path) for folder in empty_folders.values() for path in folder.rglob("*")]
    listing = subprocess.run(["ps", "-eo", "pgid=,args="], capture_output=True, text=True, check=True).stdout
    alive = [line for line in listing.splitlines() if "<defunct>" not in line]
    return files + [line for line in alive if line.split()[0] == str(group)]


def test_the_demo_shows_each_step_and_leaves_nothing_behind(engine: Engine, empty_folders: dict[str, Path]) -> None:
    process = start(empty_folders)
    text, _ = process.communicate(timeout=120)
    assert process.returncode == 0, text
    for sign in ("freeGpuMemory", "nodeCount       : 1 => 3", "no changes were expected", "1 deleted", "Done."):
        assert sign in text
    assert left_behind(empty_folders, process.pid) == []


@pytest.mark.parametrize("moment", ["pulumi preview", "pulumi up", "pulumi destroy"])
def test_an_interrupted_demo_leaves_nothing_behind(engine: Engine, empty_folders: dict[str, Path], moment: str) -> None:
    process = start(empty_folders)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(moment):
            break
    os.killpg(process.pid, signal.SIGINT)
    text, _ = process.communicate(timeout=30)
    assert process.returncode == 130, text
    assert "Traceback" not in text
    assert left_behind(empty_folders, process.pid) == []
