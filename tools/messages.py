"""The messages of the package, read from its sources, for docs/troubleshooting.md.

A message is the title and the remedy of an exception of `hologres_ai.errors`. Values that are known only at run time
are shown as ``…``.
"""

import ast
import inspect
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from hologres_ai import errors
from hologres_ai.errors import codes

PACKAGE = Path(errors.__file__).parents[1]
UNKNOWN = "…"
ERRORS = frozenset(name for name, _ in inspect.getmembers(errors, inspect.isclass) if name.endswith("Error"))

Row = Sequence[str]
Strings = dict[str, str]


def error_codes() -> list[Row]:
    """Return the rows of the table of error codes; codes with the same consequence share a row."""
    rows: dict[tuple[str, str, str, str], list[str]] = defaultdict(list)
    for services, names, rule in codes.TABLE:
        scope = "" if len(services) > 1 else f" ({services[0]})"
        key = (rule.error.__name__, rule.retry.value, rule.remedy, scope)
        rows[key] += [f"`{name}`{scope}" for name in names.split()]
    return [(", ".join(names), f"`{error}`", retry, remedy) for (error, retry, remedy, _), names in rows.items()]


def messages() -> list[Row]:
    """Return each pair of title and remedy once, sorted by title."""
    found = {pair for file in sorted(PACKAGE.rglob("*.py")) for pair in in_source(file.read_text())}
    return [(_code(title), remedy) for title, remedy in sorted(found, key=lambda pair: (pair[0].lower(), pair[1]))]


def in_source(text: str) -> Iterator[tuple[str, str]]:
    """Yield title and remedy of each exception of this package that a module constructs."""
    tree = ast.parse(text)
    strings = _constants(tree)
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] in ERRORS:
            title, remedy = [*(_text(argument, strings) for argument in call.args[:2]), "", ""][:2]
            if title.strip(UNKNOWN):
                yield title, remedy


def _constants(tree: ast.Module) -> Strings:
    """Return the strings that the module assigns to names, at the top level and in functions."""
    strings: Strings = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            text = _text(node.value, strings)
            if text.strip(UNKNOWN):
                strings[node.targets[0].id] = text
    return strings


def _text(node: ast.expr, strings: Strings) -> str:
    """Return the text of an expression, with ``…`` for values that are known only at run time."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        parts = (_text(part.value if isinstance(part, ast.FormattedValue) else part, strings) for part in node.values)
        return re.sub(rf"{UNKNOWN}+", UNKNOWN, "".join(parts))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _text(node.left, strings) + _text(node.right, strings)
    return strings.get(node.id, UNKNOWN) if isinstance(node, ast.Name) else UNKNOWN


def _code(title: str) -> str:
    return title.replace("\n", " ")
