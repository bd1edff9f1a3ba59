"""README: its commands run, its programs give the outputs that it states, and it stays short."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from hologres_ai.emulator import Emulator
from hologres_ai.errors.codes import RAM_ACTION
from tests.conftest import OpenFolder
from tests.support.pages import blocks, commands, fences, headings, links

ROOT = Path(__file__).parents[2]
VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
README = ROOT / "README.md"
SCRIPTS = Path(sys.executable).parent

COMMANDS = commands(README)
LISTS = [command for command in COMMANDS if command.startswith("hologres-ai list")]
CHECKS = [command for command in COMMANDS if command.startswith("hologres-ai check")]
CONFIGS = [command for command in COMMANDS if command.startswith("pulumi config set")]
INSTALL = "pip install '.[emulator]'"
MAKES = ["make demo", "make test"]

# The files of a project in each language beside its program.
TYPESCRIPT = ROOT / "examples" / "typescript"
PROGRAMS = {"python": "__main__.py", "typescript": "index.ts", "yaml": "Pulumi.yaml"}


def test_every_command_is_run_by_a_test() -> None:
    plain = [command.partition("  #")[0].rstrip() for command in COMMANDS]
    assert sorted(plain) == sorted([*LISTS, *CHECKS, *CONFIGS, INSTALL, *MAKES])
    assert all((LISTS, CHECKS, CONFIGS))


def test_readme_is_short() -> None:
    lines = README.read_text().splitlines()
    assert len(lines) <= 130
    assert max(map(len, lines)) <= 120
    assert len(README.read_text().split()) <= 1100
    assert lines.index("## Install") < 40


def test_the_make_targets_of_readme_run_the_demo_and_the_tests() -> None:
    """`tests/engine` runs the demo; `make test` is the command of this test run."""
    makefile = (ROOT / "Makefile").read_text()
    assert "$(BIN)/python -m tools.demo" in makefile
    assert re.search(
        r"^test: .*\n\t\$\(PYTEST\) \$\(PARALLEL\) -m \"not load and not browser\"\n\t\$\(PYTEST\) -m load$",
        makefile,
        re.MULTILINE,
    )


def test_the_policy_allows_the_one_action() -> None:
    [policy] = [json.loads(block) for block in blocks(README, "json")]
    assert policy == {"Version": "1", "Statement": [{"Effect": "Allow", "Action": RAM_ACTION, "Resource": "*"}]}


@pytest.mark.parametrize("command", CHECKS)
def test_the_check_commands_of_readme_succeed(command: str, environment: dict[str, str]) -> None:
    run = shell(command, environment)
    assert (run.returncode, run.stderr) == (0, "")
    assert "requirements met in cn-hangzhou" in run.stdout


@pytest.mark.parametrize("command", LISTS)
def test_the_list_commands_of_readme_succeed(command: str, environment: dict[str, str], emulator: Emulator) -> None:
    run = shell(command, {**environment, "ALIBABA_CLOUD_ENDPOINT_HOLOGRAM": emulator.endpoint})
    assert run.returncode == 0, run.stderr
    assert "hologram_" in run.stdout


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_program_of_readme_gives_the_documented_output(
    language: str, tmp_path: Path, open_folder: OpenFolder
) -> None:
    [said] = re.findall(r"`freeGpus` is (\d+)", README.read_text())
    with open_folder(a_project(tmp_path / "readme", language)) as project:
        preview = project.preview()
        assert re.search(rf"freeGpus *: {said}\n", preview.text), preview.text
        assert '"hologram_aipostpay_public_cn-77a01"' in preview.text
        if language != "python":
            return
        assert project.up().code == 0
        assert project.drift().code == 0
        for command in CONFIGS:
            done = shell(command, dict(project.environment), folder=project.folder, given="value")
            assert done.returncode == 0, done.stderr


def a_project(folder: Path, language: str, page: Path = README) -> Path:
    """A project around the program of a page in a language."""
    [program] = blocks(page, language)
    folder.mkdir()
    if language == "typescript":
        for name in ("package.json", "tsconfig.json"):
            shutil.copy(TYPESCRIPT / name, folder)
    runtime = "nodejs" if language == "typescript" else language
    description = "" if program.startswith("name: ") else f"name: readme\nruntime: {runtime}\n"
    (folder / "Pulumi.yaml").write_text(description)
    with (folder / PROGRAMS[language]).open("a") as file:  # in YAML the program is part of Pulumi.yaml
        file.write(program)
    return folder


def test_the_version_is_the_newest_of_the_changelog() -> None:
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert newest[1] == VERSION


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = [project["project"]["dependencies"], *project["dependency-groups"].values()]
    groups += project["project"]["optional-dependencies"].values()
    names = {
        re.split(r"[<>=\[]", requirement)[0]
        for group in groups
        for requirement in group
        if isinstance(requirement, str)
    }
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    assert [name for name in sorted(names) if f"`{name}`" not in contributing] == []


def shell(
    command: str, environment: dict[str, str], *, folder: Path = ROOT, given: str = ""
) -> subprocess.CompletedProcess[str]:
    """A command line as a reader would paste it."""
    path = environment.get("PATH", f"{SCRIPTS}:{os.environ['PATH']}")
    return subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env={**environment, "PATH": path},
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


# --------------------------------------------------------------------------------------------------- README in Chinese

CHINESE = ROOT / "README.zh-CN.md"


def test_the_chinese_readme_has_the_same_structure() -> None:
    assert [tag for tag, _ in headings(CHINESE)] == [tag for tag, _ in headings(README)]
    assert _shape(CHINESE) == _shape(README)


def test_the_chinese_readme_has_the_same_code_links_and_names() -> None:
    assert fences(CHINESE) == fences(README)
    assert sorted({*links(CHINESE), "README.zh-CN.md"}) == sorted({*links(README), "README.md"})
    assert _names(CHINESE) == _names(README)


def _shape(page: Path) -> list[tuple[int, int]]:
    """The number of code blocks and of list items in each section."""
    sections = re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [(section.count("```"), len(re.findall(r"^- ", section, re.MULTILINE))) for section in sections]


def _names(page: Path) -> set[str]:
    """The code in the text, such as names of outputs, and the numbers."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return set(re.findall(r"`([^`]+)`", text)) | set(re.findall(r"\d[\d,.]*\d", text))
