"""Check the form of values before they are sent.

If a value is invalid, the check raises a ConfigurationError. The message contains `place`, which is the origin of the
value. It does not contain the value, except for a region.
"""

import re
from urllib.parse import urlsplit

from ..errors import ConfigurationError
from ..names import did_you_mean
from ..region_data import REGIONS, is_region_name
from ..settings.lookup import shown_start
from ..settings.network import Endpoint, parse_endpoint
from .types import SESSION_SECONDS

HEADER_SAFE = r"[\x21-\x7e]+"
"""The form of a value that can be sent in an HTTP header."""

SHORTEST, LONGEST = 900, 43_200  # the STS limits for the duration of a session, in seconds


def check_header_safe(value: str, place: str) -> str:
    """Return the value if it can be sent in an HTTP header."""
    if not re.fullmatch(HEADER_SAFE, value):
        raise ConfigurationError(
            f"{place} contains a space, a line break or a character that is not ASCII",
            "Copy the value again, without leading or trailing spaces or line breaks.",
        )
    return value


def check_text(value: str, place: str) -> str:
    """Return the value if it can be encoded as UTF-8 and can be part of a file name."""
    if re.search("[\0\ud800-\udfff]", value):
        raise ConfigurationError(
            f"{place} contains a character that is not valid in text", "Write the value again, as valid UTF-8."
        )
    return value


def check_region(region: str, place: str) -> str:
    """Return the value if it is a well-formed region ID."""
    if not is_region_name(region):
        raise ConfigurationError(
            f"{place} is not a region: {shown_start(region)}",
            "Set a region such as cn-hangzhou" + did_you_mean(region.lower(), REGIONS),
        )
    return region


def check_form(value: str, form: str, place: str, example: str) -> str:
    """Return the value if it matches the regular expression `form`."""
    if not re.fullmatch(form, value):
        raise ConfigurationError(f"{place} is invalid", f"Set a value such as {example}.")
    return value


def check_endpoint(text: str, place: str, example: str) -> Endpoint:
    """Parse an endpoint and return it. `example` is a valid endpoint, which the error message shows."""
    try:
        return parse_endpoint(text)
    except ValueError as error:
        raise ConfigurationError(
            f"{place} is not an endpoint: {error}", f"Set a host with an optional port, such as {example}."
        ) from None


def check_sts_host(text: str, place: str) -> str:
    """Return an STS host with its port, if any. For plain http, return the URL of the host."""
    return check_endpoint(text, place, "sts-vpc.cn-hangzhou.aliyuncs.com").url.removeprefix("https://")


def check_url(text: str, place: str) -> str:
    """Return the text if it is an http or https URL without a user name."""
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and parts.username is None
    except ValueError:
        good = False
    if not good or not text.isprintable() or " " in text:
        raise ConfigurationError(f"{place} is not a URL", "Set a URL such as http://localhost:8080/credentials.")
    return text


def duration(text: str | None, place: str) -> int:
    """Return the duration of a session in seconds. None and 0 mean the default; other tools write 0 for it."""
    if text in (None, "0"):
        return SESSION_SECONDS
    if not re.fullmatch(r"[0-9]{1,6}", str(text)) or not SHORTEST <= int(str(text)) <= LONGEST:
        raise ConfigurationError(
            f"{place} is not a valid session duration", f"Set a whole number of seconds from {SHORTEST} to {LONGEST}."
        )
    return int(str(text))
