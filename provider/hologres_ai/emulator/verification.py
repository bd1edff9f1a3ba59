"""Request verification. The checks have a fixed order, and the first failed check determines the error response."""

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain

from aiohttp import web

from ..api import signing
from ..credentials import Credentials
from .responses import ErrorResponse

# These values are not imported from the client, because they are used to verify the requests of the client.
ACTION = "ListInstanceModel"
VERSION = "2022-06-01"
METHOD = "GET"
PATH = "/api/v1/instances/rpc/listInstanceModel"

WINDOW = timedelta(minutes=15)
MAX_NONCES = 100_000

_AUTHORIZATION = re.compile(
    rf"{signing.ALGORITHM} Credential=(?P<key>[^,\s]+),\s*SignedHeaders=(?P<signed>[a-z0-9;_-]+),"
    r"\s*Signature=(?P<signature>[0-9a-f]{64})"
)
_MANDATORY = ("host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256")


@dataclass(frozen=True)
class ReceivedRequest:
    """The verified parts of a request. Header names are in lower case. `payload_hash` is the SHA-256 of the body."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    payload_hash: str
    now: datetime

    @classmethod
    async def of(cls, request: web.Request, now: datetime) -> "ReceivedRequest":
        """Build an object from an aiohttp request. The values of a repeated header are sorted and joined by commas."""
        names = {name.lower() for name in request.headers}
        headers = {name: ",".join(sorted(value.strip() for value in request.headers.getall(name))) for name in names}
        payload_hash = hashlib.sha256(await request.read()).hexdigest()
        return cls(request.method, request.path, tuple(request.query.items()), headers, payload_hash, now)

    @property
    def authorization(self) -> re.Match[str] | None:
        """The parts of the Authorization header, or None if the format is invalid."""
        return _AUTHORIZATION.fullmatch(self.headers.get("authorization", ""))

    @property
    def access_key_id(self) -> str:
        """The AccessKey ID in the Authorization header, or an empty string if the header is missing or invalid."""
        return self.authorization["key"] if self.authorization else ""

    @property
    def date(self) -> datetime | None:
        """The time in x-acs-date, or None if the format is invalid."""
        try:
            moment = datetime.strptime(self.headers.get("x-acs-date", ""), signing.DATE_FORMAT)
        except ValueError:
            return None
        return moment.replace(tzinfo=UTC)

    def is_signed_with(self, secret: str) -> bool:
        """Return whether the signature is correct for the content of the request and this AccessKey secret."""
        if self.authorization is None or self.headers["x-acs-content-sha256"] != self.payload_hash:
            return False
        signed = {name: self.headers[name] for name in sorted(self.authorization["signed"].split(";"))}
        try:
            uri, query = signing.canonical_uri(self.path), signing.canonical_query(self.query)
            request = signing.canonical_request(self.method, uri, query, signed, self.payload_hash)
            expected = signing.signature(secret, signing.string_to_sign(request))
        except UnicodeEncodeError:  # a client cannot sign bytes that are not UTF-8
            return False
        return hmac.compare_digest(expected, self.authorization["signature"])


class RequestVerifier:
    """Verifies requests, and stores the nonces of the accepted requests."""

    def __init__(self, accounts: Iterable[Credentials]) -> None:
        self._accounts = {credentials.access_key_id: credentials for credentials in accounts}
        self._nonces = Nonces()

    def refusal(self, call: ReceivedRequest) -> ErrorResponse | None:
        """Return the first error of the request, or None. Only the nonce of a request without an error is stored."""
        return next(chain(_errors_of_form(call), self._errors_of_identity(call)), None)

    def _errors_of_identity(self, call: ReceivedRequest) -> Iterator[ErrorResponse]:
        """Yield each error of a request with a valid format. A check assumes that the previous checks passed."""
        account, token = self._accounts.get(call.access_key_id), call.headers.get("x-acs-security-token")
        if account is None:
            yield ErrorResponse(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
            return
        if account.security_token is not None and token is None:
            yield ErrorResponse(400, "MissingSecurityToken", "SecurityToken is mandatory for this action.")
        if account.security_token not in (None, token):
            message = "Specified SecurityToken mismatch with the AccessKey."
            yield ErrorResponse(400, "InvalidSecurityToken.MismatchWithAccessKey", message)
        if not call.is_signed_with(account.access_key_secret):
            yield ErrorResponse(400, "SignatureDoesNotMatch", "Specified signature does not match our calculation.")
        expiry = (call.date or call.now) + WINDOW
        if not self._nonces.use(call.headers["x-acs-signature-nonce"], expiry, call.now):
            yield ErrorResponse(400, "SignatureNonceUsed", "Specified signature nonce was used already.")


class Nonces:
    """Used nonces, at most `MAX_NONCES`. A nonce is stored as long as the date of the request is accepted."""

    def __init__(self) -> None:
        self._expiries: dict[str, datetime] = {}

    def use(self, nonce: str, expiry: datetime, now: datetime) -> bool:
        """Store the nonce until `expiry`, and return whether it is new."""
        if self._expiries.get(nonce, now) > now:
            return False
        self._expiries.pop(nonce, None)
        self._expiries[nonce] = expiry
        self._forget(now)
        return True

    def _forget(self, now: datetime) -> None:
        while self._expiries:
            oldest = next(iter(self._expiries))
            if self._expiries[oldest] > now and len(self._expiries) <= MAX_NONCES:
                return
            del self._expiries[oldest]


def _errors_of_form(call: ReceivedRequest) -> Iterator[ErrorResponse]:
    """Yield each error that can be found without the account."""
    if (call.method, call.path) != (METHOD, PATH) or call.headers.get("x-acs-action", ACTION) != ACTION:
        message = f"Specified api is not found, please check your url and method. Supported: {METHOD} {PATH}."
        yield ErrorResponse(404, "InvalidAction.NotFound", message)
    if call.headers.get("x-acs-version", VERSION) != VERSION:
        yield ErrorResponse(400, "InvalidVersion", f"Specified parameter Version is not valid. Supported: {VERSION}.")
    for detail in _gaps_in_signature(call):
        message = f"The request signature does not conform to Aliyun standards. {detail}"
        yield ErrorResponse(400, "IncompleteSignature", message)
    if call.date is None:
        yield ErrorResponse(400, "InvalidTimeStamp.Format", "x-acs-date is not of the form 2026-01-02T03:04:05Z.")
    elif abs(call.now - call.date) > WINDOW:
        message = "Specified time stamp or date value is expired. The limit is 15 minutes."
        yield ErrorResponse(400, "InvalidTimeStamp.Expired", message)


def _gaps_in_signature(call: ReceivedRequest) -> Iterator[str]:
    if call.authorization is None:
        yield f"Authorization is missing or is not {signing.ALGORITHM}."
        return
    missing = sorted(name for name in _MANDATORY if not call.headers.get(name))
    if missing:
        yield f"These headers are missing: {', '.join(missing)}."
    signed = set(call.authorization["signed"].split(";"))
    wanted = {"host"} | {name for name in call.headers if name.startswith("x-acs-")}
    wrong = (wanted - signed) | (signed - call.headers.keys())
    if wrong:
        names = ", ".join(sorted(wrong))
        yield f"SignedHeaders must contain host and every x-acs-* header that is sent; check {names}."
