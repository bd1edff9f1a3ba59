"""Which source of credentials is used: the first that is set, in pulumi-alicloud's order.

A source that is set by half is an error, and never passed over in favour of the next one.
"""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import ConfigurationError, ProviderAttempt, tried
from ..settings import (
    ACCESS_KEY,
    ASSUME_ROLE,
    ASSUME_ROLE_WITH_OIDC,
    CREDENTIALS_URI,
    ECS_ROLE_NAME,
    IMDS_V1_DISABLED,
    OIDC_ROLE_ARN,
    PROFILE,
    ROLE_ARN,
    SECRET_KEY,
    SECURITY_TOKEN,
    SHARED_CREDENTIALS_FILE,
    ResolvedValue,
    Setting,
    SettingsReader,
    how_to_set,
    how_to_set_field,
)
from . import profile as profiles
from .types import SESSION_NAME, Credentials, CredentialsSource, EcsRole, Oidc, Origin, Profile, Role, Uri
from .validation import check_form, check_header_safe, duration

Chosen = tuple[Origin, str] | None
"""An origin and the place that named it, or None where nothing is set."""

_ARN = r"acs:ram::[\x21-\x7e]{1,256}"
_SESSION_NAME = r"[A-Za-z0-9.@_-]{2,64}"
_WAYS = (
    "Other ways: a profile of `aliyun configure` (hologres:profile, ALICLOUD_PROFILE), credentialsUri, ecsRoleName, "
    "assumeRoleWithOidc; `hologres-ai doctor` shows which are seen."
)


def choose(sources: SettingsReader) -> CredentialsSource:
    """The source of credentials, with a step for each one that was looked at; nothing is called.

    Raises:
        ConfigurationError: none is set, or one is set by half; the message says which were looked at. `steps` on the
            error has them one by one.
    """
    steps: list[ProviderAttempt] = []
    for name, look in WAYS:
        try:
            chosen = look(sources)
        except ConfigurationError as error:
            raise _told(error, name, steps) from None
        if chosen:
            origin, place = chosen
            return _with_role(sources, origin, (*steps, ProviderAttempt(name, "used", place)))
        steps.append(ProviderAttempt(name, "not set"))
    raise _nothing_set(tuple(steps))


def _with_role(sources: SettingsReader, origin: Origin, steps: tuple[ProviderAttempt, ...]) -> CredentialsSource:
    try:
        role = _role(sources, origin)
    except ConfigurationError as error:
        raise _told(error, ROLE, list(steps)) from None
    if role is None:
        return CredentialsSource(origin, steps=(*steps, ProviderAttempt(ROLE, "not set")))
    return CredentialsSource(origin, (role[0],), steps=(*steps, ProviderAttempt(ROLE, "used", role[1])))


def _told(error: ConfigurationError, name: str, steps: list[ProviderAttempt]) -> ConfigurationError:
    """The error with what was looked at before it; on its own, the first source's error says enough."""
    found = (*steps, ProviderAttempt(name, "failed", error.title))
    remedy = f"{error.remedy} {tried((*steps, ProviderAttempt(name, 'failed')))}" if steps else error.remedy
    return ConfigurationError(error.title, remedy, attempts=found)


def _nothing_set(steps: tuple[ProviderAttempt, ...]) -> ConfigurationError:
    remedy = f"{how_to_set(ACCESS_KEY)} {how_to_set(SECRET_KEY)} {_WAYS}"
    return ConfigurationError("no AccessKey is set", remedy, attempts=steps)


def _static(sources: SettingsReader) -> Chosen:
    access_key, secret_key, token = (sources.find(setting) for setting in (ACCESS_KEY, SECRET_KEY, SECURITY_TOKEN))
    if access_key is None and secret_key is None and token is None:
        return None
    access_key, secret_key = sources.require(ACCESS_KEY), sources.require(SECRET_KEY)
    if token and token.level > max(access_key.level, secret_key.level):
        token = None  # it belongs to another key pair, further down the order
    for found in filter(None, (access_key, secret_key, token)):
        check_header_safe(found.value, found.origin)
    return Credentials(access_key.value, secret_key.value, token.value if token else None), access_key.origin


def named_profile(sources: SettingsReader) -> Profile | None:
    """The profile that a setting asks for, or None."""
    name, file = sources.find(PROFILE), sources.find(SHARED_CREDENTIALS_FILE)
    if name is None and file is None:
        return None
    path = _expanded(file.value, sources) if file else default_file(sources)
    return Profile(path or Path("~/.aliyun/config.json"), name.value if name else None)


def profile_for_region(sources: SettingsReader) -> Profile | None:
    """The profile whose region is read where no setting names one: the named one, else the one that is used."""
    named = named_profile(sources)
    if named:
        return named
    try:
        origin = choose(sources).origin
    except ConfigurationError:  # which is told when the credentials are wanted
        return None
    return origin if isinstance(origin, Profile) else None


def default_profile(sources: SettingsReader) -> Profile | None:
    """The current profile of the CLI's own file, where there is such a file."""
    file = default_file(sources)
    return Profile(file, None) if file and file.is_file() else None


def default_file(sources: SettingsReader) -> Path | None:
    """``~/.aliyun/config.json``, where the environment says what ``~`` is."""
    return _expanded("~/.aliyun/config.json", sources) if _home(sources) else None


def _home(sources: SettingsReader) -> str | None:
    return sources.environ.get("HOME") or sources.environ.get("USERPROFILE")


def _expanded(path: str, sources: SettingsReader) -> Path:
    home = _home(sources)
    return Path(home, path[2:]) if home and path.startswith("~/") else Path(path)


def _profile(sources: SettingsReader) -> Chosen:
    profile = named_profile(sources)
    return (profile, _profile_detail(profile)) if profile else None


def _default(sources: SettingsReader) -> Chosen:
    profile = default_profile(sources)
    return (profile, _profile_detail(profile)) if profile else None


def _profile_detail(profile: Profile) -> str:
    _, mode = profiles.expand(profile)  # so that a bad one is found before any call
    return f"{profile.name or 'the current one'} of {profile.file}, mode {mode}"


def _uri(sources: SettingsReader) -> Chosen:
    found = sources.find(CREDENTIALS_URI)
    if found is None:
        return None
    try:
        parts = urlsplit(found.value)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and parts.username is None
    except ValueError:
        good = False
    if not good or not found.value.isprintable():
        raise ConfigurationError(f"{found.origin} is not a URL", "It looks like http://localhost:8080/credentials.")
    return Uri(found.value), found.origin


def _ecs_role(sources: SettingsReader) -> Chosen:
    found = sources.find(ECS_ROLE_NAME)
    if found is None:
        return None
    name = check_form(found.value, r"[A-Za-z0-9._-]{1,64}", found.origin, "AliyunHologresReader")
    v1_disabled = sources.find(IMDS_V1_DISABLED)
    return EcsRole(name, v1_disabled is not None and _truth(v1_disabled)), found.origin


def _truth(found: ResolvedValue) -> bool:
    value = found.value.lower()
    if value not in ("true", "false"):
        raise ConfigurationError(f"{found.origin} is neither true nor false", "Give one of the two.")
    return value == "true"


def _oidc(sources: SettingsReader) -> Chosen:
    provider, token, file = (_of_oidc(sources, key) for key in ("oidcProviderArn", "oidcToken", "oidcTokenFile"))
    started = provider or token or file or _object(sources, ASSUME_ROLE_WITH_OIDC)
    if started is None:
        return None
    if token is None and file is None:
        raise _incomplete(ASSUME_ROLE_WITH_OIDC, "oidcTokenFile")
    return _complete_oidc(sources, token, file), started.origin


def _complete_oidc(sources: SettingsReader, token: ResolvedValue | None, file: ResolvedValue | None) -> Oidc:
    if token and file and file.level < token.level:
        token = None
    if token:
        check_header_safe(token.value, token.origin)
    session = _of_oidc(sources, "roleSessionName")
    seconds, policy = _of_oidc(sources, "sessionExpiration"), _of_oidc(sources, "policy")
    return Oidc(
        _arn(sources, ASSUME_ROLE_WITH_OIDC, "oidcProviderArn"),
        _arn(sources, ASSUME_ROLE_WITH_OIDC, "roleArn"),
        token_file=None if token or not file else str(_expanded(file.value, sources)),
        token=token.value if token else None,
        session_name=_session_name(session),
        seconds=duration(seconds.value if seconds else None, seconds.origin if seconds else ""),
        policy=policy.value if policy else None,
    )


def _of_oidc(sources: SettingsReader, key: str) -> ResolvedValue | None:
    return _part(sources, ASSUME_ROLE_WITH_OIDC, key)


def _part(sources: SettingsReader, setting: Setting, key: str) -> ResolvedValue | None:
    return sources.find_field(setting, next(part for part in setting.fields if part.key == key))


def _object(sources: SettingsReader, setting: Setting) -> ResolvedValue | None:
    """The object where it has any field at all: an empty one is not set."""
    found = sources.find(setting)
    return found if found and found.value.strip() not in ("{}", "null") else None


def _arn(sources: SettingsReader, setting: Setting, key: str) -> str:
    found = _part(sources, setting, key)
    if found is None:
        raise _incomplete(setting, key)
    return check_form(found.value, _ARN, found.origin, "acs:ram::123456789012:role/reader")


def _incomplete(setting: Setting, key: str) -> ConfigurationError:
    part = next(part for part in setting.fields if part.key == key)
    return ConfigurationError(f"{setting.key} is incomplete: {key} is missing", how_to_set_field(setting, part))


def _session_name(found: ResolvedValue | None) -> str:
    return check_form(found.value, _SESSION_NAME, found.origin, "hologres-ai") if found else SESSION_NAME


def _role(sources: SettingsReader, origin: Origin) -> tuple[Role, str] | None:
    arn = _part(sources, ASSUME_ROLE, ROLE_ARN.key)
    if arn is None:
        if _object(sources, ASSUME_ROLE):
            raise _incomplete(ASSUME_ROLE, ROLE_ARN.key)
        return None
    if _is_oidcs(sources, origin, arn):
        return None
    name, seconds, policy, external_id = (
        _part(sources, ASSUME_ROLE, key) for key in ("sessionName", "sessionExpiration", "policy", "externalId")
    )
    role = Role(
        _arn(sources, ASSUME_ROLE, ROLE_ARN.key),
        _session_name(name),
        duration(seconds.value if seconds else None, seconds.origin if seconds else ""),
        policy.value if policy else None,
        external_id.value if external_id else None,
    )
    return role, arn.origin


def _is_oidcs(sources: SettingsReader, origin: Origin, arn: ResolvedValue) -> bool:
    """Whether the ARN is the one that OIDC shares its variable with: a pod has it set, and means one role, not two."""
    if arn.origin != f"environment {OIDC_ROLE_ARN.environment[0]}":
        return False
    return isinstance(origin, Oidc) or _of_oidc(sources, "oidcProviderArn") is not None


ROLE = "role to assume"
WAYS: tuple[tuple[str, Callable[[SettingsReader], Chosen]], ...] = (
    ("static keys", _static),
    ("profile", _profile),
    ("credentials URI", _uri),
    ("ECS role", _ecs_role),
    ("OIDC", _oidc),
    ("default profile of the CLI", _default),
)
