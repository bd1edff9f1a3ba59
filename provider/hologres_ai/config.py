"""The configuration of a call, resolved from the settings and validated before any network call.

First, `settings.lookup` looks up all settings. Then, `credentials.resolver` chooses the source of credentials. Finally,
this module resolves the region, the endpoint and the time limits, and builds a `CallConfig`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .credentials.profile import ProfileContent, read_profile
from .credentials.resolver import Resolution, named_profile, resolve_credentials
from .credentials.types import Credentials, CredentialsSource, StsHost, StsHosts
from .credentials.validation import check_endpoint, check_region, check_sts_host
from .errors import ConfigurationError
from .names import EVERY_REGION
from .region_data import (
    CENTRAL_STS,
    IN_ENDPOINT,
    REGIONS,
    region_notice,
    service_host,
    sts_host,
    sts_host_for_read,
)
from .settings import (
    CLI_PROFILE_DISABLED,
    CONNECT_TIMEOUT,
    DEADLINE,
    ENDPOINT,
    ENDPOINT_TYPE,
    PROFILE,
    READ_TIMEOUT,
    REGION,
    SHARED_CREDENTIALS_FILE,
    STS_ENDPOINT,
    STS_REGION,
    SWITCHES,
    VPC_ENDPOINT_ENABLED,
    Setting,
)
from .settings.lookup import Lookup, ResolvedSettings, ResolvedValue, look_up, shown_start
from .settings.network import Endpoint

FROM_REGION = "the region"
"""The origin of an endpoint that is derived from the region."""


@dataclass(frozen=True)
class CallConfig:
    """The configuration of a call.

    Attributes:
        region: the region to read.
        endpoint: the API endpoint.
        credentials: an AccessKey from the settings, or the source from which one is fetched.
        connect_timeout: the time limit for opening a connection, in seconds.
        read_timeout: the time limit for each read of response data, in seconds.
        deadline: the time limit for a call with all its retries, in seconds.
        warnings: warnings about the settings.
        credentials_from: the source of the credentials, as text.
    """

    region: str
    endpoint: Endpoint
    credentials: Credentials | CredentialsSource
    connect_timeout: float = 5.0
    read_timeout: float = 10.0
    deadline: float = 60.0
    warnings: tuple[str, ...] = field(default=(), compare=False)
    credentials_from: str = field(default="", compare=False)


# --- Resolving -------------------------------------------------------------------------------------------------------


def resolve(
    arguments: Mapping[str, str | None] | None = None,
    stack: Lookup | None = None,
    environ: Mapping[str, str] | None = None,
) -> CallConfig:
    """Resolve the configuration of a call to one region.

    Args:
        arguments: explicit values, by the argument names of the settings.
        stack: the function that reads the Pulumi configuration, if there is one.
        environ: the environment variables; by default those of the process.

    Raises:
        ConfigurationError: a setting is missing or invalid. Secret values are not shown.
    """
    settings = _checked_settings(arguments, stack, environ)
    try:
        resolution = resolve_credentials(settings)
    except ConfigurationError as error:
        # If a region is set but invalid, that error is raised instead of this one. If no region and no source of
        # credentials is set, the error about the missing region is raised.
        if settings.find(REGION) or all(attempt.state != "failed" for attempt in error.attempts):
            require_region(settings, None)
        raise
    region = require_region(settings, resolution).value
    return _config(settings, resolution, region, region)


def resolve_regions(
    names: Sequence[str],
    arguments: Mapping[str, str | None] | None = None,
    stack: Lookup | None = None,
    environ: Mapping[str, str] | None = None,
) -> tuple[CallConfig, ...]:
    """Resolve the configuration of a call to each of the regions, or to all known regions for ``*``; see `resolve`.

    Raises:
        ConfigurationError: see `resolve`. Also raised if several regions are to be read and the endpoint is that of
            one region.
    """
    settings = _checked_settings(arguments, stack, environ)
    regions = REGIONS if EVERY_REGION in names else names
    for name in regions:
        check_region(name, "argument regions")
    _check_endpoint_for(settings, regions)
    resolution = resolve_credentials(settings)
    if len(regions) == 1:
        return (_config(settings, resolution, regions[0], regions[0]),)
    found = find_region(settings, resolution)
    sts_region = found.value if found else None
    vpc, warnings = _vpc_endpoint_type(settings, resolution.profile), list[str]()
    if vpc and not settings.find(ENDPOINT):
        warnings = [f"{vpc} selects hosts inside a VPC; each is reachable only from a VPC in its own region"]
    return tuple(_config(settings, resolution, name, sts_region, warnings) for name in regions)


def _checked_settings(
    arguments: Mapping[str, str | None] | None, stack: Lookup | None, environ: Mapping[str, str] | None
) -> ResolvedSettings:
    """Look up the settings, and check all switches, even unused ones, because a switch may be a security measure."""
    settings = look_up(arguments, stack, environ)
    for switch in SWITCHES:
        settings.is_on(switch)
    return settings


def _config(
    settings: ResolvedSettings,
    resolution: Resolution,
    region: str,
    sts_region: str | None,
    warnings: Sequence[str] = (),
) -> CallConfig:
    source = resolution.asking(find_sts(settings, sts_region))
    notice = region_notice(region)
    return CallConfig(
        region=region,
        endpoint=find_endpoint(settings, region, resolution.profile)[0],
        credentials=source.base if isinstance(source.base, Credentials) and not source.roles else source,
        connect_timeout=_seconds(settings, CONNECT_TIMEOUT, default=5.0, per_second=1000),
        read_timeout=_seconds(settings, READ_TIMEOUT, default=10.0, per_second=1000),
        deadline=_seconds(settings, DEADLINE, default=60.0, per_second=1),
        warnings=(*source.warnings, *warnings, *filter(None, [notice])),
        credentials_from=", ".join(f"{one.source} ({one.detail})" for one in source.attempts if one.state == "used"),
    )


# --- Region ----------------------------------------------------------------------------------------------------------


def find_region(settings: ResolvedSettings, resolution: Resolution | None) -> ResolvedValue | None:
    """Return the region that is set, or None. The region is not validated.

    The region of a profile is used only if the region is not set elsewhere. A profile that is given as an argument is
    an exception: its region takes precedence over a configured region, which may belong to a different account.

    Raises:
        ConfigurationError: the profile whose region is needed can't be read.
    """
    found = settings.find(REGION)
    named = (settings.find(PROFILE), settings.find(SHARED_CREDENTIALS_FILE))
    is_profile_given = resolution is not None and any(value and value.is_argument for value in named)
    if found and (found.is_argument or not is_profile_given):
        return found
    profile = resolution.profile if resolution and resolution.profile else _read_named_profile(settings)
    if profile and profile.region:
        return ResolvedValue(profile.region, f"region_id of {profile.place}", 10)
    return found


def _read_named_profile(settings: ResolvedSettings) -> ProfileContent | None:
    named = named_profile(settings)
    return read_profile(named) if named and CLI_PROFILE_DISABLED not in named.switches else None


def region_in(settings: ResolvedSettings) -> ResolvedValue | None:
    """Return the region that is set, or None, even if the credentials are invalid. The region is not validated.

    Raises:
        ConfigurationError: the profile whose region is needed can't be read.
    """
    try:
        resolution = resolve_credentials(settings)
    except ConfigurationError:  # raised again when the credentials are needed
        resolution = None
    return find_region(settings, resolution)


def has_credentials(settings: ResolvedSettings) -> bool:
    """Return True if a source of credentials is set, even if it is invalid or incomplete."""
    try:
        resolve_credentials(settings)
    except ConfigurationError as error:
        return any(attempt.state == "failed" for attempt in error.attempts)
    return True


def require_region(settings: ResolvedSettings, resolution: Resolution | None) -> ResolvedValue:
    """Return the region. A missing or invalid region raises a ConfigurationError."""
    found = find_region(settings, resolution) or settings.require(REGION)
    check_region(found.value, found.origin)
    return found


# --- Hosts -----------------------------------------------------------------------------------------------------------


def find_endpoint(
    settings: ResolvedSettings, region: str, profile: ProfileContent | None = None
) -> tuple[Endpoint, str]:
    """Return the API endpoint and its origin. An invalid endpoint or endpoint type raises a ConfigurationError."""
    vpc = _vpc_endpoint_type(settings, profile)
    found = settings.find(ENDPOINT)
    if found is None:
        origin = f"{FROM_REGION}, endpoint type vpc from {vpc}" if vpc else FROM_REGION
        return Endpoint("https", service_host(region, vpc=vpc is not None)), origin
    text = found.value.replace(IN_ENDPOINT, region)
    return check_endpoint(text, found.origin, "hologram.cn-hangzhou.aliyuncs.com"), found.origin


def _vpc_endpoint_type(settings: ResolvedSettings, profile: ProfileContent | None) -> str | None:
    """Return the origin of the endpoint type if the type is ``vpc``, or None if no endpoint type is set."""
    found = settings.find(ENDPOINT_TYPE)
    if found is None and profile and profile.endpoint_type:
        found = ResolvedValue(profile.endpoint_type, f"endpoint_type of {profile.place}", 10)
    if found is None:
        return None
    if found.value.lower() != "vpc":
        raise ConfigurationError(
            f"{found.origin} is not an endpoint type: {shown_start(found.value)}", "Set it to vpc, or remove it."
        )
    return found.origin


def _check_endpoint_for(settings: ResolvedSettings, regions: Sequence[str]) -> None:
    endpoint = settings.find(ENDPOINT)
    if endpoint and IN_ENDPOINT not in endpoint.value and len(regions) > 1:
        raise ConfigurationError(
            f"{endpoint.origin} is the endpoint of one region, but {len(regions)} regions are to be read",
            f"Replace the region in it with {IN_ENDPOINT}, as in hologram-vpc.{IN_ENDPOINT}.aliyuncs.com, "
            "or remove the endpoint.",
        )


def find_sts(settings: ResolvedSettings, region: str | None) -> StsHosts:
    """Return the STS hosts.

    The default is the STS host of `region`, which is the region that is read, or the configured region if several
    regions are read. If `region` is None, the default is the central host. An invalid STS setting raises a
    ConfigurationError.
    """
    vpc, switch = settings.is_on(VPC_ENDPOINT_ENABLED), settings.find(VPC_ENDPOINT_ENABLED)
    inside = f" with {switch.origin}" if vpc and switch else ""
    default = StsHost(CENTRAL_STS, "default")
    if region:
        default = StsHost(sts_host_for_read(region, vpc=vpc), f"the region {region}{inside}")
    found, sts_region = settings.find(STS_ENDPOINT), settings.find(STS_REGION)
    if found:
        return StsHosts(StsHost(check_sts_host(found.value, found.origin), found.origin), default)
    if sts_region:
        check_region(sts_region.value, sts_region.origin)
        return StsHosts(StsHost(sts_host(sts_region.value, vpc=vpc), f"{sts_region.origin}{inside}"), default)
    return StsHosts(None, default)


# --- Time limits -----------------------------------------------------------------------------------------------------


def _seconds(settings: ResolvedSettings, setting: Setting, *, default: float, per_second: int) -> float:
    found = settings.find(setting)
    if found is None:
        return default
    unit = "milliseconds" if per_second == 1000 else "seconds"
    if not re.fullmatch(r"[0-9]{1,7}", found.value) or int(found.value) == 0:
        raise ConfigurationError(
            f"{found.origin} is not a number of {unit}: {shown_start(found.value)}",
            f"Set it to a whole number of {unit}, at least 1.",
        )
    return int(found.value) / per_second
