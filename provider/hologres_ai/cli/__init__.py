"""The command line: what each command takes, and what it says of itself.

What the commands do stands in `listing`, `comparing`, `checking`, `doctor` and `emulating`, which `lazy` imports when
they run.
"""

import textwrap
from collections.abc import Callable, Mapping
from functools import reduce
from pathlib import Path
from typing import TypeVar

import click

from ..names import DRIFT_CLASSES, EVERY_REGION
from ..process import exit_process
from ..settings import SETTINGS, Setting
from . import lazy
from .columns import COLUMNS
from .errors import ComparingCommand, GuardedGroup

_T = TypeVar("_T")

_EXIT_CODES = """
\b
Exit codes:
  0    done; so is an empty list, and an emulator that was stopped
  1    the read failed, or its output could not be written
  2    bad arguments or configuration; nothing was sent
  130  interrupted
  141  the reader of the output went away, as `head` does
"""

_DRIFTS_CODES = """
\b
Exit codes:
  0    no drift; or the new baseline was written
  1    it could not be told: bad arguments or configuration, a failed read
  2    drift, and nothing else
  130  interrupted
  141  the reader of the output went away, as `head` does
"""

_CHECKS_CODES = """
\b
Exit codes:
  0    all that is required is met; with --warn, or not
  1    it could not be told: bad arguments or configuration, a failed read,
       also of one region without which something is not met
  2    something that is required is not met, and nothing else
  130  interrupted
  141  the reader of the output went away, as `head` does
"""

_DOCTORS_CODES = """
\b
Exit codes:
  0    the call worked
  1    the call failed
  2    bad arguments or configuration; no call was made
  130  interrupted
  141  the reader of the output went away, as `head` does
"""


def _setting(setting: Setting) -> str:
    return "\n".join(_variable(name, environment) for name, environment in setting.variables())


def _variable(name: str, environment: tuple[str, ...]) -> str:
    head, indent = f"  {name:<21}", " " * 23
    if len(head) > len(indent):
        return f"{head}\n{textwrap.fill(', '.join(environment), 78, initial_indent=indent, subsequent_indent=indent)}"
    return textwrap.fill(", ".join(environment), 78, initial_indent=head, subsequent_indent=indent)


_ENVIRONMENT = "\n".join(
    (
        "\b\nEnvironment (the first name that is set wins; timeouts in ms, retries in s):",
        *(_setting(setting) for setting in SETTINGS),
        "  proxies              HTTPS_PROXY, HTTP_PROXY, NO_PROXY",
        "  tracebacks of bugs   HOLOGRES_AI_DEBUG=1",
    )
)

_COLUMNS = "\n".join(
    (
        "\b\nColumns in a pipe:",
        *(f"  {number:2}  {title}" for number, (title, _) in enumerate(COLUMNS, 1)),
    )
)


@click.group(cls=GuardedGroup, epilog=_EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hologres_ai", message="hologres-ai %(version)s")
def main() -> None:
    """Read the AI nodes of Alibaba Cloud Hologres: which there are, what they have free, when they expire.

    Nothing here changes anything at the service.

    \b
    Examples:
      hologres-ai list --region cn-hangzhou
      hologres-ai drift --baseline baseline.json
      hologres-ai check --min-free-gpus 2
      hologres-ai doctor
      hologres-ai emulate
    """


_FILTERS = (
    click.option("--instance-id", metavar="ID", help="Only the nodes of this Hologres instance."),
    click.option(
        "--region",
        "regions",
        metavar="REGION",
        multiple=True,
        help="The region to read, such as cn-hangzhou; repeated, several at once; '*', all that are known.",
    ),
    click.option(
        "--on-region-error",
        type=click.Choice(["fail", "partial"]),
        help="Of several regions, some can't be read: fail, the default, or show the others and name the gaps.",
    ),
    click.option("--id", "ids", metavar="ID", multiple=True, help="Only the AI instance with this ID. Repeatable."),
    click.option(
        "--name-regex", metavar="REGEX", help="Only where this Python regular expression is found in the Hologres name."
    ),
    click.option(
        "--status", "statuses", metavar="STATUS", multiple=True, help="Only in this status: ResourceReady. Repeatable."
    ),
    click.option(
        "--charge-type", "charge_types", metavar="TYPE", multiple=True, help="Only PostPaid or PrePaid. Repeatable."
    ),
    click.option(
        "--ai-spec", "ai_specs", metavar="SPEC", multiple=True, help="Only of this specification, whole. Repeatable."
    ),
)


def _with_filters(command: Callable[..., _T]) -> Callable[..., _T]:
    """Give a command the options that say which nodes."""
    return reduce(lambda function, option: option(function), reversed(_FILTERS), command)


def _only_given(filters: Mapping[str, object]) -> dict[str, object]:
    """The arguments of a query in a command's options; a single region is `region`."""
    given = {name: None if value == () else value for name, value in filters.items()}
    match given.get("regions"):
        case (str(one),) if one != EVERY_REGION and not given.get("on_region_error"):
            return given | {"regions": None, "region": one}
    return given


@main.command(
    "list",
    short_help="List the AI nodes of one region or of several.",
    epilog=f"{_COLUMNS}\n\n{_ENVIRONMENT}\n{_EXIT_CODES}",
)
@_with_filters
@click.option("--no-usage", is_flag=True, help="Leave out what is used and free, which changes all the time.")
@click.option("--endpoint", metavar="URL", help="Read from here instead of hologram.REGION.aliyuncs.com.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, in the API's spelling.")
def list_command(no_usage: bool, endpoint: str | None, as_json: bool, **filters: str | tuple[str, ...] | None) -> None:
    """List the AI nodes of a region, or of several, with what they have free.

    Filters of different kinds are joined by AND, repetitions of one kind by OR.

    On a terminal, a table: GPU in cards, GPU memory in GB, CPU in cores, memory in GiB. A capacity is the
    specification of one node x the number of nodes. "?" is a figure that the service leaves unknown, or that can't be
    known because more is used than there is. An expiry within 30 days is red unless the subscription renews itself.
    NO_COLOR, FORCE_COLOR and TERM=dumb are heeded.

    In a pipe, a line a node: values separated by tabs, without a heading, "?" for an unknown and "-" for one left
    out by --no-usage. Characters that are not visible are written as codes, such as \\x1b. Warnings are on stderr.

    Credentials come from the environment and the files it names: options can be seen in the list of processes.

    \b
    Examples:
      hologres-ai list --region cn-hangzhou --charge-type PrePaid
      hologres-ai list --region '*' --on-region-error partial
      hologres-ai list | awk -F'\\t' '$9+0 >= 2 {print $4}'  # free GPUs
      hologres-ai list --json | jq .totals.gpu.free
    """
    arguments = _only_given(filters) | {"include_usage": not no_usage}
    lazy.list_nodes(arguments, endpoint=endpoint, as_json=as_json)


def _parse_classes(_context: click.Context, _parameter: click.Parameter, text: str) -> tuple[str, ...]:
    given = [name.strip() for name in text.split(",")]
    for name in given:
        if name not in DRIFT_CLASSES:
            raise click.BadParameter(f"{name!r} is not one of {', '.join(DRIFT_CLASSES)}")
    return tuple(name for name in DRIFT_CLASSES if name in given)


@main.command("drift", cls=ComparingCommand, epilog=_DRIFTS_CODES, short_help="Compare the AI nodes with a baseline.")
@click.option("--baseline", metavar="FILE", help="The baseline; - is stdin.")
@click.option("--stack", metavar="NAME", help="Take the baseline from the state of this Pulumi stack.")
@click.option("--output", metavar="NAME", help="The stack output to take, where there are several.")
@click.option("--resource", metavar="NAME", help="The AiNodeList to take from a state, where there are several.")
@click.option(
    "--classes",
    metavar="NAMES",
    default="inventory,lifecycle",
    show_default=True,
    callback=_parse_classes,
    help="What counts, of inventory, lifecycle and usage, joined by commas.",
)
@click.option("--json", "form", flag_value="json", help="Print JSON.")
@click.option("--markdown", "form", flag_value="markdown", help="Print Markdown, for a comment on a pull request.")
@click.option("--junit", "form", flag_value="junit", help="Print JUnit's XML, for a CI service.")
@click.option("--accept", is_flag=True, help="Make what is there the new baseline, in FILE.")
@_with_filters
@click.option("--endpoint", metavar="URL", help="Read from here instead of hologram.REGION.aliyuncs.com.")
def drift_command(
    *,
    baseline: str | None,
    stack: str | None,
    output: str | None,
    resource: str | None,
    classes: tuple[str, ...],
    form: str | None,
    accept: bool,
    endpoint: str | None,
    **filters: str | tuple[str, ...] | None,
) -> int:
    """Compare the AI nodes that are there with a baseline, and name what changed.

    The baseline is any of: what --accept has written; what `pulumi stack output --json` printed, with an output that
    `AiNodeList.export` wrote; what `pulumi stack export` printed, with an AiNodeList in it; what
    `hologres-ai list --json` printed. Region and filters are the baseline's own, and other ones are refused. Only of
    a list are the filters not known: give those that it was made with.

    \b
    Classes:
      inventory  nodes that came or went, size and number, the Hologres instance
      lifecycle  status, billing, name, expiry, automatic renewal
      usage      what is in use

    With --accept and a FILE that does not exist, the first baseline is made, of the nodes that the filters select.
    The file is replaced at once and whole. Credentials come from the environment; see `hologres-ai list --help`.

    \b
    Examples:
      hologres-ai drift --baseline baseline.json --accept
      hologres-ai drift --baseline baseline.json
      hologres-ai drift --stack organization/fleet/prod --markdown
      pulumi stack output --json | hologres-ai drift --baseline -
    """
    if (baseline is None) == (stack is None):
        raise click.UsageError("Give either --baseline or --stack.")
    if accept and baseline in (None, "-"):
        raise click.UsageError("--accept needs --baseline with a file, where it puts the new baseline.")
    return lazy.find_drift(
        _only_given(filters),
        file=baseline,
        stack=stack,
        output=output,
        resource=resource,
        classes=classes,
        form=form or "text",
        accept=accept,
        endpoint=endpoint,
    )


@main.command("check", cls=ComparingCommand, epilog=_CHECKS_CODES, short_help="Say whether the AI nodes suffice.")
@click.option("--min-free-gpus", metavar="CARDS", help="So many GPU cards at least are free, over all nodes.")
@click.option("--min-free-gpu-memory", metavar="GB", help="So much GPU memory at least is free, over all nodes.")
@click.option("--min-nodes-ready", metavar="NODES", help="So many nodes at least are in status ResourceReady.")
@click.option(
    "--require-status",
    "required_statuses",
    metavar="STATUS",
    multiple=True,
    help="Every AI instance is in this status, or another that is given. Repeatable.",
)
@click.option(
    "--require-ai-spec",
    "required_ai_specs",
    metavar="SPEC",
    multiple=True,
    help="There is an AI instance of this specification, whole. Repeatable.",
)
@click.option(
    "--not-expiring-within",
    "not_expiring_within_days",
    metavar="DAYS",
    help="No subscription ends within so many days, unless it is known to renew by itself.",
)
@click.option("--warn", is_flag=True, help="Exit with 0 all the same.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_with_filters
@click.option("--endpoint", metavar="URL", help="Read from here instead of hologram.REGION.aliyuncs.com.")
def check_command(
    *,
    min_free_gpus: str | None,
    min_free_gpu_memory: str | None,
    min_nodes_ready: str | None,
    required_statuses: tuple[str, ...],
    required_ai_specs: tuple[str, ...],
    not_expiring_within_days: str | None,
    warn: bool,
    as_json: bool,
    endpoint: str | None,
    **filters: str | tuple[str, ...] | None,
) -> int:
    """Say whether the AI nodes are what is required of them: before a deployment, or in a job that watches.

    The filters say which nodes; all that is required of them must be met. A figure that the service leaves unknown
    meets nothing, and where no AI node is listed, no minimum is met.

    A line a requirement: what is asked, what is there, and the AI instances that come next to it. Credentials come
    from the environment; see `hologres-ai list --help`.

    \b
    Examples:
      hologres-ai check --min-free-gpus 2 --min-free-gpu-memory 48
      hologres-ai check --charge-type PrePaid --not-expiring-within 30
      hologres-ai check --min-nodes-ready 4 && ./deploy-model
    """
    required = _only_given(
        {
            "min_free_gpus": min_free_gpus,
            "min_free_gpu_memory": min_free_gpu_memory,
            "min_nodes_ready": min_nodes_ready,
            "statuses": required_statuses,
            "ai_specs": required_ai_specs,
            "not_expiring_within_days": not_expiring_within_days,
        }
    )
    if not any(value is not None for value in required.values()):
        raise click.UsageError("Give something that is required, such as --min-free-gpus 2.")
    return lazy.check_nodes(_only_given(filters), required, warn=warn, as_json=as_json, endpoint=endpoint)


@main.command(
    "doctor", epilog=f"{_ENVIRONMENT}\n{_DOCTORS_CODES}", short_help="Say what is configured, and try one call."
)
@click.option("--region", metavar="REGION", help="The region to read, such as cn-hangzhou.")
@click.option("--endpoint", metavar="URL", help="Read from here instead of hologram.REGION.aliyuncs.com.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def doctor_command(context: click.Context, region: str | None, endpoint: str | None, as_json: bool) -> None:
    """Say what is configured, and where each thing was found; then make one call and tell how it went.

    Shows region, endpoint, each source of credentials in the order in which they are looked at, proxies, and the
    clock beside the service's. No secret is shown; of an AccessKey ID, the first 4 characters.

    \b
    Examples:
      hologres-ai doctor
      hologres-ai doctor --region cn-hangzhou --json
    """
    context.exit(lazy.doctor(region=region, endpoint=endpoint, as_json=as_json))


@main.command("emulate", epilog=_EXIT_CODES, short_help="Run a local service that speaks the API.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="The port to listen on; 0 takes a free one.",
)
@click.option(
    "--fleet",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The nodes, as JSON; read anew when it changes. Without it, a fleet that comes along.",
)
@click.option("--access-key-id", metavar="ID", help="The AccessKey ID to expect. Not a real one: it can be seen.")
@click.option("--access-key-secret", metavar="SECRET", help="Its secret. Not a real one: it can be seen.")
@click.option(
    "--fault",
    "faults",
    metavar="[REGION=]KIND[:TIMES[:SECONDS]]",
    multiple=True,
    help="Let the first requests fail, such as 503:2, or be slow, such as slow:1:3; with a region, those to its "
    "endpoint. Repeatable.",
)
def emulate_command(
    *,
    host: str,
    port: int,
    fleet: Path | None,
    access_key_id: str | None,
    access_key_secret: str | None,
    faults: tuple[str, ...],
) -> None:
    """Run a local service that speaks the API, for trying things out without an account.

    The first line on stdout is its URL, alone; how to use it follows on stderr. Ctrl-C stops it.

    Whatever the region, the URL lists every node of the fleet. To read several regions, give the endpoint
    http://{region}.localhost:PORT, at which each lists its own.

    \b
    Examples:
      hologres-ai emulate
      hologres-ai emulate --port 8080 --fleet fleet.json --fault 503:2
    """
    lazy.emulate(
        host, port, fleet=fleet, access_key_id=access_key_id, access_key_secret=access_key_secret, faults=faults
    )


def run() -> None:
    """The process of the command line, from its arguments to its exit code."""
    try:
        main(prog_name="hologres-ai")
    except SystemExit as end:
        exit_process(end.code if isinstance(end.code, int) else 0)
        raise
