"""One fetch: the origin's credentials, then those of each role in turn; what fails is named."""

from ..errors import CredentialsError, ProviderAttempt, tried
from . import profile as profiles
from .types import (
    CloudSso,
    Credentials,
    CredentialsSource,
    EcsRole,
    External,
    Fetched,
    FetchFailure,
    Limits,
    OAuth,
    Oidc,
    Origin,
    Profile,
    Role,
    Uri,
)

_LOGIN = "Log in again with `aliyun configure`, for the profile that is used."
_NAMES: dict[type, tuple[str, str]] = {
    Uri: (
        "the credentials URI",
        "Check that the service behind credentialsUri runs, and that it answers with Code, AccessKeyId, "
        "AccessKeySecret, SecurityToken and Expiration.",
    ),
    EcsRole: (
        "the metadata service of ECS",
        "Check that this is an ECS instance, and that ecsRoleName is the RAM role that is attached to it.",
    ),
    Oidc: (
        "STS, asked with the OIDC token (AssumeRoleWithOIDC)",
        "Check roleArn and oidcProviderArn, that the role trusts the provider, and that the token is not an old one.",
    ),
    External: (
        "the command of the profile (External)",
        "Run the profile's process_command by hand: it has to print JSON with access_key_id, access_key_secret and, "
        "for temporary keys, sts_token and expiration.",
    ),
    CloudSso: ("the CloudSSO login of the profile", _LOGIN),
    OAuth: ("the OAuth login of the profile", _LOGIN),
    Role: (
        "STS, asked for the role to assume (AssumeRole)",
        "Check roleArn, that the role trusts this identity, and that the identity has the RAM action sts:AssumeRole; "
        "where only a VPC is reached, set stsEndpoint.",
    ),
}


def fetch_credentials(source: CredentialsSource, limits: Limits) -> Fetched:
    """The credentials at the end of the chain; blocks.

    Raises:
        CredentialsError: a link of it gave none.
        ConfigurationError: a profile can't be read or meant.
    """
    origin, roles = source.origin, source.roles
    if isinstance(origin, Profile):
        below, _ = profiles.expand(origin)
        origin, roles = below.origin, (*below.roles, *roles)
    held = Fetched(origin) if isinstance(origin, Credentials) else _link(origin, None, source, limits)
    for role in roles:
        held = _link(role, held.credentials, source, limits)
    return held


def _link(link: Origin | Role, held: Credentials | None, source: CredentialsSource, limits: Limits) -> Fetched:

    from . import providers  # noqa: PLC0415 - half a second that plain keys must not pay

    answer = providers.ask_provider(link, held, limits, source.sts_endpoint)
    if isinstance(answer, Fetched):
        return answer
    raise _error(answer, link, source)


def _error(refusal: FetchFailure, link: Origin | Role, source: CredentialsSource) -> CredentialsError:
    name, remedy = _NAMES[type(link)]
    steps = _failed(source, link, refusal.reason)
    return CredentialsError(
        f"no credentials from {name}: {refusal.reason}",
        f"{remedy} {tried(steps)}" if steps else remedy,
        status=refusal.status,
        code=refusal.code,
        attempts=steps,
        transient=refusal.transient,
    )


def _failed(source: CredentialsSource, link: Origin | Role, reason: str) -> tuple[ProviderAttempt, ...]:
    """The steps, with the one failed that the link belongs to: the role on top of all, or what lies below it."""
    used = [index for index, step in enumerate(source.steps) if step.state == "used"]
    if not used:
        return source.steps
    at = used[-1] if link in source.roles else used[0]
    return (*source.steps[:at], ProviderAttempt(source.steps[at].source, "failed", reason), *source.steps[at + 1 :])
