"""Convert pydantic errors to a location in the document and a reason. The format is the same for all parsers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails


@dataclass(frozen=True)
class Problem:
    """One invalid value.

    Attributes:
        location: the path of names and indexes to the value; empty for the whole document.
        reason: the pydantic message.
        value: the invalid value; redact it before you show it.
    """

    location: tuple[int | str, ...]
    reason: str
    value: object

    @property
    def place(self) -> str:
        """The location as text, such as ``instanceModelList[3].cpu``; empty for the whole document."""
        parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.location)
        return "".join(parts).removeprefix(".")


def first_problem(error: ValidationError, depth: int) -> Problem:
    """Return the first invalid value.

    For a field that accepts several types, pydantic reports one error for each type, and appends the type to the
    location. The last of these errors is returned, because it is the error for the type that accepts the most values.

    Args:
        error: the pydantic error.
        depth: the maximum number of parts in a location; all further parts are types.
    """
    complaints = error.errors(include_url=False, include_context=False)
    location = complaints[0]["loc"][:depth]
    return _problem([item for item in complaints if item["loc"][:depth] == location][-1], depth)


def all_problems(error: ValidationError) -> list[Problem]:
    """Return all invalid values, in order. No field of the model may accept several types; see `first_problem`."""
    return [_problem(item, None) for item in error.errors(include_url=False, include_context=False)]


def _problem(item: ErrorDetails, depth: int | None) -> Problem:
    reason = item["msg"].removeprefix("Value error, ").replace("valid tuple", "valid list")
    return Problem(item["loc"][:depth], reason, item["input"])
