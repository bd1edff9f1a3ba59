"""Writes the tables of README.md from the models and settings: `python -m tools.readme` (part of `make format`)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter
from pydantic.alias_generators import to_camel

from hologres_ai.config import SETTINGS, Setting
from hologres_ai.models import AiNode, AiNodeListResult, Query

README = Path(__file__).parents[1] / "README.md"
NOT_ON_THE_RESOURCE = {"query", "warnings", "request_id"}

Row = Sequence[str]


def main() -> None:
    """Bring the file up to date."""
    README.write_text(rendered(README.read_text()))


def rendered(text: str) -> str:
    """The text with each table between its two markers made anew."""
    for name, table in tables().items():
        text = re.sub(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", rf"\1{table}\2", text, flags=re.DOTALL)
    return text


def tables() -> dict[str, str]:
    """Each table by the name of its markers."""
    return {
        "arguments": _table(("argument", "type", "meaning"), _fields(Query)),
        "outputs": _table(("output", "type", "meaning"), _fields(AiNodeListResult)),
        "node": _table(("field", "API", "type", "meaning, unit"), _node_fields()),
        "settings": _table(("setting", "Pulumi configuration", "environment"), _settings()),
    }


def _fields(shape: type) -> list[Row]:
    return [(f"`{name}`", _type(shape, name), text) for name, text in _descriptions(shape).items()]


def _node_fields() -> list[Row]:
    described = _descriptions(AiNode).items()
    return [(f"`{name}`", f"`{to_camel(name)}`", _type(AiNode, name), text) for name, text in described]


def _descriptions(shape: type) -> dict[str, str]:
    schema: dict[str, Any] = TypeAdapter(shape).json_schema(by_alias=False, mode="validation")
    found = {name: field.get("description", "") for name, field in schema["properties"].items()}
    return {name: text for name, text in found.items() if name not in NOT_ON_THE_RESOURCE}


def _type(shape: type, name: str) -> str:
    return _said(get_type_hints(shape)[name])


def _said(hint: Any) -> str:
    """`int`, `list of str`: how a reader would say it."""
    if get_origin(hint) in (Union, UnionType):
        [hint] = [member for member in get_args(hint) if member is not type(None)]
    if get_origin(hint) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(hint))
    return f"list of {_said(get_args(hint)[0])}" if get_origin(hint) is tuple else str(hint.__name__)


def _settings() -> list[Row]:
    return [row for item in SETTINGS for row in _setting(item)]


def _setting(item: Setting) -> Iterator[Row]:
    """A row, or one for each field of an object."""
    parts = [(f".{part.key}", part.environment) for part in item.fields] or [("", item.environment)]
    for name, environment in parts:
        keys = ", ".join(f"`{key}{name}`" for key in item.keys)
        yield f"`{item.argument}{name}`", keys, ", ".join(environment)


def _table(head: Row, rows: Iterable[Row]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    main()
