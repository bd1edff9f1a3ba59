"""What the documentation says is so: its commands run, its program gives the output beside it, its tables are made."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from hologres_ai.emulator import Emulator
from tests.conftest import OpenFolder
from tools import readme

ROOT = Path(__file__).parents[2]
VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
README = (ROOT / "README.md").read_text()
SCRIPTS = Path(sys.executable).parent


def blocks(language: str) -> list[str]:
    """The fenced blocks of README in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


COMMANDS = [line for block in blocks("sh") for line in block.splitlines()]
LISTS = [command for command in COMMANDS if command.startswith("hologres-ai list")]
CHECKS = [command for command in COMMANDS if command.startswith("hologres-ai check")]
CONFIGS = [command for command in COMMANDS if command.startswith("pulumi config set")]
DRIFT = "pulumi refresh --preview-only --expect-no-changes"
EMULATE = "hologres-ai emulate"
INSTALL = "pip install '.[emulator]'"
MAKES = ["make demo", "make test", "make dist"]
ARCHIVE = f"dist/pulumi-resource-hologres-v{VERSION}-linux-amd64.tar.gz"
PLUGIN = f"pulumi plugin install resource hologres {VERSION} --file {ARCHIVE}"


def test_every_command_is_run_by_a_test() -> None:
    assert sorted(COMMANDS) == sorted([*LISTS, *CHECKS, *CONFIGS, DRIFT, EMULATE, INSTALL, PLUGIN, *MAKES])
    assert LISTS
    assert CONFIGS


def test_the_tables_are_made_from_the_models() -> None:
    assert readme.rendered(README) == README, "run `make format`"


def test_the_targets_are_what_the_tests_run() -> None:
    """`tests/engine` runs the demo, makes the archive and installs it; `make test` is this very run."""
    makefile = (ROOT / "Makefile").read_text()
    assert "$(BIN)/python -m tools.demo" in makefile
    assert "$(BIN)/python -m tools.dist" in makefile
    assert re.search(
        r"^test: .*\n\t\$\(PYTEST\) \$\(PARALLEL\) -m \"not load\"\n\t\$\(PYTEST\) -m load$", makefile, re.MULTILINE
    )


@pytest.mark.parametrize("command", CHECKS)
def test_check(command: str, environment: dict[str, str]) -> None:
    run = shell(command, environment)
    assert (run.returncode, run.stderr) == (0, "")
    assert "requirements met in cn-hangzhou" in run.stdout


@pytest.mark.parametrize("command", LISTS)
def test_list(command: str, environment: dict[str, str], emulator: Emulator) -> None:
    run = shell(command, {**environment, "ALIBABA_CLOUD_ENDPOINT_HOLOGRAM": emulator.endpoint})
    assert run.returncode == 0, run.stderr
    assert "hologram_" in run.stdout


def test_emulate() -> None:
    with subprocess.Popen(
        [SCRIPTS / "hologres-ai", "emulate"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        process.terminate()


def test_the_program_gives_the_output_beside_it(
    tmp_path: Path, open_folder: OpenFolder, emulator: Emulator, environment: dict[str, str]
) -> None:
    [program] = blocks("python")
    [output] = blocks("text")
    folder = tmp_path / "readme"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: readme\nruntime: python\n")
    (folder / "__main__.py").write_text(program)
    with open_folder(folder) as project:
        run = project.preview()
        assert output in run.text
        assert project.up().code == 0
        assert shell(DRIFT, dict(project.environment), folder=project.folder).returncode == 0
        for command in CONFIGS:
            run_ = shell(command, dict(project.environment), folder=project.folder, given="value")
            assert run_.returncode == 0, run_.stderr


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
