"""Retries: the quota, which failures are sent again, and the waits."""

from datetime import UTC, datetime

import pytest
from tenacity import Future, RetryCallState, Retrying
from tenacity.wait import wait_fixed

from hologres_ai.api.retry import MAX_WAIT, TRIES, RetryQuota, RetryState, retry_wait
from hologres_ai.clock import parse_http_date, requested_wait
from hologres_ai.errors import (
    AccessDeniedError,
    ApiError,
    AuthenticationError,
    ConfigurationError,
    CredentialsError,
    DeadlineExceededError,
    HologresAiError,
    ResponseError,
    ServiceError,
    ThrottledError,
    TlsError,
    TransportError,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


# --- The quota -------------------------------------------------------------------------------------------------------


def taken(quota: RetryQuota) -> int:
    return sum(1 for _ in range(1_000) if quota.take())


@pytest.mark.parametrize(("tokens", "retries"), [(0, 0), (4, 0), (5, 1), (9, 1), (10, 2), (500, 100)])
def test_a_retry_takes_five_tokens(tokens: int, retries: int) -> None:
    assert taken(RetryQuota(tokens)) == retries


def test_returned_tokens_never_exceed_the_initial_quota() -> None:
    quota = RetryQuota(20)
    assert quota.take()
    for _ in range(9):
        quota.give_back()
    assert taken(quota) == 4


# --- Which failures --------------------------------------------------------------------------------------------------

RETRIED: list[HologresAiError] = [
    TransportError("reset"),
    DeadlineExceededError("late"),
    CredentialsError("busy", transient=True),
    ThrottledError("no", code="Throttling.User", status=400),
    ThrottledError("no", status=429),
    ServiceError("no", code="InternalError", status=400),
    ServiceError("no", status=503),
    ServiceError("no", code="Unheard", status=500),
]
ONCE: list[HologresAiError] = [
    AuthenticationError("no", code="InvalidTimeStamp.Expired", status=400),
    AuthenticationError("no", code="SignatureNonceUsed", status=400),
]
FINAL: list[BaseException] = [
    TlsError("self-signed"),
    CredentialsError("no role"),
    ConfigurationError("no region"),
    ResponseError("HTML", status=200),
    AccessDeniedError("no", code="Forbidden.RAM", status=403),
    AuthenticationError("no", code="SignatureDoesNotMatch", status=400),
    ServiceError("no", status=501),
    ApiError("no", code="Unheard", status=400),
    ValueError("not an error of this package"),
]


def tries(error: BaseException, *, renewable: bool = False, quota: int = 500) -> int:
    """How often a call is made that always fails with this error."""
    state = RetryState(RetryQuota(quota), renewable=renewable)
    return 1 + next(number for number in range(100) if not state.may_retry(error))


def name(error: BaseException) -> str:
    return f"{type(error).__name__} {getattr(error, 'status', '')} {getattr(error, 'code', '')}"


@pytest.mark.parametrize("error", RETRIED, ids=name)
def test_a_transient_failure_is_retried_until_the_tries_are_used_up(error: HologresAiError) -> None:
    assert tries(error) == TRIES


@pytest.mark.parametrize("error", ONCE, ids=name)
def test_a_failure_that_can_be_corrected_is_retried_once(error: HologresAiError) -> None:
    assert tries(error) == 2


@pytest.mark.parametrize("error", FINAL, ids=name)
def test_any_other_failure_is_final(error: BaseException) -> None:
    assert tries(error) == 1


def test_two_failures_that_can_be_corrected_are_each_retried() -> None:
    state = RetryState(RetryQuota(), renewable=False)
    assert [state.may_retry(error) for error in [*ONCE, *ONCE]] == [True, True, False, False]


@pytest.mark.parametrize(("renewable", "number"), [(True, 2), (False, 1)])
def test_an_expired_token_is_retried_if_the_credentials_are_renewable(renewable: bool, number: int) -> None:
    error = AuthenticationError("no", code="InvalidSecurityToken.Expired", status=400)
    assert tries(error, renewable=renewable) == number


def test_without_quota_nothing_is_retried() -> None:
    assert tries(TransportError("reset"), quota=4) == 1
    assert tries(TransportError("reset"), quota=5) == 2


def test_the_last_failure_is_kept() -> None:
    state = RetryState(RetryQuota(), renewable=False)
    state.may_retry(RETRIED[0])
    state.may_retry(FINAL[0])
    assert state.last is FINAL[0]


# --- The waits -------------------------------------------------------------------------------------------------------


def wait_after(error: BaseException) -> float:
    state = RetryCallState(Retrying(), None, (), {})
    state.outcome = Future.construct(1, error, has_exception=True)
    return retry_wait(wait_fixed(0.25), wait_fixed(2.5))(state)


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (ServiceError("no"), 0.25),
        (ThrottledError("no"), 2.5),
        (TransportError("no"), 0.25),
        (ThrottledError("no", retry_after=7.0), 7.0),
        (ServiceError("no", retry_after=0.0), 0.0),
        (ServiceError("no", retry_after=3600.0), MAX_WAIT),
    ],
)
def test_the_retry_wait_depends_on_the_error(error: HologresAiError, wait: float) -> None:
    assert wait_after(error) == wait


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"x-acs-retry-after": "400"}, 0.4),
        ({"retry-after": "1"}, 1.0),
        ({"retry-after": "0"}, 0.0),
        ({"x-acs-retry-after": "1", "retry-after": "20"}, 0.001),
        ({"x-acs-retry-after": "9" * 400}, 999_999.999),
        ({"retry-after": "9" * 400}, 999_999_999.0),
        ({"retry-after": "Fri, 02 Jan 2026 03:04:06 GMT"}, 1.0),
        ({"retry-after": "Fri, 02 Jan 2020 03:04:06 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "1.5e99"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "\xb2\xb3"}, None),
        ({"x-acs-retry-after": "-1"}, None),
        ({"x-acs-retry-after": "x"}, None),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 -2300"}, None),
        ({"retry-after": "Sat, 01 Jan 0001 00:00:00 +2300"}, 0.0),
        ({"retry-after": "Fri, 99 Jan 2026 99:99:99 GMT"}, None),
    ],
)
def test_the_requested_wait_is_read_from_the_headers(headers: dict[str, str], wait: float | None) -> None:
    assert requested_wait(headers, NOW) == wait


@pytest.mark.parametrize(
    ("text", "date"),
    [
        (None, None),
        ("", None),
        ("yesterday", None),
        ("Fri, 02 Jan 2026 03:04:05 GMT", NOW),
        ("Fri, 02 Jan 2026 11:04:05 +0800", NOW),
    ],
)
def test_an_http_date_is_parsed_or_is_none(text: str | None, date: datetime | None) -> None:
    assert parse_http_date(text) == date
