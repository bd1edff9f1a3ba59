"""Fetch credentials from a source, then assume each role of the source in turn.

An error message contains the name of the source or the role that failed, and the next step.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from time import time
from typing import Any
from urllib.parse import urlsplit

from ..errors import CredentialsError, ProviderAttempt, tried
from .command import run_command
from .http import HOSTS, FetchError, ServiceResponse, credentials_in, send
from .oauth import exchange_login
from .profile import read_profile
from .sts import assume_role, assume_role_with_oidc
from .types import (
    BaseSource,
    CloudSso,
    Credentials,
    CredentialsSource,
    EcsRole,
    External,
    Fetched,
    Limits,
    OAuth,
    Oidc,
    Profile,
    Role,
    StsHosts,
    Uri,
)

_METADATA_LIMITS = Limits(connect=1.0, read=1.0)  # the service is on the same host; outside ECS, there is no response
_SESSION = "21600"  # requested lifetime of a session token of the metadata service, in seconds


def fetch_credentials(source: CredentialsSource, limits: Limits) -> Fetched:
    """Fetch the credentials of the base source, then assume the roles with them. This function blocks.

    Raises:
        CredentialsError: the base source returned no credentials, or a role could not be assumed.
        ConfigurationError: a profile was changed after the settings were read, and is now invalid.
    """
    base, roles = source.base, source.roles
    if isinstance(base, Profile):
        below = read_profile(base).source
        base, roles = below.base, (*below.roles, *roles)
    with _failures_of(base, source):
        fetched = _fetch_base(base, source.sts, limits)
    for role in roles:
        with _failures_of(role, source):
            fetched = assume_role(role, fetched.credentials, source.sts.host_for(role), limits)
    return fetched


def _fetch_base(base: BaseSource, hosts: StsHosts, limits: Limits) -> Fetched:
    if isinstance(base, Credentials):
        return Fetched(base, from_file=True)
    if isinstance(base, Oidc):
        return assume_role_with_oidc(base, hosts.host_for(base), limits)
    return _PROVIDERS[type(base)](base, limits)


# --- The providers ---------------------------------------------------------------------------------------------------


def _from_uri(base: Uri, limits: Limits) -> Fetched:
    return _successful(send(base.uri, limits))


def _successful(response: ServiceResponse) -> Fetched:
    document = response.document()
    if document.get("Code") != "Success":
        raise FetchError("the Code in its response is not Success")
    return credentials_in(document)


def _from_ecs(base: EcsRole, limits: Limits) -> Fetched:
    limits = replace(_METADATA_LIMITS, total=limits.total)
    headers = _session(base, limits)
    folder = f"{HOSTS['metadata']}/latest/meta-data/ram/security-credentials/"
    name = base.name or send(folder, limits, headers=headers, direct=True).text().strip()
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", name):
        raise FetchError("its response contains no valid name of a RAM role")
    return _successful(send(folder + name, limits, headers=headers, direct=True))


def _session(base: EcsRole, limits: Limits) -> dict[str, str]:
    """Return the header with a session token, for version 2 of the metadata service.

    If the service returns no token and version 1 is allowed, return no headers.
    """
    url, headers = f"{HOSTS['metadata']}/latest/api/token", {"x-aliyun-ecs-metadata-token-ttl-seconds": _SESSION}
    try:
        return {"x-aliyun-ecs-metadata-token": send(url, limits, method="PUT", headers=headers, direct=True).text()}
    except FetchError:
        if base.v1_disabled:
            raise
        return {}


def _from_cloud_sso(base: CloudSso, limits: Limits) -> Fetched:
    if base.expires <= time():
        raise FetchError("the login has expired")
    parts = urlsplit(base.sign_in_url)
    response = send(
        f"{parts.scheme}://{parts.netloc}/cloud-credentials",
        limits,
        method="POST",
        headers={"content-type": "application/json", "authorization": f"Bearer {base.access_token}"},
        content=json.dumps({"AccountId": base.account_id, "AccessConfigurationId": base.access_config}),
        secrets=[base.access_token],
    )
    return credentials_in(response.document("CloudCredential"))


_PROVIDERS: dict[type, Callable[[Any, Limits], Fetched]] = {
    Uri: _from_uri,
    EcsRole: _from_ecs,
    External: run_command,
    CloudSso: _from_cloud_sso,
    OAuth: exchange_login,
}


# --- Failures --------------------------------------------------------------------------------------------------------

_LOGIN = "Log in again with `aliyun configure`, for the profile that is used."
_NAMES: dict[type, tuple[str, str]] = {
    Uri: (
        "the credentials URI",
        "Check that the service behind credentialsUri runs, and that its response contains Code Success, AccessKeyId, "
        "AccessKeySecret and SecurityToken.",
    ),
    EcsRole: (
        "the ECS metadata service",
        "Check that this is an ECS instance, and that ecsRoleName is the RAM role that is attached to it.",
    ),
    Oidc: (
        "STS AssumeRoleWithOIDC",
        "Check roleArn and oidcProviderArn, that the role trusts the provider, and that the token has not expired.",
    ),
    External: (
        "the command of the profile (External)",
        "Run the profile's process_command manually: it must print JSON with access_key_id, access_key_secret and, "
        "for temporary keys, sts_token and expiration.",
    ),
    CloudSso: ("the CloudSSO login of the profile", _LOGIN),
    OAuth: ("the OAuth login of the profile", _LOGIN),
    Role: (
        "STS AssumeRole",
        "Check roleArn, that the role trusts this identity, and that the identity has the RAM action sts:AssumeRole.",
    ),
}
_HOST = "Check that this machine can reach the host, and that no proxy or login page responds in its place."
_STS_HOST = (
    f"{_HOST} Set a different host with hologres:stsEndpoint or ALIBABA_CLOUD_STS_ENDPOINT; inside a VPC it is "
    "sts-vpc.<region>.aliyuncs.com."
)
_HOST_REMEDIES: dict[type, str] = {Oidc: _STS_HOST, Role: _STS_HOST, CloudSso: _HOST, OAuth: _HOST}


@contextmanager
def _failures_of(link: BaseSource | Role, source: CredentialsSource) -> Iterator[None]:
    """Convert a FetchError that the block raises to a CredentialsError for the source or the role."""
    try:
        yield
    except FetchError as failure:
        raise _error(failure, link, source) from None


def _error(failure: FetchError, link: BaseSource | Role, source: CredentialsSource) -> CredentialsError:
    name, remedy = _NAMES[type(link)]
    if failure.at_host:
        remedy = _HOST_REMEDIES.get(type(link), remedy)
    attempts = _attempts(source, link, failure.title)
    remedies = [failure.remedy or remedy, tried(attempts) if attempts else ""]
    return CredentialsError(
        f"no credentials from {name}{_at(link, source.sts)}: {failure.title}",
        " ".join(filter(None, remedies)),
        status=failure.status,
        code=failure.code,
        request_id=failure.request_id,
        retry_after=failure.retry_after,
        attempts=attempts,
        transient=failure.transient,
        denial=failure.denial,
    )


def _at(link: BaseSource | Role, hosts: StsHosts) -> str:
    """Return the called host as text to append to the name of the source, or an empty text if no host is called."""
    match link:
        case Oidc() | Role():
            host = hosts.host_for(link)
            return f" at {host.endpoint} (from {host.origin})"
        case Uri(uri=url) | CloudSso(sign_in_url=url):
            return f" at {urlsplit(url).netloc}"
        case OAuth(site=site):
            return f" at {urlsplit(HOSTS[f'oauth {site}']).netloc}"
        case EcsRole():
            return f" at {urlsplit(HOSTS['metadata']).netloc}"
    return ""


def _attempts(source: CredentialsSource, link: BaseSource | Role, reason: str) -> tuple[ProviderAttempt, ...]:
    """Return the attempts of a source. The attempt for the source or the role that failed has the state ``failed``."""
    used = [index for index, attempt in enumerate(source.attempts) if attempt.state == "used"]
    if not used:
        return source.attempts
    at = used[-1] if link in source.roles else used[0]
    failed = replace(source.attempts[at], state="failed", detail=reason)
    return (*source.attempts[:at], failed, *source.attempts[at + 1 :])
