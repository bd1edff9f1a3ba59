"""The options, the help of every command, and what it imports."""

import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from hologres_ai.cli import main
from hologres_ai.cli.reports.columns import COLUMNS
from hologres_ai.cli.table import NEAR
from hologres_ai.emulator import Emulator
from hologres_ai.settings import SETTINGS
from tests.support.command_line import environment


@pytest.mark.parametrize("command", [[], ["list"], ["check"], ["doctor"], ["emulate"]], ids=str)
def test_help_is_whole(command: list[str]) -> None:
    shown = CliRunner().invoke(main, [*command, "--help"])

    assert shown.exit_code == 0
    assert "Examples:" in shown.stdout
    assert all(re.search(rf"^ +{code}  ", shown.stdout, re.M) for code in (0, 1, 2, 130, 141))
    assert max(map(len, shown.stdout.splitlines())) <= 80


def test_help_of_list_names_columns_and_settings() -> None:
    shown = CliRunner().invoke(main, ["list", "--help"]).stdout

    assert all(
        re.search(rf"^ +{number}  {re.escape(title)}$", shown, re.M) for number, (title, _) in enumerate(COLUMNS, 1)
    )
    assert all(name in shown for setting in SETTINGS for name in setting.environment)
    assert f"within {NEAR} days" in " ".join(shown.split())


def test_keys_are_no_options() -> None:
    options = {option for parameter in main.commands["list"].params for option in parameter.opts}

    assert not {option for option in options if re.search("key|secret|token", option)}


IMPORTED = """
import sys
from hologres_ai.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print(*sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--help"], {"pulumi", "httpx", "aiohttp", "rich", "pydantic"}),
        (["list", "--help"], {"pulumi", "httpx", "aiohttp", "rich", "pydantic"}),
        (["check", "--help"], {"pulumi", "httpx", "aiohttp", "rich", "pydantic"}),
        (["doctor", "--help"], {"pulumi", "httpx", "aiohttp", "rich", "pydantic"}),
        (["emulate", "--help"], {"pulumi", "httpx", "aiohttp", "rich", "pydantic"}),
        (["doctor"], {"pulumi", "aiohttp", "alibabacloud_credentials", "requests"}),
        (["list"], {"pulumi", "aiohttp", "hologres_ai.cli.table", "hologres_ai.cli.progress"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_only_what_is_needed_is_imported(emulator: Emulator, arguments: list[str], absent: set[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, *arguments],
        env=environment(emulator.url),
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout
    assert not absent & set(done.stderr.split())


def test_version() -> None:
    shown = CliRunner().invoke(main, ["--version"])

    assert re.fullmatch(r"hologres-ai \d+\.\d+\.\d+\n", shown.stdout)
