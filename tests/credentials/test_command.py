"""The command of a profile in mode External: how it ends, and that it never outlives the program."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hologres_ai.errors import CredentialsError
from tests.support.credentials_setups import SourceSetup, get, settings_of

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the commands are those of a POSIX shell")


def state_of(process: str) -> str:
    """The state of a process as `ps` shows it; empty if there is no such process."""
    return subprocess.run(["ps", "-o", "stat=", "-p", process], capture_output=True, text=True, check=False).stdout


def wait_for(file: Path) -> str:
    for _ in range(600):
        if file.exists() and file.read_text().strip():
            break
        time.sleep(0.05)
    return file.read_text().strip()


def start(setup: SourceSetup, started: Path, seconds: int) -> "subprocess.Popen[str]":
    environ = setup.profile("External", process_command=f"sh -c 'echo $$ > {started}; exec sleep 44'")
    return subprocess.Popen(
        [sys.executable, "-m", "hologres_ai.cli", "list"],
        env={**os.environ, **environ, "ALICLOUD_REGION": "cn-hangzhou", "MAX_RETRY_TIMEOUT": str(seconds)},
        stderr=subprocess.PIPE,
        text=True,
    )


def has_ended(process: str) -> bool:
    for _ in range(100):
        if state_of(process).strip()[:1] in ("", "Z"):  # Z: ended, but not yet read by its parent process
            return True
        time.sleep(0.05)
    return False


def test_a_command_is_stopped_at_the_deadline_and_its_profile_is_named(setup: SourceSetup, tmp_path: Path) -> None:
    program = start(setup, tmp_path / "started", 5)
    process = wait_for(tmp_path / "started")
    _, message = program.communicate(timeout=60)
    assert "the credentials source, profile (it of " in message
    assert "mode External), returned no credentials within 5 s" in message
    assert has_ended(process)


def test_a_command_is_stopped_with_the_program(setup: SourceSetup, tmp_path: Path) -> None:
    program = start(setup, tmp_path / "started", 50)
    process = wait_for(tmp_path / "started")
    program.send_signal(signal.SIGINT)
    program.communicate(timeout=60)
    assert has_ended(process)


def test_the_signal_that_ended_a_command_is_shown(setup: SourceSetup) -> None:
    environ = setup.profile("External", process_command="sh -c 'kill -9 $$'")
    with pytest.raises(CredentialsError, match="the command was terminated by signal 9"):
        get(settings_of(setup, environ))
