"""Fetch credentials from a source, then assume each role of the source in turn.

An error names the source or the role that failed, and the next step.
"""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import replace
from time import time
from typing import Any
from urllib.parse import urlsplit

from ..errors import CredentialsError, ProviderAttempt, tried
from ..errors.codes import RETRIED_STATUSES
from . import sts
from .http import FetchError, HttpRequest, ServiceResponse, send
from .oauth import exchange_login
from .profile import read_profile
from .response import credentials_in
from .types import (
    CloudSso,
    Credentials,
    CredentialsSource,
    EcsRole,
    External,
    Fetched,
    Limits,
    Link,
    OAuth,
    Oidc,
    Profile,
    Role,
    StsHosts,
    Uri,
)

HOSTS = {
    "metadata": "http://100.100.100.200",
    "oauth CN": "https://oauth.aliyun.com",
    "oauth INTL": "https://oauth.alibabacloud.com",
}
"""The addresses of services that have a fixed address."""

_METADATA_LIMITS = Limits(connect=1.0, read=1.0)  # the service is on the same host; outside ECS nothing responds
_SESSION = "21600"  # requested lifetime of a session token of the metadata service, in seconds


def fetch_credentials(source: CredentialsSource, limits: Limits) -> Fetched:
    """Fetch the credentials of the base source, then assume the roles with them; blocks.

    Raises:
        CredentialsError: the base source returned no credentials, or a role could not be assumed.
        ConfigurationError: a profile was changed after the settings were read, and is now invalid.
    """
    base, roles = source.base, source.roles
    if isinstance(base, Profile):
        below = read_profile(base).source
        base, roles = below.base, (*below.roles, *roles)
    if isinstance(base, Credentials):
        held = Fetched(base, from_file=True)
    elif isinstance(base, Profile):
        raise TypeError("a profile refers to another profile")
    else:
        held = _ask(base, None, source, limits)
    for role in roles:
        held = _ask(role, held.credentials, source, limits)
    return held


def _ask(link: Link, held: Credentials | None, source: CredentialsSource, limits: Limits) -> Fetched:
    try:
        return _PROVIDERS[type(link)](link, held, source.sts, limits)
    except FetchError as failure:
        found = failure
    raise _error(found, link, source)


# --- The providers ---------------------------------------------------------------------------------------------------


def _from_uri(base: Uri, _held: Credentials | None, _sts: StsHosts, limits: Limits) -> Fetched:
    document = _document(send(HttpRequest(base.uri), limits))
    if document.get("Code") != "Success":
        raise FetchError("the Code in its response is not Success")
    return credentials_in(document)


def _from_ecs(base: EcsRole, _held: Credentials | None, _sts: StsHosts, limits: Limits) -> Fetched:
    limits = replace(_METADATA_LIMITS, total=limits.total)
    headers = _session(base, limits)
    folder = f"{HOSTS['metadata']}/latest/meta-data/ram/security-credentials/"
    name = base.name or _text(send(HttpRequest(folder, headers=headers, direct=True), limits)).strip()
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", name):
        raise FetchError("its response names no RAM role")
    document = _document(send(HttpRequest(folder + name, headers=headers, direct=True), limits))
    if document.get("Code") != "Success":
        raise FetchError("the Code in its response is not Success")
    return credentials_in(document)


def _session(base: EcsRole, limits: Limits) -> dict[str, str]:
    """Return the token header of version 2; no header if the service gives no token and version 1 is allowed."""
    request = HttpRequest(
        f"{HOSTS['metadata']}/latest/api/token",
        "PUT",
        headers={"x-aliyun-ecs-metadata-token-ttl-seconds": _SESSION},
        direct=True,
    )
    try:
        return {"x-aliyun-ecs-metadata-token": _text(send(request, limits))}
    except FetchError:
        if base.v1_disabled:
            raise
        return {}


def _from_oidc(base: Oidc, _held: Credentials | None, hosts: StsHosts, limits: Limits) -> Fetched:
    return _session_in(sts.assume_role_with_oidc(base, hosts.host_for(base), limits))


def _from_role(role: Role, held: Credentials | None, hosts: StsHosts, limits: Limits) -> Fetched:
    if held is None:
        raise TypeError("a role is assumed with credentials")
    return _session_in(sts.assume_role(role, held, hosts.host_for(role), limits))


def _session_in(response: ServiceResponse) -> Fetched:
    document = response.document().get("Credentials")
    if not isinstance(document, dict):
        raise FetchError("its response is incomplete: Credentials is missing")
    return credentials_in(document)


def _from_cloud_sso(base: CloudSso, _held: Credentials | None, _sts: StsHosts, limits: Limits) -> Fetched:
    if base.expires <= time():
        raise FetchError("the login has expired")
    parts = urlsplit(base.sign_in_url)
    wanted = {"AccountId": base.account_id, "AccessConfigurationId": base.access_config}
    request = HttpRequest(
        f"{parts.scheme}://{parts.netloc}/cloud-credentials",
        "POST",
        headers={"content-type": "application/json", "authorization": f"Bearer {base.access_token}"},
        content=json.dumps(wanted),
        secrets=(base.access_token,),
    )
    document = _document(send(request, limits)).get("CloudCredential")
    if not isinstance(document, dict):
        raise FetchError("its response is incomplete: CloudCredential is missing")
    return credentials_in(document)


def _from_oauth(base: OAuth, _held: Credentials | None, _sts: StsHosts, limits: Limits) -> Fetched:
    return credentials_in(exchange_login(base, HOSTS, limits))


def _from_command(base: External, _held: Credentials | None, _sts: StsHosts, limits: Limits) -> Fetched:
    try:
        done = subprocess.run(  # noqa: S603 - the user's own profile names it
            base.command if os.name == "nt" else shlex.split(base.command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limits.total,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise FetchError("the command did not end in time") from None
    except (OSError, ValueError) as error:
        raise FetchError(f"the command can't be run ({type(error).__name__})") from None
    if done.returncode != 0:
        raise FetchError(f"the command failed with exit code {done.returncode}")
    document = ServiceResponse(200, done.stdout, {}).document()
    mode = str(document.get("mode") or "AK").lower()
    if mode not in ("ak", "ststoken"):
        raise FetchError("the command printed a mode other than AK or StsToken")
    if mode == "ststoken" and not document.get("sts_token"):
        raise FetchError("the command printed the mode StsToken but no sts_token")
    expiry = "expiration" if document.get("expiration") else "sts_expiration"  # the name that profiles use
    return credentials_in(document, ("access_key_id", "access_key_secret", "sts_token", expiry))


def _text(response: ServiceResponse) -> str:
    _check_status(response)
    try:
        return response.body.decode("ascii")
    except UnicodeDecodeError:
        raise FetchError("its response is not ASCII text") from None


def _document(response: ServiceResponse) -> dict[str, Any]:
    _check_status(response)
    return response.document()


def _check_status(response: ServiceResponse) -> None:
    if response.status != 200:
        raise FetchError(
            "the request was refused", transient=response.status in RETRIED_STATUSES, status=response.status
        )


_PROVIDERS: dict[type, Callable[[Any, Credentials | None, StsHosts, Limits], Fetched]] = {
    Uri: _from_uri,
    EcsRole: _from_ecs,
    Oidc: _from_oidc,
    Role: _from_role,
    External: _from_command,
    CloudSso: _from_cloud_sso,
    OAuth: _from_oauth,
}


# --- Failures --------------------------------------------------------------------------------------------------------

_LOGIN = "Log in again with `aliyun configure`, for the profile that is used."
_NAMES: dict[type, tuple[str, str]] = {
    Uri: (
        "the credentials URI",
        "Check that the service behind credentialsUri runs, and that it answers with Code Success, AccessKeyId, "
        "AccessKeySecret and SecurityToken.",
    ),
    EcsRole: (
        "the ECS metadata service",
        "Check that this is an ECS instance, and that ecsRoleName is the RAM role that is attached to it.",
    ),
    Oidc: (
        "AssumeRoleWithOIDC of STS",
        "Check roleArn and oidcProviderArn, that the role trusts the provider, and that the token has not expired.",
    ),
    External: (
        "the command of the profile (External)",
        "Run the profile's process_command by hand: it must print JSON with access_key_id, access_key_secret and, "
        "for temporary keys, sts_token and expiration.",
    ),
    CloudSso: ("the CloudSSO login of the profile", _LOGIN),
    OAuth: ("the OAuth login of the profile", _LOGIN),
    Role: (
        "AssumeRole of STS",
        "Check roleArn, that the role trusts this identity, and that the identity has the RAM action sts:AssumeRole.",
    ),
}
_STS_HOST = (
    "Check that this machine reaches the host. Set another one with hologres:stsEndpoint or "
    "ALIBABA_CLOUD_STS_ENDPOINT; inside a VPC it is sts-vpc.<region>.aliyuncs.com."
)


def _error(failure: FetchError, link: Link, source: CredentialsSource) -> CredentialsError:
    name, remedy = _NAMES[type(link)]
    if isinstance(link, Oidc | Role):
        host = source.sts.host_for(link)
        name = f"{name} at {host.endpoint} (from {host.origin})"
        remedy = _STS_HOST if failure.is_transport else remedy
    attempts = _attempts(source, link, failure.reason)
    remedies = [failure.remedy or remedy, tried(attempts) if attempts else ""]
    return CredentialsError(
        f"no credentials from {name}: {failure.reason}",
        " ".join(filter(None, remedies)),
        status=failure.status,
        code=failure.code,
        request_id=failure.request_id,
        retry_after=failure.retry_after,
        attempts=attempts,
        transient=failure.transient,
        denial=failure.denial,
    )


def _attempts(source: CredentialsSource, link: Link, reason: str) -> tuple[ProviderAttempt, ...]:
    """Return the attempts of a source; the one that the failed link belongs to has the state ``failed``."""
    used = [index for index, attempt in enumerate(source.attempts) if attempt.state == "used"]
    if not used:
        return source.attempts
    at = used[-1] if link in source.roles else used[0]
    failed = replace(source.attempts[at], state="failed", detail=reason)
    return (*source.attempts[:at], failed, *source.attempts[at + 1 :])
