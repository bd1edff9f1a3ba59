"""The current time; parsing and formatting of the times and the retry delay in a response; durations."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from .names import plural


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def parse_time(text: object) -> datetime | None:
    """Parse a timestamp returned by the API, such as ``2026-01-28T07:44:27.535Z``.

    If a timestamp has no time zone, the time zone is UTC, according to the API documentation.

    Returns:
        The time in UTC. None if the value is not a timestamp, if it has no equivalent in UTC, or if its year is 1: the
        year 1 means that there is no time.
    """
    try:
        parsed = datetime.fromisoformat(text) if isinstance(text, str) else None
        if parsed is None or parsed.year == 1:
            return None
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def to_utc_text(text: str) -> str:
    """Convert a timestamp to UTC, in the format of the API. A timestamp that ends with ``Z`` is returned unchanged.

    Raises:
        ValueError: the text is not a timestamp.
        OverflowError: the time has no equivalent in UTC.
    """
    time = datetime.fromisoformat(text)
    if text.endswith("Z"):
        return text
    utc = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    precision = "microseconds" if utc.microsecond % 1000 else "milliseconds"
    return utc.isoformat(timespec=precision).replace("+00:00", "Z")


def requested_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the retry delay in the headers of a response, in seconds, or None.

    The headers are ``x-acs-retry-after`` (milliseconds) and ``Retry-After`` (seconds or a date).
    """
    milliseconds, seconds = (headers.get(name, "") for name in ("x-acs-retry-after", "retry-after"))
    if milliseconds.isdecimal():
        return int(milliseconds[:9]) / 1000
    if seconds.isdecimal():
        return float(seconds[:9])
    date = parse_http_date(seconds)
    return max(0.0, (date - now).total_seconds()) if date else None


def parse_http_date(text: str | None) -> datetime | None:
    """Parse an HTTP date; return the time in UTC, or None if the date is missing or invalid."""
    try:
        return parsedate_to_datetime(text).astimezone(UTC) if text else None
    except (ValueError, OverflowError):
        return None


def days_left(end: datetime, now: datetime) -> int:
    """Return the number of days from `now` to `end`, rounded down. After `end`, the number is negative."""
    return (end - now).days


def describe_duration(duration: timedelta) -> str:
    """Return the absolute value of a duration as text.

    The unit is the minute for less than an hour, the hour for less than two days, and otherwise the day. A duration of
    less than a minute is ``less than a minute``.
    """
    seconds = abs(duration).total_seconds()
    if seconds >= 2 * 86_400:
        return plural(int(seconds // 86_400), "day")
    if seconds >= 3600:
        return plural(int(seconds // 3600), "hour")
    return plural(int(seconds // 60), "minute") if seconds >= 60 else "less than a minute"


def describe_distance(time: datetime, now: datetime) -> str:
    """Return the distance of a time from `now`, such as ``in 9 days`` or ``8 hours ago``."""
    duration = describe_duration(time - now)
    return f"{duration} ago" if time < now else f"in {duration}"
