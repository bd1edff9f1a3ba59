"""Run a folder with a Pulumi program on a real engine with a file backend, and remove everything afterwards.

The folder is copied, so that nothing is written into it. If the engine has the language host of the program, the engine
runs it; otherwise a command of `INLINE` runs the same program.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml  # type: ignore[import-untyped]

from tools import sdk
from tools.engine import Engine, has_host

ROOT = Path(__file__).resolve().parents[1]

# The commands that run a program on an engine without its language host, by the runtime in Pulumi.yaml. Every
# engine has the language host of YAML.
INLINE = {
    "python": (sys.executable, "-m", "tools.inline"),
    "nodejs": ("node", str(ROOT / "tools" / "inline.mjs")),
    "go": ("./inline",),
}

Write = Callable[[str], object]


@dataclass(frozen=True)
class Run:
    """The result of one command of the engine: its exit code and everything that it printed."""

    code: int
    text: str


@dataclass(frozen=True)
class Secret:
    """A configuration value that the engine encrypts."""

    value: str


@dataclass(frozen=True)
class Project:
    """One stack of one program. A method that runs a command returns its `Run`, even if the command fails."""

    engine: Engine
    folder: Path
    stack: str
    environment: Mapping[str, str]
    write: Write

    def preview(self, *options: str) -> Run:
        """Run `pulumi preview`."""
        return self._run_program("preview", *options)

    def up(self, *options: str) -> Run:
        """Run `pulumi up --yes --skip-preview`."""
        return self._run_program("up", *options)

    def refresh(self) -> Run:
        """Run `pulumi refresh --yes --skip-preview`."""
        return self.pulumi("refresh", "--yes", "--skip-preview")

    def drift(self, *options: str) -> Run:
        """Run `pulumi refresh --preview-only --expect-no-changes`."""
        return self.pulumi("refresh", "--preview-only", "--expect-no-changes", *options)

    def destroy(self) -> Run:
        """Run `pulumi destroy --yes --skip-preview`."""
        return self.pulumi("destroy", "--yes", "--skip-preview")

    def export(self) -> str:
        """Return the state, with its secrets encrypted: `pulumi stack export`."""
        return self.pulumi("stack", "export").text

    def outputs(self) -> dict[str, object]:
        """Return the outputs of the stack: `pulumi stack output --json`."""
        outputs: dict[str, object] = json.loads(self.pulumi("stack", "output", "--json").text)
        return outputs

    def pulumi(self, *arguments: str) -> Run:
        """Run a command of the engine for this stack."""
        return self._run(str(self.engine.pulumi), *arguments, "--stack", self.stack, "--non-interactive")

    def _run_program(self, command: str, *options: str) -> Run:
        runtime = _runtime(self.folder)
        if runtime not in INLINE or has_host(self.engine, runtime):
            confirmed = ("--yes", "--skip-preview") if command == "up" else ()
            return self.pulumi(command, *confirmed, *options)
        return self._run(*INLINE[runtime], command, self.stack, *options)

    def _run(self, *command: str) -> Run:
        lines: list[str] = []
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                for line in process.stdout or ():
                    lines.append(line)
                    self.write(line.rstrip("\n"))
            except BaseException:
                process.send_signal(signal.SIGINT)  # the engine cancels and unlocks the stack
                raise
        return Run(process.returncode, "".join(lines))


@contextmanager
def opened(
    engine: Engine,
    folder: Path,
    *,
    environment: Mapping[str, str],
    config: Mapping[str, str | Secret] | None = None,
    stack: str = "dev",
    backend: Path | None = None,
    write: Write = lambda _line: None,
) -> Iterator[Project]:
    """Create the project, and remove it when the block ends.

    `environment` is added to that of the process, for the engine and the program; `backend` is a folder that several
    projects share, for stack references; `write` is called with each line that the engine prints.
    """
    with TemporaryDirectory(prefix="hologres-ai-") as temporary:
        work = _copied(folder, Path(temporary))
        _prepare(work, engine)
        states = backend or Path(temporary) / "backend"
        states.mkdir(exist_ok=True)
        variables = {
            **os.environ,
            **engine.environment(Path(temporary) / "home"),
            "PYTHONPATH": str(ROOT),
            "PULUMI_BACKEND_URL": states.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "for a stack that ends with this run",
            **environment,
        }
        project = Project(engine, work, stack, variables, write)
        project.pulumi("stack", "init")
        for key, value in (config or {}).items():
            project.pulumi("config", "set", key, *_value(value))
        yield project


def _copied(folder: Path, temporary: Path) -> Path:
    """Copy a folder so that ../../sdk leads to the SDKs, as it does in examples."""
    (temporary / "sdk").symlink_to(ROOT / "sdk")
    leavings = shutil.ignore_patterns(*sdk.LEAVINGS)
    return Path(shutil.copytree(folder, temporary / "programs" / folder.name, ignore=leavings))


def _prepare(work: Path, engine: Engine) -> None:
    """Provide the packages of the program, and compile it if necessary.

    Raises:
        SystemExit: the language is not installed, or the program does not compile; the text says what to do.
    """
    runtime = _runtime(work)
    if runtime == "nodejs":
        (work / "node_modules").symlink_to(sdk.node_packages())
        sdk.run(work, "node", "node_modules/typescript/bin/tsc")
    if runtime == "go" and not has_host(engine, runtime):
        sdk.run(work, "go", "test", "-c", "-trimpath", "-o", "inline")


def _runtime(folder: Path) -> str:
    """Return the language in Pulumi.yaml, which may have options there."""
    runtime = yaml.safe_load((folder / "Pulumi.yaml").read_text())["runtime"]
    return str(runtime["name"] if isinstance(runtime, dict) else runtime)


def _value(value: str | Secret) -> tuple[str, ...]:
    return ("--secret", value.value) if isinstance(value, Secret) else ("--plaintext", value)
