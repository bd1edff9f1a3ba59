"""Credentials, their sources, and the roles on top of them. Nothing secret shows in a repr."""

from dataclasses import dataclass, field
from pathlib import Path

from ..errors import ProviderAttempt
from ..region_data import CENTRAL_STS

SESSION_NAME = "hologres-ai"
SESSION_SECONDS = 3600


@dataclass(frozen=True)
class Credentials:
    """An AccessKey, with the security token of a temporary one. Only the ID of the key shows in a repr."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    security_token: str | None = field(default=None, repr=False)

    def secrets(self) -> tuple[str, ...]:
        """Return the values that may never be shown."""
        return tuple(value for value in (self.access_key_secret, self.security_token) if value)


@dataclass(frozen=True)
class Switches:
    """The switches of an administrator, which apply to every source of credentials."""

    imds_v1_disabled: bool = False
    ecs_metadata_disabled: bool = False
    external_process_disabled: bool = False
    cli_profile_disabled: bool = False


@dataclass(frozen=True)
class StsHost:
    """A host of STS, with an optional port, or a URL; and its origin in words."""

    endpoint: str
    origin: str


@dataclass(frozen=True)
class StsHosts:
    """The host of STS that a setting names, if any, and the one for links that name none themselves."""

    setting: StsHost | None = None
    default: StsHost = StsHost(CENTRAL_STS, "default")

    def host_for(self, link: "Oidc | Role") -> StsHost:
        """Return the STS host for a link of the chain."""
        return self.setting or link.sts or self.default


@dataclass(frozen=True)
class Profile:
    """A profile of the CLI's file; the current one of the file where `name` is None."""

    file: Path
    name: str | None
    switches: Switches = Switches()

    def __str__(self) -> str:
        return f"profile {self.name or '(the current one)'} of {self.file}"


@dataclass(frozen=True)
class Uri:
    """A local service that returns temporary credentials; its address may hold a password."""

    uri: str = field(repr=False)


@dataclass(frozen=True)
class EcsRole:
    """The role of the ECS instance; if `name` is empty, its name comes from the metadata service."""

    name: str
    v1_disabled: bool = False


@dataclass(frozen=True)
class Oidc:
    """A role that is assumed with the token of an identity provider; the token is given or in a file."""

    provider_arn: str
    role_arn: str
    token_file: str | None = None
    token: str | None = field(default=None, repr=False)
    session_name: str = SESSION_NAME
    seconds: int = SESSION_SECONDS
    policy: str | None = field(default=None, repr=False)
    sts: StsHost | None = None


@dataclass(frozen=True)
class External:
    """A command that prints credentials, as a profile names it."""

    command: str = field(repr=False)


@dataclass(frozen=True)
class CloudSso:
    """A login of ``aliyun configure --mode CloudSSO``, kept in a profile; `expires` is in seconds since 1970."""

    sign_in_url: str
    account_id: str
    access_config: str
    access_token: str = field(repr=False)
    expires: float


@dataclass(frozen=True)
class OAuth:
    """A login of ``aliyun configure --mode OAuth``, kept in a profile; its tokens rotate in the file."""

    file: Path
    name: str


@dataclass(frozen=True)
class Role:
    """A role to assume with other credentials; the session lasts `seconds`."""

    arn: str
    session_name: str = SESSION_NAME
    seconds: int = SESSION_SECONDS
    policy: str | None = field(default=None, repr=False)
    external_id: str | None = field(default=None, repr=False)
    sts: StsHost | None = None


@dataclass(frozen=True)
class AskedRole:
    """A role to assume, and the STS host for it."""

    arn: str
    host: StsHost


BaseSource = Credentials | Profile | Uri | EcsRole | Oidc | External | CloudSso | OAuth
Link = Uri | EcsRole | Oidc | External | CloudSso | OAuth | Role
"""A part of a chain that returns credentials on request."""


@dataclass(frozen=True)
class CredentialsSource:
    """The source of credentials: a base, and the roles that are assumed in turn, each with the one before it.

    Attributes:
        sts: the STS hosts of the roles.
        asked_roles: the roles to assume, in order, also those of a profile.
        attempts: what was considered, in order.
        parts: the origin of each part of a key pair in the settings.
        left_over: settings of credentials that are set and not used, with the reason.
        warnings: those of `left_over` that may be a mistake.
    """

    base: BaseSource
    roles: tuple[Role, ...] = ()
    sts: StsHosts = StsHosts()
    asked_roles: tuple[AskedRole, ...] = field(default=(), compare=False)
    attempts: tuple[ProviderAttempt, ...] = field(default=(), compare=False)
    parts: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    left_over: tuple[str, ...] = field(default=(), compare=False)
    warnings: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Limits:
    """Time limits in seconds; `total` is that of the whole call that needs the credentials."""

    connect: float = 5.0
    read: float = 10.0
    total: float = 60.0


@dataclass(frozen=True)
class Fetched:
    """Credentials, and their expiry in seconds since 1970, where it is known.

    `from_file`: they come from a profile, which another program may change at any time.
    """

    credentials: Credentials
    expires: float | None = None
    from_file: bool = False
