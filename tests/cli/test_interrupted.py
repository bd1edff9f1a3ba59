"""The command line, killed or interrupted at any time: it ends promptly, without a traceback."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from hologres_ai.emulator import Emulator
from tests.support.command_line import COMMAND, environment
from tests.support.processes import MARK, marked, wait_until

SIGNALS = [signal.SIGINT, signal.SIGTERM]
CODES = {signal.SIGINT: 130, signal.SIGTERM: -signal.SIGTERM}


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("accept", [False, True], ids=["list", "drift --accept"])
def test_a_signal_to_the_process_group_ends_a_read_that_hangs(
    accept: bool, number: signal.Signals, emulator: Emulator, tmp_path: Path
) -> None:
    baseline = tmp_path / "kept" / "baseline.json"
    baseline.parent.mkdir()
    arguments = ["drift", "--baseline", str(baseline), "--accept"] if accept else ["list"]
    mark = f"cli-{os.getpid()}-{time.monotonic_ns()}"
    settings = {**environment(emulator.url), MARK: mark}
    subprocess.run([*COMMAND, *arguments], env=settings, check=True, capture_output=True)
    before = list(kept(baseline).items())
    emulator.arm("hang", times=10)
    requests = emulator.requests
    process = subprocess.Popen(
        [*COMMAND, *arguments], env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    wait_until(lambda: emulator.requests > requests)
    os.killpg(process.pid, number)
    stdout, stderr = process.communicate(timeout=55)  # the read itself would hang for its whole time limit, 60 s
    assert (process.returncode, stdout) == (CODES[number], b"")
    assert b"Traceback" not in stderr
    assert marked(mark) == []
    assert list(kept(baseline).items()) == before


def kept(file: Path) -> dict[str, bytes]:
    """Every file in the folder of a file, the hidden ones too."""
    return {path.name: path.read_bytes() for path in file.parent.iterdir()}
