"""Times of the API, and the days that are left."""

from datetime import UTC, datetime, timedelta

import pytest

from hologres_ai.clock import days_left, describe_distance, describe_duration, parse_time, to_utc_text

NOON = datetime(2026, 1, 19, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-01-19T12:00:00.000Z", NOON),
        ("2026-01-19T20:00:00+08:00", NOON),
        ("2026-01-19T12:00:00", NOON),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+08:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("soon", None),
        ("", None),
        (None, None),
        (1768824000, None),
    ],
    ids=str,
)
def test_a_time_is_parsed_or_is_none(text: object, time: datetime | None) -> None:
    assert parse_time(text) == time


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-01-28T07:44:27.535Z", "2026-01-28T07:44:27.535Z"),
        ("2026-01-28T07:44:27Z", "2026-01-28T07:44:27Z"),
        ("2026-01-28T15:44:27.535+08:00", "2026-01-28T07:44:27.535Z"),
        ("2026-01-28T07:44:27", "2026-01-28T07:44:27.000Z"),
        ("2026-01-28T07:44:27.535001+00:00", "2026-01-28T07:44:27.535001Z"),
    ],
)
def test_a_time_in_another_zone_is_converted_and_one_in_utc_is_left_unchanged(text: str, utc: str) -> None:
    assert to_utc_text(text) == utc


def test_days_are_whole_days_and_negative_after_the_end() -> None:
    hours = (-1, 0, 23, 24, 47, 48)
    assert [days_left(NOON + timedelta(hours=count), NOON) for count in hours] == [-1, 0, 0, 1, 1, 2]


def test_a_distance_is_before_or_after_the_present() -> None:
    hours = (9 * 24, 0, -1, -72)
    assert [describe_distance(NOON + timedelta(hours=count), NOON) for count in hours] == [
        "in 9 days",
        "in less than a minute",
        "1 hour ago",
        "3 days ago",
    ]


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(days=9, hours=23), "9 days"),
        (timedelta(days=2), "2 days"),
        (timedelta(hours=47, minutes=59), "47 hours"),
        (timedelta(hours=6), "6 hours"),
        (timedelta(hours=-1), "1 hour"),
        (timedelta(minutes=59), "59 minutes"),
        (timedelta(seconds=61), "1 minute"),
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(seconds=-30), "less than a minute"),
        (timedelta(0), "less than a minute"),
    ],
)
def test_a_duration_is_reported_in_days_hours_or_minutes(duration: timedelta, words: str) -> None:
    assert describe_duration(duration) == words
