"""The place in the document and the reason of a pydantic error, in one form for every parser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

Location = tuple[int | str, ...]


@dataclass(frozen=True)
class Problem:
    """One invalid value.

    Attributes:
        location: the names and indexes that lead to it; empty for the whole document.
        reason: what is wrong, in pydantic's words.
        value: the value itself; show it only after redaction.
    """

    location: Location
    reason: str
    value: object

    @property
    def place(self) -> str:
        """The location as text; see `format_location`."""
        return format_location(self.location)


def first_problem(error: ValidationError, depth: int) -> Problem:
    """The first invalid value.

    A field that accepts several types has one complaint for each type, and pydantic adds the type to the location.
    `depth` is the number of leading parts that are a place in the document. The last complaint about a place is about
    the most tolerant type: it says what is accepted at all.
    """
    complaints = error.errors(include_url=False, include_context=False)
    location = complaints[0]["loc"][:depth]
    return _problem([item for item in complaints if item["loc"][:depth] == location][-1], depth)


def all_problems(error: ValidationError) -> list[Problem]:
    """Every complaint, in order, for a document without fields of several types."""
    return [_problem(item, None) for item in error.errors(include_url=False, include_context=False)]


def _problem(item: ErrorDetails, depth: int | None) -> Problem:
    return Problem(item["loc"][:depth], item["msg"].removeprefix("Value error, "), item["input"])


def format_location(location: Sequence[int | str]) -> str:
    """``instanceModelList[3].cpu``; empty for the whole document."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).removeprefix(".")
