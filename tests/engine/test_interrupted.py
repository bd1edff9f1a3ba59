"""Ctrl-C and SIGTERM during a read that hangs: a prompt end, no process left, and a usable stack."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from hologres_ai.emulator import Emulator
from tests.conftest import OpenFolder
from tests.support.processes import MARK, marked, wait_until
from tools.engine import has_host
from tools.project import INLINE, ROOT, Project

EXAMPLES = ROOT / "examples"
PROMPT = 20.0  # seconds; the read itself would hang for its whole time limit, 60 s
COMMANDS = {"preview": ("preview",), "up": ("up", "--yes", "--skip-preview")}

# The SDK's server of dynamic resources leaves the engine's Cancel unanswered: the first signal waits for the read, and
# the second ends it at once, as the engine documents. The plugin responds to Cancel, so one signal is enough.
CASES = {
    "python-dynamic": (2, {"preview": signal.SIGTERM, "up": signal.SIGINT}),
    "yaml": (1, {"preview": signal.SIGINT, "up": signal.SIGTERM}),
}


@pytest.mark.parametrize("example", CASES)
def test_a_stack_is_usable_after_an_interrupt(example: str, open_folder: OpenFolder, emulator: Emulator) -> None:
    times, numbers = CASES[example]
    with open_folder(EXAMPLES / example) as project:
        assert project.up().code == 0
        before, _ = state(project)
        for verb, number in numbers.items():
            interrupt(project, emulator, verb, number, times)
            outputs, under_way = state(project)
            assert outputs == before
            assert under_way <= {"reading"}  # at most a read, which needs no repair
        for run in (project.preview("--expect-no-changes"), project.up()):
            assert run.code == 0, run.text
        assert state(project) == (before, set())


def test_the_plugin_ends_with_an_engine_that_is_killed(open_folder: OpenFolder, emulator: Emulator) -> None:
    """A killed engine does not close its plugins; without this the plugin runs until the time limit of the read."""
    with open_folder(EXAMPLES / "yaml", environment={**emulator.environment, "MAX_RETRY_TIMEOUT": "600"}) as project:
        emulator.arm("hang", times=100)
        mark = f"killed-{os.getpid()}-{time.monotonic_ns()}"
        process = start(project, "preview", mark)
        wait_until(lambda: emulator.requests > 0, 120)
        assert plugins(mark)
        process.kill()
        process.wait()
        wait_until(lambda: plugins(mark) == [], 60)


def plugins(mark: str) -> list[str]:
    """The running processes of the plugin with the mark."""
    return [command for command in marked(mark) if "pulumi-resource-hologres" in command]


def interrupt(project: Project, emulator: Emulator, verb: str, number: signal.Signals, times: int) -> None:
    """Signal the process group once the read hangs; require a prompt end, and no process and no lock left."""
    emulator.arm("hang", times=100)
    mark, requests = f"{verb}-{os.getpid()}-{time.monotonic_ns()}", emulator.requests
    process = start(project, verb, mark)
    wait_until(lambda: emulator.requests > requests)
    signalled = time.monotonic()
    os.killpg(process.pid, number)
    for _ in range(times - 1):
        time.sleep(1)
        os.killpg(process.pid, number)
    text, _ = process.communicate(timeout=60)
    assert time.monotonic() - signalled < PROMPT, text
    assert process.returncode != 0, text
    wait_until(lambda: marked(mark) == [], 10)
    emulator.disarm()
    assert locks(project) == []


def start(project: Project, verb: str, mark: str) -> subprocess.Popen[str]:
    """In a separate process group, as in a terminal; child processes inherit the mark."""
    return subprocess.Popen(
        command(project, verb),
        cwd=project.folder,
        env={**project.environment, MARK: mark},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def command(project: Project, verb: str) -> tuple[str, ...]:
    """The command that `Project` runs for the verb."""
    is_python = (project.folder / "__main__.py").exists()
    if is_python and not has_host(project.engine, "python"):
        return (*INLINE["python"], verb, project.stack)
    return (str(project.engine.pulumi), *COMMANDS[verb], "--stack", project.stack, "--non-interactive")


def locks(project: Project) -> list[Path]:
    """The locks of the file backend: the next command would refuse to work beside one."""
    backend = Path(project.environment["PULUMI_BACKEND_URL"].removeprefix("file://"))
    assert (backend / ".pulumi").is_dir()
    return [path for path in (backend / ".pulumi" / "locks").rglob("*") if path.is_file()]


def state(project: Project) -> tuple[dict[str, Mapping[str, object]], set[str]]:
    """The outputs in the state, and the types of its pending operations."""
    deployment = json.loads(project.export())["deployment"]
    outputs = {entry["urn"]: entry.get("outputs", {}) for entry in deployment["resources"]}
    return outputs, {operation["type"] for operation in deployment.get("pending_operations", [])}
