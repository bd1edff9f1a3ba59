"""Write the generated tables of the documentation: `python -m tools.tables`, part of `make format`.

The models, the settings, the table of error codes and the package's own messages are the sources. A table is
between two markers in a page: ``<!-- name -->`` and ``<!-- /name -->``.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import click
from pydantic import TypeAdapter

from hologres_ai.cli import main
from hologres_ai.cli.errors import EXIT_CODES
from hologres_ai.cli.options import ReportTarget
from hologres_ai.models import AiNode, AiNodeListResult, Query, RegionOutcome, Totals, Usage
from hologres_ai.names import to_camel
from hologres_ai.requirements import Requirements
from hologres_ai.settings import ALL_SETTINGS, Setting
from tools import messages

ROOT = Path(__file__).parents[1]
FORMATS = {
    "text": "human-readable text: a table of the nodes, or a line for each event or requirement",
    "json": "for programs",
    "markdown": "for a comment on a pull request or an issue",
    "junit": "XML for a CI service: a failure for each event or unmet requirement, an error for each unread region",
    "html": "an HTML page: one file, without scripts and without requests",
    "nagios": "one line for a monitoring system",
    "prometheus": "metrics for the textfile collector of a node exporter",
}
NOT_ON_THE_RESOURCE = {"query", "warnings", "request_id"}

Row = Sequence[str]


def write() -> None:
    """Write the tables into the pages."""
    for page in pages():
        page.write_text(rendered(page.read_text()))


def pages() -> list[Path]:
    """Return the pages that may contain tables."""
    return sorted((ROOT / "docs").glob("*.md"))


def rendered(text: str) -> str:
    """Return the text with a new table between each pair of markers."""
    for name, table in tables().items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        text = re.sub(f"{begin}.*?{end}", lambda _: begin + table + end, text, flags=re.DOTALL)  # noqa: B023 - called now
    return text


@cache
def tables() -> dict[str, str]:
    """Return each table by the name of its markers."""
    field_head = ("field", "API", "type", "meaning, unit")
    return {
        "arguments": _table(("argument", "type", "meaning"), _fields(Query)),
        "outputs": _table(("output", "type", "meaning"), _fields(AiNodeListResult)),
        "node": _table(field_head, _api_fields(AiNode)),
        "totals": _table(field_head, _api_fields(Totals)),
        "usage": _table(field_head, _api_fields(Usage)),
        "region-outcome": _table(field_head, _api_fields(RegionOutcome)),
        "requirements": _table(("Python", "other languages", "command line", "meaning"), _requirements()),
        "settings": _table(("setting", "meaning", "Pulumi configuration", "environment"), _settings()),
        "exit codes": _table(("exit code", "meaning"), [(str(code), meaning) for code, meaning in EXIT_CODES]),
        "formats": _table(("format", "of", "what"), _formats()),
        **{f"help {name}": _help(name) for name in main.commands},
        "error-codes": _table(("code", "error", "sent again", "what to do"), messages.error_codes()),
        "messages": _table(("message", "what to do"), messages.messages()),
    }


def _formats() -> Iterator[Row]:
    """Yield each format of `--report`, with the commands that have it."""
    for name, text in FORMATS.items():
        of = [command for command, formats in _formats_of_commands().items() if name in formats]
        yield f"`{name}`", ", ".join(of), text


def _formats_of_commands() -> dict[str, tuple[str, ...]]:
    types = {name: [parameter.type for parameter in command.params] for name, command in main.commands.items()}
    return {name: kind.values for name, kinds in types.items() for kind in kinds if isinstance(kind, ReportTarget)}


def _help(name: str) -> str:
    """Return the output of ``hologres-ai NAME --help`` on a terminal of 80 columns."""
    context = click.Context(
        main.commands[name],
        info_name=f"hologres-ai {name}",
        terminal_width=80,
        max_content_width=80,
        help_option_names=["-h", "--help"],
    )
    return f"```text\n{main.commands[name].get_help(context).rstrip()}\n```\n"


def _fields(shape: type) -> list[Row]:
    return [(f"`{name}`", _type(shape, name), text) for name, text in descriptions(shape).items()]


def _api_fields(shape: type) -> list[Row]:
    described = descriptions(shape).items()
    return [(f"`{name}`", f"`{to_camel(name)}`", _type(shape, name), text) for name, text in described]


def descriptions(shape: type) -> dict[str, str]:
    """Return the description of each field of a model, by its Python name."""
    schema: dict[str, Any] = TypeAdapter(shape).json_schema(by_alias=False, mode="validation")
    found = {name: field.get("description", "") for name, field in schema["properties"].items()}
    return {name: text for name, text in found.items() if name not in NOT_ON_THE_RESOURCE}


def _type(shape: type, name: str) -> str:
    return _type_name(get_type_hints(shape)[name])


def _type_name(hint: Any) -> str:
    """Return the type in words, such as `int` or `list of str`."""
    if get_origin(hint) in (Union, UnionType):
        [hint] = [member for member in get_args(hint) if member is not type(None)]
    if get_origin(hint) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(hint))
    return f"list of {_type_name(get_args(hint)[0])}" if get_origin(hint) is tuple else str(hint.__name__)


def _requirements() -> Iterator[Row]:
    """Yield each requirement with its names: in Python, in other languages and as an option of `hologres-ai check`."""
    check: Any = main.commands["check"]
    options = {"mode": "--warn"} | {parameter.name: parameter.opts[0] for parameter in check.params}
    for name, text in descriptions(Requirements).items():
        yield f"`{name}`", f"`{to_camel(name)}`", f"`{options.get(f'required_{name}') or options[name]}`", text


def _settings() -> list[Row]:
    return [line for item in ALL_SETTINGS for line in _setting(item)]


def _setting(item: Setting) -> Iterator[Row]:
    """Yield a row, or one row for each field of an object."""
    parts = [(f".{part.key}", part.description, part.environment) for part in item.fields]
    for name, description, environment in parts or [("", item.description, item.environment)]:
        keys = ", ".join(f"`{key}{name}`" for key in item.keys)
        yield f"`{item.argument}{name}`", description, keys, ", ".join(f"`{variable}`" for variable in environment)


def _table(head: Row, rows: Iterable[Row]) -> str:
    return "".join(row(line) for line in (head, ["---"] * len(head), *rows))


def row(cells: Row) -> str:
    """Return a row of a table in Markdown."""
    return f"| {' | '.join(_cell(cell) for cell in cells)} |\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    write()
