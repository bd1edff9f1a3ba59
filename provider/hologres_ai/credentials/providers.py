"""Fetch credentials from a source, then assume each role of the source in turn.

An error names the source or the role that failed, and the next step.
"""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from time import time
from typing import Any
from urllib.parse import urlsplit

from ..errors import CredentialsError, ProviderAttempt, tried
from .http import HOSTS, FetchError, ServiceResponse, credentials_in, parse_document, send
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
        raise FetchError("its response names no RAM role")
    return _successful(send(folder + name, limits, headers=headers, direct=True))


def _session(base: EcsRole, limits: Limits) -> dict[str, str]:
    """Return the token header of version 2; no header if the service gives no token and version 1 is allowed."""
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


def _from_command(base: External, limits: Limits) -> Fetched:
    try:
        done = subprocess.run(  # noqa: S603 - the user's own profile names it
            base.command if os.name == "nt" else shlex.split(base.command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limits.total,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise FetchError("the command did not finish in time") from None
    except (OSError, ValueError) as error:
        raise FetchError(f"the command can't be run ({type(error).__name__})") from None
    if done.returncode != 0:
        raise FetchError(f"the command failed with exit code {done.returncode}")
    document = parse_document(done.stdout)
    if document is None:
        raise FetchError("its response is not a JSON object")
    mode = str(document.get("mode") or "AK").lower()
    if mode not in ("ak", "ststoken"):
        raise FetchError("the command printed a mode other than AK or StsToken")
    if mode == "ststoken" and not document.get("sts_token"):
        raise FetchError("the command printed the mode StsToken but no sts_token")
    expiry = "expiration" if document.get("expiration") else "sts_expiration"  # the name that profiles use
    return credentials_in(document, ("access_key_id", "access_key_secret", "sts_token", expiry))


_PROVIDERS: dict[type, Callable[[Any, Limits], Fetched]] = {
    Uri: _from_uri,
    EcsRole: _from_ecs,
    External: _from_command,
    CloudSso: _from_cloud_sso,
    OAuth: exchange_login,
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
        "Run the profile's process_command manually: it must print JSON with access_key_id, access_key_secret and, "
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
    "Check that this machine can reach the host. Set a different host with hologres:stsEndpoint or "
    "ALIBABA_CLOUD_STS_ENDPOINT; inside a VPC it is sts-vpc.<region>.aliyuncs.com."
)


@contextmanager
def _failures_of(link: BaseSource | Role, source: CredentialsSource) -> Iterator[None]:
    """Convert a failure in the block to the error for a source or a role."""
    try:
        yield
    except FetchError as failure:
        raise _error(failure, link, source) from None


def _error(failure: FetchError, link: BaseSource | Role, source: CredentialsSource) -> CredentialsError:
    name, remedy = _NAMES[type(link)]
    if isinstance(link, Oidc | Role):
        host = source.sts.host_for(link)
        name = f"{name} at {host.endpoint} (from {host.origin})"
        remedy = _STS_HOST if failure.is_transport else remedy
    attempts = _attempts(source, link, failure.title)
    remedies = [failure.remedy or remedy, tried(attempts) if attempts else ""]
    return CredentialsError(
        f"no credentials from {name}: {failure.title}",
        " ".join(filter(None, remedies)),
        status=failure.status,
        code=failure.code,
        request_id=failure.request_id,
        retry_after=failure.retry_after,
        attempts=attempts,
        transient=failure.transient,
        denial=failure.denial,
    )


def _attempts(source: CredentialsSource, link: BaseSource | Role, reason: str) -> tuple[ProviderAttempt, ...]:
    """Return the attempts of a source; the one that the failed link belongs to has the state ``failed``."""
    used = [index for index, attempt in enumerate(source.attempts) if attempt.state == "used"]
    if not used:
        return source.attempts
    at = used[-1] if link in source.roles else used[0]
    failed = replace(source.attempts[at], state="failed", detail=reason)
    return (*source.attempts[:at], failed, *source.attempts[at + 1 :])
