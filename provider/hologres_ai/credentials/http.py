"""HTTP requests to services that return credentials: STS, a credentials URI, the metadata service, a login service.

Proxies, certificates and redaction of logs are the same as for the API. Redirects are not followed, the size of a body
is limited, and errors contain no text from the peer.
"""

import json
import re
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from ..errors import AccessDeniedDetail
from ..errors.codes import RETRIED_STATUSES
from ..network import causes, proxy_for, proxy_passwords, redact_logs, tls_context
from .types import Limits

MAX_BODY_BYTES = 1024 * 1024


class FetchError(Exception):
    """A source returned no credentials.

    Attributes:
        reason: what happened; contains no text from the peer.
        transient: whether the same request may succeed later.
        status, code, request_id: the facts of the response, if there was one.
        retry_after: the wait that the service requests, in seconds.
        remedy: the next step, if it differs from the usual one for this kind of source.
        is_transport: whether the host could not be reached.
        denial: the details of a missing permission, if the response has them.
    """

    def __init__(
        self,
        reason: str,
        *,
        transient: bool = False,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        remedy: str | None = None,
        is_transport: bool = False,
        denial: AccessDeniedDetail | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.transient = transient
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retry_after = retry_after
        self.remedy = remedy
        self.is_transport = is_transport
        self.denial = denial


@dataclass(frozen=True)
class ServiceResponse:
    """The response of a service. The body may contain secrets."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    def document(self) -> dict[str, Any]:
        """Return the JSON object in the body, which may begin with a byte order mark.

        Raises:
            FetchError: the body is not a JSON object.
        """
        try:
            document = json.loads(self.body.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise FetchError("its response is not a JSON object", status=self.status)
        return document


@dataclass(frozen=True)
class HttpRequest:
    """An HTTP request. `secrets` are redacted in the logs of the HTTP libraries; `direct` means without a proxy."""

    url: str = field(repr=False)
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: str | None = field(default=None, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    direct: bool = False


def send(request: HttpRequest, limits: Limits) -> ServiceResponse:
    """Send a request and read the whole response; blocks.

    Raises:
        FetchError: there was no complete response, or the response was a redirect.
    """
    # The logs of httpx contain the URL, and the URL may contain tokens, so the whole URL is redacted.
    url = httpx.URL(request.url)
    secrets = (*request.secrets, *proxy_passwords(), *filter(None, (str(url), str(url.query, "ascii"))))
    try:
        with redact_logs(secrets), _client(url, request, limits) as client:
            response = _stream(client, request, url, time.monotonic() + limits.total)
    except (httpx.HTTPError, httpx.InvalidURL, ImportError, OSError, ValueError) as error:
        raise _transport_failure(error) from None
    if 300 <= response.status < 400:
        raise FetchError("it returned a redirect, which is never followed", status=response.status)
    return response


def _client(url: httpx.URL, request: HttpRequest, limits: Limits) -> httpx.Client:
    return httpx.Client(
        verify=tls_context(url.scheme),
        proxy=None if request.direct else proxy_for(str(url)),
        trust_env=False,
        follow_redirects=False,
        headers={"accept": "application/json", "accept-encoding": "identity", "connection": "close"},
        timeout=httpx.Timeout(limits.read, connect=limits.connect),
    )


def _stream(client: httpx.Client, request: HttpRequest, url: httpx.URL, deadline: float) -> ServiceResponse:
    body = bytearray()
    with client.stream(request.method, url, headers=request.headers, content=request.content) as response:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise FetchError("its response is compressed, which was not requested", status=response.status_code)
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise FetchError("its response is larger than 1 MiB", status=response.status_code)
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout("")
        return ServiceResponse(response.status_code, bytes(body), dict(response.headers))


# --- Failures --------------------------------------------------------------------------------------------------------

_TRUST = (
    "Check the host; where a proxy or a private certificate authority signs its certificate, set SSL_CERT_FILE to "
    "the file with the certificate of that authority."
)
_PROXY = "Check the proxy in HTTPS_PROXY, HTTP_PROXY and ALL_PROXY; NO_PROXY names hosts that are reached without it."


def _transport_failure(error: Exception) -> FetchError:
    """Convert an exception to a FetchError without its text, which may contain data from the peer."""
    if _has_cause(error, ssl.SSLError) and not _has_cause(error, ssl.SSLEOFError):
        return FetchError("its identity could not be verified (TLS)", remedy=_TRUST)
    if isinstance(error, httpx.ProxyError):
        found = re.match(r"[1-5][0-9]{2}\b", str(error))
        transient = found is None or int(found[0]) >= 500 or int(found[0]) in RETRIED_STATUSES
        return FetchError("the proxy opened no tunnel to it", transient=transient, remedy=_PROXY)
    if isinstance(error, httpx.UnsupportedProtocol) or not isinstance(error, httpx.HTTPError | OSError):
        return FetchError(f"its address or that of the proxy is invalid ({type(error).__name__})", remedy=_PROXY)
    if not isinstance(error, httpx.HTTPError):
        return FetchError("the file in SSL_CERT_FILE or the folder in SSL_CERT_DIR can't be read", remedy=_TRUST)
    words = next((words for kind, words in _UNREACHABLE if _has_cause(error, kind)), None)
    return FetchError(
        words or f"no complete response ({type(error).__name__})", transient=True, is_transport=words is not None
    )


_UNREACHABLE: tuple[tuple[type[Exception], str], ...] = (
    (socket.gaierror, "its host name does not exist"),
    (ConnectionRefusedError, "the connection was refused"),
    (httpx.TimeoutException, "it did not respond in time"),
    (httpx.ConnectError, "it could not be reached"),
)


def _has_cause(error: Exception, kind: type[Exception]) -> bool:
    return any(isinstance(cause, kind) for cause in causes(error))


def text_fact(value: object, form: str, secrets: tuple[str, ...]) -> str | None:
    """Return a value of a response, such as a code, if it matches the expected form and contains no secret."""
    if not isinstance(value, str) or not re.fullmatch(form, value) or any(secret in value for secret in secrets):
        return None
    return value
