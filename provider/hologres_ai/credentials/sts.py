"""STS calls: AssumeRole and AssumeRoleWithOIDC, version 2015-04-01.

AssumeRole is signed with version 1.0 of Alibaba Cloud's RPC signature method (HMAC-SHA1 over the sorted query).
AssumeRoleWithOIDC is not signed: the token authenticates the caller. A failed call raises a FetchError.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from ..clock import parse_http_date, requested_wait, utc_now
from ..errors.bodies import parse_error_body
from ..errors.codes import Retry, classify, remedy_for
from ..settings.network import parse_endpoint
from .http import FetchError, ServiceResponse, credentials_in, send
from .types import Credentials, Fetched, Limits, Oidc, Role, StsHost
from .validation import HEADER_SAFE

MAX_TOKEN_CHARACTERS = 20_000  # the maximum length that STS accepts
_CORRECT_FILE = (
    "Correct the file, or set a different one: assumeRoleWithOidc.oidcTokenFile, ALIBABA_CLOUD_OIDC_TOKEN_FILE, or "
    "oidc_token_file in the profile."
)


def assume_role(role: Role, credentials: Credentials, host: StsHost, limits: Limits) -> Fetched:
    """Assume a role with the given credentials. This function blocks."""
    parameters = {
        "Action": "AssumeRole",
        "RoleArn": role.arn,
        "RoleSessionName": role.session_name,
        "DurationSeconds": str(role.seconds),
        "AccessKeyId": credentials.access_key_id,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "Policy": role.policy,
        "ExternalId": role.external_id,
        "SecurityToken": credentials.security_token,
    }
    hidden = tuple(filter(None, (*credentials.secrets(), role.external_id)))
    return _Call(parameters, host, limits, hidden, credentials.access_key_secret).session()


def assume_role_with_oidc(oidc: Oidc, host: StsHost, limits: Limits) -> Fetched:
    """Assume a role with an OIDC token, which may be in a file. This function blocks."""
    token = oidc.token or _read_token(oidc.token_file or "")
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise FetchError(f"the OIDC token has more than {MAX_TOKEN_CHARACTERS:,} characters", _CORRECT_FILE)
    parameters = {
        "Action": "AssumeRoleWithOIDC",
        "RoleArn": oidc.role_arn,
        "OIDCProviderArn": oidc.provider_arn,
        "OIDCToken": token,
        "RoleSessionName": oidc.session_name,
        "DurationSeconds": str(oidc.seconds),
        "Policy": oidc.policy,
    }
    return _Call(parameters, host, limits, (token,)).session()


def _read_token(file: str) -> str:
    """Return the token in a file, without leading and trailing white space."""
    try:
        with Path(file).open("rb") as content:  # the size of the read is limited, because the file may be endless
            token = content.read(MAX_TOKEN_CHARACTERS + 1024).decode("utf-8-sig").strip()
    except OSError as error:
        raise FetchError(f"the token file {file} can't be read ({error.strerror})", _CORRECT_FILE) from None
    except UnicodeDecodeError:
        raise FetchError(f"the token file {file} is not UTF-8 text", _CORRECT_FILE) from None
    if not re.fullmatch(HEADER_SAFE, token):
        reason = "contains a space, a line break or a character that is not ASCII" if token else "is empty"
        raise FetchError(f"the token file {file} {reason}", _CORRECT_FILE)
    return token


@dataclass(frozen=True)
class _Call:
    """One STS call.

    Attributes:
        parameters: the query parameters; a parameter without a value is not sent.
        host: the STS host.
        limits: the time limits.
        hidden: the values that must not be shown.
        secret: the AccessKey secret that signs the call, or None for a call that is not signed.
    """

    parameters: Mapping[str, str | None] = field(repr=False)
    host: StsHost
    limits: Limits
    hidden: tuple[str, ...] = field(repr=False)
    secret: str | None = field(default=None, repr=False)

    def session(self) -> Fetched:
        """Send the call. If STS refuses the time or the nonce, send it once more, with the STS time and a new nonce."""
        response = self._send(timedelta(0))
        failure = self._failure(response)
        if failure and classify(failure.code, failure.status, "sts").retry in (Retry.ONCE, Retry.WITH_CORRECTED_CLOCK):
            theirs = parse_http_date(response.headers.get("date"))
            response = self._send(theirs - utc_now() if theirs else timedelta(0))
            failure = self._failure(response)
        if failure:
            raise failure
        return credentials_in(response.document("Credentials"))

    def _send(self, clock_difference: timedelta) -> ServiceResponse:
        query = {
            **{name: value for name, value in self.parameters.items() if value},
            "Format": "JSON",
            "Version": "2015-04-01",
            "Timestamp": (utc_now() + clock_difference).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "SignatureNonce": secrets.token_hex(16),
        }
        if self.secret:
            query["Signature"] = rpc_signature("GET", query, self.secret)
        address = parse_endpoint(self.host.endpoint).address
        return send(f"{address}/?{_canonical_query(query)}", self.limits, secrets=self.hidden)

    def _failure(self, response: ServiceResponse) -> FetchError | None:
        """Return the error for a refused call, or None. It omits the STS message, which repeats signed values."""
        body = parse_error_body(response.body)
        if response.status == 200 and not body.tells_failure:
            return None
        code = self._fact(body.code(), r"[A-Z][A-Za-z]{2,63}(\.[A-Za-z]{1,63}){0,4}")
        rule, denial = classify(code, response.status, "sts"), body.denial(self.hidden)
        return FetchError(
            rule.title or "the request was refused",
            remedy_for(rule, denial),
            transient=rule.retry is Retry.TRANSIENT,
            status=response.status,
            code=code,
            request_id=self._fact(body.request_id(), r"[A-Za-z0-9-]{1,64}"),
            retry_after=requested_wait(response.headers, utc_now()),
            denial=denial,
        )

    def _fact(self, value: str | None, form: str) -> str | None:
        """Return a value from the response, or None if its form is unexpected or it contains a hidden value."""
        is_safe = value and re.fullmatch(form, value) and not any(hidden in value for hidden in self.hidden)
        return value if is_safe else None


def rpc_signature(method: str, query: Mapping[str, str], secret: str) -> str:
    """Return the signature of a query string, computed with version 1.0 of Alibaba Cloud's RPC signature method."""
    text = f"{method}&%2F&{quote(_canonical_query(query), safe='')}"
    digest = hmac.new(f"{secret}&".encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def _canonical_query(query: Mapping[str, str]) -> str:
    """Return the query, sorted by the unencoded names. In contrast, `api.signing` sorts by the encoded names."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(query.items()))
