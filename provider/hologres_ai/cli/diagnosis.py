"""Implementation of ``hologres-ai doctor``: inspect the settings and the credentials, and make one API call."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from ..api.client import Client
from ..config import FROM_REGION, CallConfig, find_endpoint, find_sts, require_region, resolve
from ..core.result import totals
from ..core.session import run as run_to_end
from ..credentials import Credentials
from ..credentials.resolver import Resolution, resolve_credentials
from ..errors import (
    AccessDeniedDetail,
    AccessDeniedError,
    ConfigurationError,
    CredentialsError,
    HologresAiError,
    ProviderAttempt,
)
from ..errors.codes import RAM_ACTION, show_denial_whole
from ..settings import REGION, SWITCHES
from ..settings.lookup import ResolvedSettings, look_up
from ..settings.network import describe_proxies
from .errors import DONE, FAILED, describe_error, name_options
from .read import missing_error, missing_keys


@dataclass
class Observation:
    """One setting: its value and its origin, or the error and its remedy."""

    value: str | None = None
    place: str | None = None
    error: str | None = None
    remedy: str | None = None


@dataclass
class RoleReport:
    """A role to assume: its ARN, the STS host, and the origin of that host."""

    arn: str
    host: str
    place: str


@dataclass
class CallReport:
    """The result of the API call of ``doctor``."""

    ok: bool
    instances: int | None = None
    nodes: int | None = None
    request_id: str | None = None
    error: str | None = None
    remedy: str | None = None
    ram_action: str | None = None
    clock_skew_seconds: int | None = None
    denial: AccessDeniedDetail | None = None


@dataclass
class Diagnosis:
    """The result of ``doctor``. `call` is None if a setting is invalid, because no call is then made.

    Attributes:
        credentials: the sources of credentials in the order in which they were tried, each with its outcome.
        access_key: the first characters of the AccessKey ID. Before the call, it is known only for a key pair in the
            settings.
        key_parts: the origin of each part of a key pair that is in the settings.
        roles: the roles to assume, in order.
        switches: the origin of each switch that is on.
        left_over: the origins of credentials that are set but not used.
        warnings: warnings about settings that are probably wrong.
        verdict: a summary in one sentence, and the next step.
        settings: the error in any other setting, such as a time limit, a switch or a proxy.
    """

    region: Observation = field(default_factory=Observation)
    endpoint: Observation = field(default_factory=Observation)
    credentials: list[ProviderAttempt] = field(default_factory=list)
    access_key: Observation = field(default_factory=Observation)
    proxies: dict[str, str] = field(default_factory=dict)
    call: CallReport | None = None
    key_parts: dict[str, str] = field(default_factory=dict)
    roles: list[RoleReport] = field(default_factory=list)
    switches: list[str] = field(default_factory=list)
    left_over: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    verdict: str = ""
    settings: Observation = field(default_factory=Observation)

    @property
    def exit_code(self) -> int:
        """The exit code: 0 if the call succeeded, 1 if the call failed or was not made."""
        return DONE if self.call and self.call.ok else FAILED


def examine(arguments: Mapping[str, str | None]) -> Diagnosis:
    """Inspect every setting, and make one API call if all settings are valid."""
    settings = look_up(arguments)
    diagnosis = Diagnosis(proxies=describe_proxies(), switches=list(_switches(settings)))
    resolution = _resolve_credentials(diagnosis, settings)
    diagnosis.region = _region(settings, resolution)
    diagnosis.endpoint = _endpoint(settings, diagnosis.region.value, resolution)
    if resolution:
        _add_source(diagnosis, settings, resolution)
    _add_instructions(diagnosis, settings)
    if not any(found.error for found in (diagnosis.region, diagnosis.endpoint, diagnosis.access_key)):
        _make_call(diagnosis, arguments)
    diagnosis.verdict = _verdict(diagnosis)
    return diagnosis


def _add_instructions(diagnosis: Diagnosis, settings: ResolvedSettings) -> None:
    """Replace the remedies for missing settings, because the command line does not read the Pulumi configuration."""
    missing = missing_keys(settings)
    if diagnosis.access_key.error and missing:
        diagnosis.access_key.remedy = missing_error(missing).remedy
    if diagnosis.region.error and settings.find(REGION) is None:
        diagnosis.region.remedy = missing_error([REGION]).remedy


# --- The settings -----------------------------------------------------------------------------------------------------


def _switches(settings: ResolvedSettings) -> Iterator[str]:
    """Yield the origins of the switches that are on; an invalid value is reported when the call is made."""
    for switch in SWITCHES:
        value = settings.find(switch)
        with suppress(ConfigurationError):
            if value and settings.is_on(switch):
                yield value.origin


def _resolve_credentials(diagnosis: Diagnosis, settings: ResolvedSettings) -> Resolution | None:
    try:
        resolution = resolve_credentials(settings)
    except ConfigurationError as error:
        diagnosis.credentials, diagnosis.access_key = list(error.attempts), _wrong(error)
        return None
    source = resolution.source
    diagnosis.credentials = list(source.attempts)
    if isinstance(source.base, Credentials) and not source.roles:
        diagnosis.access_key = _key(source.base)
    return resolution


def _key(credentials: Credentials) -> Observation:
    temporary = "temporary" if credentials.security_token else "permanent"
    return Observation(f"{credentials.shown_id}…, {temporary}")


def _region(settings: ResolvedSettings, resolution: Resolution | None) -> Observation:
    try:
        found = require_region(settings, resolution)
    except ConfigurationError as error:
        return _wrong(error)
    return Observation(found.value, name_options(found.origin))


def _endpoint(settings: ResolvedSettings, region: str | None, resolution: Resolution | None) -> Observation:
    try:
        endpoint, place = find_endpoint(settings, region or "", resolution.profile if resolution else None)
    except ConfigurationError as error:
        return _wrong(error)
    return (
        Observation(endpoint.url, name_options(place)) if region or not place.startswith(FROM_REGION) else Observation()
    )


def _add_source(diagnosis: Diagnosis, settings: ResolvedSettings, resolution: Resolution) -> None:
    """Add the details of the source of credentials: the origins of its parts, warnings, and roles to assume."""
    source = resolution.source
    diagnosis.key_parts = {name: name_options(origin) for name, origin in source.parts}
    diagnosis.left_over = [name_options(origin) for origin in source.left_over]
    diagnosis.warnings = [name_options(warning) for warning in source.warnings]
    try:
        roles = resolution.asking(find_sts(settings, diagnosis.region.value)).asked_roles
    except ConfigurationError as error:
        diagnosis.access_key = _wrong(error)
    else:
        diagnosis.roles = [RoleReport(role.arn, role.host.endpoint, name_options(role.host.origin)) for role in roles]


def _wrong(error: HologresAiError) -> Observation:
    described = describe_error(error)
    return Observation(error=str(described), remedy=_without_pointer(described.remedy))


def _without_pointer(remedy: str) -> str:
    """Return a remedy without the sentence that recommends this command."""
    return re.sub(r"(; | )`hologres-ai doctor` shows [^.]*\.", lambda found: "." if found[1] == "; " else "", remedy)


# --- The call ---------------------------------------------------------------------------------------------------------


def _make_call(diagnosis: Diagnosis, arguments: Mapping[str, str | None]) -> None:
    try:
        config = resolve(arguments)
        diagnosis.warnings = list(config.warnings)
        diagnosis.call = run_to_end(lambda: _call(config, diagnosis))
    except ConfigurationError as error:  # an invalid time limit, switch or proxy
        diagnosis.settings = _wrong(error)


async def _call(config: CallConfig, diagnosis: Diagnosis) -> CallReport:
    client = Client(config)
    try:
        diagnosis.access_key = _key(await client.credentials())
        reply = await client.list_instance_model()
    except ConfigurationError:
        raise
    except HologresAiError as error:
        call = _refused(error)
        if isinstance(error, CredentialsError) and error.attempts:
            diagnosis.credentials = list(error.attempts)
    else:
        call = CallReport(True, len(reply.nodes), totals(reply.nodes).node_count, reply.request_id)
        if not reply.nodes:
            call.remedy, call.ram_action = "No AI nodes: check the account and the region.", RAM_ACTION
    if client.clock_skew is not None:
        call.clock_skew_seconds = round(client.clock_skew.total_seconds())
    return call


def _refused(error: HologresAiError) -> CallReport:
    return CallReport(
        ok=False,
        error=str(describe_error(error)),
        remedy=_without_pointer(show_denial_whole(error)),
        request_id=error.request_id,
        ram_action=RAM_ACTION if isinstance(error, AccessDeniedError) else None,
        denial=error.denial,
    )


def _verdict(diagnosis: Diagnosis) -> str:
    """Return a summary in one sentence, with the next step."""
    found = (diagnosis.region, diagnosis.access_key, diagnosis.endpoint, diagnosis.settings)
    wrong = next((one for one in found if one.error), None)
    if wrong:
        return _not_ready(str(wrong.error), wrong.remedy)
    if diagnosis.call is None or not diagnosis.call.ok:
        remedy = diagnosis.call.remedy if diagnosis.call else None
        return _not_ready("the settings are complete, but the call failed", remedy)
    used = " and ".join(one.source for one in diagnosis.credentials if one.state == "used")
    if not diagnosis.call.instances:
        gap = f"{diagnosis.region.value} has no AI nodes for this account: check the account and the region."
        return f"Ready, with {used}; but {gap}"
    return f"Ready: the AI nodes of {diagnosis.region.value} can be read with {used}."


def _not_ready(reason: str, remedy: str | None) -> str:
    next_step = (remedy or "").partition(" Tried in order: ")[0]
    return f"Not ready: {reason}. {next_step}".strip()
