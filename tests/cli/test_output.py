"""The output of a command: printable text, its width, and colour."""

import io
import re

import pytest

from hologres_ai.cli import output
from hologres_ai.emulator import Emulator
from tests.support.command_line import environment, on_terminal, run


def test_printable_keeps_visible_and_escapes_control_characters() -> None:
    visible = "AI节点\u3000שלום é ñ 👍"
    assert output.printable(visible) == visible
    assert output.printable("\x00\x7f\x9b\u2028\U000e0001") == r"\x00\x7f\x9b\u2028\U000e0001"


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


@pytest.mark.parametrize(
    ("settings", "terminal", "pipe"),
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
    ],
    ids=str,
)
def test_colour_depends_on_the_environment_and_the_stream(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], terminal: bool, pipe: bool
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert output.wants_colour(Terminal()) == terminal
    assert output.wants_colour(io.StringIO()) == pipe


@pytest.mark.parametrize("columns", ["0", "-1", "1", "x", "²", "1e9", "9" * 5000, "", " 80"])
def test_an_invalid_width_is_ignored(monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert output.terminal_width() == 80  # pytest's stdout is no terminal


@pytest.mark.parametrize(("columns", "width"), [("20", 20), ("120", 120), ("100000", 1000)])
def test_a_valid_width_is_used(monkeypatch: pytest.MonkeyPatch, columns: str, width: int) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert output.terminal_width() == width


@pytest.mark.parametrize(("name", "value"), [("COLUMNS", "0"), ("LINES", "²")])
def test_a_table_is_shown_with_an_invalid_terminal_size(emulator: Emulator, name: str, value: str) -> None:
    code, screen = on_terminal("list", env=environment(emulator.url, **{name: value}))
    assert code == 0
    assert "Total in cn-hangzhou" in screen


def test_force_color_colours_text_but_no_machine_format(emulator: Emulator) -> None:
    env = environment(emulator.url, FORCE_COLOR="1")
    check = run("check", "--min-free-gpus=99", env=env)
    assert "\x1b[31m  ✗\x1b[0m free GPUs" in check.stdout
    assert "\x1b[" in run("doctor", env=env).stdout
    emulator.arm("denied")
    assert "\x1b[31m\x1b[1merror:\x1b[0m" in run("list", env=env).stderr
    for arguments in (["list"], ["list", "--json"], ["check", "--min-free-gpus=1", "--markdown"]):
        assert "\x1b" not in run(*arguments, env=env).stdout


def test_progress_hides_no_cursor_and_is_cleared(emulator: Emulator) -> None:
    emulator.arm("slow", seconds=output.PROGRESS_AFTER + 1)
    _, screen = on_terminal("list", env=environment(emulator.url), with_progress=True)
    assert re.search(r"\r[-\\|/] reading the AI nodes of cn-hangzhou \d s\x1b\[K", screen)
    assert "\x1b[?25l" not in screen
    assert "reading" not in screen.rpartition("\r\x1b[K")[2]
