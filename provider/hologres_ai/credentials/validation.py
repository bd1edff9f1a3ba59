"""The form that a value must have before it is sent anywhere. No value is in a message."""

import re

from ..errors import ConfigurationError
from .types import SESSION_SECONDS

SHORTEST, LONGEST = 900, 43_200  # seconds, STS's own limits for a session


def check_header_safe(value: str, place: str) -> None:
    """Refuse a value that an HTTP header can't carry.

    Raises:
        ConfigurationError: the value contains a space, a line break or a character that is not ASCII.
    """
    if not re.fullmatch(r"[\x21-\x7e]+", value):
        raise ConfigurationError(
            f"{place} contains a space, a line break or a character that is not ASCII",
            "Copy the value again, without leading or trailing spaces or line breaks.",
        )


def check_form(value: str, form: str, place: str, example: str) -> str:
    """Return the value, if it matches a regular expression.

    Raises:
        ConfigurationError: it does not.
    """
    if not re.fullmatch(form, value):
        raise ConfigurationError(f"{place} is invalid", f"It looks like {example}.")
    return value


def duration(text: str | None, place: str) -> int:
    """Return the length of a session in seconds; 0, as neighbouring tools write it, is the default.

    Raises:
        ConfigurationError: it is not a whole number from 900 to 43200.
    """
    if text in (None, "0"):
        return SESSION_SECONDS
    if not re.fullmatch(r"[0-9]{1,6}", str(text)) or not SHORTEST <= int(str(text)) <= LONGEST:
        raise ConfigurationError(
            f"{place} is not a session's length", f"Give whole seconds from {SHORTEST} to {LONGEST}."
        )
    return int(str(text))
