"""The pytest fixtures: their values, and that other tests are not affected."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pulumi
import pytest

from hologres_ai import AiNode, AiNodeList, read_ai_nodes
from hologres_ai.emulator import SHIPPED_FLEET
from hologres_ai.testing import Emulator, Fleet, HologresMocks

pytest_plugins = ["hologres_ai.testing.fixtures"]

EXAMPLES = Path(__file__).parents[2] / "examples"


def assert_ids(nodes: AiNodeList, expected: list[str]) -> pulumi.Output[None]:
    def check(ids: Sequence[str]) -> None:
        assert ids == expected

    return nodes.ids.apply(check)


@pytest.mark.parametrize("hologres_fleet", [[AiNode(ai_instance_id="a")], [{"aiInstanceId": "b"}], SHIPPED_FLEET])
def test_hologres_mocks_sets_the_mocks_of_pulumi(hologres_mocks: HologresMocks) -> None:
    """Tests resources as in Pulumi's documentation; each parameter is a separate fleet."""
    expected = sorted(node.ai_instance_id or "" for node in hologres_mocks.nodes)
    pulumi.runtime.test(assert_ids)(AiNodeList("nodes"), expected)  # type: ignore[no-untyped-call]
    with pytest.raises(AssertionError):
        pulumi.runtime.test(assert_ids)(AiNodeList("again"), ["another"])  # type: ignore[no-untyped-call]


@pytest.fixture
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALICLOUD_ACCESS_KEY", "a developer's own")
    monkeypatch.setenv("ALIBABA_CLOUD_CREDENTIALS_URI", "http://127.0.0.1:1/")


@pytest.mark.parametrize("hologres_fleet", [[AiNode(ai_instance_id="a")], SHIPPED_FLEET])
@pytest.mark.usefixtures("_own_settings")
def test_hologres_emulator_replaces_the_settings_of_the_environment(
    hologres_fleet: Fleet, hologres_emulator: Emulator
) -> None:
    ids = read_ai_nodes().ids
    assert ids == ("a",) or hologres_fleet == SHIPPED_FLEET
    assert len(ids) == len(json.loads(hologres_emulator.fleet_path.read_text())["nodes"])
    hologres_emulator.fleet_path.write_text('{"nodes": []}')
    assert read_ai_nodes().ids == ()
    assert hologres_emulator.requests == 2


def pytest_in(folder: Path) -> "subprocess.CompletedProcess[str]":
    """`pytest` as a user runs it, in a copy of the example."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def example(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(EXAMPLES / "tested-program", tmp_path / "program", ignore=ignored))


def test_the_tests_of_the_example_pass(example: Path) -> None:
    done = pytest_in(example)
    assert (done.returncode, "7 passed" in done.stdout) == (0, True), done.stdout + done.stderr


@pytest.mark.parametrize(
    ("right", "wrong", "fails"),
    [
        ("return min(", "return max(", "test_the_fullest_that_fits[24-half]"),
        ("if not fitting:", "if not listed:", "test_no_room"),
    ],
)
def test_the_tests_of_the_example_detect_a_mistake(example: Path, right: str, wrong: str, fails: str) -> None:
    source = (example / "placement.py").read_text()
    assert right in source
    (example / "placement.py").write_text(source.replace(right, wrong))
    done = pytest_in(example)
    assert done.returncode == 1
    assert f"FAILED test_program.py::{fails}" in done.stdout


# ---------------------------------------------------------------------------------------- other tests of a user's suite

SUITE = """
import asyncio
import os

import pulumi
import pytest
from pulumi.runtime import Mocks

from hologres_ai import AiNodeList, read_ai_nodes
from hologres_ai.testing import HologresMocks, run_program


def test_with_hologres_mocks(hologres_mocks):
    seen = []
    pulumi.runtime.test(lambda: AiNodeList("nodes").ids.apply(lambda ids: seen.append(len(ids))))()
    assert (seen, pulumi.get_project()) == ([13], "project")


def test_a_program():
    assert run_program(lambda: pulumi.export("n", AiNodeList("nodes").ids.apply(len)), HologresMocks()) == {"n": 13}


def test_the_environment_of_an_emulator(hologres_emulator):
    assert len(read_ai_nodes().ids) == 13


def test_the_environment():
    assert "ALIBABA_CLOUD_ENDPOINT_HOLOGRAM" not in os.environ


@pytest.mark.parametrize("number", range(2))
def test_a_shared_emulator(hologres_session_emulator, monkeypatch, number):
    for name, value in hologres_session_emulator.environment.items():
        monkeypatch.setenv(name, value)
    assert len(read_ai_nodes().ids) == 13
"""
OWN_MOCKS = """
class OwnMocks(Mocks):
    def call(self, args):
        return {}, []

    def new_resource(self, args):
        return "own", {**args.inputs, "size": 7}


class Thing(pulumi.CustomResource):
    size: pulumi.Output[int]

    def __init__(self, name):
        super().__init__("own:index:Thing", name, {"size": None})


pulumi.runtime.set_mocks(OwnMocks(), project="own")


@pytest.mark.parametrize("number", range(3))
def test_with_own_mocks(number):
    seen = []
    pulumi.runtime.test(lambda: Thing("thing").size.apply(seen.append))()
    assert (seen, pulumi.get_project()) == ([7], "own")


def test_the_loop_of_the_thread():
    asyncio.get_event_loop().run_until_complete(asyncio.sleep(0))
"""
ASYNCHRONOUS = """
@pytest.mark.asyncio
async def test_a_program_in_a_running_loop():
    assert run_program(lambda: pulumi.export("n", AiNodeList("nodes").ids.apply(len)), HologresMocks()) == {"n": 13}


@pytest.mark.asyncio
async def test_hologres_mocks_in_a_running_loop(hologres_mocks):
    assert len(await AiNodeList("nodes").ids.future()) == 13
"""
PLUGINS = 'pytest_plugins = ["hologres_ai.testing.fixtures"]\n'
WITHOUT_PLUGINS = ("-p", "no:random_order", "-p", "no:xdist", "-p", "no:asyncio")


def suite_passes(
    folder: Path, *options: str, parts: tuple[str, ...] = (SUITE, OWN_MOCKS), conftest: str = PLUGINS
) -> None:
    """Run a user's suite and require that each test of it passes."""
    (folder / "conftest.py").write_text(conftest)
    (folder / "test_suite.py").write_text("\n".join(parts))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout


def test_other_tests_keep_their_state(tmp_path: Path) -> None:
    suite_passes(tmp_path, *WITHOUT_PLUGINS)


@pytest.mark.parametrize("seed", [1, 2])
def test_other_tests_keep_their_state_in_any_order(tmp_path: Path, seed: int) -> None:
    suite_passes(tmp_path, "-p", "no:asyncio", "--random-order", f"--random-order-seed={seed}")


def test_other_tests_keep_their_state_in_several_processes(tmp_path: Path) -> None:
    suite_passes(tmp_path, "-p", "no:asyncio", "--numprocesses", "2")


def test_other_tests_keep_their_state_beside_asynchronous_tests(tmp_path: Path) -> None:
    suite_passes(tmp_path, "--random-order", "--random-order-seed=3", parts=(SUITE, ASYNCHRONOUS))


def test_fixtures_are_imported_in_a_conftest_below_the_root(tmp_path: Path) -> None:
    """pytest refuses `pytest_plugins` there; importing the fixtures has the same effect."""
    below = tmp_path / "below"
    below.mkdir()
    (tmp_path / "test_root.py").write_text("def test_root():\n    pass\n")
    names = "hologres_emulator, hologres_fleet, hologres_mocks, hologres_session_emulator, hologres_session_fleet"
    (below / "conftest.py").write_text(f"from hologres_ai.testing.fixtures import {names}\n")
    (below / "test_suite.py").write_text(SUITE)
    done = pytest_in(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    (below / "conftest.py").write_text(PLUGINS)
    done = pytest_in(tmp_path)
    assert "Defining 'pytest_plugins' in a non-top-level conftest is no longer supported" in done.stdout + done.stderr
