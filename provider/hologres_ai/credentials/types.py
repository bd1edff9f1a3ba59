"""What credentials are, and the ways in which a company hands them out. Nothing secret shows in a repr."""

from dataclasses import dataclass, field
from pathlib import Path

from ..errors import ProviderAttempt

SESSION_NAME = "hologres-ai"
SESSION_SECONDS = 3600


@dataclass(frozen=True)
class Credentials:
    """An AccessKey, with the security token when it is a temporary one. Only the key's id shows in a repr."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    security_token: str | None = field(default=None, repr=False)

    def secrets(self) -> tuple[str, ...]:
        """The values that may never be shown."""
        return tuple(value for value in (self.access_key_secret, self.security_token) if value)


@dataclass(frozen=True)
class Profile:
    """A profile of the CLI's file; the file's current one where `name` is None."""

    file: Path
    name: str | None

    def __str__(self) -> str:
        return f"profile {self.name or '(the current one)'} of {self.file}"


@dataclass(frozen=True)
class Uri:
    """A local service that hands out temporary credentials; its address may hold a password."""

    uri: str = field(repr=False)


@dataclass(frozen=True)
class EcsRole:
    """The role of the ECS instance; the metadata service is asked for its name where `name` is empty."""

    name: str
    v1_disabled: bool = False


@dataclass(frozen=True)
class Oidc:
    """A role for the bearer of an identity provider's token, which is given or stands in a file."""

    provider_arn: str
    role_arn: str
    token_file: str | None = None
    token: str | None = field(default=None, repr=False)
    session_name: str = SESSION_NAME
    seconds: int = SESSION_SECONDS
    policy: str | None = field(default=None, repr=False)
    sts_endpoint: str | None = None


@dataclass(frozen=True)
class External:
    """A command that prints credentials, as a profile names it."""

    command: str = field(repr=False)


@dataclass(frozen=True)
class CloudSso:
    """A login that `aliyun configure --mode CloudSSO` has left in a profile; `expires` is in seconds since 1970."""

    sign_in_url: str
    account_id: str
    access_config: str
    access_token: str = field(repr=False)
    expires: int


@dataclass(frozen=True)
class OAuth:
    """A login that `aliyun configure --mode OAuth` has left in a profile; its tokens rotate in the file."""

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
    sts_endpoint: str | None = None


Origin = Credentials | Profile | Uri | EcsRole | Oidc | External | CloudSso | OAuth


@dataclass(frozen=True)
class CredentialsSource:
    """Where credentials come from: an origin, and the roles that are assumed with it, one with the other.

    `sts_endpoint`, a host or a URL, is where all its roles are asked for.
    """

    origin: Origin
    roles: tuple[Role, ...] = ()
    sts_endpoint: str | None = None
    steps: tuple[ProviderAttempt, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Limits:
    """Time limits in seconds; `total` is that of the whole call which needs the credentials."""

    connect: float = 5.0
    read: float = 10.0
    total: float = 60.0


@dataclass(frozen=True)
class Fetched:
    """Credentials, and when they expire in seconds since 1970, where that is known."""

    credentials: Credentials
    expires: float | None = None


@dataclass(frozen=True)
class FetchFailure:
    """Why there are no credentials, in our own words; `transient` when it may pass by itself."""

    reason: str
    transient: bool = False
    status: int | None = None
    code: str | None = None
