"""The HTTP connections to the API, and the conversion of their failures to errors of this package."""

import socket
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Self

import httpx

from ..config import CallConfig
from ..errors import HologresAiError, ResponseError, TlsError, TransportError
from ..errors.codes import RETRIED_STATUSES
from ..errors.redaction import clean
from ..settings.network import (
    Endpoint,
    Proxy,
    causes,
    is_tls_failure,
    proxy_for,
    proxy_passwords,
    proxy_status,
    tls_context,
)


class Connections:
    """The connections of one event loop to all endpoints. They are closed at the end of the `async with` block.

    There is one httpx client for each scheme and proxy. It is created at its first use, with the certificates that the
    environment sets at that time.

    Attributes:
        secrets: the passwords of the proxies, which are redacted in logs.
    """

    def __init__(self) -> None:
        self._clients: dict[tuple[str, str | None], httpx.AsyncClient] = {}
        self.secrets: tuple[str, ...] = ()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_failure: object) -> None:
        for client in self._clients.values():
            await client.aclose()

    def client(self, endpoint: Endpoint) -> httpx.AsyncClient:
        """Return the httpx client for an endpoint.

        Raises:
            ConfigurationError: a proxy, a certificate file or a certificate folder in the environment is invalid.
        """
        proxy = _proxy_of(endpoint)
        key = endpoint.scheme, proxy.address if proxy else None
        if key not in self._clients:
            self._clients[key] = _make_client(*key)
            self.secrets = tuple(proxy_passwords())
        return self._clients[key]


def ensure_connections(connections: Connections | None) -> AbstractAsyncContextManager[Connections]:
    """Return a context manager for the given connections or for new ones.

    At the end of the block, given connections stay open, and new connections are closed.
    """
    return Connections() if connections is None else nullcontext(connections)


def _proxy_of(endpoint: Endpoint) -> Proxy | None:
    # Through a proxy, plain http would carry the signature unencrypted; it is allowed for loopback only.
    return proxy_for(endpoint.url) if endpoint.scheme == "https" else None


def _make_client(scheme: str, proxy: str | None) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        headers={"accept": "application/json", "accept-encoding": "identity"},
        follow_redirects=False,
        limits=httpx.Limits(max_connections=None),  # a call that waits for a connection could miss its deadline
        verify=tls_context(scheme),
        proxy=proxy,
        trust_env=False,
        # Cookies are not stored: a cookie for one account must not be sent with the calls of another account.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


# --- Failures --------------------------------------------------------------------------------------------------------


def transport_error(error: Exception, settings: CallConfig, secrets: Sequence[str]) -> HologresAiError:
    """Convert an exception of httpx to an error of this package, without secrets."""
    host, proxy = settings.endpoint.host, _proxy_of(settings.endpoint)
    if proxy and isinstance(error, httpx.ProxyError):
        return _proxy_error(error, host, proxy)
    # The message of the library may contain bytes from the peer, which may be secrets that the peer sends back.
    text = clean(str(error).partition(": bytearray(")[0], secrets)
    reason = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL):
        return ResponseError(f"{host} cannot be called: {reason}", "Check the endpoint and the proxy settings.")
    to_host = f"{host} through the proxy {proxy}" if proxy else host
    if is_tls_failure(error):
        return TlsError(
            f"no trusted TLS connection to {to_host}: {reason}",
            "Check the endpoint. If a proxy or a private certificate authority signs the certificate of the endpoint, "
            "set SSL_CERT_FILE to a file with the certificate of that authority.",
        )
    failed = proxy if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout) else None
    return TransportError(
        f"no complete response from {to_host}: {reason}",
        failed.remedy if failed else _network_remedy(settings),
        no_such_host=not proxy and any(map(_is_no_such_host, causes(error))),
    )


def _network_remedy(settings: CallConfig) -> str:
    return (
        f"Check the network, the proxy settings and the region {settings.region}. Inside a VPC, set "
        "ALIBABA_CLOUD_ENDPOINT_TYPE to vpc. To use a different host, set hologres:endpoint or "
        "ALIBABA_CLOUD_ENDPOINT_HOLOGRAM."
        + "".join(f" {warning}{'' if warning.endswith('?') else '.'}" for warning in settings.warnings)
    )


def _is_no_such_host(cause: BaseException) -> bool:
    return isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_NONAME


def _proxy_error(error: httpx.ProxyError, host: str, proxy: Proxy) -> HologresAiError:
    """Return the error for a proxy that did not open a tunnel. A refusal is final; a failure is transient."""
    status = proxy_status(error)
    kind = ResponseError if status and status < 500 and status not in RETRIED_STATUSES else TransportError
    return kind(f"the proxy {proxy} did not open a tunnel to {host}", proxy.remedy, status=status)
