"""The options, the help of every command, and what it imports."""

import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from hologres_ai.cli import main
from hologres_ai.cli.output import NEAR
from hologres_ai.cli.reports.text import COLUMNS
from hologres_ai.emulator import Emulator
from hologres_ai.settings import environment_names
from tests.support.command_line import environment


@pytest.mark.parametrize("command", [[], ["list"], ["check"], ["doctor"], ["emulate"]], ids=str)
def test_help_has_examples_and_exit_codes(command: list[str]) -> None:
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
    assert {name for name in environment_names() if not re.search(rf"\s{name}\b", shown)} == set()
    assert all(
        f" {name}" in shown for name in ("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
    )
    assert f"within {NEAR} days" in " ".join(shown.split())


def test_keys_are_not_options() -> None:
    options = {option for parameter in main.commands["list"].params for option in parameter.opts}

    assert not {option for option in options if re.search("key|secret|token", option)}


IMPORTED = """
import sys
from hologres_ai.cli import main
try:
    main(sys.argv[1:], complete_var="_COMPLETE")
except SystemExit:
    pass
print(*sys.modules, file=sys.stderr)
"""


HEAVY = {"aiohttp", "asyncio", "httpx", "jinja2", "pulumi", "pydantic", "rich"}


@pytest.mark.parametrize("command", ["", "list", "drift", "check", "doctor", "emulate"])
def test_help_and_completion_import_no_library_but_click(command: str) -> None:
    words = {"COMP_WORDS": f"hologres-ai {command} --", "COMP_CWORD": "2" if command else "1"}
    for settings, arguments in (({}, [*command.split(), "--help"]), ({"_COMPLETE": "bash_complete", **words}, [])):
        assert imported(arguments, environment("", **settings)) & HEAVY == set()


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["doctor"], {"pulumi", "aiohttp", "alibabacloud_credentials", "jinja2", "requests", "hologres_ai.cli.table"}),
        (["list"], {"pulumi", "aiohttp", "jinja2", "hologres_ai.cli.table"}),
        (["check", "--min-free-gpus", "1"], {"pulumi", "aiohttp", "jinja2", "hologres_ai.cli.table"}),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_command_imports_only_what_it_needs(emulator: Emulator, arguments: list[str], absent: set[str]) -> None:
    assert imported(arguments, environment(emulator.url)) & absent == set()


def imported(arguments: list[str], settings: dict[str, str]) -> set[str]:
    """The modules of a process that has run a command to its end."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, *arguments], env=settings, capture_output=True, text=True, check=True
    )
    assert done.stdout
    return set(done.stderr.split())


def test_the_version_option_prints_name_and_version() -> None:
    shown = CliRunner().invoke(main, ["--version"])

    assert re.fullmatch(r"hologres-ai \d+\.\d+\.\d+\n", shown.stdout)
