"""The client for ListInstanceModel. It signs, sends and retries a call within one deadline.

The client is asynchronous so that one deadline can cover the whole call. The time limits of httpx never stop a response
that arrives at one byte per second.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import httpx
from tenacity import AsyncRetrying, retry_if_exception

from ..clock import parse_http_date, utc_now
from ..config import CallConfig
from ..credentials import Credentials, CredentialsSource, Limits
from ..credentials.cache import CredentialsCache, credentials_cache_for
from ..errors import CredentialsError, DeadlineExceededError, HologresAiError, ResponseError
from ..errors.bodies import Body
from ..errors.codes import Retry, classify
from ..errors.redaction import clean, redact_logs
from ..models import NodeList
from .response import HttpResponse, parse_response
from .retry import RetryQuota, RetryState, Wait, retry_wait
from .signing import Acs3Auth, new_nonce
from .transport import Connections, ensure_connections, transport_error

log = logging.getLogger(__name__)

ACTION = "ListInstanceModel"
VERSION = "2022-06-01"
PATH = "/api/v1/instances/rpc/listInstanceModel"

# The size of a response with 100,000 nodes is about 50 MB. The limit protects against an endless body.
MAX_BODY_BYTES = 64 * 1024 * 1024
_LIMIT = "To change the limit, set hologres:maxRetryTimeout or MAX_RETRY_TIMEOUT, in seconds."


class Client:
    """A client for one endpoint and one source of credentials. A call never takes longer than `settings.deadline`.

    Args:
        settings: the endpoint, the credentials and the time limits.
        quota: the token bucket for retries, which clients may share.
        connections: the connections to use; if None, each call opens its own connections.
        clock: a function that returns the current time.
        nonce: a function that returns a new nonce for each request.
        wait: a function that returns the retry delay, in seconds.
        max_body_bytes: the maximum size of a response.

    Attributes:
        clock_skew: the time of the service minus the time of this machine, at the last response. None if there was no
            response yet, or if the last response has no date.
    """

    def __init__(
        self,
        settings: CallConfig,
        *,
        quota: RetryQuota | None = None,
        connections: Connections | None = None,
        clock: Callable[[], datetime] = utc_now,
        nonce: Callable[[], str] = new_nonce,
        wait: Wait | None = None,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self._settings = settings
        self._quota = quota or RetryQuota()
        self._connections = connections
        self._clock = clock
        self._nonce = nonce
        self._wait = wait or retry_wait()
        self._max_body_bytes = max_body_bytes
        self._correction = timedelta(0)
        self.clock_skew: timedelta | None = None

    async def list_instance_model(self, instance_id: str | None = None) -> NodeList:
        """List the nodes of the account in the region, or those of one Hologres instance.

        Raises:
            HologresAiError: the call failed; see `errors`. A failure never results in an empty list.
        """
        attempts = RetryState(self._quota, renewable=not isinstance(self._settings.credentials, Credentials))
        try:
            async with asyncio.timeout(self._settings.deadline), ensure_connections(self._connections) as connections:
                retrying = AsyncRetrying(wait=self._wait, retry=retry_if_exception(attempts.may_retry), reraise=True)
                return await retrying(self._attempt, connections, instance_id, attempts)
        except TimeoutError:
            raise self._deadline_exceeded(attempts) from None

    async def credentials(self) -> Credentials:
        """Return the credentials with which the next call would be signed.

        Raises:
            CredentialsError, ConfigurationError: the source returned no credentials.
            DeadlineExceededError: the source returned no credentials before the deadline.
        """
        attempts = RetryState(self._quota, renewable=False)
        try:
            async with asyncio.timeout(self._settings.deadline):
                return await self._get_credentials(attempts)
        except TimeoutError:
            raise self._deadline_exceeded(attempts) from None

    async def _attempt(self, connections: Connections, instance_id: str | None, attempts: RetryState) -> NodeList:
        credentials = await self._get_credentials(attempts)
        response = await self._send(connections, {"instanceId": instance_id} if instance_id else {}, credentials)
        try:
            nodes = parse_response(response, credentials.secrets(), now=self._clock())
        except HologresAiError as error:
            self._prepare_retry(error, credentials)
            raise
        self._quota.give_back()
        return nodes

    async def _get_credentials(self, attempts: RetryState) -> Credentials:
        source = self._settings.credentials
        if isinstance(source, Credentials):
            return source
        attempts.awaits_credentials = True
        credentials = await self._cache(source).get()
        attempts.awaits_credentials = False
        return credentials

    def _cache(self, source: CredentialsSource) -> CredentialsCache:
        settings = self._settings
        return credentials_cache_for(source, Limits(settings.connect_timeout, settings.read_timeout, settings.deadline))

    async def _send(
        self, connections: Connections, parameters: dict[str, str], credentials: Credentials
    ) -> HttpResponse:
        settings, secrets = self._settings, credentials.secrets()
        http = connections.client(settings.endpoint)
        auth = Acs3Auth(credentials, action=ACTION, version=VERSION, clock=self._corrected_time, nonce=self._nonce)
        try:
            with redact_logs((*secrets, *connections.secrets)):
                async with http.stream(
                    "GET",
                    settings.endpoint.address + PATH,
                    params=parameters,
                    headers={"host": settings.endpoint.authority},
                    timeout=httpx.Timeout(settings.read_timeout, connect=settings.connect_timeout),
                    auth=auth,
                ) as response:
                    log.debug("%s returned HTTP %d", settings.endpoint.host, response.status_code)
                    theirs = parse_http_date(response.headers.get("date"))
                    self.clock_skew = theirs - self._clock() if theirs else None
                    body = await _read_body(response, secrets, self._max_body_bytes)
                    return HttpResponse(response.status_code, dict(response.headers), body)
        # A proxy port above 65535 raises an OverflowError, which is not an httpx exception.
        except (httpx.HTTPError, httpx.InvalidURL, ExceptionGroup, OverflowError) as error:
            raise transport_error(error, settings, secrets) from None

    def _corrected_time(self) -> datetime:
        return self._clock() + self._correction

    def _prepare_retry(self, error: HologresAiError, credentials: Credentials) -> None:
        """Correct the clock or remove expired credentials from the cache, so that the next attempt can succeed."""
        retry = classify(error.code, error.status).retry
        if retry is Retry.WITH_CORRECTED_CLOCK and self.clock_skew is not None:
            self._correction = self.clock_skew
        source = self._settings.credentials
        if retry is Retry.WITH_NEW_CREDENTIALS and not isinstance(source, Credentials):
            self._cache(source).refuse(credentials)

    def _deadline_exceeded(self, attempts: RetryState) -> DeadlineExceededError:
        settings, last, limit = self._settings, attempts.last, f"{self._settings.deadline:g} s"
        if attempts.awaits_credentials:
            return self._no_credentials_in_time()
        if last and (last.status or isinstance(last, CredentialsError)):
            return DeadlineExceededError(
                f"{last.title}; retried until the limit of {limit}",
                f"{last.remedy} {_LIMIT}",
                status=last.status,
                code=last.code,
                request_id=last.request_id,
                retry_after=last.retry_after,
                denial=last.denial,
            )
        ending = f"; the last failure: {last.title}" if last else ""
        return DeadlineExceededError(
            f"{settings.endpoint.host} returned no complete response within {limit}{ending}",
            f"{last.remedy if last else f'Check the network and the region {settings.region}.'} {_LIMIT}",
        )

    def _no_credentials_in_time(self) -> DeadlineExceededError:
        settings, source = self._settings, self._settings.credentials
        named = f", {settings.credentials_from}," if settings.credentials_from else ""
        title = f"the credentials source{named} returned no credentials within {settings.deadline:g} s"
        remedy = "`hologres-ai doctor` shows the source."
        roles = source.asked_roles if isinstance(source, CredentialsSource) else ()
        if roles:
            hosts = dict.fromkeys(f"{role.host.endpoint} (from {role.host.origin})" for role in roles)
            title += f"; STS is called at {', '.join(hosts)}"
            remedy = "Set a different STS host with hologres:stsEndpoint or ALIBABA_CLOUD_STS_ENDPOINT. " + remedy
        return DeadlineExceededError(title, f"{remedy} {_LIMIT}")


async def _read_body(response: httpx.Response, secrets: Sequence[str], limit: int) -> Body:
    encoding = response.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise ResponseError(
            f"the response is encoded as {clean(encoding, secrets, limit=32)!r}, which was not requested",
            "Check the endpoint and any proxy in between.",
            status=response.status_code,
        )
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > limit:
            raise ResponseError(
                f"the response is larger than {limit // 2**20} MiB",
                "Check the endpoint, or read the nodes of one instance only, with instanceId.",
                status=response.status_code,
            )
    return body  # not converted to bytes, which would copy up to 64 MiB
