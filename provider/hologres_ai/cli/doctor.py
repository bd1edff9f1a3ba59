"""``hologres-ai doctor``: show the settings and credentials in use with their sources, and make one API call."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from ..errors import ProviderAttempt
from ..names import plural
from .options import ENVIRONMENT_HELP, EXIT_CODES_HELP, Value, with_connection
from .output import UNKNOWN_SIGN, print_machine_text, print_text, printable

if TYPE_CHECKING:
    from .diagnosis import CallReport, Diagnosis, Observation

TOLERATED = 15 * 60  # seconds; the service refuses requests if the difference between the clocks is larger


@click.command(
    "doctor",
    epilog=f"{ENVIRONMENT_HELP}\n{EXIT_CODES_HELP}",
    short_help="Show the configuration and its sources, and try one API call.",
)
@click.option("--region", type=Value(), metavar="REGION", help="The region to read, such as cn-hangzhou.")
@with_connection
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor_command(*, as_json: bool, **arguments: str | None) -> int:
    """Show the configuration and the source of each value, make one API call, and show its result.

    The output contains the region and the endpoint, the sources of credentials in the order in which they are tried,
    the source of each part of an AccessKey, the roles to assume and the STS hosts. It also contains the boolean
    settings that are on, unused credentials, proxies, the difference between the local clock and the clock of the
    service, and a verdict. No secrets are shown, and only the first 4 characters of an AccessKey ID are shown.

    \b
    Examples:
      hologres-ai doctor
      hologres-ai doctor --region cn-hangzhou --json
    """
    from .diagnosis import examine

    diagnosis = examine(arguments)
    if as_json:
        print_machine_text(json.dumps(asdict(diagnosis), indent=2, default=str))
    else:
        print_text("\n".join(_lines(diagnosis)))
    return diagnosis.exit_code


def _lines(diagnosis: "Diagnosis") -> Iterator[str]:
    yield from _finding("region", diagnosis.region)
    yield from _finding("endpoint", diagnosis.endpoint)
    yield _head("credentials")
    yield from map(_attempt, diagnosis.credentials)
    yield from _finding("AccessKey", diagnosis.access_key)
    yield from (f"  {name} from {printable(place)}" for name, place in diagnosis.key_parts.items())
    yield from (_head("STS", f"{role.host}, from {role.place}, for {role.arn}") for role in diagnosis.roles)
    yield from _list("switches on", diagnosis.switches)
    yield from _list("set but not used", diagnosis.left_over)
    yield from _list("warnings", diagnosis.warnings)
    yield _head("proxies", "" if diagnosis.proxies else "none")
    yield from (f"  {name}  {printable(value)}" for name, value in diagnosis.proxies.items())
    yield from _finding("settings", diagnosis.settings)
    yield from _call_lines(diagnosis.call)
    yield _head("verdict", diagnosis.verdict)


def _list(name: str, texts: Sequence[str]) -> Iterator[str]:
    if texts:
        yield _head(name)
        yield from (f"  {printable(text)}" for text in texts)


def _head(name: str, text: str = "") -> str:
    return f"{click.style(f'{name}:', bold=True)} {printable(text)}".rstrip()


def _attempt(step: ProviderAttempt) -> str:
    colour = {"used": "green", "failed": "red"}.get(step.state)
    state = click.style(f"{step.state:<7}", fg=colour) if colour else f"{step.state:<7}"
    detail = f": {step.detail}" if step.detail else ""
    return f"  {state}  {printable(step.source + detail)}"


def _finding(name: str, found: "Observation") -> Iterator[str]:
    if found.error:
        yield _head(name, found.error)
        yield f"  {printable(found.remedy or '')}"
    elif found.value:
        yield _head(name, found.value + (f", from {found.place}" if found.place else ""))


def _call_lines(call: "CallReport | None") -> Iterator[str]:
    if call is None:
        yield _head("call", "not made")
        return
    if call.ok:
        counted = f"{_counted(call.nodes, 'node')} in {_counted(call.instances, 'AI instance')}"
        request = f", request {call.request_id}" if call.request_id else ""
        yield _head("call", f"works: {counted}{request}")
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
        return "same as the service clock"
    far = "; correct the clock of this machine" if abs(seconds) >= TOLERATED else ""
    return f"{abs(seconds)} s {'behind' if seconds > 0 else 'ahead of'} the service clock{far}"
