"""The list for programs: a line a node, the values separated by tabs, without a heading.

A value holds no tab and no line break, so ``cut`` and ``awk -F'\\t'`` can't be led astray by a name.
"""

from collections.abc import Iterator
from operator import attrgetter

from ..core.result import totals
from ..models import AiNode, AiNodeListResult, Totals
from .columns import COLUMNS
from .text import NOT_ASKED, UNKNOWN, printable


def lines(result: AiNodeListResult) -> Iterator[str]:
    """One line a node, without its line break."""
    sources = [source for _, source in COLUMNS]
    for node in result.instance_model_list:
        figures = totals([node])
        values = (_value(source, node, figures, usage=result.query.include_usage) for source in sources)
        yield "\t".join(values)


def _value(source: str, node: AiNode, figures: Totals, *, usage: bool) -> str:
    if not usage and source.endswith((".used", ".free")):
        return NOT_ASKED
    value: object = attrgetter(source)(figures if "." in source else node)
    return shown(value)


def shown(value: object) -> str:
    """A value as text: ``?`` for one that is not known, ``true`` and ``false`` as in JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return UNKNOWN if value is None else printable(str(value))
