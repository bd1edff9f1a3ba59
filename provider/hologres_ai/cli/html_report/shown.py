"""Values from outside as text of the page: whole, visible, and of bounded length."""

from datetime import UTC, datetime

from ..text import UNKNOWN, printable

MAX_CHARACTERS = 500


def shown(value: object) -> str:
    r"""A value as visible text: ``?`` for None, ``true`` and ``false`` as in JSON, codes such as ``\u202e``.

    A text of more than `MAX_CHARACTERS` is cut, and says how long it is. Escaping is left to the template.
    """
    if value is None:
        return UNKNOWN
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if len(text) > MAX_CHARACTERS:
        return f"{printable(text[:MAX_CHARACTERS])}… ({len(text)} characters)"
    return printable(text)


def count(number: int, what: str) -> str:
    """``1 AI instance``, ``13 AI instances``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def day(moment: datetime) -> str:
    """``28 Jan 2026``, in UTC."""
    return f"{moment.astimezone(UTC):%d %b %Y}".removeprefix("0")


def minute(moment: datetime) -> str:
    """``28 January 2026, 07:44 UTC``."""
    return f"{moment.astimezone(UTC):%d %B %Y, %H:%M} UTC".removeprefix("0")
