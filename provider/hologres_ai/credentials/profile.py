"""Read Alibaba Cloud CLI profiles, which are sources of credentials, from the file that ``aliyun configure`` writes.

The file must be trusted like a program, because a profile in mode External contains a command. This package runs the
command, as the CLI does. Fields that are missing in a profile are never taken from the environment. A missing or
invalid file, profile or field raises a ConfigurationError, which contains no secret.
"""

import json
import math
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..errors import ConfigurationError
from ..names import did_you_mean
from ..region_data import sts_host
from ..settings import ECS_METADATA_DISABLED, EXTERNAL_PROCESS_DISABLED, IMDS_V1_DISABLED, Setting
from ..settings.lookup import shown_start
from ..settings.network import is_loopback
from .types import (
    SESSION_NAME,
    BaseSource,
    CloudSso,
    Credentials,
    CredentialsSource,
    EcsRole,
    External,
    OAuth,
    Oidc,
    Profile,
    Role,
    StsHost,
    Switches,
    Uri,
)
from .validation import check_header_safe, check_region, check_sts_host, check_text, check_url, duration

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class ProfileContent:
    """The content of a profile. `place` is the name of the profile in messages."""

    source: CredentialsSource
    mode: str
    region: str | None = None
    endpoint_type: str | None = None
    place: str = ""


class _Reader:
    """The fields of one profile."""

    def __init__(self, profile: Profile, fields: Fields) -> None:
        self.file = profile.file
        self.name = str(fields.get("name"))
        self.switches = profile.switches
        self.place = f"profile {self.name!r} of {self.file}"
        self._fields = fields

    @property
    def configure(self) -> str:
        """The instruction to configure the profile again."""
        return f"Run `aliyun configure --profile {shlex.quote(self.name)}`."

    def get(self, name: str) -> str | None:
        """Return a field as text, or None if the field is missing, is empty or contains only white space."""
        value = self._fields.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ConfigurationError(f"{name} in {self.place} is not a string", self.configure)
        return check_text(str(value), f"{name} in {self.place}") if str(value).strip() else None

    def need(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise ConfigurationError(f"{self.place} is incomplete: {name} is missing", self.configure)
        return value

    def flag(self, name: str) -> bool:
        """Return a boolean field. A missing field is False."""
        value = self._fields.get(name)
        if value is not None and not isinstance(value, bool):
            raise ConfigurationError(
                f"{name} in {self.place} is neither true nor false", "Set it to true or false, without quotation marks."
            )
        return value is True

    def has(self, *names: str) -> bool:
        return all(self.get(name) is not None for name in names)

    def header_safe(self, name: str) -> str:
        return check_header_safe(self.need(name), f"{name} in {self.place}")

    def seconds(self) -> int:
        return duration(self.get("expired_seconds"), f"expired_seconds in {self.place}")

    def time(self, name: str) -> float:
        """Return a field that contains a time in seconds since 1970."""
        try:
            seconds = float(self.need(name))
        except ValueError:
            seconds = math.nan
        if not math.isfinite(seconds):
            raise ConfigurationError(
                f"{name} in {self.place} is not a number of seconds since 1970",
                f"To log in again: {self.configure}",
            )
        return seconds

    def sts(self) -> StsHost | None:
        """Return the STS host of the profile, or None.

        The host is the one in ``sts_endpoint``. If this field is missing, it is the STS host of the region in
        ``sts_region``, or the STS host inside a VPC in this region if ``enable_vpc`` is true.
        """
        endpoint, region = self.get("sts_endpoint"), self.get("sts_region")
        if endpoint:
            host = check_sts_host(endpoint, f"sts_endpoint in {self.place}")
            return StsHost(host, f"sts_endpoint of {self.place}")
        vpc = self.flag("enable_vpc")
        if not region:
            return None
        check_region(region, f"sts_region in {self.place}")
        return StsHost(sts_host(region, vpc=vpc), f"sts_region{' and enable_vpc' if vpc else ''} of {self.place}")

    def key(self, *, with_token: bool) -> Credentials:
        key, secret = self.header_safe("access_key_id"), self.header_safe("access_key_secret")
        return Credentials(key, secret, self.header_safe("sts_token") if with_token else None)

    def role(self) -> Role:
        return Role(
            self.need("ram_role_arn"),
            self.get("ram_session_name") or SESSION_NAME,
            self.seconds(),
            self.get("policy"),
            self.get("external_id"),
            self.sts(),
        )


# --- Modes -----------------------------------------------------------------------------------------------------------


def _ecs(profile: _Reader) -> EcsRole:
    check_allowed(ECS_METADATA_DISABLED, profile.switches, f"{profile.place} uses the ECS metadata service")
    return EcsRole(profile.get("ram_role_name") or "", IMDS_V1_DISABLED in profile.switches)


def _oidc(profile: _Reader) -> Oidc:
    return Oidc(
        profile.need("oidc_provider_arn"),
        profile.need("ram_role_arn"),
        token_file=profile.need("oidc_token_file"),
        session_name=profile.get("role_session_name") or profile.get("ram_session_name") or SESSION_NAME,
        seconds=profile.seconds(),
        policy=profile.get("policy"),
        sts=profile.sts(),
    )


def _uri(profile: _Reader) -> Uri:
    check_allowed(EXTERNAL_PROCESS_DISABLED, profile.switches, f"{profile.place} is in mode CredentialsURI")
    return Uri(check_url(profile.need("credentials_uri"), f"credentials_uri in {profile.place}"))


def _external(profile: _Reader) -> External:
    check_allowed(EXTERNAL_PROCESS_DISABLED, profile.switches, f"{profile.place} is in mode External")
    return External(profile.need("process_command"))


def _cloud_sso(profile: _Reader) -> CloudSso:
    place = f"cloud_sso_sign_in_url in {profile.place}"
    url = check_url(profile.need("cloud_sso_sign_in_url"), place)
    if url.startswith("http://") and not is_loopback(urlsplit(url).hostname or ""):
        raise ConfigurationError(f"{place} is not an https URL", "Set it to the sign-in URL that CloudSSO shows.")
    return CloudSso(
        url,
        profile.need("cloud_sso_account_id"),
        profile.need("cloud_sso_access_config"),
        profile.header_safe("access_token"),
        profile.time("cloud_sso_access_token_expire"),
    )


def _oauth(profile: _Reader) -> OAuth:
    site = (profile.get("oauth_site_type") or "CN").upper()
    if site not in ("CN", "INTL"):
        raise ConfigurationError(f"oauth_site_type in {profile.place} is neither CN nor INTL", profile.configure)
    return OAuth(profile.file, profile.name, site)


_MODES: dict[str, Callable[[_Reader], BaseSource]] = {
    "AK": lambda profile: profile.key(with_token=False),
    "StsToken": lambda profile: profile.key(with_token=True),
    "RamRoleArn": lambda profile: profile.key(with_token=profile.has("sts_token")),
    "EcsRamRole": _ecs,
    "RamRoleArnWithRoleName": _ecs,
    "OIDC": _oidc,
    "CredentialsURI": _uri,
    "External": _external,
    "CloudSSO": _cloud_sso,
    "OAuth": _oauth,
}
_WITH_ROLE = ("RamRoleArn", "RamRoleArnWithRoleName")
_CHAINED = "ChainableRamRoleArn"
MODES = (*_MODES, _CHAINED)
"""The supported modes."""

_UNSUPPORTED = {
    "RsaKeyPair": "Alibaba Cloud has deprecated it. Use an AccessKey or a role: `aliyun configure --mode RamRoleArn`.",
    "BearerToken": "This API requires an AccessKey. Use a different profile, such as one in mode AK.",
    "Anonymous": "This API requires an AccessKey. Use a different profile, such as one in mode AK.",
}


def _recognized_mode(profile: _Reader) -> str:
    """Return the mode that the CLI derives from the other fields of a profile, or an empty text if there is none."""
    if profile.has("access_key_id", "access_key_secret"):
        if profile.has("sts_token"):
            return "StsToken"
        return "RamRoleArn" if profile.has("ram_role_arn") else "AK"
    by_fields = {
        "RsaKeyPair": ("private_key", "key_pair_name"),
        "EcsRamRole": ("ram_role_name",),
        "External": ("process_command",),
        "OIDC": ("oidc_provider_arn", "oidc_token_file", "ram_role_arn"),
        "CloudSSO": ("cloud_sso_sign_in_url",),
        "BearerToken": ("bearer_token",),
    }
    return next((mode for mode, names in by_fields.items() if profile.has(*names)), "")


def _mode_of(profile: _Reader) -> str:
    named = profile.get("mode") or _recognized_mode(profile)
    return next((mode for mode in (*MODES, *_UNSUPPORTED) if mode.lower() == named.lower()), named)


def check_allowed(switch: Setting, switches: Switches, what: str) -> None:
    """Raise a ConfigurationError if `switch` is on. `what` is the text before "which ... does not allow"."""
    if switch in switches:
        name = switch.environment[0]
        raise ConfigurationError(
            f"{what}, which {name} does not allow", f"Use a different source of credentials, or unset {name}."
        )


# --- The file --------------------------------------------------------------------------------------------------------


def read_profile(profile: Profile) -> ProfileContent:
    """Read a profile from its file. A mode that a switch does not allow raises a ConfigurationError."""
    document = load_file(profile.file)
    reader = _Reader(profile, named_fields(profile, document))
    source = _source(profile, document, reader)
    return ProfileContent(source, _mode_of(reader), reader.get("region_id"), reader.get("endpoint_type"), reader.place)


def _source(profile: Profile, document: Fields, reader: _Reader) -> CredentialsSource:
    """Return the source of a profile, with the roles of all profiles in the chain of ``source_profile`` fields."""
    roles: dict[str, Role] = {}  # by the name of the profile; the last role to assume comes first
    while (mode := _mode_of(reader)) == _CHAINED:
        if reader.name in roles:
            raise ConfigurationError(
                f"the profiles of {profile.file} refer to each other in a cycle", "Correct source_profile."
            )
        roles[reader.name] = reader.role()
        named = replace(profile, name=reader.need("source_profile"))
        reader = _Reader(named, named_fields(named, document))
    if mode in _UNSUPPORTED:
        raise ConfigurationError(f"{reader.place} is in mode {mode}, which is not supported", _UNSUPPORTED[mode])
    if mode not in _MODES:
        raise ConfigurationError(
            f"{reader.place} has a mode that is not supported: {shown_start(mode)}"
            if mode
            else f"{reader.place} is incomplete: it has neither a mode nor the fields of one",
            f"{reader.configure} The supported modes are {', '.join(MODES)}.",
        )
    base, first = _MODES[mode](reader), (reader.role(),) if mode in _WITH_ROLE else ()
    return CredentialsSource(base, (*first, *reversed(roles.values())))


def load_file(file: Path) -> Fields:
    """Return the JSON document in a credentials file. A byte order mark is ignored."""
    try:
        document = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigurationError(
            f"the credentials file {file} can't be read: {error.strerror}",
            "Run `aliyun configure`, or correct hologres:sharedCredentialsFile or ALICLOUD_SHARED_CREDENTIALS_FILE.",
        ) from None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("profiles"), list):
        raise ConfigurationError(
            f"the credentials file {file} is not the JSON that `aliyun configure` writes",
            "Run `aliyun configure`, or save the file as UTF-8. An INI file of the Python credentials library is not "
            "supported.",
        )
    return document


def named_fields(profile: Profile, document: Fields) -> Fields:
    """Return the fields of a profile, or of the current profile of the file if no name is set."""
    name = profile.name or document.get("current")
    profiles = [fields for fields in document["profiles"] if isinstance(fields, dict)]
    names = [str(fields.get("name")) for fields in profiles]
    if not name or not isinstance(name, str):
        raise ConfigurationError(
            f"the credentials file {profile.file} names no current profile",
            "Run `aliyun configure switch --profile NAME`, or set hologres:profile or ALICLOUD_PROFILE.",
        )
    if name not in names:
        hint = did_you_mean(name, names)
        raise ConfigurationError(
            f"the credentials file {profile.file} has no profile {shown_start(name)}{hint}",
            "List the profiles with `aliyun configure list`, and set hologres:profile or ALICLOUD_PROFILE.",
        )
    return profiles[names.index(name)]
