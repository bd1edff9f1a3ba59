"""Values from outside as text of the page: visible, and of bounded length."""

from datetime import UTC, datetime

from ...output import printable, shown

MAX_CHARACTERS = 500


def bounded(value: object) -> str:
    r"""Return a value as visible text, in which ``?`` is None and ``\u202e`` an invisible character.

    A text of more than `MAX_CHARACTERS` is cut, and says how long it is. Escaping is left to the template.
    """
    if isinstance(value, str) and len(value) > MAX_CHARACTERS:
        return f"{printable(value[:MAX_CHARACTERS])}… ({len(value)} characters)"
    return shown(value)


def day(time: datetime) -> str:
    """Return a day such as ``28 Jan 2026``, in UTC."""
    return f"{time.astimezone(UTC):%d %b %Y}".removeprefix("0")


def minute(time: datetime) -> str:
    """Return a time such as ``28 January 2026, 07:44 UTC``."""
    return f"{time.astimezone(UTC):%d %B %Y, %H:%M} UTC".removeprefix("0")
