"""``hologres-ai doctor``: show which settings and credentials would be used, where they come from, and try one call."""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from ..errors import (
    AccessDeniedDetail,
    AccessDeniedError,
    ConfigurationError,
    CredentialsError,
    HologresAiError,
    ProviderAttempt,
)
from ..names import plural
from .errors import DONE, FAILED
from .options import ENVIRONMENT_HELP, EXIT_CODES_HELP, Value, with_connection
from .output import UNKNOWN_SIGN, print_machine_text, print_text, printable, style, wants_colour

if TYPE_CHECKING:
    from ..config import CallConfig
    from ..credentials import Credentials
    from ..credentials.resolver import Resolution
    from ..models import NodeList
    from ..settings.lookup import ResolvedSettings

TOLERATED = timedelta(minutes=15)  # the service refuses a request if the clocks differ by more


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
    """The outcome of the call that ``doctor`` makes."""

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
    """The result of ``doctor``; `call` is None if the settings did not allow a call.

    Attributes:
        credentials: the sources of credentials in the order in which they were tried, with the outcome of each.
        key_parts: the origin of each part of a key pair that is in the settings.
        roles: the roles to assume, in order.
        switches: the origin of each switch that is on.
        left_over: the origins of credentials that are set but not used.
        warnings: settings that may be mistakes.
        verdict: the outcome in one sentence, with the next step.
    """

    region: Observation
    endpoint: Observation
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

    @property
    def exit_code(self) -> int:
        """The exit code: 0 if the call succeeded, 1 if it failed or if the settings did not allow a call."""
        return DONE if self.call and self.call.ok else FAILED


@click.command(
    "doctor", epilog=f"{ENVIRONMENT_HELP}\n{EXIT_CODES_HELP}", short_help="Show what is configured, and try one call."
)
@click.option("--region", type=Value(), metavar="REGION", help="The region to read, such as cn-hangzhou.")
@with_connection
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor_command(*, as_json: bool, **arguments: str | None) -> int:
    """Show what is configured and where each value comes from; then make one call and show its outcome.

    Shows the region and the endpoint; the sources of credentials in the order in which they are tried, and where each
    part of an AccessKey comes from; the roles to assume and the STS hosts; boolean settings that are on; credentials
    that are set but not used; proxies; the difference between the clock of this machine and that of the service; and
    a verdict. No secret is shown, and only the first 4 characters of an AccessKey ID.

    \b
    Examples:
      hologres-ai doctor
      hologres-ai doctor --region cn-hangzhou --json
    """
    diagnosis = examine(arguments)
    if as_json:
        print_machine_text(_as_json(diagnosis))
    else:
        print_text("\n".join(_lines(diagnosis)))
    return diagnosis.exit_code


def examine(arguments: Mapping[str, str | None]) -> Diagnosis:
    """Inspect every setting, and make one call if the settings allow it."""
    from ..settings.lookup import look_up
    from ..settings.network import describe_proxies

    settings = look_up(arguments)
    resolution, attempts, access_key = _credentials(settings)
    region = _region(settings, resolution)
    diagnosis = Diagnosis(region, _endpoint(settings, region.value, resolution), attempts, access_key)
    diagnosis.proxies = describe_proxies()
    diagnosis.switches = _switches(settings)
    if resolution:
        _add_source(diagnosis, settings, resolution)
    if not any(found.error for found in (diagnosis.region, diagnosis.endpoint, diagnosis.access_key)):
        diagnosis.call = _configured_call(arguments, diagnosis)
    diagnosis.verdict = _verdict(diagnosis)
    return diagnosis


# --- Inspection ------------------------------------------------------------------------------------------------------


def _add_source(diagnosis: Diagnosis, settings: "ResolvedSettings", resolution: "Resolution") -> None:
    """Add the details of the source of credentials: origins of its parts, warnings, and roles to assume."""
    source = resolution.source
    diagnosis.key_parts = {name: _spelt(origin) for name, origin in source.parts}
    diagnosis.left_over = [_spelt(origin) for origin in source.left_over]
    diagnosis.warnings = [_spelt(warning) for warning in source.warnings]
    try:
        diagnosis.roles = _roles(settings, resolution, diagnosis.region.value)
    except ConfigurationError as error:
        diagnosis.access_key = _wrong(error)


def _roles(settings: "ResolvedSettings", resolution: "Resolution", region: str | None) -> list[RoleReport]:
    from ..config import find_sts

    source = resolution.asking(find_sts(settings, region))
    return [RoleReport(role.arn, role.host.endpoint, _spelt(role.host.origin)) for role in source.asked_roles]


def _switches(settings: "ResolvedSettings") -> list[str]:
    """Return the origins of the switches that are on; an invalid value is reported when the call is made."""
    from ..settings import SWITCHES

    found: list[str] = []
    for switch in SWITCHES:
        value = settings.find(switch)
        with suppress(ConfigurationError):
            found += [value.origin] if value and settings.is_on(switch) else []
    return found


def _region(settings: "ResolvedSettings", resolution: "Resolution | None") -> Observation:
    from ..config import require_region

    try:
        found = require_region(settings, resolution)
    except ConfigurationError as error:
        return _wrong(error)
    return Observation(found.value, _spelt(found.origin))


def _endpoint(settings: "ResolvedSettings", region: str | None, resolution: "Resolution | None") -> Observation:
    from ..config import FROM_REGION, find_endpoint

    try:
        endpoint, place = find_endpoint(settings, region or "", resolution.profile if resolution else None)
    except ConfigurationError as error:
        return _wrong(error)
    return Observation(endpoint.url, _spelt(place)) if region or not place.startswith(FROM_REGION) else Observation()


def _spelt(place: str) -> str:
    """Replace ``argument region`` by ``option --region``, because the user typed an option."""
    return place.replace("argument ", "option --")


def _wrong(error: HologresAiError) -> Observation:
    title = f"{error.title} ({error.facts})" if error.facts else error.title
    return Observation(error=title, remedy=_without_pointer(error.remedy))


def _without_pointer(remedy: str) -> str:
    """Return a remedy without the sentence that recommends this command."""
    return re.sub(r"(; | )`hologres-ai doctor` shows [^.]*\.", lambda found: "." if found[1] == "; " else "", remedy)


def _credentials(
    settings: "ResolvedSettings",
) -> "tuple[Resolution | None, list[ProviderAttempt], Observation]":
    """Return the resolution of the credentials, the attempts, and the AccessKey.

    The AccessKey is returned only if it is in the settings; that of another source is known after the call.
    """
    from ..credentials import Credentials
    from ..credentials.resolver import resolve_credentials

    try:
        resolution = resolve_credentials(settings)
    except ConfigurationError as error:
        return None, list(error.attempts), _wrong(error)
    source = resolution.source
    key = source.base if isinstance(source.base, Credentials) and not source.roles else None
    return resolution, list(source.attempts), _key(key) if key else Observation()


def _key(credentials: "Credentials") -> Observation:
    temporary = "temporary" if credentials.security_token else "permanent"
    return Observation(f"{credentials.shown_id}…, {temporary}")


# --- The call --------------------------------------------------------------------------------------------------------


def _configured_call(arguments: Mapping[str, str | None], diagnosis: Diagnosis) -> CallReport | None:
    from ..config import resolve
    from ..core.session import run as run_to_end

    try:
        settings = resolve(arguments)
        diagnosis.warnings = list(settings.warnings)
        return run_to_end(lambda: _call(settings, diagnosis))
    except ConfigurationError as error:  # an invalid time limit, switch or proxy
        diagnosis.endpoint.error, diagnosis.endpoint.remedy = error.title, error.remedy
        return None


def _verdict(diagnosis: Diagnosis) -> str:
    """Return the outcome in one sentence, with the next step."""
    wrong = next((one for one in (diagnosis.region, diagnosis.access_key, diagnosis.endpoint) if one.error), None)
    if wrong:
        next_step = (wrong.remedy or "").partition(" Tried in order: ")[0]
        return f"Not ready: {wrong.error}. {next_step}".strip()
    used = " and ".join(one.source for one in diagnosis.credentials if one.state == "used")
    if diagnosis.call is None or not diagnosis.call.ok:
        call = diagnosis.call or CallReport(ok=False)
        next_step = (call.remedy or "").partition(" Tried in order: ")[0]
        return f"Not ready: the settings are complete, but the call failed. {next_step}".strip()
    if not diagnosis.call.instances:
        gap = f"{diagnosis.region.value} has no AI nodes for this account: check the account and the region."
        return f"Ready, with {used}; but {gap}"
    return f"Ready: the AI nodes of {diagnosis.region.value} can be read with {used}."


async def _call(settings: "CallConfig", diagnosis: Diagnosis) -> CallReport:
    from ..api.client import Client

    client = Client(settings)
    try:
        diagnosis.access_key = _key(await client.credentials())
        call = _answered(await client.list_instance_model())
    except ConfigurationError:
        raise
    except HologresAiError as error:
        call = _refused(error)
        if isinstance(error, CredentialsError) and error.attempts:
            diagnosis.credentials = list(error.attempts)
    if client.clock_skew is not None:
        call.clock_skew_seconds = round(client.clock_skew.total_seconds())
    return call


def _answered(reply: "NodeList") -> CallReport:
    from ..core.result import totals
    from ..errors.codes import RAM_ACTION

    call = CallReport(True, len(reply.nodes), totals(reply.nodes).node_count, reply.request_id)
    if not reply.nodes:
        call.remedy, call.ram_action = "No AI nodes: check the account and the region.", RAM_ACTION
    return call


def _refused(error: HologresAiError) -> CallReport:
    from ..errors.codes import RAM_ACTION, show_denial_whole

    found = _wrong(error)
    return CallReport(
        ok=False,
        error=found.error,
        remedy=_without_pointer(show_denial_whole(error)),
        request_id=error.request_id,
        ram_action=RAM_ACTION if isinstance(error, AccessDeniedError) else None,
        denial=error.denial,
    )


# --- Output ----------------------------------------------------------------------------------------------------------


def _as_json(diagnosis: Diagnosis) -> str:
    return json.dumps(asdict(diagnosis), indent=2, default=str)


def _lines(diagnosis: Diagnosis) -> Iterator[str]:
    yield from _finding("region", diagnosis.region)
    yield from _finding("endpoint", diagnosis.endpoint)
    yield _head("credentials")
    yield from (f"  {_state(step.state)}  {printable(_detail(step))}" for step in diagnosis.credentials)
    yield from _finding("AccessKey", diagnosis.access_key)
    yield from (f"  {name} from {printable(place)}" for name, place in diagnosis.key_parts.items())
    yield from (_head("STS", f"{role.host}, from {role.place}, for {role.arn}") for role in diagnosis.roles)
    yield from _list("switches on", diagnosis.switches)
    yield from _list("set and not used", diagnosis.left_over)
    yield from _list("warnings", diagnosis.warnings)
    yield _head("proxies", "" if diagnosis.proxies else "none")
    yield from (f"  {name}  {printable(value)}" for name, value in diagnosis.proxies.items())
    yield from _call_lines(diagnosis.call)
    yield _head("verdict", diagnosis.verdict)


def _list(name: str, texts: Sequence[str]) -> Iterator[str]:
    if texts:
        yield _head(name)
        yield from (f"  {printable(text)}" for text in texts)


def _head(name: str, text: str = "") -> str:
    return f"{_coloured(f'{name}:', 'bold')} {printable(text)}".rstrip()


def _detail(step: ProviderAttempt) -> str:
    return f"{step.source}: {step.detail}" if step.detail else step.source


def _state(state: str) -> str:
    colours = {"used": "green", "failed": "red"}
    return _coloured(f"{state:<7}", colours.get(state))


def _finding(name: str, found: Observation) -> Iterator[str]:
    if found.error:
        yield _head(name, found.error)
        yield f"  {printable(found.remedy or '')}"
    elif found.value:
        yield _head(name, found.value + (f", from {found.place}" if found.place else ""))


def _call_lines(call: CallReport | None) -> Iterator[str]:
    if call is None:
        yield _head("call", "not made")
        return
    if call.ok:
        yield _head(
            "call",
            f"works: {_counted(call.nodes, 'node')} in {_counted(call.instances, 'AI instance')}, "
            f"request {call.request_id}",
        )
    else:
        yield _head("call", f"failed: {call.error}")
    if call.remedy:
        yield f"  {printable(call.remedy)}"
    if call.ram_action:
        yield f"  RAM action: {call.ram_action}"
    if call.clock_skew_seconds is not None:
        yield _head("clock", _skew(call.clock_skew_seconds))


def _counted(number: int | None, noun: str) -> str:
    return f"{UNKNOWN_SIGN} {noun}s" if number is None else plural(number, noun)


def _skew(seconds: int) -> str:
    if abs(seconds) <= 1:
        return "same as the clock of the service"
    far = "; correct the clock of this machine" if abs(seconds) >= TOLERATED.total_seconds() else ""
    return f"{abs(seconds)} s {'behind' if seconds > 0 else 'ahead of'} the clock of the service{far}"


def _coloured(text: str, name: str | None) -> str:
    return style(text, name) if name and wants_colour(sys.stdout) else text
