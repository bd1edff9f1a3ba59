"""The CLI's profiles: the file that `aliyun configure` writes, turned into the same sources as the settings are.

The file is trusted as a program is: a profile in mode External names a command, which is run, as the CLI does.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError
from ..names import did_you_mean
from .types import (
    SESSION_NAME,
    CloudSso,
    Credentials,
    CredentialsSource,
    EcsRole,
    External,
    OAuth,
    Oidc,
    Profile,
    Role,
    Uri,
)
from .validation import check_header_safe, duration

Fields = Mapping[str, Any]
MAX_CHAIN = 10  # profiles that name each other as their source


class _Reader:
    """One profile's fields; what is missing is told with its place, and no value is."""

    def __init__(self, file: Path, name: str, fields: Fields) -> None:
        self.file = file
        self.name = name
        self.place = f"profile {name!r} of {file}"
        self._fields = fields

    def get(self, name: str) -> str | None:
        value = self._fields.get(name)
        if value in (None, ""):
            return None
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise ConfigurationError(f"{name} in {self.place} is not a text", "Run `aliyun configure` for it again.")
        return str(value)

    def need(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise ConfigurationError(
                f"{self.place} is incomplete: {name} is missing", f"Run `aliyun configure --profile {self.name}`."
            )
        return value

    def header_safe(self, name: str) -> str:
        value = self.need(name)
        check_header_safe(value, f"{name} in {self.place}")
        return value

    def seconds(self) -> int:
        return duration(self.get("expired_seconds"), f"expired_seconds in {self.place}")

    def sts_endpoint(self) -> str | None:
        region = self.get("sts_region")
        prefix = "sts-vpc" if self._fields.get("enable_vpc") is True else "sts"
        return f"{prefix}.{region}.aliyuncs.com" if region else None

    def key(self) -> Credentials:
        return Credentials(self.header_safe("access_key_id"), self.header_safe("access_key_secret"))

    def role(self) -> Role:
        return Role(
            self.need("ram_role_arn"),
            self.get("ram_session_name") or SESSION_NAME,
            self.seconds(),
            self.get("policy"),
            self.get("external_id"),
            self.sts_endpoint(),
        )


def _sts_token(profile: _Reader) -> CredentialsSource:
    return CredentialsSource(replace(profile.key(), security_token=profile.header_safe("sts_token")))


def _ecs(profile: _Reader) -> EcsRole:
    return EcsRole(profile.get("ram_role_name") or "")


def _oidc(profile: _Reader) -> CredentialsSource:
    return CredentialsSource(
        Oidc(
            profile.need("oidc_provider_arn"),
            profile.need("ram_role_arn"),
            token_file=profile.need("oidc_token_file"),
            session_name=profile.get("role_session_name") or profile.get("ram_session_name") or SESSION_NAME,
            seconds=profile.seconds(),
            policy=profile.get("policy"),
            sts_endpoint=profile.sts_endpoint(),
        )
    )


def _cloud_sso(profile: _Reader) -> CredentialsSource:
    return CredentialsSource(
        CloudSso(
            profile.need("cloud_sso_sign_in_url"),
            profile.need("cloud_sso_account_id"),
            profile.need("cloud_sso_access_config"),
            profile.need("access_token"),
            int(float(profile.need("cloud_sso_access_token_expire"))),
        )
    )


def _oauth(profile: _Reader) -> CredentialsSource:
    profile.need("oauth_refresh_token")
    return CredentialsSource(OAuth(profile.file, profile.name))


_MODES: dict[str, Callable[[_Reader], CredentialsSource]] = {
    "AK": lambda profile: CredentialsSource(profile.key()),
    "StsToken": _sts_token,
    "RamRoleArn": lambda profile: CredentialsSource(profile.key(), (profile.role(),)),
    "EcsRamRole": lambda profile: CredentialsSource(_ecs(profile)),
    "RamRoleArnWithRoleName": lambda profile: CredentialsSource(_ecs(profile), (profile.role(),)),
    "OIDC": _oidc,
    "CredentialsURI": lambda profile: CredentialsSource(Uri(profile.need("credentials_uri"))),
    "External": lambda profile: CredentialsSource(External(profile.need("process_command"))),
    "CloudSSO": _cloud_sso,
    "OAuth": _oauth,
}
_CHAINED = "ChainableRamRoleArn"


def expand(profile: Profile) -> tuple[CredentialsSource, str]:
    """What a profile stands for, read anew from its file, and its mode.

    Raises:
        ConfigurationError: the file, the profile or something in it is missing or can't be meant.
    """
    document = _load(profile.file)
    fields = _named(profile, document)
    source = _source(profile.file, document, fields, MAX_CHAIN)
    return source, str(fields.get("mode"))


def profile_region(profile: Profile) -> str | None:
    """The region that stands in a profile, where one does.

    Raises:
        ConfigurationError: as `expand`.
    """
    return _reader(profile.file, _named(profile, _load(profile.file))).get("region_id")


def _source(file: Path, document: Fields, fields: Fields, depth: int) -> CredentialsSource:
    reader, mode = _reader(file, fields), fields.get("mode")
    if mode == _CHAINED:
        role, named = reader.role(), Profile(file, reader.need("source_profile"))
        if not depth:
            raise ConfigurationError(f"the profiles of {file} name each other in a circle", "Correct source_profile.")
        below = _source(file, document, _named(named, document), depth - 1)
        return replace(below, roles=(*below.roles, role))
    if mode not in _MODES:
        raise ConfigurationError(
            f"{reader.place} has a mode that is not supported: {str(mode)[:64]!r}",
            f"Supported are {', '.join([*_MODES, _CHAINED])}.",
        )
    return _MODES[mode](reader)


def _reader(file: Path, fields: Fields) -> _Reader:
    return _Reader(file, str(fields.get("name")), fields)


def _load(file: Path) -> Fields:
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
            "Run `aliyun configure`; an INI file, as the Python credentials library reads it, is not read here.",
        )
    return document


def _named(profile: Profile, document: Fields) -> Fields:
    name = profile.name or document.get("current")
    profiles = [fields for fields in document["profiles"] if isinstance(fields, dict)]
    names = [str(fields.get("name")) for fields in profiles]
    if name not in names:
        hint = did_you_mean(str(name), names)
        raise ConfigurationError(
            f"the credentials file {profile.file} has no profile {str(name)[:64]!r}{hint}",
            "Run `aliyun configure list` for those there are, and set hologres:profile or ALICLOUD_PROFILE.",
        )
    return profiles[names.index(str(name))]
