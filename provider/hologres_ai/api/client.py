"""One call of ListInstanceModel: build, send, bound, retry.

Asynchronous, because one deadline has to stand around the whole call: httpx's own limits never end a peer that sends
a byte a second.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception
from tenacity.wait import wait_random_exponential

from ..clock import utc_now
from ..config import CallConfig, Credentials, Limits
from ..credentials.cache import credentials_cache_for
from ..errors import (
    AuthenticationError,
    CredentialsError,
    DeadlineExceededError,
    HologresAiError,
    ResponseError,
    ServiceError,
    ThrottledError,
    TlsError,
    TransportError,
)
from ..models import NodeList
from ..pieces import Body
from .connections import Connections, ensure_connections
from .response import HttpResponse, clean, parse_response
from .signing import Acs3Auth, new_nonce
from .transport import httpx, redact_logs
from .transport_errors import RETRIED_STATUSES, transport_error

log = logging.getLogger(__name__)

ACTION = "ListInstanceModel"
VERSION = "2022-06-01"
PATH = "/api/v1/instances/rpc/listInstanceModel"

TRIES = 4
MAX_WAIT = 20.0  # seconds
# 100,000 nodes are about 50 MB; a body without an end has to stop somewhere.
MAX_BODY_BYTES = 64 * 1024 * 1024
EXPIRED = "InvalidSecurityToken.Expired"

_JITTER = wait_random_exponential(multiplier=0.1, max=MAX_WAIT)
_THROTTLED_JITTER = wait_random_exponential(multiplier=1.0, max=MAX_WAIT)


class RetryQuota:
    """A token bucket for retries, as in botocore's standard mode: a fan-out must not multiply an outage.

    A retry takes 5 of 500 tokens; a call that succeeds gives 5 back.
    """

    COST = 5

    def __init__(self, tokens: int = 500) -> None:
        self._full = tokens
        self._tokens = tokens

    def take(self) -> bool:
        """Whether a retry may be made; takes its tokens if so."""
        if self._tokens < self.COST:
            return False
        self._tokens -= self.COST
        return True

    def give_back(self) -> None:
        """After a success."""
        self._tokens = min(self._full, self._tokens + self.COST)


class Client:
    """Calls one endpoint from one source of credentials; a whole call never lasts longer than `settings.deadline`.

    It goes out on `connections`, or on some of its own. `clock` and `nonce` can be handed in.

    Attributes:
        clock_skew: the service's clock less this machine's, where an answer has told it.
    """

    def __init__(
        self,
        settings: CallConfig,
        *,
        quota: RetryQuota | None = None,
        connections: Connections | None = None,
        clock: Callable[[], datetime] = utc_now,
        nonce: Callable[[], str] = new_nonce,
    ) -> None:
        self._settings = settings
        self._quota = quota or RetryQuota()
        self._connections = connections
        self._clock = clock
        self._nonce = nonce
        self._skew = timedelta(0)
        self.clock_skew: timedelta | None = None

    async def list_instance_model(self, instance_id: str | None = None) -> NodeList:
        """The nodes of the account in the region, or of one Hologres instance.

        Raises:
            HologresAiError: see `errors`; a failure is never an empty list.
        """
        attempts = RetryState(self._quota, renewable=not isinstance(self._settings.credentials, Credentials))
        try:
            async with asyncio.timeout(self._settings.deadline), ensure_connections(self._connections) as connections:
                return await self._retry(connections, instance_id, attempts)
        except TimeoutError:
            raise self._too_late(attempts) from None

    async def credentials(self) -> Credentials:
        """What the next call is signed with.

        Raises:
            CredentialsError, ConfigurationError: its source gives none.
            DeadlineExceededError: not within the time limit of a whole call.
        """
        attempts = RetryState(self._quota, renewable=False)
        try:
            async with asyncio.timeout(self._settings.deadline):
                return await self._credentials(attempts)
        except TimeoutError:
            raise self._too_late(attempts) from None

    async def _retry(self, connections: Connections, instance_id: str | None, attempts: "RetryState") -> NodeList:
        retrying = AsyncRetrying(
            wait=_wait,
            retry=retry_if_exception(attempts.may_retry),
            reraise=True,
        )
        return await retrying(self._attempt, connections, instance_id, attempts)

    async def _attempt(self, connections: Connections, instance_id: str | None, attempts: "RetryState") -> NodeList:
        credentials = await self._credentials(attempts)
        answer = await self._send(connections, {"instanceId": instance_id} if instance_id else {}, credentials)
        try:
            reply = parse_response(answer, credentials.secrets())
        except HologresAiError as error:
            self._learn(error, answer, credentials)
            raise
        self._quota.give_back()
        return reply

    async def _credentials(self, attempts: "RetryState") -> Credentials:
        source = self._settings.credentials
        if isinstance(source, Credentials):
            return source
        attempts.awaits_credentials = True
        credentials = await credentials_cache_for(source, self._limits()).get()
        attempts.awaits_credentials = False
        return credentials

    def _limits(self) -> Limits:
        return Limits(self._settings.connect_timeout, self._settings.read_timeout, self._settings.deadline)

    def _signed(self, credentials: Credentials) -> Acs3Auth:
        return Acs3Auth(
            credentials,
            action=ACTION,
            version=VERSION,
            clock=lambda: self._clock() + self._skew,
            nonce=self._nonce,
        )

    async def _send(
        self, connections: Connections, parameters: dict[str, str], credentials: Credentials
    ) -> HttpResponse:
        settings, secrets = self._settings, credentials.secrets()
        http = connections.client(settings.endpoint.scheme)
        try:
            with redact_logs((*secrets, *connections.secrets)):
                async with http.stream(
                    "GET",
                    settings.endpoint.address + PATH,
                    params=parameters,
                    headers={"host": settings.endpoint.authority},
                    timeout=httpx.Timeout(settings.read_timeout, connect=settings.connect_timeout),
                    auth=self._signed(credentials),
                ) as response:
                    log.debug("%s answered HTTP %d", settings.endpoint.host, response.status_code)
                    self._compare_clocks(response.headers.get("date"))
                    return HttpResponse(response.status_code, dict(response.headers), await _body(response, secrets))
        # A proxy's port past 65535 comes as neither of httpx's errors.
        except (httpx.HTTPError, ExceptionGroup, OverflowError) as error:
            raise transport_error(error, settings, secrets) from None

    def _compare_clocks(self, date: str | None) -> None:
        theirs = _http_date(date)
        self.clock_skew = theirs - self._clock() if theirs else None

    def _learn(self, error: HologresAiError, answer: HttpResponse, credentials: Credentials) -> None:
        """What the next try has to know: how long to wait, what time it is over there, and that a token has expired."""
        error.retry_after = _retry_after(answer, self._clock())
        if self.clock_skew is not None and error.code and error.code.startswith("InvalidTimeStamp"):
            self._skew = self.clock_skew
        source = self._settings.credentials
        if error.code == EXPIRED and not isinstance(source, Credentials):
            credentials_cache_for(source, self._limits()).refuse(credentials)

    def _too_late(self, attempts: "RetryState") -> DeadlineExceededError:
        settings = self._settings
        if attempts.awaits_credentials:
            return DeadlineExceededError(
                f"the source of credentials gave none within {settings.deadline:g} s",
                "`hologres-ai doctor` shows which source is used; "
                "the limit is hologres:maxRetryTimeout or MAX_RETRY_TIMEOUT, in seconds.",
            )
        last = f"; the last try: {attempts.last.title}" if attempts.last else ""
        return DeadlineExceededError(
            f"{settings.endpoint.host} gave no whole answer within {settings.deadline:g} s{last}",
            f"Check the network and the region {settings.region}; "
            "the limit is hologres:maxRetryTimeout or MAX_RETRY_TIMEOUT, in seconds.",
            status=attempts.last.status if attempts.last else None,
            code=attempts.last.code if attempts.last else None,
            request_id=attempts.last.request_id if attempts.last else None,
        )


class RetryState:
    """The memory of one call: what failed last, and which mistakes have had their second chance."""

    ONCE = ("InvalidTimeStamp", "SignatureNonceUsed")

    def __init__(self, quota: RetryQuota, *, renewable: bool) -> None:
        self._quota = quota
        self._renewable = renewable
        self._left = TRIES
        self.awaits_credentials = False
        self._mended: set[str] = set()
        self.last: HologresAiError | None = None

    def may_retry(self, error: BaseException) -> bool:
        """Whether the failure may pass by itself, or can be mended once."""
        if not isinstance(error, HologresAiError):
            return False
        self.last = error
        self._left -= 1
        if not self._left:
            return False
        return (self._may_pass(error) or self._can_mend(error)) and self._quota.take()

    def _may_pass(self, error: HologresAiError) -> bool:
        if isinstance(error, TransportError):
            return not isinstance(error, TlsError)
        if isinstance(error, CredentialsError):
            return error.transient
        if isinstance(error, ThrottledError):
            return True
        return isinstance(error, ServiceError) and (error.status in RETRIED_STATUSES or error.code is not None)

    def _can_mend(self, error: HologresAiError) -> bool:
        family = (error.code or "").split(".")[0]
        can = family in self.ONCE or (error.code == EXPIRED and self._renewable)
        if not isinstance(error, AuthenticationError) or not can or family in self._mended:
            return False
        self._mended.add(family)
        return True


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    jitter = _THROTTLED_JITTER if isinstance(error, ThrottledError) else _JITTER
    asked = error.retry_after if isinstance(error, HologresAiError) else None
    return min(MAX_WAIT, jitter(state) if asked is None else asked)


async def _body(response: httpx.Response, secrets: Sequence[str]) -> Body:
    encoding = response.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise ResponseError(
            f"the answer is encoded as {clean(encoding, secrets)[:32]!r}, which was not asked for",
            "Check the endpoint and any proxy in between.",
            status=response.status_code,
        )
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise ResponseError(
                f"the answer is larger than {MAX_BODY_BYTES // 2**20} MiB",
                "Check the endpoint; ask for the nodes of one instance with instanceId.",
                status=response.status_code,
            )
    return body  # as it is: a copy of 50 MB would be what most memory goes to


def _retry_after(answer: HttpResponse, now: datetime) -> float | None:
    """The wait that the service asks for, in seconds: ``x-acs-retry-after`` in ms, ``Retry-After`` in s or a date."""
    milliseconds, seconds = (answer.headers.get(name, "") for name in ("x-acs-retry-after", "retry-after"))
    if milliseconds.isdecimal():
        return int(milliseconds[:9]) / 1000
    if seconds.isdecimal():
        return float(seconds[:9])
    date = _http_date(seconds)
    return max(0.0, (date - now).total_seconds()) if date else None


def _http_date(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC) if text else None
    except (ValueError, OverflowError):
        return None
