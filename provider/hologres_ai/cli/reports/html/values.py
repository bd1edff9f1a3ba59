"""Conversion of external values to visible text of limited length for the page."""

from datetime import UTC, datetime

from ...output import printable, shown

MAX_CHARACTERS = 500  # of a name or another value
MAX_OF_MESSAGES = 5000  # of the text of an error or a warning, which may list many things


def bounded(value: object, limit: int = MAX_CHARACTERS) -> str:
    r"""Return a value as visible text, in which ``?`` is None and ``\u202e`` an invisible character.

    A text of more than `limit` characters is cut, and its length is added. The template escapes the text.
    """
    if isinstance(value, str) and len(value) > limit:
        return f"{printable(value[:limit])}… ({len(value)} characters)"
    return shown(value)


def message(text: str) -> str:
    """Return the text of an error or a warning as visible text."""
    return bounded(text, MAX_OF_MESSAGES)


def day(time: datetime) -> str:
    """Return a day such as ``28 Jan 2026``, in UTC."""
    return f"{time.astimezone(UTC):%d %b %Y}".removeprefix("0")


def minute(time: datetime) -> str:
    """Return a time such as ``28 January 2026, 07:44 UTC``."""
    return f"{time.astimezone(UTC):%d %B %Y, %H:%M} UTC".removeprefix("0")
