"""The present time, times as the API writes them, and the days that are left."""

from datetime import UTC, datetime, timedelta

from .names import plural


def utc_now() -> datetime:
    """Return the present time in UTC."""
    return datetime.now(UTC)


def parse_time(text: object) -> datetime | None:
    """Parse a time of the API, such as ``2026-01-28T07:44:27.535Z``; one without a zone is in UTC, as the API says.

    Returns:
        The time in UTC. None for a value that is not a time or has no equivalent in UTC, and for the year 1, which
        services write for a missing time.
    """
    try:
        parsed = datetime.fromisoformat(text) if isinstance(text, str) else None
        if parsed is None or parsed.year == 1:
            return None
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def to_utc_text(text: str) -> str:
    """Return a time in UTC, in the form of the API. A text that ends in ``Z`` is returned unchanged.

    Raises:
        ValueError, OverflowError: it is not a time, or has no equivalent in UTC.
    """
    time = datetime.fromisoformat(text)
    if text.endswith("Z"):
        return text
    utc = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    precision = "microseconds" if utc.microsecond % 1000 else "milliseconds"
    return utc.isoformat(timespec=precision).replace("+00:00", "Z")


def days_left(end: datetime, now: datetime) -> int:
    """Return the whole days from `now` to `end`, rounded down: 0 for less than a day, negative after the end."""
    return (end - now).days


def describe_duration(duration: timedelta) -> str:
    """Return the length of a duration without its sign: ``9 days``, or hours below two days, or minutes."""
    seconds = abs(duration).total_seconds()
    if seconds >= 2 * 86_400:
        return plural(int(seconds // 86_400), "day")
    if seconds >= 3600:
        return plural(int(seconds // 3600), "hour")
    return plural(int(seconds // 60), "minute")
