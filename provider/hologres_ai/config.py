"""Settings, resolved once: argument, Pulumi config, environment; per setting, the first that is set wins.

The names are those of pulumi-alicloud and its Terraform provider, so that a stack set up for them works as it is.
"""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .errors import ConfigurationError
from .naming import did_you_mean

Lookup = Callable[[str], str | None]
"""Reads one key of a Pulumi configuration, such as ``hologres:region``."""

NAMESPACES = ("hologres", "alicloud")

# The regions with an endpoint, as in the vendor's SDK (alibabacloud-hologram20220601 1.11.1).
REGIONS = (
    *("ap-northeast-1", "ap-northeast-2", "ap-southeast-1", "ap-southeast-3", "ap-southeast-5"),
    *("cn-beijing", "cn-chengdu", "cn-hangzhou", "cn-hongkong", "cn-north-2-gov-1", "cn-shanghai"),
    *("cn-shanghai-finance-1", "cn-shenzhen", "cn-shenzhen-finance-1", "cn-wulanchabu", "cn-zhangjiakou"),
    *("eu-central-1", "me-east-1", "na-south-1", "us-east-1", "us-west-1"),
)


@dataclass(frozen=True)
class Setting:
    """One setting: the argument's and the configuration key's name, and the environment's, the first first."""

    argument: str
    key: str
    environment: tuple[str, ...]
    description: str
    secret: bool = False
    namespaces: tuple[str, ...] = NAMESPACES

    @property
    def keys(self) -> tuple[str, ...]:
        """The Pulumi configuration keys, the first first."""
        return tuple(f"{namespace}:{self.key}" for namespace in self.namespaces)


ACCESS_KEY = Setting(
    "access_key",
    "accessKey",
    ("ALICLOUD_ACCESS_KEY", "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABACLOUD_ACCESS_KEY_ID"),
    "ID of the AccessKey that signs the requests.",
)
SECRET_KEY = Setting(
    "secret_key",
    "secretKey",
    ("ALICLOUD_SECRET_KEY", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABACLOUD_ACCESS_KEY_SECRET"),
    "Secret of that AccessKey.",
    secret=True,
)
SECURITY_TOKEN = Setting(
    "security_token",
    "securityToken",
    ("ALICLOUD_SECURITY_TOKEN", "ALIBABA_CLOUD_SECURITY_TOKEN", "ALIBABACLOUD_SECURITY_TOKEN"),
    "Security token (STS) of a temporary AccessKey.",
    secret=True,
)
REGION = Setting(
    "region",
    "region",
    (
        *("ALICLOUD_REGION", "ALIBABA_CLOUD_REGION", "ALIBABA_CLOUD_REGION_ID"),
        *("ALIBABACLOUD_REGION_ID", "ALICLOUD_REGION_ID"),
    ),
    "Region to read, such as cn-hangzhou. There is no default.",
)
ENDPOINT = Setting(
    "endpoint",
    "endpoint",
    ("ALIBABA_CLOUD_ENDPOINT_HOLOGRAM", "HOLOGRAM_ENDPOINT"),
    "Host of the API, with an optional port. Defaults to hologram.<region>.aliyuncs.com.",
    namespaces=("hologres",),
)
CONNECT_TIMEOUT = Setting(
    "client_connect_timeout",
    "clientConnectTimeout",
    ("CLIENT_CONNECT_TIMEOUT",),
    "Time limit for a connection, in milliseconds. Defaults to 5000.",
)
READ_TIMEOUT = Setting(
    "client_read_timeout",
    "clientReadTimeout",
    ("CLIENT_READ_TIMEOUT",),
    "Time limit for a wait within an answer, in milliseconds. Defaults to 10000.",
)
DEADLINE = Setting(
    "max_retry_timeout",
    "maxRetryTimeout",
    ("MAX_RETRY_TIMEOUT",),
    "Time limit for a whole read with all its tries, in seconds. Defaults to 60.",
)

SETTINGS = (
    *(ACCESS_KEY, SECRET_KEY, SECURITY_TOKEN, REGION, ENDPOINT),
    *(CONNECT_TIMEOUT, READ_TIMEOUT, DEADLINE),
)


@dataclass(frozen=True)
class Endpoint:
    """Where the API is: scheme, host and, when it is not the scheme's own, port."""

    scheme: str
    host: str
    port: int | None = None

    @property
    def url(self) -> str:
        """Such as ``https://hologram.cn-hangzhou.aliyuncs.com``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + (f":{self.port}" if self.port else "")


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
class Settings:
    """What a call needs. Time limits are in seconds; `deadline` bounds all tries of one call together."""

    region: str
    endpoint: Endpoint
    credentials: Credentials
    connect_timeout: float = 5.0
    read_timeout: float = 10.0
    deadline: float = 60.0
    warnings: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Found:
    """A setting's value, where it was found, and how far down the order that was: 0 is an argument."""

    value: str = field(repr=False)
    place: str
    level: int


def resolve(
    arguments: Mapping[str, str | None] | None = None,
    stack: Lookup | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """The settings from the three sources, validated before any network call.

    Args:
        arguments: explicit values, by the names in `SETTINGS`.
        stack: reads the Pulumi configuration, where there is one.
        environ: the environment; the process's own when left out.

    Raises:
        ConfigurationError: a setting is missing or can't be meant. Secret values are not echoed.
    """
    sources = Sources(arguments or {}, stack or _nothing, os.environ if environ is None else environ)
    region, warnings = _region(sources)
    return Settings(
        region=region,
        endpoint=_endpoint(sources, region),
        credentials=_credentials(sources),
        connect_timeout=_seconds(sources, CONNECT_TIMEOUT, default=5.0, per_second=1000),
        read_timeout=_seconds(sources, READ_TIMEOUT, default=10.0, per_second=1000),
        deadline=_seconds(sources, DEADLINE, default=60.0, per_second=1),
        warnings=warnings,
    )


def _nothing(_key: str) -> None:
    return None


@dataclass(frozen=True)
class Sources:
    """The three places a setting may come from; unset and empty are the same."""

    arguments: Mapping[str, str | None] = field(repr=False)
    stack: Lookup = field(repr=False)
    environ: Mapping[str, str] = field(repr=False)

    def find(self, setting: Setting) -> Found | None:
        """The first value that is set, or None."""
        candidates = [(0, f"argument {setting.argument}", self.arguments.get(setting.argument))]
        candidates += [(level, f"Pulumi config {key}", self.stack(key)) for level, key in enumerate(setting.keys, 1)]
        candidates += [(9, f"environment {name}", self.environ.get(name)) for name in setting.environment]
        return next((Found(value, place, level) for level, place, value in candidates if value), None)

    def require(self, setting: Setting) -> Found:
        """The first value that is set.

        Raises:
            ConfigurationError: none is; the message names every place where it can be set.
        """
        found = self.find(setting)
        if found is None:
            raise ConfigurationError(f"no {setting.key} is set", how_to_set(setting))
        return found


def how_to_set(setting: Setting) -> str:
    """Every place where a setting can be set, as one sentence and, for Pulumi, a command."""
    secret = " --secret" if setting.secret else ""
    return (
        f"Set it with `pulumi config set{secret} {setting.keys[0]} …`"
        + "".join(f" (or {key})" for key in setting.keys[1:])
        + f", in the environment as {', '.join(setting.environment)}"
        + f", or as the argument {setting.argument}{'' if setting is REGION else ' of read_ai_nodes'}."
    )


def _region(sources: Sources) -> tuple[str, tuple[str, ...]]:
    found = sources.require(REGION)
    # The region becomes part of a host name that is sent a signature: nothing but a plain label may pass.
    if not re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{1,24}){1,4}", found.value):
        raise ConfigurationError(
            f"{found.place} is not a region: {found.value[:64]!r}",
            "A region looks like cn-hangzhou" + did_you_mean(found.value, REGIONS),
        )
    if found.value in REGIONS:
        return found.value, ()
    hint = did_you_mean(found.value, REGIONS)
    return found.value, (f"{found.value} is not among the regions known to have Hologres{hint}",)


def _endpoint(sources: Sources, region: str) -> Endpoint:
    found = sources.find(ENDPOINT)
    if found is None:
        return Endpoint("https", f"hologram.{region}.aliyuncs.com")
    try:
        return parse_endpoint(found.value)
    except ValueError as error:
        raise ConfigurationError(
            f"{found.place} is not an endpoint: {error}",
            "Give a host with an optional port, such as hologram.cn-hangzhou.aliyuncs.com.",
        ) from None


_NETLOC = r"([A-Za-z0-9][A-Za-z0-9.-]{0,252}|\[[0-9A-Fa-f:]{2,39}\])(:[0-9]{1,5})?"


def parse_endpoint(text: str) -> Endpoint:
    """An endpoint from ``host``, ``host:port`` or either behind ``https://``; ``http://`` only to loopback.

    Raises:
        ValueError: anything else; the reason, without the text when it may hold a password.
    """
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        port = parts.port
    except ValueError:  # whose own words repeat the text
        raise ValueError("its host or its port can't be read") from None
    if parts.scheme not in ("https", "http"):
        raise ValueError("the scheme is neither https nor http")
    if parts.username is not None or parts.password is not None:
        raise ValueError("it holds a user name")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("it has more than a host and a port")
    host = parts.hostname or ""
    if not re.fullmatch(_NETLOC, parts.netloc) or not text.isprintable() or port == 0:
        raise ValueError("it is not a host name with a port from 1 to 65535")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ValueError("http is for loopback only, because a signature can be read on the way")
    return Endpoint(parts.scheme, host, port)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _credentials(sources: Sources) -> Credentials:
    access_key, secret_key = sources.find(ACCESS_KEY), sources.find(SECRET_KEY)
    if access_key is None and secret_key is None:
        raise ConfigurationError("no AccessKey is set", f"{how_to_set(ACCESS_KEY)} {how_to_set(SECRET_KEY)}")
    access_key, secret_key = sources.require(ACCESS_KEY), sources.require(SECRET_KEY)
    token = sources.find(SECURITY_TOKEN)
    if token and token.level > max(access_key.level, secret_key.level):
        token = None  # it belongs to another key pair, further down the order
    for found in filter(None, (access_key, secret_key, token)):
        _check_header_safe(found)
    return Credentials(access_key.value, secret_key.value, token.value if token else None)


def _check_header_safe(found: Found) -> None:
    if not re.fullmatch(r"[\x21-\x7e]+", found.value):
        raise ConfigurationError(
            f"{found.place} holds a space, a line break or a character outside ASCII",
            "Copy it again, without what surrounds it.",
        )


def _seconds(sources: Sources, setting: Setting, *, default: float, per_second: int) -> float:
    found = sources.find(setting)
    if found is None:
        return default
    unit = "milliseconds" if per_second == 1000 else "seconds"
    if not re.fullmatch(r"[0-9]{1,7}", found.value) or int(found.value) == 0:
        raise ConfigurationError(
            f"{found.place} is not a number of {unit}: {found.value[:32]!r}", f"Give whole {unit}."
        )
    return int(found.value) / per_second
