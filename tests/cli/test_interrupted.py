"""The command line, ended from outside at any moment: promptly, and without a trace."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hologres_ai.emulator import Emulator
from tests.cli.test_list import COMMAND, environment
from tests.support.processes import MARK, marked, wait_until

SIGNALS = [signal.SIGINT, signal.SIGTERM]
CODES = {signal.SIGINT: 130, signal.SIGTERM: -signal.SIGTERM}
PROMPT = 20.0  # seconds; the read itself would hang for its whole time limit, 60 s


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("accept", [False, True], ids=["list", "drift --accept"])
def test_a_read_that_hangs_ends_with_its_process_group(
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
    told = time.monotonic()
    os.killpg(process.pid, number)
    stdout, stderr = process.communicate(timeout=60)
    assert time.monotonic() - told < PROMPT
    assert (process.returncode, stdout) == (CODES[number], b"")
    assert b"Traceback" not in stderr
    assert marked(mark) == []
    assert list(kept(baseline).items()) == before


def kept(file: Path) -> dict[str, bytes]:
    """Every file in the folder of a file, the hidden ones too."""
    return {path.name: path.read_bytes() for path in file.parent.iterdir()}


WRITING = """
import json, sys
from pathlib import Path
from hologres_ai.cli.files import atomic_write
file = Path(sys.argv[1])
print("ready", flush=True)
while True:
    for word in ("old", "new"):
        atomic_write(file, json.dumps([word] * 20_000))
"""


@pytest.mark.parametrize("number", [*SIGNALS, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.parametrize("delay", [0.05, 0.111, 0.173])
def test_a_write_that_is_ended_leaves_one_whole_file(tmp_path: Path, number: signal.Signals, delay: float) -> None:
    file = tmp_path / "file"
    with subprocess.Popen(
        [sys.executable, "-c", WRITING, str(file)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        wait_until(file.exists)
        time.sleep(delay)
        process.send_signal(number)
        process.wait(timeout=20)
    assert process.returncode != 0
    (name,) = kept(file)  # no draft beside it
    assert json.loads(kept(file)[name]) in (["old"] * 20_000, ["new"] * 20_000)


ENDED_AT_THE_DISK = """
import os, signal, sys
from pathlib import Path
from hologres_ai.cli.files import atomic_write
sync = os.fsync
def ended(handle):
    sync(handle)
    os.kill(os.getpid(), int(sys.argv[2]))
os.fsync = ended
atomic_write(Path(sys.argv[1]), "new" * 100_000)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_termination_during_the_write_leaves_the_old_file_alone(tmp_path: Path, number: signal.Signals) -> None:
    file = tmp_path / "file"
    file.write_text("old")
    done = subprocess.run([sys.executable, "-c", ENDED_AT_THE_DISK, str(file), str(int(number))], check=False)
    assert done.returncode == 128 + number
    assert kept(file) == {"file": b"old"}
