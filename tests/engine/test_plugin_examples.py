"""The examples that use the plugin, in each language: their outputs, and that they detect a change of the nodes."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from hologres_ai.emulator import EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET, SHIPPED_FLEET, Emulator
from tests.conftest import OpenFolder
from tests.engine.conftest import Fleet
from tools import sdk
from tools.project import ROOT, Project, Run, Secret

EXAMPLES = ROOT / "examples"
NODE = "hologram_aicombo_public_cn-77a03"  # ready, subscribed, with a card of 48 GB: in the list of every example


@dataclass(frozen=True)
class Change:
    """The change of a node, its line in a diff, and an output before and after it."""

    fields: Mapping[str, object]
    diff_line: str
    output: str
    before: object
    after: object


MORE_NODES = {"nodeCount": 7}
DIFF_LINE = "~ nodeCount: 1 => 7"
CHANGES = {
    "yaml": Change(MORE_NODES, DIFF_LINE, "freeGpus", 5, 11),
    "go": Change(MORE_NODES, DIFF_LINE, "freeGpuMemory", 406, 694),
    "typescript": Change(
        {"autoRenewal": True},
        "~ autoRenewal: false => true",
        "toRenew",
        [NODE, "hologram_aicombo_public_cn-52b04"],
        ["hologram_aicombo_public_cn-52b04"],
    ),
}
TWO_ACCOUNTS = Change(MORE_NODES, DIFF_LINE, "researchGpus", 25, 31)


@pytest.mark.parametrize("name", CHANGES)
def test_an_example_shows_values_and_detects_a_change(name: str, open_folder: OpenFolder, served_fleet: Fleet) -> None:
    with open_folder(EXAMPLES / name) as project:
        assert_shown_and_kept(project, CHANGES[name])
        assert_change_noticed(project, CHANGES[name], served_fleet)
        assert_destroyed_without_a_call(project, served_fleet)


@pytest.fixture
def other_account(tmp_path: Path) -> Iterator[Fleet]:
    """Another service with a fleet of its own."""
    path = Path(shutil.copy(SHIPPED_FLEET, tmp_path / "other-fleet.json"))
    with Emulator(fleet=path) as running:
        yield Fleet(path, running)


@pytest.fixture
def two_accounts(open_folder: OpenFolder, served_fleet: Fleet, other_account: Fleet) -> Iterator[Project]:
    """The example with two providers: all settings are in the providers, none is in the environment."""
    config: dict[str, str | Secret] = {}
    for account, fleet in (("research", served_fleet), ("production", other_account)):
        config[f"python-plugin:{account}AccessKey"] = EMULATOR_ACCESS_KEY_ID
        config[f"python-plugin:{account}SecretKey"] = Secret(EMULATOR_ACCESS_KEY_SECRET)
        config[f"python-plugin:{account}Endpoint"] = fleet.emulator.url
    installed = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(sdk.python_package())])}
    with open_folder(EXAMPLES / "python-plugin", environment=installed, config=config) as project:
        yield project


def test_two_accounts_in_one_program(two_accounts: Project, served_fleet: Fleet, other_account: Fleet) -> None:
    assert_shown_and_kept(two_accounts, TWO_ACCOUNTS)
    assert served_fleet.emulator.requests == other_account.emulator.requests > 0
    assert EMULATOR_ACCESS_KEY_SECRET not in two_accounts.export()
    assert_change_noticed(two_accounts, TWO_ACCOUNTS, served_fleet)
    assert two_accounts.outputs()["productionGpus"] == TWO_ACCOUNTS.before
    assert_destroyed_without_a_call(two_accounts, served_fleet, other_account)


def assert_shown_and_kept(project: Project, change: Change) -> None:
    """A preview shows the outputs' values; an update keeps them, and a second one finds nothing to do."""
    preview = succeeded(project.preview())
    assert all(text in preview.text for text in shown(change.before)), preview.text
    assert "[unknown]" not in preview.text
    assert "output<" not in preview.text
    succeeded(project.up())
    assert project.outputs()[change.output] == change.before
    assert_quiet(project)


def assert_change_noticed(project: Project, change: Change, served_fleet: Fleet) -> None:
    """A preview and a refresh show the change and fail; an update accepts it."""
    served_fleet.change(NODE, **change.fields)
    for run in (project.preview("--diff", "--expect-no-changes"), project.drift("--diff")):
        assert run.code != 0, run.text
        assert change.diff_line in run.text
        assert "no changes were expected" in run.text
    succeeded(project.up())
    assert project.outputs()[change.output] == change.after
    assert_quiet(project)


def assert_quiet(project: Project) -> None:
    """Neither an update nor a refresh finds a change."""
    succeeded(project.up("--expect-no-changes"))
    succeeded(project.drift())


def assert_destroyed_without_a_call(project: Project, *served_fleets: Fleet) -> None:
    """The stack is empty, and no call was made."""
    before = [served_fleet.emulator.requests for served_fleet in served_fleets]
    succeeded(project.destroy())
    assert [served_fleet.emulator.requests for served_fleet in served_fleets] == before
    assert json.loads(project.export())["deployment"].get("resources", []) == []


def succeeded(run: Run) -> Run:
    """The run, which must have ended well."""
    assert run.code == 0, run.text
    return run


def shown(value: object) -> list[str]:
    """How the engine prints an output's values."""
    return [f'"{item}"' for item in value] if isinstance(value, list) else [f": {value}\n"]


@pytest.mark.parametrize("name", ["typescript", "typescript-stack-reference"])
def test_the_package_json_of_a_typescript_example_lists_the_installed_packages(name: str) -> None:
    wanted = json.loads((EXAMPLES / name / "package.json").read_text())
    installed = json.loads((sdk.NODE_PACKAGES / "package.json").read_text())
    checkers = {"pyright": installed["devDependencies"]["pyright"]}  # of Python programs
    assert wanted["dependencies"] | wanted["devDependencies"] | checkers == installed["devDependencies"]


@pytest.mark.parametrize(("name", "program"), [("typescript", "node"), ("go", "go")])
def test_a_language_that_is_not_installed_is_named(
    name: str, program: str, open_folder: OpenFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sdk.node_packages()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match=f"^{program} is needed .* install it"), open_folder(EXAMPLES / name):
        pass
