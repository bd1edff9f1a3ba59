"""Data types for credentials, their sources and the roles to assume. No repr contains a secret."""

from dataclasses import dataclass, field
from pathlib import Path

from ..errors import ProviderAttempt
from ..region_data import CENTRAL_STS
from ..settings import Setting

Switches = frozenset[Setting]
"""The switches that are on. With these switches, an administrator restricts the sources of credentials."""

SESSION_NAME = "hologres-ai"
SESSION_SECONDS = 3600
SHOWN_OF_ID = 4  # the number of characters of an AccessKey ID that are shown, enough to distinguish two keys


@dataclass(frozen=True)
class Credentials:
    """An AccessKey, with a security token if it is temporary. The repr contains only the AccessKey ID."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    security_token: str | None = field(default=None, repr=False)

    @property
    def shown_id(self) -> str:
        """The first `SHOWN_OF_ID` characters of the AccessKey ID."""
        return self.access_key_id[:SHOWN_OF_ID]

    def secrets(self) -> tuple[str, ...]:
        """Return the values that must never be shown."""
        return tuple(value for value in (self.access_key_secret, self.security_token) if value)


@dataclass(frozen=True)
class StsHost:
    """An STS host with an optional port, or its URL. `origin` describes where it is set."""

    endpoint: str
    origin: str


@dataclass(frozen=True)
class StsHosts:
    """The STS host from a setting, if any, and the default host for roles without a host of their own."""

    setting: StsHost | None = None
    default: StsHost = StsHost(CENTRAL_STS, "default")

    def host_for(self, link: "Oidc | Role") -> StsHost:
        """Return the STS host for a role, in order of precedence: the setting, the role's own host, the default."""
        return self.setting or link.sts or self.default


@dataclass(frozen=True)
class Profile:
    """A profile in a CLI configuration file. If `name` is None, it is the current profile of the file."""

    file: Path
    name: str | None
    switches: Switches = frozenset()

    def __str__(self) -> str:
        return f"profile {self.name} of {self.file}" if self.name else f"the current profile of {self.file}"


@dataclass(frozen=True)
class Uri:
    """A local service that returns temporary credentials. Its URL may contain a password."""

    uri: str = field(repr=False)


@dataclass(frozen=True)
class EcsRole:
    """The RAM role of the ECS instance. If `name` is empty, the metadata service returns the name."""

    name: str
    v1_disabled: bool = False


@dataclass(frozen=True)
class Oidc:
    """A role to assume with the token of an identity provider. The token is in `token` or in `token_file`."""

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
    """A command of a profile that prints credentials."""

    command: str = field(repr=False)


@dataclass(frozen=True)
class CloudSso:
    """A login with ``aliyun configure --mode CloudSSO``, from a profile. `expires` is in seconds since 1970."""

    sign_in_url: str
    account_id: str
    access_config: str
    access_token: str = field(repr=False)
    expires: float


@dataclass(frozen=True)
class OAuth:
    """A login with ``aliyun configure --mode OAuth``, in a profile. Renewed tokens are written back to the file.

    `site` is ``CN`` or ``INTL``.
    """

    file: Path
    name: str
    site: str = "CN"


@dataclass(frozen=True)
class Role:
    """A role to assume with the credentials of a source or of a previous role. `seconds` is the session duration."""

    arn: str
    session_name: str = SESSION_NAME
    seconds: int = SESSION_SECONDS
    policy: str | None = field(default=None, repr=False)
    external_id: str | None = field(default=None, repr=False)
    sts: StsHost | None = None


@dataclass(frozen=True)
class AskedRole:
    """The ARN of a role to assume, and the STS host for it."""

    arn: str
    host: StsHost


BaseSource = Credentials | Profile | Uri | EcsRole | Oidc | External | CloudSso | OAuth


@dataclass(frozen=True)
class CredentialsSource:
    """The source of credentials: a base source and a chain of roles, each assumed with the previous credentials.

    Attributes:
        base: the base source.
        roles: the roles to assume, in order.
        sts: the STS hosts for the roles.
        asked_roles: all roles to assume, in order, including the roles in the profile if `base` is a `Profile`.
        attempts: the sources that were considered, in order.
        parts: the name and the origin of each part of the key pair, if the credentials are a key pair in the settings.
        left_over: the origins of credentials settings that are set but not used.
        warnings: warnings about unused settings that may be a mistake.
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
    """Time limits in seconds. `total` is the time limit for the whole call that needs the credentials."""

    connect: float = 5.0
    read: float = 10.0
    total: float = 60.0


@dataclass(frozen=True)
class Fetched:
    """Fetched credentials.

    Attributes:
        credentials: the credentials.
        expires: the expiry time in seconds since 1970, or None if it is unknown.
        from_file: whether the credentials come from a profile, which another program may change at any time.
    """

    credentials: Credentials
    expires: float | None = None
    from_file: bool = False
