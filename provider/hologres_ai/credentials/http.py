"""Send HTTP requests to services that return credentials, and read the credentials in the responses.

The services are STS, a credentials URI, the metadata service and the login services. The settings for proxies and
certificates and the redaction of logs are the same as for API calls. Redirects are not followed, and the size of a
response body is limited. A failed request or an invalid response raises a FetchError.
"""

import json
import math
import re
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Unpack

import httpx

from ..errors import Facts, HologresAiError
from ..errors.codes import RETRIED_STATUSES
from ..errors.redaction import redact_logs
from ..settings.network import (
    Proxy,
    has_cause,
    is_tls_failure,
    proxy_for,
    proxy_passwords,
    proxy_status,
    tls_context,
)
from .types import Credentials, Fetched, Limits
from .validation import HEADER_SAFE

HOSTS = {
    "metadata": "http://100.100.100.200",
    "oauth CN": "https://oauth.aliyun.com",
    "oauth INTL": "https://oauth.alibabacloud.com",
}
"""The base URLs of the services that have a fixed address."""

MAX_BODY_BYTES = 1024 * 1024
_MILLISECONDS = 1e11  # a larger number is in milliseconds: in seconds, it would be after the year 5000


class FetchError(HologresAiError):
    """A source returned no credentials. The title is the reason. It contains no text from the peer.

    Attributes:
        transient: whether the same request may succeed later.
        at_host: whether the cause is the host, the network or a response from a different server, and not the identity
            of the caller.
    """

    def __init__(
        self,
        title: str,
        remedy: str = "",
        *,
        transient: bool = False,
        at_host: bool = False,
        **facts: Unpack[Facts],
    ) -> None:
        super().__init__(title, remedy, **facts)
        self.transient = transient
        self.at_host = at_host


# --- Requests --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ServiceResponse:
    """A response from a service. The body may contain secrets."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    def text(self) -> str:
        """Return the body of a response with status 200 as ASCII text."""
        self._check_status()
        try:
            return self.body.decode("ascii")
        except UnicodeDecodeError:
            raise FetchError("its response is not ASCII text", at_host=True) from None

    def document(self, part: str | None = None) -> dict[str, Any]:
        """Return the JSON object in the body of a response with status 200, or the object in its field `part`."""
        self._check_status()
        document = parse_document(self.body)
        if document is None:
            raise FetchError("its response is not a JSON object", at_host=True, status=self.status)
        found = document if part is None else document.get(part)
        if not isinstance(found, dict):
            raise FetchError(f"its response is incomplete: {part} is missing", at_host=True)
        return found

    def _check_status(self) -> None:
        if self.status != 200:
            transient = self.status in RETRIED_STATUSES
            raise FetchError("the request was refused", transient=transient, status=self.status)


def parse_document(text: bytes) -> dict[str, Any] | None:
    """Return the JSON object in a text, or None if the text is not a JSON object. A byte order mark is ignored."""
    try:
        document = json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def send(
    url: str,
    limits: Limits,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    content: str | None = None,
    secrets: Sequence[str] = (),
    direct: bool = False,
) -> ServiceResponse:
    """Send a request and read the whole response. This function blocks.

    If `direct` is true, no proxy is used. `secrets` and the URL are redacted in the log records of the HTTP libraries,
    because the URL may contain tokens.
    """
    deadline, proxy = time.monotonic() + limits.total, None if direct else proxy_for(url)
    try:
        target = httpx.URL(url)
        hidden = [*secrets, *proxy_passwords(), *filter(None, (str(target), str(target.query, "ascii")))]
        with (
            redact_logs(hidden),
            _client(target, limits, proxy) as client,
            client.stream(method, target, headers=headers, content=content) as response,
        ):
            body = _read_body(response, deadline)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise _transport_failure(error, proxy) from None
    if 300 <= response.status_code < 400:
        raise FetchError("it returned a redirect, which is never followed", at_host=True, status=response.status_code)
    return ServiceResponse(response.status_code, body, dict(response.headers))


def _client(url: httpx.URL, limits: Limits, proxy: Proxy | None) -> httpx.Client:
    return httpx.Client(
        verify=tls_context(url.scheme),
        proxy=proxy.address if proxy else None,
        trust_env=False,
        follow_redirects=False,
        headers={"accept": "application/json", "accept-encoding": "identity", "connection": "close"},
        timeout=httpx.Timeout(limits.read, connect=limits.connect),
    )


def _read_body(response: httpx.Response, deadline: float) -> bytes:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise FetchError(
            "its response is compressed, which was not requested", at_host=True, status=response.status_code
        )
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise FetchError("its response is larger than 1 MiB", at_host=True, status=response.status_code)
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("")
    return bytes(body)


# --- Failures --------------------------------------------------------------------------------------------------------

_TRUST = (
    "Check the host. If a proxy or a private certificate authority signs its certificate, set SSL_CERT_FILE to a file "
    "with the certificate of that authority."
)
_CLOCK = "Check the clock of this machine. If it is correct, check the expiry time that the source returns."
_UNREACHABLE: tuple[tuple[type[Exception], str], ...] = (
    (socket.gaierror, "its host name does not exist"),
    (ConnectionRefusedError, "the connection was refused"),
    (httpx.TimeoutException, "it did not respond in time"),
    (httpx.ConnectError, "it could not be reached"),
)


def _transport_failure(error: Exception, proxy: Proxy | None) -> FetchError:
    """Convert an exception to a FetchError. The text of the exception is omitted: it may contain data from the peer."""
    if is_tls_failure(error):
        return FetchError("its identity could not be verified (TLS)" + _through(proxy), _TRUST)
    if proxy and isinstance(error, httpx.ProxyError):
        status = proxy_status(error)
        transient = status is None or status >= 500 or status in RETRIED_STATUSES
        return FetchError(f"the proxy {proxy} did not open a tunnel to it", proxy.remedy, transient=transient)
    if isinstance(error, httpx.UnsupportedProtocol) or not isinstance(error, httpx.HTTPError):
        return FetchError(f"its address is invalid ({type(error).__name__})", at_host=True)
    reason = next((reason for kind, reason in _UNREACHABLE if has_cause(error, kind)), None)
    if reason and proxy:
        return FetchError(f"no response through the proxy {proxy}: {reason}", proxy.remedy, transient=True)
    if reason:
        return FetchError(reason, transient=True, at_host=True)
    title = f"no complete response{_through(proxy)} ({type(error).__name__})"
    return FetchError(title, transient=True, at_host=True)


def _through(proxy: Proxy | None) -> str:
    return f" through the proxy {proxy}" if proxy else ""


# --- Credentials in a response ---------------------------------------------------------------------------------------


def credentials_in(
    document: Mapping[str, Any],
    names: tuple[str, str, str, str] = ("AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration"),
) -> Fetched:
    """Return the credentials in a document.

    `names` are the names of the fields for the ID, the secret, the token and the expiry time. Credentials that are
    incomplete, invalid or expired raise a FetchError, which does not contain the values.
    """
    key, secret, token = (document.get(name) or None for name in names[:3])
    for value in (key, secret, token):
        if value is not None and not (isinstance(value, str) and re.fullmatch(HEADER_SAFE, value)):
            raise FetchError("its response contains an AccessKey that can't be sent in a header", at_host=True)
    if not key or not secret:
        raise FetchError(f"its response is incomplete: {names[0]} or {names[1]} is missing", at_host=True)
    expires = parse_expiry(document.get(names[3]))
    if expires is not None and expires <= time.time():
        raise FetchError("its credentials have already expired", _CLOCK)
    return Fetched(Credentials(key, secret, token), expires)


def parse_expiry(value: object) -> float | None:
    """Convert an expiry time to seconds since 1970. Return None if there is no expiry time.

    The value is a number of seconds or milliseconds since 1970, or a date in ISO 8601 format. Any other value raises a
    FetchError.
    """
    if value in (None, "", 0):
        return None
    try:
        if isinstance(value, str) and not re.fullmatch(r"[0-9]{1,20}(\.[0-9]+)?", value):
            return _seconds_of_date(value)
        seconds = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        seconds = math.nan
    if not math.isfinite(seconds):
        raise FetchError("its response contains an expiry that is neither a number nor a date", at_host=True)
    return seconds / 1000 if seconds > _MILLISECONDS else seconds


def _seconds_of_date(text: str) -> float | None:
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None if moment.year == 1 else moment.timestamp()  # Go writes the year 1 for a missing date
