"""Generate `provider/hologres_ai/outputs.py`, the Pulumi output types of the models: `make schema`."""

import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints

from hologres_ai import models
from hologres_ai.names import to_camel
from tools.tables import descriptions

TARGET = Path(__file__).resolve().parents[1] / "provider" / "hologres_ai" / "outputs.py"

# The types in the outputs; each one follows the types that it contains.
SHAPES = (models.Usage, models.AiNode, models.RegionOutcome, models.Totals)
WIDTH = 112  # characters of a text, so that its line has 120 at most

HEAD = '''"""The outputs of `AiNodeList` in a Pulumi program: dicts with the API's field names and typed attributes.

GENERATED from `models` by `make schema`, so that a program that only declares a list does not import pydantic.
"""

import pulumi


class _Output(dict[str, object]):
    """A dict that keeps the field names of the API."""

    def _translate_property(self, prop: str) -> str:
        return prop
'''


def build_text() -> str:
    """Return the text of the module."""
    return "\n\n".join([HEAD, *map(_class, SHAPES)])


def _class(shape: type) -> str:
    fields = "\n".join(_properties(shape))
    return f"@pulumi.output_type\nclass {shape.__name__}(_Output):\n{_text(shape.__doc__ or '')}\n\n{fields}"


def _properties(shape: type) -> Iterator[str]:
    described = descriptions(shape)
    for name, hint in get_type_hints(shape).items():
        declared = f'    {name}: {_said(hint)} = pulumi.property("{to_camel(name)}", default=None)'
        yield f"{declared}\n{_text(described[name])}\n"


def _said(hint: Any) -> str:
    """Return a type as source text, such as ``str`` or ``int | None``."""
    members = get_args(hint) or (hint,)
    return " | ".join("None" if member is NoneType else member.__name__ for member in members)


def _text(text: str) -> str:
    return textwrap.indent(f'"""{textwrap.fill(text, WIDTH, break_on_hyphens=False)}"""', "    ")
