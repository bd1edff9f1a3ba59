"""Retry rules: which failures are retried, how often, and after which delay."""

from collections.abc import Callable

from tenacity import RetryCallState
from tenacity.wait import wait_base, wait_random_exponential

from ..errors import ApiError, CredentialsError, HologresAiError, ThrottledError, TlsError, TransportError
from ..errors.codes import ErrorRule, Retry, classify

TRIES = 4
MAX_WAIT = 20.0  # seconds
JITTER = wait_random_exponential(multiplier=0.1, max=MAX_WAIT)
THROTTLED_JITTER = wait_random_exponential(multiplier=1.0, max=MAX_WAIT)


class RetryQuota:
    """A token bucket for retries, as in the standard retry mode of botocore.

    The bucket limits the total number of retries across all regions of a fan-out, so that retries do not add load to a
    service that is failing. A retry takes 5 of 500 tokens. A successful call returns 5 tokens.
    """

    COST = 5

    def __init__(self, tokens: int = 500) -> None:
        self._full = tokens
        self._tokens = tokens

    def take(self) -> bool:
        """Take the tokens for one retry. If there are too few tokens, take none and return False."""
        if self._tokens < self.COST:
            return False
        self._tokens -= self.COST
        return True

    def give_back(self) -> None:
        """Return the tokens of one retry to the bucket, after a successful call."""
        self._tokens = min(self._full, self._tokens + self.COST)


class RetryState:
    """The retry state of one call: the last failure and the number of attempts that remain.

    Args:
        quota: the token bucket, which several calls may share.
        renewable: whether the source of credentials can return new credentials.

    Attributes:
        last: the last failure.
        awaits_credentials: whether the call is waiting for credentials.
    """

    def __init__(self, quota: RetryQuota, *, renewable: bool) -> None:
        self._quota = quota
        self._renewable = renewable
        self._left = TRIES
        self._corrected: set[Retry] = set()
        self.awaits_credentials = False
        self.last: HologresAiError | None = None

    def may_retry(self, error: BaseException) -> bool:
        """Record a failure. Return True if the call must be retried."""
        if not isinstance(error, HologresAiError):
            return False
        self.last, self.awaits_credentials = error, False
        self._left -= 1
        return bool(self._left) and self._is_retried(error) and self._quota.take()

    def _is_retried(self, error: HologresAiError) -> bool:
        if isinstance(error, TransportError):
            return not isinstance(error, TlsError)
        if isinstance(error, CredentialsError):
            return error.transient
        return isinstance(error, ApiError) and self._is_retried_by_rule(classify(error.code, error.status))

    def _is_retried_by_rule(self, rule: ErrorRule) -> bool:
        if rule.retry in (Retry.NEVER, Retry.TRANSIENT):
            return rule.retry is Retry.TRANSIENT
        is_first = rule.retry not in self._corrected
        self._corrected.add(rule.retry)
        return is_first and (rule.retry is not Retry.WITH_NEW_CREDENTIALS or self._renewable)


Wait = Callable[[RetryCallState], float]


def retry_wait(jitter: wait_base = JITTER, throttled: wait_base = THROTTLED_JITTER) -> Wait:
    """Return a function that computes the retry delay in seconds.

    The delay is the retry delay in the response. If the response contains none, the delay is random, by exponential
    backoff with full jitter. The delay is at most `MAX_WAIT`.
    """

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, HologresAiError) else None
        if asked is None:
            asked = (throttled if isinstance(error, ThrottledError) else jitter)(state)
        return min(MAX_WAIT, asked)

    return wait
