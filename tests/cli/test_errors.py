"""How a command ends: its message, its exit code, and no traceback."""

import re
import shlex
import signal
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from hologres_ai.cli import errors
from hologres_ai.emulator import Emulator
from tests.support.command_line import COMMAND, environment, on_terminal, run, wait_until, write_fleet


@pytest.mark.parametrize(
    ("arguments", "changes", "requests", "says"),
    [
        (["list", "--bogus"], {}, 0, "No such option '--bogus'"),
        (["list", "--name-regex", "("], {}, 0, "--name-regex: not a regular expression"),
        (["list", "--id", "", "--status", ""], {}, 0, "'--status': must not be empty"),
        (["list", "--region", "x@127.0.0.1"], {}, 0, "A region looks like"),
        (["list"], {"ALIBABA_CLOUD_REGION": None}, 0, "Give --region, or set ALIBABA_CLOUD_REGION"),
        (["list"], {"ALIBABA_CLOUD_ACCESS_KEY_SECRET": None}, 0, "Set ALIBABA_CLOUD_ACCESS_KEY_SECRET in the"),
        (["list"], {"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "canary-1"}, 1, "SignatureDoesNotMatch"),
        (["emulate", "--fault", "nope"], {}, 0, "--fault: "),
        (["emulate", "--port", "65536"], {}, 0, "--port"),
        (["emulate", "--fleet", "does-not-exist.json"], {}, 0, "the fleet file does-not-exist.json"),
    ],
)
def test_failures_are_a_message_and_a_code(
    emulator: Emulator, arguments: list[str], changes: dict[str, str | None], requests: int, says: str
) -> None:
    done = run(*arguments, env=environment(emulator.url, **changes))

    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert "canary" not in done.stderr
    assert emulator.requests == requests


def test_a_refusal_shows_the_facts_and_the_remedy(emulator: Emulator) -> None:
    emulator.arm("denied")
    done = run("list", env=environment(emulator.url))

    title, remedy = done.stderr.splitlines()
    assert done.returncode == 1
    assert re.fullmatch(r"error: .*\(HTTP 403, Forbidden\.RAM, request [0-9A-F-]+\)", title)
    assert "hologram:ListInstanceModel" in remedy


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_the_reader_may_go_away(tmp_path: Path, unbuffered: str) -> None:
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
def test_a_full_disk_is_no_success(emulator: Emulator) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "list"],
            env=environment(emulator.url),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert (done.returncode, done.stderr) == (1, "error: No space left on device\n")


def test_a_closed_stdout_is_no_success(emulator: Emulator) -> None:
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
    """Something nobody thought of."""


@click.group(cls=errors.CommandGroup)
def guarded() -> None:
    """A group like `main`."""


@guarded.command()
def surprise() -> None:
    """Fail in a way that nobody thought of."""
    raise SurpriseError("with a secret in it")


@pytest.mark.parametrize("debug", [False, True])
def test_a_bug_asks_to_be_reported(monkeypatch: pytest.MonkeyPatch, debug: bool) -> None:
    monkeypatch.setenv(errors.DEBUG, "1" if debug else "")
    done = CliRunner().invoke(guarded, ["surprise"])

    assert done.exit_code == 1
    assert "Internal error in hologres-ai: SurpriseError" in done.stderr
    assert ("Traceback" in done.stderr) == debug
    assert ("secret" in done.stderr) == debug


def test_an_error_on_a_terminal_is_red(emulator: Emulator) -> None:
    emulator.arm("denied")
    _, screen = on_terminal("list", env=environment(emulator.url))

    assert "\x1b[31m\x1b[1merror:" in screen
