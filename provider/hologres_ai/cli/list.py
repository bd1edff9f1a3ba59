"""``hologres-ai list``: read the AI nodes and show them as a table, tab-separated lines or a report."""

import click

from .options import (
    ENVIRONMENT_HELP,
    EXIT_CODES_HELP,
    ReportCommand,
    query_arguments,
    with_connection,
    with_filters,
    with_reports,
)
from .reports import Target
from .reports.text import COLUMNS

_COLUMNS_HELP = "\n".join(
    ("\b\nColumns in a pipe:", *(f"  {number:2}  {title}" for number, (title, _) in enumerate(COLUMNS, 1)))
)


@click.command(
    "list",
    cls=ReportCommand,
    short_help="List the AI nodes of one or several regions.",
    epilog=f"{_COLUMNS_HELP}\n\n{ENVIRONMENT_HELP}\n{EXIT_CODES_HELP}",
)
@with_filters
@click.option("--no-usage", is_flag=True, help="Omit the used and free values, which change continuously.")
@with_connection
@with_reports("text", "json", "markdown", "junit", "html", "prometheus")
def list_command(
    *,
    no_usage: bool,
    endpoint: str | None,
    profile: str | None,
    targets: tuple[Target, ...],
    quiet: bool,
    **filters: str | tuple[str, ...] | None,
) -> int:
    """List the AI nodes of one or several regions with their free capacity.

    Different filters are combined with AND. Several values of the same filter are combined with OR.

    On a terminal, the output is a table. GPUs are in cards, GPU memory is in GB, CPU is in cores, and memory is in GiB.
    The capacity is the specification of one node multiplied by the number of nodes. "?" means that the service did not
    return the value, or that the usage exceeds the capacity. An expiry within 30 days is red unless the subscription
    renews automatically. NO_COLOR, FORCE_COLOR and TERM=dumb are respected.

    In a pipe, the output has one line for each node, without a heading and without colour. The values are separated by
    tabs and encoded in UTF-8. "?" is an unknown value, and "-" is a value that --no-usage omits. Invisible characters
    are written as codes, such as \\x1b. Warnings are printed on stderr.

    Credentials come from environment variables and from the files that environment variables name. There is no option
    for keys, because other users of the machine can see the options of a process.

    \b
    Examples:
      hologres-ai list --region cn-hangzhou --charge-type PrePaid
      hologres-ai list --region '*' --on-region-error partial
      hologres-ai list | awk -F'\\t' '$9+0 >= 2 {print $4}'  # free GPUs
      hologres-ai list --json | jq .totals.gpu.free
      hologres-ai list --report html=nodes.html
    """
    from .delivery import run_and_report
    from .read import parse_query, read_nodes, regions_of

    connection = {"endpoint": endpoint, "profile": profile}
    query = parse_query({**query_arguments(filters), "include_usage": not no_usage})
    return run_and_report(
        "list",
        lambda: read_nodes("list", query, connection)[1],
        targets,
        quiet=quiet,
        regions=lambda: regions_of(query, connection),
    )
