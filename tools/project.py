"""Runs a folder with a Pulumi program on a real engine with a file backend, and removes everything afterwards.

The folder is copied, so that nothing is written into it. Where the engine has the language host of the program, the
folder runs as `pulumi up` runs it; elsewhere `INLINE` runs the same program.
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

# What runs a program on an engine without its language host, by the runtime in Pulumi.yaml. Every engine has YAML's.
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
    """One stack of one program. Each method is the command of that name and returns its `Run`, also when it fails."""

    engine: Engine
    folder: Path
    stack: str
    environment: Mapping[str, str]
    write: Write

    def preview(self, *options: str) -> Run:
        """`pulumi preview`."""
        return self._run_program("preview", *options)

    def up(self, *options: str) -> Run:
        """`pulumi up --yes --skip-preview`."""
        return self._run_program("up", *options)

    def refresh(self) -> Run:
        """`pulumi refresh --yes --skip-preview`."""
        return self.pulumi("refresh", "--yes", "--skip-preview")

    def drift(self, *options: str) -> Run:
        """`pulumi refresh --preview-only --expect-no-changes`."""
        return self.pulumi("refresh", "--preview-only", "--expect-no-changes", *options)

    def destroy(self) -> Run:
        """`pulumi destroy --yes --skip-preview`."""
        return self.pulumi("destroy", "--yes", "--skip-preview")

    def export(self) -> str:
        """`pulumi stack export`: the state, with its secrets encrypted."""
        return self.pulumi("stack", "export").text

    def outputs(self) -> dict[str, object]:
        """`pulumi stack output --json`."""
        outputs: dict[str, object] = json.loads(self.pulumi("stack", "output", "--json").text)
        return outputs

    def pulumi(self, *arguments: str) -> Run:
        """The engine's own command line, for this stack."""
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
    """The project for as long as the block runs.

    `environment` is added to that of the process, for the engine and the program; `backend` is a folder that several
    projects share, for stack references; `write` gets the engine's lines as they come.
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
    """Install and compile what the language needs.

    Raises:
        SystemExit: the language is not installed, or refuses the program; the text says what to do.
    """
    runtime = _runtime(work)
    if runtime == "nodejs":
        (work / "node_modules").symlink_to(sdk.node_packages())
        sdk.run(work, "node", "node_modules/typescript/bin/tsc")
    if runtime == "go" and not has_host(engine, runtime):
        sdk.run(work, "go", "test", "-c", "-trimpath", "-o", "inline")


def _runtime(folder: Path) -> str:
    """The language in Pulumi.yaml, with or without options."""
    runtime = yaml.safe_load((folder / "Pulumi.yaml").read_text())["runtime"]
    return str(runtime["name"] if isinstance(runtime, dict) else runtime)


def _value(value: str | Secret) -> tuple[str, ...]:
    return ("--secret", value.value) if isinstance(value, Secret) else ("--plaintext", value)
