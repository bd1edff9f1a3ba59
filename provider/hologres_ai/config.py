"""CallConfig, resolved once: argument, Pulumi config, environment, profile; per setting, the first that is set wins.

Which settings there are, and where each is looked for, stands in `sources`.
"""

import ipaddress
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from .credentials import Credentials, CredentialsSource, Limits
from .credentials.profile import profile_region
from .credentials.resolver import choose, profile_for_region
from .errors import ConfigurationError
from .names import EVERY_REGION, did_you_mean
from .settings import (
    ACCESS_KEY,
    CONNECT_TIMEOUT,
    DEADLINE,
    ENDPOINT,
    NAMESPACES,
    READ_TIMEOUT,
    REGION,
    SECRET_KEY,
    SECURITY_TOKEN,
    SETTINGS,
    STS_ENDPOINT,
    Field,
    Lookup,
    ResolvedValue,
    Setting,
    SettingsReader,
    how_to_set,
)

# What the layers above need of the settings, under one roof.
__all__ = [
    "ACCESS_KEY",
    "CONNECT_TIMEOUT",
    "DEADLINE",
    "ENDPOINT",
    "FROM_REGION",
    "NAMESPACES",
    "READ_TIMEOUT",
    "REGION",
    "REGIONS",
    "SECRET_KEY",
    "SECURITY_TOKEN",
    "SETTINGS",
    "STS_ENDPOINT",
    "CallConfig",
    "Credentials",
    "CredentialsSource",
    "Endpoint",
    "Field",
    "Limits",
    "Lookup",
    "ResolvedValue",
    "Setting",
    "SettingsReader",
    "find_credentials",
    "find_endpoint",
    "find_region",
    "has_region",
    "has_source",
    "how_to_set",
    "look",
    "parse_endpoint",
    "resolve",
    "resolve_regions",
]

# The regions with an endpoint, as in the vendor's SDK (alibabacloud-hologram20220601 1.11.1).
REGIONS = (
    *("ap-northeast-1", "ap-northeast-2", "ap-southeast-1", "ap-southeast-3", "ap-southeast-5"),
    *("cn-beijing", "cn-chengdu", "cn-hangzhou", "cn-hongkong", "cn-north-2-gov-1", "cn-shanghai"),
    *("cn-shanghai-finance-1", "cn-shenzhen", "cn-shenzhen-finance-1", "cn-wulanchabu", "cn-zhangjiakou"),
    *("eu-central-1", "me-east-1", "na-south-1", "us-east-1", "us-west-1"),
)

IN_ENDPOINT = "{region}"  # what stands for the region in an endpoint
FROM_REGION = "the region"  # where an endpoint comes from that is not set


@dataclass(frozen=True)
class Endpoint:
    """Where the API is: scheme, host and, when it is not the scheme's own, port."""

    scheme: str
    host: str
    port: int | None = None

    @property
    def url(self) -> str:
        """Such as ``https://hologram.cn-hangzhou.aliyuncs.com``."""
        return f"{self.scheme}://{self.authority}"

    @property
    def authority(self) -> str:
        """Host and port, as the Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host + (f":{self.port}" if self.port else "")

    @property
    def address(self) -> str:
        """The URL to connect to: names under localhost are this machine's (RFC 6761), and not every resolver knows."""
        return replace(self, host="127.0.0.1").url if self.host.endswith(".localhost") else self.url


@dataclass(frozen=True)
class CallConfig:
    """What a call needs. Time limits are in seconds; `deadline` bounds all tries of one call together.

    `credentials` are plain keys, or the source that has to be asked for some; `credentials_from` says in words which.
    """

    region: str
    endpoint: Endpoint
    credentials: Credentials | CredentialsSource
    connect_timeout: float = 5.0
    read_timeout: float = 10.0
    deadline: float = 60.0
    warnings: tuple[str, ...] = field(default=(), compare=False)
    credentials_from: str = field(default="", compare=False)


def resolve(
    arguments: Mapping[str, str | None] | None = None,
    stack: Lookup | None = None,
    environ: Mapping[str, str] | None = None,
) -> CallConfig:
    """The settings from the three sources, validated before any network call.

    Args:
        arguments: explicit values, by the names in `SETTINGS`.
        stack: reads the Pulumi configuration, where there is one.
        environ: the environment; the process's own when left out.

    Raises:
        ConfigurationError: a setting is missing or can't be meant. Secret values are not echoed.
    """
    sources = look(arguments, stack, environ)
    return _resolve(sources, find_region(sources).value)


def resolve_regions(
    names: Sequence[str],
    arguments: Mapping[str, str | None] | None = None,
    stack: Lookup | None = None,
    environ: Mapping[str, str] | None = None,
) -> tuple[CallConfig, ...]:
    """The settings for each of the regions, or of all known ones for ``*``; see `resolve`.

    Raises:
        ConfigurationError: as above; or the endpoint is one region's.
    """
    sources = look(arguments, stack, environ)
    regions = REGIONS if EVERY_REGION in names else names
    for name in regions:
        _check_region(name, "argument regions")
    endpoint = sources.find(ENDPOINT)
    if endpoint and IN_ENDPOINT not in endpoint.value and len(regions) > 1:
        raise ConfigurationError(
            f"{endpoint.origin} is the endpoint of one region, and {len(regions)} are to be read",
            f"Put {IN_ENDPOINT} in the place of the region, as in hologram-vpc.{IN_ENDPOINT}.aliyuncs.com, "
            "or leave the endpoint out.",
        )
    first = _resolve(sources, regions[0])
    return tuple(
        replace(first, region=name, endpoint=find_endpoint(sources, name)[0], warnings=_region_warnings(name))
        for name in regions
    )


def _resolve(sources: SettingsReader, region: str) -> CallConfig:
    source = find_credentials(sources)
    return CallConfig(
        region=region,
        endpoint=find_endpoint(sources, region)[0],
        credentials=source.origin if isinstance(source.origin, Credentials) and not source.roles else source,
        connect_timeout=_seconds(sources, CONNECT_TIMEOUT, default=5.0, per_second=1000),
        read_timeout=_seconds(sources, READ_TIMEOUT, default=10.0, per_second=1000),
        deadline=_seconds(sources, DEADLINE, default=60.0, per_second=1),
        warnings=_region_warnings(region),
        credentials_from=_told(source),
    )


def _told(source: CredentialsSource) -> str:
    """Where the credentials come from, in words; never a value."""
    return ", ".join(f"{step.source} ({step.detail})" for step in source.steps if step.state == "used")


def look(
    arguments: Mapping[str, str | None] | None = None,
    stack: Lookup | None = None,
    environ: Mapping[str, str] | None = None,
) -> SettingsReader:
    """The three places; see `resolve`."""
    return SettingsReader(arguments or {}, stack or _nothing, os.environ if environ is None else environ)


def _nothing(_key: str) -> None:
    return None


def find_region(sources: SettingsReader) -> ResolvedValue:
    """The region, and where it was found.

    Raises:
        ConfigurationError: none is set, or it can't be meant.
    """
    found = sources.find(REGION) or _region_of_profile(sources) or sources.require(REGION)
    _check_region(found.value, found.origin)
    return found


def _check_region(region: str, place: str) -> None:
    # The region becomes part of a host name that is sent a signature: nothing but a plain label may pass.
    if not re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{1,24}){1,4}", region):
        raise ConfigurationError(
            f"{place} is not a region: {region[:64]!r}",
            "A region looks like cn-hangzhou" + did_you_mean(region, REGIONS),
        )


def has_region(sources: SettingsReader) -> bool:
    """Whether a region is set, good or bad."""
    return (sources.find(REGION) or _region_of_profile(sources)) is not None


def has_source(sources: SettingsReader) -> bool:
    """Whether a source of credentials is set, good or bad, be it by half."""
    try:
        choose(sources)
    except ConfigurationError as error:
        return any(step.state == "failed" for step in error.steps)
    return True


def _region_of_profile(sources: SettingsReader) -> ResolvedValue | None:
    profile = profile_for_region(sources)
    region = profile_region(profile) if profile else None
    return ResolvedValue(region, f"region_id of {profile}", 10) if region else None


def _region_warnings(region: str) -> tuple[str, ...]:
    if region in REGIONS:
        return ()
    return (f"{region} is not among the regions known to have Hologres{did_you_mean(region, REGIONS)}",)


def find_endpoint(sources: SettingsReader, region: str) -> tuple[Endpoint, str]:
    """The API's endpoint, and where it was found.

    Raises:
        ConfigurationError: it can't be meant.
    """
    found = sources.find(ENDPOINT)
    if found is None:
        return Endpoint("https", f"hologram.{region}.aliyuncs.com"), FROM_REGION
    named = replace(found, value=found.value.replace(IN_ENDPOINT, region))
    return _parsed(named, "hologram.cn-hangzhou.aliyuncs.com"), found.origin


def find_credentials(sources: SettingsReader) -> CredentialsSource:
    """Where credentials come from, with the steps that led there.

    Raises:
        ConfigurationError: none are set, or a source of them is set by half.
    """
    source, sts = choose(sources), sources.find(STS_ENDPOINT)
    if sts is None:
        return source
    url = _parsed(sts, "sts-vpc.cn-hangzhou.aliyuncs.com").url
    return replace(source, sts_endpoint=url.removeprefix("https://"))


def _parsed(found: ResolvedValue, example: str) -> Endpoint:
    try:
        return parse_endpoint(found.value)
    except ValueError as error:
        raise ConfigurationError(
            f"{found.origin} is not an endpoint: {error}", f"Give a host with an optional port, such as {example}."
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
        return host == "localhost" or host.endswith(".localhost")


def _seconds(sources: SettingsReader, setting: Setting, *, default: float, per_second: int) -> float:
    found = sources.find(setting)
    if found is None:
        return default
    unit = "milliseconds" if per_second == 1000 else "seconds"
    if not re.fullmatch(r"[0-9]{1,7}", found.value) or int(found.value) == 0:
        raise ConfigurationError(
            f"{found.origin} is not a number of {unit}: {found.value[:32]!r}", f"Give whole {unit}."
        )
    return int(found.value) / per_second
