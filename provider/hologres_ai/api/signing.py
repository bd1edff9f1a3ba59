"""Sign requests with ACS3-HMAC-SHA256. Each step is a function with the name that the specification uses.

Source: "V3 request body and signature mechanism" in the Alibaba Cloud documentation, checked against the Alibaba Cloud
Python SDK. All functions are pure, except `new_nonce`. The clock and the nonce of `Acs3Auth` are parameters.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Generator, Iterable, Mapping
from datetime import datetime
from urllib.parse import quote

import httpx

from ..clock import utc_now
from ..credentials import Credentials

ALGORITHM = "ACS3-HMAC-SHA256"
DATE_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
EMPTY_PAYLOAD_HASH = hashlib.sha256(b"").hexdigest()


def canonical_uri(path: str) -> str:
    """Percent-encode a path, except its slashes. An empty path becomes ``/``."""
    return quote(path, safe="/") or "/"


def canonical_query(parameters: Iterable[tuple[str, str]]) -> str:
    """Return the percent-encoded ``name=value`` pairs, sorted by name. The ``=`` is kept if the value is empty."""
    pairs = sorted((quote(name, safe=""), quote(value, safe="")) for name, value in parameters)
    return "&".join(f"{name}={value}" for name, value in pairs)


def headers_to_sign(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers ``host``, ``content-type`` and ``x-acs-*``: lower-case names, sorted, with trimmed values."""
    lowered = {name.lower(): value.strip() for name, value in headers.items()}
    chosen = {k: v for k, v in lowered.items() if k in {"host", "content-type"} or k.startswith("x-acs-")}
    return dict(sorted(chosen.items()))


def canonical_request(method: str, uri: str, query: str, signed: Mapping[str, str], payload_hash: str) -> str:
    """Return the CanonicalRequest, as in the specification. `signed` is the result of `headers_to_sign`."""
    canonical_headers = "".join(f"{name}:{value}\n" for name, value in signed.items())
    return "\n".join((method.upper(), uri, query, canonical_headers, ";".join(signed), payload_hash))


def string_to_sign(canonical: str) -> str:
    """Return the string to sign: the name of the algorithm and the hash of the canonical request."""
    return f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"


def signature(secret: str, text: str) -> str:
    """Return the HMAC-SHA256 of `text` with the AccessKey secret as the key, in lower-case hexadecimal digits."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def authorization(access_key_id: str, signed: Iterable[str], sign: str) -> str:
    """Return the value of the Authorization header."""
    return f"{ALGORITHM} Credential={access_key_id},SignedHeaders={';'.join(signed)},Signature={sign}"


def identity_headers(action: str, version: str, date: str, nonce: str, credentials: Credentials) -> dict[str, str]:
    """Return the ``x-acs-*`` headers of a request without a body, including those for a security token, if any."""
    headers = {
        "x-acs-action": action,
        "x-acs-version": version,
        "x-acs-date": date,
        "x-acs-signature-nonce": nonce,
        "x-acs-content-sha256": EMPTY_PAYLOAD_HASH,
    }
    if credentials.security_token:
        headers["x-acs-accesskey-id"] = credentials.access_key_id
        headers["x-acs-security-token"] = credentials.security_token
    return headers


def new_nonce() -> str:
    """Return a nonce: 128 random bits, as 32 hexadecimal digits."""
    return secrets.token_hex(16)


class Acs3Auth(httpx.Auth):
    """Authentication for httpx that signs each request. Each attempt has a new date and a new nonce.

    Requests with a body are not supported, because ListInstanceModel requires none.

    Args:
        credentials: the credentials that sign the requests.
        action: the name of the API action.
        version: the version of the API.
        clock: a function that returns the current time.
        nonce: a function that returns a new nonce.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        action: str,
        version: str,
        clock: Callable[[], datetime] = utc_now,
        nonce: Callable[[], str] = new_nonce,
    ) -> None:
        self._credentials = credentials
        self._action = action
        self._version = version
        self._clock = clock
        self._nonce = nonce

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the identity headers and the Authorization header. httpx calls this method for each request."""
        date = self._clock().strftime(DATE_FORMAT)
        request.headers.update(identity_headers(self._action, self._version, date, self._nonce(), self._credentials))
        request.headers["authorization"] = self._authorization(request)
        yield request

    def _authorization(self, request: httpx.Request) -> str:
        signed = headers_to_sign(request.headers)
        canonical = canonical_request(
            request.method,
            canonical_uri(request.url.path),
            canonical_query(request.url.params.multi_items()),
            signed,
            EMPTY_PAYLOAD_HASH,
        )
        sign = signature(self._credentials.access_key_secret, string_to_sign(canonical))
        return authorization(self._credentials.access_key_id, signed, sign)
