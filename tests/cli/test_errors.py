"""How a command ends: its message, its exit code, and no traceback."""

import re
import shlex
import signal
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from hologres_ai.cli import errors, main
from hologres_ai.emulator import Emulator
from hologres_ai.process import DEBUG
from tests.support.command_line import COMMAND, environment, on_terminal, run, run_process, wait_until, write_fleet


@pytest.mark.parametrize(
    ("arguments", "changes", "requests", "says"),
    [
        (["list", "--bogus"], {}, 0, "No such option '--bogus'"),
        (["list", "--name-regex", "("], {}, 0, "--name-regex: not a regular expression"),
        (["list", "--id", "", "--status", ""], {}, 0, "'--status': must not be empty"),
        (["list", "--region", "x@127.0.0.1"], {}, 0, "Set a region such as"),
        (["list"], {"ALIBABA_CLOUD_REGION": None}, 0, "Give --region, or set ALIBABA_CLOUD_REGION"),
        (["list"], {"ALIBABA_CLOUD_ACCESS_KEY_SECRET": None}, 0, "Set ALIBABA_CLOUD_ACCESS_KEY_SECRET in the"),
        (["list"], {"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "canary-1"}, 1, "SignatureDoesNotMatch"),
        (["emulate", "--fault", "nope"], {}, 0, "--fault: "),
        (["emulate", "--port", "65536"], {}, 0, "--port"),
        (["emulate", "--fleet", "does-not-exist.json"], {}, 0, "the fleet file does-not-exist.json"),
    ],
)
def test_a_failure_is_a_message_and_exit_code_1(
    emulator: Emulator, arguments: list[str], changes: dict[str, str | None], requests: int, says: str
) -> None:
    done = run_process(*arguments, env=environment(emulator.url, **changes))

    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert "canary" not in done.stderr
    assert emulator.requests == requests


def test_a_refusal_shows_the_facts_and_the_remedy(emulator: Emulator) -> None:
    emulator.arm("denied")
    done = run_process("list", env=environment(emulator.url))

    title, remedy = done.stderr.splitlines()
    assert done.returncode == 1
    assert re.fullmatch(r"error: .*\(HTTP 403, Forbidden\.RAM, request [0-9A-F-]+\)", title)
    assert "hologram:ListInstanceModel" in remedy


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_closes_the_pipe_ends_the_command_without_a_message(tmp_path: Path, unbuffered: str) -> None:
    many = ({"aiInstanceId": f"{number:0500}"} for number in range(2000))
    with Emulator(write_fleet(tmp_path, *many)) as emulator:
        for arguments in (["list"], ["list", "--json"]):
            process = subprocess.Popen(
                [*COMMAND, *arguments],
                env=environment(emulator.url, PYTHONUNBUFFERED=unbuffered),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            assert process.stdout
            assert process.stderr
            process.stdout.readline()
            process.stdout.close()
            assert process.stderr.read() == b""
            assert process.wait(timeout=30) == errors.READER_GONE
            process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_a_failure(emulator: Emulator) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "list"],
            env=environment(emulator.url),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert (done.returncode, done.stderr) == (
        1,
        "error: cannot write to stdout: No space left on device\nWrite a file with --report FORMAT=FILE.\n",
    )


def test_a_closed_stdout_is_a_failure(emulator: Emulator) -> None:
    done = subprocess.run(
        ["sh", "-c", f"exec {shlex.join([*COMMAND, 'list'])} >&-"],
        env=environment(emulator.url),
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (
        1,
        "error: stdout is closed; cannot print results\nOpen stdout, or write a file with --report FORMAT=FILE.\n",
    )


def test_an_interrupt_ends_a_read_promptly(emulator: Emulator) -> None:
    emulator.arm("hang")
    process = subprocess.Popen(
        [*COMMAND, "list"], env=environment(emulator.url), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: emulator.requests == 1)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)

    assert (process.returncode, stdout, stderr) == (130, "", "interrupted\n")


class SurpriseError(RuntimeError):
    """An unexpected exception."""


@click.group(cls=errors.CommandGroup)
def guarded() -> None:
    """A group like `main`."""


@guarded.command()
def surprise() -> None:
    """Raise an unexpected exception."""
    raise SurpriseError("with a secret in it")


@pytest.mark.parametrize("debug", [False, True])
def test_an_internal_error_hides_the_exception_text_without_debug(monkeypatch: pytest.MonkeyPatch, debug: bool) -> None:
    monkeypatch.setenv(DEBUG, "1" if debug else "")
    done = CliRunner().invoke(guarded, ["surprise"])

    assert done.exit_code == 1
    assert "Internal error in hologres-ai: SurpriseError" in done.stderr
    assert ("Traceback" in done.stderr) == debug
    assert ("secret" in done.stderr) == debug


def test_an_error_on_a_terminal_is_red(emulator: Emulator) -> None:
    emulator.arm("denied")
    _, screen = on_terminal("list", env=environment(emulator.url))

    assert "\x1b[31m\x1b[1merror:" in screen


@pytest.mark.parametrize("closed", ["2>&-", "2>/dev/full", "<&-", "<&- 2>&-"])
@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["list"], 0), (["list", "--bogus"], 1), (["doctor"], 0), (["list", "--id", "none"], 0)],  # the last one warns
    ids=str,
)
def test_a_closed_or_full_stream_changes_neither_output_nor_exit_code(
    emulator: Emulator, arguments: list[str], code: int, closed: str
) -> None:
    env = environment(emulator.url)
    command = ["sh", "-c", f"exec {shlex.join([*COMMAND, *arguments])} {closed}"]
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=False)
    expected = run(*arguments, env=env)
    assert done.returncode == expected.returncode == code
    assert len(done.stdout.splitlines()) == len(expected.stdout.splitlines())


def test_a_baseline_from_a_closed_stdin_is_refused(emulator: Emulator) -> None:
    command = ["sh", "-c", f"exec {shlex.join([*COMMAND, 'drift', '--baseline', '-'])} <&-"]
    done = subprocess.run(command, env=environment(emulator.url), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: stdin is closed; cannot read the baseline\n")


def test_a_closed_stdout_is_no_failure_when_nothing_is_printed(emulator: Emulator, tmp_path: Path) -> None:
    arguments = ["list", f"--report=json={tmp_path}/json", "--quiet"]
    command = ["sh", "-c", f"exec {shlex.join([*COMMAND, *arguments])} >&-"]
    done = subprocess.run(command, env=environment(emulator.url), stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "json").read_text().endswith("}\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["list", "--help"], ["doctor"]], ids=" ".join)
def test_a_full_disk_is_a_one_line_error_of_every_command(emulator: Emulator, arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, *arguments], env=environment(emulator.url), stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 1
    assert done.stderr.startswith(b"error: cannot write to stdout: No space left on device\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("stream", [">/dev/full", ">&-"])
def test_a_completion_script_that_cannot_be_printed_is_an_error(stream: str) -> None:
    env = environment("", _HOLOGRES_AI_COMPLETE="bash_source")
    command = ["sh", "-c", f"exec {shlex.join([*COMMAND[:-1], 'hologres_ai.cli'])} {stream}"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.startswith("error: "), "Traceback" in done.stderr) == (1, True, False)


@pytest.mark.parametrize("arguments", [[], ["drfit"], ["--bogus"], ["drift"], ["emulate", "--port", "x"]], ids=" ".join)
def test_a_usage_error_exits_with_1_and_not_2(arguments: list[str]) -> None:
    done = CliRunner().invoke(main, arguments)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "Usage: " in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["chekc", "--report", "nagios"],
        ["check", "--report=nagios", "--bogus"],
        ["check", "--report", "nagios"],
        ["--bogus", "check", "--report", "nagios"],
        ["check", "--report=nagios=-"],
    ],
    ids=" ".join,
)
def test_a_usage_error_is_unknown_with_the_nagios_report(arguments: list[str]) -> None:
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 3
    assert re.fullmatch(r"HOLOGRES_AI UNKNOWN - [^\n]+\n", done.stdout)


def test_an_interrupt_writes_no_report(emulator: Emulator, tmp_path: Path) -> None:
    emulator.arm("hang")
    report = tmp_path / "json"
    report.write_text("as before")
    process = subprocess.Popen(
        [*COMMAND, "list", f"--report=json={report}"], env=environment(emulator.url), stderr=subprocess.DEVNULL
    )
    wait_until(lambda: emulator.requests == 1)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert report.read_text() == "as before"


@pytest.mark.parametrize("kind", ["socks5", "socks5h"])
def test_a_socks_proxy_is_refused_with_the_reason(kind: str) -> None:
    env = environment("https://hologram.example.com", ALL_PROXY=f"{kind}://127.0.0.1:1")
    done = run_process("list", env=env)
    assert (done.returncode, "ImportError" in done.stderr) == (1, False)
    assert "SOCKS proxy" in done.stderr
