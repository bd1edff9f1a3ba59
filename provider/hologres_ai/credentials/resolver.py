"""Choose the source of credentials: the first one that is set, in the order of pulumi-alicloud.

A source that is given as an argument takes precedence over all others, and roles in the configuration are not assumed
with it. A partially configured source is an error, and is never skipped in favour of the next one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import ConfigurationError, ProviderAttempt, tried
from ..settings import (
    ACCESS_KEY,
    ASSUME_ROLE,
    ASSUME_ROLE_WITH_OIDC,
    CLI_PROFILE_DISABLED,
    CREDENTIALS_URI,
    ECS_METADATA_DISABLED,
    ECS_ROLE_NAME,
    EXTERNAL_PROCESS_DISABLED,
    IMDS_V1_DISABLED,
    PROFILE,
    ROLE_ARN,
    SECRET_KEY,
    SECURITY_TOKEN,
    SHARED_CREDENTIALS_FILE,
    SHARED_ROLE_ARN,
    Setting,
    how_to_set,
    how_to_set_field,
)
from ..settings.lookup import ResolvedSettings, ResolvedValue
from .key_pair import find_key_pair
from .profile import ProfileContent, check_external, checked_url, read_profile, refused_by
from .types import (
    SESSION_NAME,
    AskedRole,
    BaseSource,
    CredentialsSource,
    EcsRole,
    Oidc,
    Profile,
    Role,
    StsHosts,
    Switches,
    Uri,
)
from .validation import check_form, check_header_safe, duration

_ARN = r"acs:ram::[\x21-\x7e]{1,256}"
_SESSION_NAME = r"[A-Za-z0-9.@_-]{2,64}"
_SHARED_ORIGINS = frozenset(f"environment {name}" for name in SHARED_ROLE_ARN)
_OTHERS = (
    "Other sources: a profile of `aliyun configure` (hologres:profile, ALICLOUD_PROFILE), credentialsUri, ecsRoleName, "
    "assumeRoleWithOidc; `hologres-ai doctor` shows which of them are set."
)


@dataclass(frozen=True)
class Choice:
    """A source of credentials that a setting names.

    Attributes:
        base: the source, without roles from the settings.
        named_by: the setting that names the source, as text.
        profile: the content of the profile, if the source is a profile.
        parts: the origin of each part of a key pair, if the source is a key pair.
        left_over: the origins of parts of key pairs that are set but not used.
    """

    base: BaseSource
    named_by: str
    profile: ProfileContent | None = None
    parts: tuple[tuple[str, str], ...] = ()
    left_over: tuple[str, ...] = ()


@dataclass(frozen=True)
class Resolution:
    """The chosen source of credentials, and the content of the profile if the source is a profile."""

    source: CredentialsSource
    profile: ProfileContent | None = None

    def asking(self, hosts: StsHosts) -> CredentialsSource:
        """Return the source with the STS hosts and the list of all roles to assume."""
        below = self.profile.source if self.profile else self.source
        links: list[Oidc | Role] = [below.base] if isinstance(below.base, Oidc) else []
        links += [*below.roles, *(self.source.roles if self.profile else ())]
        roles = [
            AskedRole(link.role_arn if isinstance(link, Oidc) else link.arn, hosts.host_for(link)) for link in links
        ]
        return replace(self.source, sts=hosts, asked_roles=tuple(roles))


def resolve_credentials(settings: ResolvedSettings) -> Resolution:
    """Choose the source of credentials, and record an attempt for each source that was considered.

    No service is called.

    Raises:
        ConfigurationError: no source is set, or a source is invalid or incomplete; `attempts` has the outcome of each.
    """
    attempts: list[ProviderAttempt] = []
    only = _given_as_argument(settings)
    for name, find in SOURCES.items():
        try:
            choice = find(settings) if only in (None, name) else None
        except ConfigurationError as error:
            raise _with_attempts(error, name, attempts) from None
        if choice:
            attempts.append(ProviderAttempt(name, "used", choice.named_by))
            return _with_role(settings, choice, attempts, alone=only is not None)
        attempts.append(ProviderAttempt(name, "not set" if only is None else "skipped"))
    raise ConfigurationError(
        "no AccessKey is set", f"{how_to_set(ACCESS_KEY)} {how_to_set(SECRET_KEY)} {_OTHERS}", attempts=attempts
    )


def _given_as_argument(settings: ResolvedSettings) -> str | None:
    """Return the name of the source that is given as an argument, or None. It precedes all configured sources."""
    given = {
        name: found.origin
        for name, named_by in SOURCE_SETTINGS.items()
        for setting in named_by
        if (found := settings.find(setting)) and found.is_argument and not _is_empty_object(found)
    }
    if len(given) > 1:
        raise ConfigurationError(
            f"more than one source of credentials is given: {' and '.join(given.values())}", "Give only one of them."
        )
    return next(iter(given), None)


def _with_role(
    settings: ResolvedSettings, choice: Choice, attempts: list[ProviderAttempt], *, alone: bool
) -> Resolution:
    try:
        role = _role(settings, choice.base, arguments_only=alone)
    except ConfigurationError as error:
        raise _with_attempts(error, ROLE, attempts) from None
    attempts.append(ProviderAttempt(ROLE, "used", role[1]) if role else ProviderAttempt(ROLE, "not set"))
    source = CredentialsSource(
        choice.base,
        (role[0],) if role else (),
        attempts=tuple(attempts),
        parts=choice.parts,
        left_over=_not_used(settings, choice, role[0] if role else None),
        warnings=_warnings(choice),
    )
    return Resolution(source, choice.profile)


def _warnings(choice: Choice) -> tuple[str, ...]:
    if not choice.left_over:
        return ()
    names = ", ".join(choice.left_over)
    verb = "are" if len(choice.left_over) > 1 else "is"
    return (f"{names} {verb} set and not used: the AccessKey comes from {choice.named_by}",)


def _not_used(settings: ResolvedSettings, choice: Choice, role: Role | None) -> tuple[str, ...]:
    """Return the origins of settings that name a source that is not used, or a role that is not assumed."""
    used = {Profile: _PROFILE, Uri: _URI, EcsRole: _ECS, Oidc: _OIDC}.get(type(choice.base), _STATIC)
    others = [
        found.origin
        for name, named_by in SOURCE_SETTINGS.items()
        if name != used
        for setting in named_by
        for found in settings.all(setting)
    ]
    parts = [(ASSUME_ROLE_WITH_OIDC, key) for key in _OIDC_KEYS if used != _OIDC]
    parts += [(ASSUME_ROLE, ROLE_ARN.key)] if role is None else []
    fields = [found.origin for setting, key in parts for found in settings.fields.get((setting, key), ())]
    unused = [origin for origin in fields if used != _OIDC or origin not in _SHARED_ORIGINS]
    return (*choice.left_over, *others, *unused)


def _with_attempts(error: ConfigurationError, name: str, before: Sequence[ProviderAttempt]) -> ConfigurationError:
    """Return the error with all attempts. The remedy lists them only if other sources were considered before."""
    attempts = (*before, ProviderAttempt(name, "failed", error.title))
    summary = tried((*before, ProviderAttempt(name, "failed")))
    return ConfigurationError(error.title, f"{error.remedy} {summary}" if before else error.remedy, attempts=attempts)


def switches(settings: ResolvedSettings) -> Switches:
    """Return the switches of the administrator.

    Raises:
        ConfigurationError: a switch is neither on nor off.
    """
    return Switches(
        imds_v1_disabled=settings.is_on(IMDS_V1_DISABLED),
        ecs_metadata_disabled=settings.is_on(ECS_METADATA_DISABLED),
        external_process_disabled=settings.is_on(EXTERNAL_PROCESS_DISABLED),
        cli_profile_disabled=settings.is_on(CLI_PROFILE_DISABLED),
    )


# --- The sources, one by one -----------------------------------------------------------------------------------------


def _static(settings: ResolvedSettings) -> Choice | None:
    pair = find_key_pair(settings)
    return Choice(pair.credentials, pair.origin, parts=pair.parts, left_over=pair.left_over) if pair else None


def named_profile(settings: ResolvedSettings) -> Profile | None:
    """Return the profile that the settings name, or None."""
    name, file = settings.find(PROFILE), settings.find(SHARED_CREDENTIALS_FILE)
    if name is None and file is None:
        return None
    path = _expanded(file.value, settings) if file else _default_file(settings)
    return Profile(path or Path("~/.aliyun/config.json"), name.value if name else None, switches(settings))


def _default_file(settings: ResolvedSettings) -> Path | None:
    """Return the path of ``~/.aliyun/config.json``, or None if the environment has no home directory."""
    return _expanded("~/.aliyun/config.json", settings) if settings.home else None


def _expanded(path: str, settings: ResolvedSettings) -> Path:
    return Path(settings.home, path[2:]) if settings.home and path.startswith("~/") else Path(path)


def _profile(settings: ResolvedSettings) -> Choice | None:
    profile = named_profile(settings)
    if profile and profile.switches.cli_profile_disabled:
        raise refused_by("ALIBABA_CLOUD_CLI_PROFILE_DISABLED", f"{profile} is named")
    return _profile_choice(profile) if profile else None


def _default_profile(settings: ResolvedSettings) -> Choice | None:
    file, off = _default_file(settings), switches(settings)
    if off.cli_profile_disabled or not file or not file.is_file():
        return None
    return _profile_choice(Profile(file, None, off))


def _profile_choice(profile: Profile) -> Choice:
    content = read_profile(profile)
    named_by = f"{profile.name or 'the current one'} of {profile.file}, mode {content.mode}"
    return Choice(profile, named_by, content)


def _uri(settings: ResolvedSettings) -> Choice | None:
    found = settings.find(CREDENTIALS_URI)
    if found is None:
        return None
    check_external(switches(settings), f"{found.origin} is set")
    return Choice(Uri(checked_url(found.value, found.origin)), found.origin)


def _ecs_role(settings: ResolvedSettings) -> Choice | None:
    found, off = settings.find(ECS_ROLE_NAME), switches(settings)
    if found is None:
        return None
    name = check_form(found.value, r"[A-Za-z0-9._-]{1,64}", found.origin, "AliyunHologresReader")
    if off.ecs_metadata_disabled:
        raise refused_by("ALIBABA_CLOUD_ECS_METADATA_DISABLED", f"{found.origin} is set")
    return Choice(EcsRole(name, off.imds_v1_disabled), found.origin)


_OIDC_KEYS = ("oidcProviderArn", "oidcToken", "oidcTokenFile")


def _oidc(settings: ResolvedSettings) -> Choice | None:
    provider, token, file = (_of_oidc(settings, key) for key in _OIDC_KEYS)
    started = provider or token or file or _object(settings, ASSUME_ROLE_WITH_OIDC)
    if started is None:
        return None
    if token is None and file is None:
        raise _incomplete(ASSUME_ROLE_WITH_OIDC, "oidcTokenFile")
    return Choice(_complete_oidc(settings, token, file), started.origin)


def _complete_oidc(settings: ResolvedSettings, token: ResolvedValue | None, file: ResolvedValue | None) -> Oidc:
    if token and file and file.level < token.level:
        token = None
    if token:
        token = replace(token, value=token.value.strip())  # variables of CI jobs often end with a line break
        check_header_safe(token.value, token.origin)
    policy = _of_oidc(settings, "policy")
    return Oidc(
        _arn(settings, ASSUME_ROLE_WITH_OIDC, "oidcProviderArn"),
        _arn(settings, ASSUME_ROLE_WITH_OIDC, "roleArn"),
        token_file=None if token or not file else str(_expanded(file.value, settings)),
        token=token.value if token else None,
        session_name=_session_name(_of_oidc(settings, "roleSessionName")),
        seconds=_duration(_of_oidc(settings, "sessionExpiration")),
        policy=policy.value if policy else None,
    )


def _of_oidc(settings: ResolvedSettings, key: str) -> ResolvedValue | None:
    return settings.find_field(ASSUME_ROLE_WITH_OIDC, key)


def _is_empty_object(found: ResolvedValue) -> bool:
    return found.value.strip() in ("{}", "null")


def _object(settings: ResolvedSettings, setting: Setting) -> ResolvedValue | None:
    """Return the first value of the object that is not empty, or None: an empty object counts as not set."""
    return next((found for found in settings.all(setting) if not _is_empty_object(found)), None)


def _arn(settings: ResolvedSettings, setting: Setting, key: str) -> str:
    found = settings.find_field(setting, key)
    if found is None:
        raise _incomplete(setting, key)
    return check_form(found.value, _ARN, found.origin, "acs:ram::123456789012:role/reader")


def _incomplete(setting: Setting, key: str) -> ConfigurationError:
    part = next(part for part in setting.fields if part.key == key)
    return ConfigurationError(f"{setting.key} is incomplete: {key} is missing", how_to_set_field(setting, part))


def _session_name(found: ResolvedValue | None) -> str:
    return check_form(found.value, _SESSION_NAME, found.origin, "hologres-ai") if found else SESSION_NAME


def _duration(found: ResolvedValue | None) -> int:
    return duration(found.value if found else None, found.origin if found else "")


def _role(settings: ResolvedSettings, base: BaseSource, *, arguments_only: bool) -> tuple[Role, str] | None:
    arn = settings.find_field(ASSUME_ROLE, ROLE_ARN.key)
    given = _object(settings, ASSUME_ROLE)
    if arguments_only and not (given and given.is_argument):
        return None
    if arn is None:
        if given:
            raise _incomplete(ASSUME_ROLE, ROLE_ARN.key)
        return None
    if _is_the_role_of_oidc(settings, base, arn):
        return None
    policy, external_id = (settings.find_field(ASSUME_ROLE, key) for key in ("policy", "externalId"))
    role = Role(
        _arn(settings, ASSUME_ROLE, ROLE_ARN.key),
        _session_name(settings.find_field(ASSUME_ROLE, "sessionName")),
        _duration(settings.find_field(ASSUME_ROLE, "sessionExpiration")),
        policy.value if policy else None,
        external_id.value if external_id else None,
    )
    return role, arn.origin


def _is_the_role_of_oidc(settings: ResolvedSettings, base: BaseSource, arn: ResolvedValue) -> bool:
    """Return True if the ARN is the role of AssumeRoleWithOIDC, and not another role to assume.

    Both settings read the same variable. In a pod it is set for AssumeRoleWithOIDC.
    """
    if arn.origin not in _SHARED_ORIGINS:
        return False
    return isinstance(base, Oidc) or _of_oidc(settings, "oidcProviderArn") is not None


ROLE = "role to assume"
_STATIC, _PROFILE, _URI, _ECS, _OIDC = "static keys", "profile", "credentials URI", "ECS role", "OIDC"
SOURCES: dict[str, Callable[[ResolvedSettings], Choice | None]] = {
    _STATIC: _static,
    _PROFILE: _profile,
    _URI: _uri,
    _ECS: _ecs_role,
    _OIDC: _oidc,
    "default profile of the CLI": _default_profile,
}
SOURCE_SETTINGS: dict[str, tuple[Setting, ...]] = {
    _STATIC: (ACCESS_KEY, SECRET_KEY, SECURITY_TOKEN),
    _PROFILE: (PROFILE, SHARED_CREDENTIALS_FILE),
    _URI: (CREDENTIALS_URI,),
    _ECS: (ECS_ROLE_NAME,),
    _OIDC: (ASSUME_ROLE_WITH_OIDC,),
}
