"""Workflows and hooks run what `make` runs, and nothing else."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tools import dist

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted(path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config")


def load(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    return document


def steps(workflow: Path) -> Iterator[dict[str, Any]]:
    for job in load(workflow)["jobs"].values():
        yield from job["steps"]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_every_command_of_a_workflow_is_a_target_of_the_makefile(workflow: Path) -> None:
    commands = [step["run"] for step in steps(workflow) if "run" in step]
    assert [command for command in commands if command.removeprefix("make ") not in TARGETS] == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_named_by_a_version(workflow: Path) -> None:
    actions = [step["uses"] for step in steps(workflow) if "uses" in step]
    assert [action for action in actions if not re.search(r"@(v\d+|release/v\d+|[0-9a-f]{40})$", action)] == []


def test_the_archives_are_built_for_the_targets_that_are_documented() -> None:
    matrix = load(ROOT / ".github" / "workflows" / "release.yml")["jobs"]["archives"]["strategy"]["matrix"]
    assert sorted(entry["target"] for entry in matrix["include"]) == sorted(dist.TARGETS)


def test_the_pre_commit_hooks_run_the_commands_of_make_check() -> None:
    """pre-commit gives the two ruff commands the changed files; the other commands are those of `make check`."""
    [recipe] = re.findall(r"^check: .*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    checks = [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe.splitlines()]
    [local] = load(ROOT / ".pre-commit-config.yaml")["repos"]
    assert local["repo"] == "local"
    assert [hook["entry"] for hook in local["hooks"]] == checks


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_an_issue_form_has_a_required_field(form: Path) -> None:
    fields = load(form)["body"]
    inputs = [field for field in fields if field["type"] != "markdown"]
    assert len({field["id"] for field in inputs}) == len(inputs)
    assert any(field.get("validations", {}).get("required") for field in inputs)
    assert all(field["attributes"]["label"] for field in inputs)
