"""Choose the source of credentials: the first source that is set, in the same order of precedence as pulumi-alicloud.

A source that is given as an argument takes precedence over all others. With such a source, the role in `assumeRole` is
assumed only if `assumeRole` is also given as an argument. A partially configured source is an error; the next source is
not tried.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
from .key_pair import KeyPair, find_key_pair
from .profile import ProfileContent, check_allowed, read_profile
from .types import (
    SESSION_NAME,
    SESSION_SECONDS,
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
from .validation import check_form, check_header_safe, check_text, check_url, duration

DEFAULT_FILE = "~/.aliyun/config.json"
_SHARED_ORIGINS = frozenset(f"environment {name}" for name in SHARED_ROLE_ARN)
_OTHERS = (
    "Other sources: a profile of `aliyun configure` (hologres:profile, ALICLOUD_PROFILE), credentialsUri, ecsRoleName, "
    "assumeRoleWithOidc; `hologres-ai doctor` shows which of them are set."
)


@dataclass(frozen=True)
class Choice:
    """A source of credentials that is set.

    Attributes:
        base: the source, without roles from the settings.
        named_by: the setting or the profile that selects the source, as text.
        profile: the content of the profile, if the source is a profile.
        pair: the key pair, if the source is a key pair in the settings.
    """

    base: BaseSource
    named_by: str
    profile: ProfileContent | None = None
    pair: KeyPair | None = None


@dataclass(frozen=True)
class Resolution:
    """The chosen source of credentials, and the content of the profile if the source is a profile."""

    source: CredentialsSource
    profile: ProfileContent | None = None

    def asking(self, hosts: StsHosts) -> CredentialsSource:
        """Return the source with the STS hosts and the list of all roles to assume."""
        base, roles = self.source.base, self.source.roles
        if self.profile:
            base, roles = self.profile.source.base, (*self.profile.source.roles, *roles)
        asked = [AskedRole(base.role_arn, hosts.host_for(base))] if isinstance(base, Oidc) else []
        asked += [AskedRole(role.arn, hosts.host_for(role)) for role in roles]
        return replace(self.source, sts=hosts, asked_roles=tuple(asked))


def resolve_credentials(settings: ResolvedSettings) -> Resolution:
    """Choose the source of credentials, and record an attempt for each source that was considered.

    This function calls no service.

    Raises:
        ConfigurationError: no source is set, or a source is invalid or incomplete. `attempts` contains the outcome for
            each source that was considered.
    """
    attempts: list[ProviderAttempt] = []
    only = _given_as_argument(settings)
    for name, find in SOURCES.items():
        with _failure_recorded(name, attempts):
            choice = find(settings) if only in (None, name) else None
        if choice:
            attempts.append(ProviderAttempt(name, "used", choice.named_by))
            return _with_role(settings, name, choice, attempts, alone=only is not None)
        attempts.append(ProviderAttempt(name, "not set" if only is None else "skipped"))
    raise ConfigurationError(
        "no AccessKey is set", f"{how_to_set(ACCESS_KEY)} {how_to_set(SECRET_KEY)} {_OTHERS}", attempts=attempts
    )


@contextmanager
def _failure_recorded(name: str, before: Sequence[ProviderAttempt]) -> Iterator[None]:
    """Add all attempts to a ConfigurationError that the block raises.

    The remedy lists the attempts only if other sources were considered before this one.
    """
    try:
        yield
    except ConfigurationError as error:
        attempts = (*before, ProviderAttempt(name, "failed", error.title))
        summary = f" {tried((*before, ProviderAttempt(name, 'failed')))}" if before else ""
        raise ConfigurationError(error.title, error.remedy + summary, attempts=attempts) from None


def _given_as_argument(settings: ResolvedSettings) -> str | None:
    """Return the name of the source that is given as an argument, or None.

    This source takes precedence over all other sources.
    """
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
    settings: ResolvedSettings, name: str, choice: Choice, attempts: list[ProviderAttempt], *, alone: bool
) -> Resolution:
    with _failure_recorded(ROLE, attempts):
        role, origin = _role(settings, choice.base, arguments_only=alone)
    attempts.append(ProviderAttempt(ROLE, "used" if role else "not set", origin))
    pair, warnings = choice.pair, list[str]()
    if pair and pair.left_over:
        verb = "are" if len(pair.left_over) > 1 else "is"
        warnings = [f"{', '.join(pair.left_over)} {verb} set but not used: the AccessKey comes from {choice.named_by}"]
    source = CredentialsSource(
        choice.base,
        (role,) if role else (),
        attempts=tuple(attempts),
        parts=pair.parts if pair else (),
        left_over=(*(pair.left_over if pair else ()), *_not_used(settings, name, role)),
        warnings=tuple(warnings),
    )
    return Resolution(source, choice.profile)


def _not_used(settings: ResolvedSettings, used: str, role: Role | None) -> Iterator[str]:
    """Yield the origins of settings for an unused source or for a role that is not assumed."""
    for name, named_by in SOURCE_SETTINGS.items():
        if name != used:
            yield from (found.origin for setting in named_by for found in settings.all(setting))
    parts = [(ASSUME_ROLE_WITH_OIDC, key) for key in _OIDC_KEYS if used != _OIDC]
    parts += [(ASSUME_ROLE, ROLE_ARN.key)] if role is None else []
    for found in (found for part in parts for found in settings.fields.get(part, ())):
        if used != _OIDC or found.origin not in _SHARED_ORIGINS:
            yield found.origin


def switches_on(settings: ResolvedSettings) -> Switches:
    """Return the switches that are on. A switch with an invalid value raises a ConfigurationError."""
    restricting = (IMDS_V1_DISABLED, ECS_METADATA_DISABLED, EXTERNAL_PROCESS_DISABLED, CLI_PROFILE_DISABLED)
    return frozenset(switch for switch in restricting if settings.is_on(switch))


# --- The sources -----------------------------------------------------------------------------------------------------


def _static(settings: ResolvedSettings) -> Choice | None:
    pair = find_key_pair(settings)
    return Choice(pair.credentials, pair.parts[0][1], pair=pair) if pair else None


def named_profile(settings: ResolvedSettings) -> Profile | None:
    """Return the profile that is set, or None."""
    name, file = settings.find(PROFILE), settings.find(SHARED_CREDENTIALS_FILE)
    if name is None and file is None:
        return None
    path = _expanded(file.value if file else DEFAULT_FILE, settings)
    return Profile(path, name.value if name else None, switches_on(settings))


def _expanded(path: str, settings: ResolvedSettings) -> Path:
    return Path(settings.home, path[2:]) if settings.home and path.startswith("~/") else Path(path)


def _profile(settings: ResolvedSettings) -> Choice | None:
    profile = named_profile(settings)
    if profile is None:
        return None
    check_allowed(CLI_PROFILE_DISABLED, profile.switches, f"the settings select {profile}")
    return _profile_choice(profile)


def _default_profile(settings: ResolvedSettings) -> Choice | None:
    file, switches = _expanded(DEFAULT_FILE, settings), switches_on(settings)
    if CLI_PROFILE_DISABLED in switches or not settings.home or not _may_exist(file):
        return None
    return _profile_choice(Profile(file, None, switches))


def _may_exist(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError:  # for example, no permission for the folder; `read_profile` reports the error
        return True


def _profile_choice(profile: Profile) -> Choice:
    content = read_profile(profile)
    named_by = f"{profile.name or 'the current one'} of {profile.file}, mode {content.mode}"
    return Choice(profile, named_by, content)


def _uri(settings: ResolvedSettings) -> Choice | None:
    found = settings.find(CREDENTIALS_URI)
    if found is None:
        return None
    check_allowed(EXTERNAL_PROCESS_DISABLED, switches_on(settings), f"{found.origin} is set")
    return Choice(Uri(check_url(found.value, found.origin)), found.origin)


def _ecs_role(settings: ResolvedSettings) -> Choice | None:
    found, switches = settings.find(ECS_ROLE_NAME), switches_on(settings)
    if found is None:
        return None
    name = check_form(found.value, r"[A-Za-z0-9._-]{1,64}", found.origin, "AliyunHologresReader")
    check_allowed(ECS_METADATA_DISABLED, switches, f"{found.origin} is set")
    return Choice(EcsRole(name, IMDS_V1_DISABLED in switches), found.origin)


@dataclass(frozen=True)
class _Object:
    """The fields of a setting that is an object."""

    settings: ResolvedSettings
    setting: Setting

    def given(self) -> ResolvedValue | None:
        """Return the first value of the whole object, or None. An empty object counts as not set."""
        return next((found for found in self.settings.all(self.setting) if not _is_empty_object(found)), None)

    def find(self, key: str) -> ResolvedValue | None:
        found = self.settings.find_field(self.setting, key)
        if found:
            check_text(found.value, found.origin)
        return found

    def text(self, key: str) -> str | None:
        found = self.find(key)
        return found.value if found else None

    def arn(self, key: str) -> str:
        found = self.find(key)
        if found is None:
            raise self.incomplete(key)
        return check_form(
            found.value, r"acs:ram::[\x21-\x7e]{1,256}", found.origin, "acs:ram::123456789012:role/reader"
        )

    def session_name(self, key: str) -> str:
        found = self.find(key)
        return check_form(found.value, r"[A-Za-z0-9.@_-]{2,64}", found.origin, SESSION_NAME) if found else SESSION_NAME

    def seconds(self) -> int:
        found = self.find("sessionExpiration")
        return duration(found.value, found.origin) if found else SESSION_SECONDS

    def incomplete(self, key: str) -> ConfigurationError:
        part = next(part for part in self.setting.fields if part.key == key)
        title = f"{self.setting.key} is incomplete: {key} is missing"
        return ConfigurationError(title, how_to_set_field(self.setting, part))


def _is_empty_object(found: ResolvedValue) -> bool:
    return found.value.strip() in ("{}", "null")


_OIDC_KEYS = ("oidcProviderArn", "oidcToken", "oidcTokenFile")


def _oidc(settings: ResolvedSettings) -> Choice | None:
    fields = _Object(settings, ASSUME_ROLE_WITH_OIDC)
    provider, token, file = map(fields.find, _OIDC_KEYS)
    started = provider or token or file or fields.given()
    if started is None:
        return None
    if token is None and file is None:
        raise fields.incomplete("oidcTokenFile")
    if token and file and file.level < token.level:
        token = None
    if token:
        token = replace(token, value=token.value.strip())  # the values of CI variables often end with a line break
        check_header_safe(token.value, token.origin)
    oidc = Oidc(
        fields.arn("oidcProviderArn"),
        fields.arn("roleArn"),
        token_file=None if token or not file else str(_expanded(file.value, settings)),
        token=token.value if token else None,
        session_name=fields.session_name("roleSessionName"),
        seconds=fields.seconds(),
        policy=fields.text("policy"),
    )
    return Choice(oidc, started.origin)


def _role(settings: ResolvedSettings, base: BaseSource, *, arguments_only: bool) -> tuple[Role | None, str]:
    """Return the role to assume and the origin of its ARN, or None and an empty text."""
    fields = _Object(settings, ASSUME_ROLE)
    arn, given = fields.find(ROLE_ARN.key), fields.given()
    if arguments_only and not (given and given.is_argument):
        return None, ""
    if arn is None and given:
        raise fields.incomplete(ROLE_ARN.key)
    if arn is None or _is_role_of_oidc(settings, base, arn):
        return None, ""
    role = Role(
        fields.arn(ROLE_ARN.key),
        fields.session_name("sessionName"),
        fields.seconds(),
        fields.text("policy"),
        fields.text("externalId"),
    )
    return role, arn.origin


def _is_role_of_oidc(settings: ResolvedSettings, base: BaseSource, arn: ResolvedValue) -> bool:
    """Return True if the ARN is that of the role for AssumeRoleWithOIDC, and not that of a separate role to assume.

    Both settings read the variables in `SHARED_ROLE_ARN`. In a pod, these variables are set for AssumeRoleWithOIDC.
    """
    if arn.origin not in _SHARED_ORIGINS:
        return False
    return isinstance(base, Oidc) or settings.find_field(ASSUME_ROLE_WITH_OIDC, "oidcProviderArn") is not None


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
