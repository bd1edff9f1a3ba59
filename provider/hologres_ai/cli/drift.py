"""``hologres-ai drift``: compare the AI nodes with a baseline, and write a new baseline on request."""

from typing import TYPE_CHECKING, cast

import click

from ..names import DEFAULT_DRIFT_CLASSES, DRIFT_CLASSES
from .files import target_of
from .ignore import EVENT_KINDS, Entry, IgnoreEntry, read_entries
from .options import (
    EXIT_CODES_HELP,
    STDIN,
    File,
    Names,
    ReportCommand,
    Value,
    query_arguments,
    with_connection,
    with_filters,
    with_reports,
)
from .reports import Target

if TYPE_CHECKING:
    from ..models import RegionErrors


@click.command("drift", cls=ReportCommand, epilog=EXIT_CODES_HELP, short_help="Compare the AI nodes with a baseline.")
@click.option("--baseline", type=File(), metavar="FILE", help="The baseline; - is stdin.")
@click.option("--stack", type=Value(), metavar="NAME", help="Take the baseline from the state of this Pulumi stack.")
@click.option("--output", type=Value(), metavar="NAME", help="The stack output to use if there are several.")
@click.option(
    "--resource",
    type=Value(),
    metavar="NAME|URN",
    help="The AiNodeList in a state to use if there are several.",
)
@click.option(
    "--classes",
    type=Names(*DRIFT_CLASSES),
    metavar="NAMES",
    default=",".join(DEFAULT_DRIFT_CLASSES),
    show_default=True,
    help="The classes to compare, separated by commas.",
)
@click.option(
    "--ignore",
    "ignored",
    type=IgnoreEntry(*EVENT_KINDS),
    metavar="KIND[=ID]",
    multiple=True,
    help="Ignore events of this kind or class. With an ID or a pattern, ignore only events of matching AI instances, "
    "as in 'resized=hologram_aicombo_*'. Repeatable.",
)
@click.option(
    "--ignore-file",
    type=File(),
    metavar="FILE",
    help="Read --ignore entries from FILE, one per line; # starts a comment.",
)
@click.option("--limit", type=click.IntRange(1), metavar="EVENTS", help="Show at most this many events in Markdown.")
@click.option(
    "--accept", is_flag=True, help="Write the current AI nodes to the --baseline FILE. --ignore is not applied."
)
@with_filters
@with_connection
@with_reports("text", "json", "markdown", "junit", "html")
def drift_command(
    *,
    baseline: str | None,
    stack: str | None,
    output: str | None,
    resource: str | None,
    classes: tuple[str, ...],
    ignored: tuple[Entry, ...],
    ignore_file: str | None,
    limit: int | None,
    accept: bool,
    endpoint: str | None,
    profile: str | None,
    targets: tuple[Target, ...],
    quiet: bool,
    **filters: str | tuple[str, ...] | None,
) -> int:
    """Compare the AI nodes with a baseline, and list all changes.

    The following documents can be a baseline:

    \b
      a file that --accept wrote
      the output of `pulumi stack output --json`, if it contains an output
        of `AiNodeList.export`
      the output of `pulumi stack export`, or a checkpoint file of a local
        backend, if it contains an AiNodeList
      the output of `hologres-ai list --json`

    The region and the filters of the baseline are used, and different regions or filters are refused. The output of
    `hologres-ai list --json` does not contain its filters: set the same filters again.

    \b
    Classes:
      inventory  nodes that were added or removed, size and number, owner
      lifecycle  status, billing, name, expiry, automatic renewal
      usage      the amount of each resource that is in use

    With --accept, if FILE does not exist or is empty, the selected nodes are written as the first baseline. An existing
    baseline is replaced atomically. Credentials come from the environment; see `hologres-ai list --help`.

    \b
    Examples:
      hologres-ai drift --baseline baseline.json --accept
      hologres-ai drift --baseline baseline.json
      hologres-ai drift --stack organization/fleet/prod --markdown
      hologres-ai drift --baseline baseline.json --ignore renamed
      hologres-ai drift --baseline baseline.json --report html=drift.html
      pulumi stack output --json | hologres-ai drift --baseline -
    """
    from .comparison import DriftOptions, compare_with_baseline
    from .delivery import run_and_report
    from .read import parse_query, regions_of

    _check_usage(baseline, stack, accept=accept, ignore_file=ignore_file, targets=targets)
    arguments = query_arguments(filters)
    on_region_error = cast("RegionErrors | None", arguments["on_region_error"])
    if not arguments["regions"]:  # the option then applies only to the regions of the baseline
        arguments["on_region_error"] = None
    options = DriftOptions(
        baseline=baseline,
        stack=stack,
        output=output,
        resource=resource,
        given=parse_query(arguments),
        on_region_error=on_region_error,
        connection={"endpoint": endpoint, "profile": profile},
        classes=classes,
        entries=(*ignored, *read_entries(ignore_file)),
        limit=limit,
        accept=accept,
        quiet=quiet,
    )
    is_region_given = bool(options.given.region or options.given.regions)
    return run_and_report(
        "drift",
        lambda: compare_with_baseline(options),
        targets,
        quiet=quiet,
        regions=lambda: regions_of(options.given, options.connection) if is_region_given else (),
    )


def _check_usage(
    baseline: str | None, stack: str | None, *, accept: bool, ignore_file: str | None, targets: tuple[Target, ...]
) -> None:
    if (baseline is None) == (stack is None):
        raise click.UsageError("Give either --baseline or --stack.")
    if accept and baseline in (None, STDIN):
        raise click.UsageError("--accept requires --baseline FILE, because it writes the new baseline to this file.")
    read = {target_of(file) for file in (baseline, ignore_file) if file and file != STDIN}
    for target in targets:
        if target.file is not None and target_of(target.file) in read:
            raise click.UsageError(f"A report can't replace {target.file}: the command reads this file.")
