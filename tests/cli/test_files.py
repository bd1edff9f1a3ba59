"""Files are replaced in one step, even if the process is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hologres_ai.cli.files import write_file
from tests.cli.test_interrupted import SIGNALS, kept
from tests.support.processes import wait_until

INTERRUPTED_WRITE = """
import os, signal, sys
from pathlib import Path
from hologres_ai.cli.files import write_file
sync = os.fsync
def interrupted(handle):
    sync(handle)
    os.kill(os.getpid(), signal.SIGINT)
os.fsync = interrupted
write_file(sys.argv[1], "new" * 100_000)
"""


def test_an_interrupt_during_a_write_leaves_the_old_file_unchanged(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("old")
    done = subprocess.run([sys.executable, "-c", INTERRUPTED_WRITE, str(file)], capture_output=True, check=False)
    assert b"KeyboardInterrupt" in done.stderr
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_replaced_file_keeps_its_mode_its_owner_and_its_symbolic_link(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("old")
    file.chmod(0o640)
    link.symlink_to(file)
    write_file(str(link), "new")
    assert (file.read_text(), file.stat().st_mode & 0o777, link.is_symlink()) == ("new", 0o640, True)
    if os.geteuid() == 0:  # only root gives files away
        os.chown(file, 1234, 1235)
        write_file(str(file), "newer")
        assert (file.stat().st_uid, file.stat().st_gid) == (1234, 1235)
    with pytest.raises(FileNotFoundError):
        write_file(str(tmp_path / "no-folder" / "file"), "new")


WRITING = """
import json, sys
from pathlib import Path
from hologres_ai.cli.files import write_file
file = Path(sys.argv[1])
print("ready", flush=True)
while True:
    for word in ("old", "new"):
        write_file(str(file), json.dumps([word] * 20_000))
"""


@pytest.mark.parametrize("number", [*SIGNALS, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.parametrize("delay", [0.05, 0.111, 0.173])
def test_a_killed_write_leaves_the_complete_old_or_new_file(
    tmp_path: Path, number: signal.Signals, delay: float
) -> None:
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
from hologres_ai.cli.files import write_file
sync = os.fsync
def ended(handle):
    sync(handle)
    os.kill(os.getpid(), int(sys.argv[2]))
os.fsync = ended
write_file(sys.argv[1], "new" * 100_000)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_termination_during_a_write_leaves_the_old_file_unchanged(tmp_path: Path, number: signal.Signals) -> None:
    file = tmp_path / "file"
    file.write_text("old")
    done = subprocess.run([sys.executable, "-c", ENDED_AT_THE_DISK, str(file), str(int(number))], check=False)
    assert done.returncode == 128 + number
    assert kept(file) == {"file": b"old"}


def test_a_file_that_cannot_be_replaced_is_written_in_place(tmp_path: Path) -> None:
    """A bind-mounted file: the system refuses to rename another one to its name."""
    file, source = tmp_path / "file", tmp_path / "source"
    file.write_text("old and longer")
    source.write_text("old and longer")
    script = f"""
mount --bind {source} {file} || exit 77
{sys.executable} -c 'from hologres_ai.cli.files import write_file; write_file("{file}", "new")'
"""
    done = subprocess.run(["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, check=False)
    if done.returncode in (1, 77) and "write_file" not in done.stderr:
        pytest.skip(f"no mounts here: {done.stderr}")
    assert (done.returncode, done.stderr) == (0, "")
    assert source.read_text() == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "source"]


def test_a_pipe_and_a_device_are_written_in_place(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True) as reader:
        write_file(str(pipe), "text")
        assert reader.communicate(timeout=20)[0] == "text"
    write_file("/dev/null", "text")
    assert pipe.is_fifo()
    assert Path("/dev/null").is_char_device()
    assert list(tmp_path.iterdir()) == [pipe]


@pytest.mark.parametrize(
    "name", ["no-folder/file", "folder", "file/file", "loop", "x" * 300], ids=lambda name: name[:10]
)
def test_an_error_names_the_file_as_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("old")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match=name[:20]) as raised:
        write_file(name, "new")
    assert raised.value.filename == name
    assert ".hologres-ai-" not in str(raised.value)
    assert (tmp_path / "file").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder", "loop"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_device_is_an_error() -> None:
    with pytest.raises(OSError, match="No space left on device: '/dev/full'"):
        write_file("/dev/full", "text")


def test_a_file_is_utf_8_in_every_locale(tmp_path: Path) -> None:
    code = "import sys; from hologres_ai.cli.files import write_file; write_file(sys.argv[1], '\\u2192 \\u8282')"
    environment = {"PATH": "", "PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONIOENCODING": "cp1252"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "file")], env=environment, check=True)
    assert (tmp_path / "file").read_bytes() == "→ 节".encode()
