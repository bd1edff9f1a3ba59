"""Parse credentials in the response of a service or the output of a command. Error messages contain no value."""

import math
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .http import FetchError
from .types import Credentials, Fetched

_MILLISECONDS = 1e11  # larger numbers are milliseconds: as seconds they would be after the year 5000


def credentials_in(
    document: Mapping[str, Any],
    names: tuple[str, str, str, str] = ("AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration"),
) -> Fetched:
    """Return the credentials in a document.

    Args:
        document: the document.
        names: the names of the fields for id, secret, token and expiry.

    Raises:
        FetchError: the credentials are incomplete, invalid or expired.
    """
    key, secret, token = (document.get(name) or None for name in names[:3])
    for value in (key, secret, token):
        if value is not None and not (isinstance(value, str) and re.fullmatch(r"[\x21-\x7e]+", value)):
            raise FetchError("its response contains an AccessKey that can't be sent in a header")
    if not isinstance(key, str) or not isinstance(secret, str):
        raise FetchError(f"its response is incomplete: {names[0]} or {names[1]} is missing")
    expires = parse_expiry(document.get(names[3]))
    if expires is not None and expires <= time.time():
        raise FetchError("its credentials have expired already")
    return Fetched(Credentials(key, secret, token if isinstance(token, str) else None), expires)


def parse_expiry(value: object) -> float | None:
    """Convert an expiry to seconds since 1970; None if there is no expiry.

    Args:
        value: a number of seconds or milliseconds since 1970, or a date in ISO 8601 format.

    Raises:
        FetchError: the value is neither a number nor a date.
    """
    if value in (None, "", 0):
        return None
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{1,20}(\.[0-9]+)?", value):
        return _seconds_of_date(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float) or not math.isfinite(float(value)):
        raise FetchError("its response contains an expiry that is neither a number nor a date")
    seconds = float(value)
    return seconds / 1000 if seconds > _MILLISECONDS else seconds


def _seconds_of_date(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return None if moment.year == 1 else moment.timestamp()  # Go writes the year 1 for a missing date
    except (ValueError, OverflowError):
        raise FetchError("its response contains an expiry that is neither a number nor a date") from None
