"""What httpx raises, in our own errors and words."""

import re
import socket
import ssl
from collections.abc import Iterator, Sequence

from ..config import CallConfig
from ..errors import HologresAiError, ResponseError, TlsError, TransportError
from .response import clean
from .transport import httpx

RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})  # of the service, or of a proxy: they may pass by themselves


def transport_error(error: Exception, settings: CallConfig, secrets: Sequence[str]) -> HologresAiError:
    """What httpx raised, as one of our errors: told so that a person can mend it, and without secrets."""
    host, region = settings.endpoint.host, settings.region
    if isinstance(error, httpx.ProxyError):
        return _proxy_error(error, host)
    # A library quotes the peer's bytes, and a peer may send back what it was sent.
    text = clean(str(error).partition(": bytearray(")[0], secrets)
    reason = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL):
        return ResponseError(f"{host} can't be called: {reason}", "Check the endpoint and the proxy settings.")
    if _is_tls(error):
        return TlsError(
            f"no trusted TLS connection to {host}: {reason}",
            "Check the endpoint; behind a proxy that opens TLS, point SSL_CERT_FILE to its certificate.",
        )
    failure = TransportError(
        f"no whole answer from {host}: {reason}",
        " ".join([f"Check the network, the proxy settings and the region {region}.", *settings.warnings]),
    )
    failure.no_such_host = any(
        isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_NONAME for cause in _causes(error)
    )
    return failure


def _proxy_error(error: httpx.ProxyError, host: str) -> HologresAiError:
    """A proxy that opens no way: what it refuses stays refused, and what fails on its side may pass."""
    told = re.match(r"[1-5][0-9]{2}\b", str(error))
    status = int(told[0]) if told else None
    kind = ResponseError if status and status < 500 and status not in RETRIED_STATUSES else TransportError
    return kind(
        f"the proxy opened no way to {host}",
        "Check the address, user name and password in HTTPS_PROXY or ALL_PROXY; "
        "NO_PROXY names hosts that are reached without it.",
        status=status,
    )


def _is_tls(error: BaseException) -> bool:
    """Whether it is a TLS failure, and not a peer that hangs up."""
    return any(isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError) for cause in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The whole chain: httpx and httpcore wrap what happened in their own errors."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
