"""``hologres-ai check``: read the AI nodes and show which requirements they meet."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from ..errors import Failure, InvalidArgumentError
from .errors import DONE, FAILED, FINDING
from .options import (
    EXIT_CODES_HELP,
    ReportCommand,
    Value,
    option_name,
    query_arguments,
    with_connection,
    with_filters,
    with_reports,
)
from .reports import Report, Target

if TYPE_CHECKING:
    from ..models import Query
    from ..requirements import RequirementResult, Requirements

# The options whose name differs from the name of their requirement.
OPTIONS = {
    "statuses": "--require-status",
    "ai_specs": "--require-ai-spec",
    "not_expiring_within_days": "--not-expiring-within",
}


@click.command("check", cls=ReportCommand, epilog=EXIT_CODES_HELP, short_help="Check requirements of the AI nodes.")
@click.option("--min-free-gpus", metavar="CARDS", help="Require at least this many free GPU cards in total.")
@click.option("--min-free-gpu-memory", metavar="GB", help="Require at least this much free GPU memory in total, in GB.")
@click.option("--min-nodes-ready", metavar="NODES", help="Require at least this many nodes in status ResourceReady.")
@click.option(
    "--require-status",
    "required_statuses",
    metavar="STATUS",
    multiple=True,
    type=Value("ResourceReady"),
    help="Require that every AI instance is in this status. Repeat the option to accept several statuses.",
)
@click.option(
    "--require-ai-spec",
    "required_ai_specs",
    metavar="SPEC",
    multiple=True,
    help="Require an AI instance of exactly this specification. Repeatable.",
)
@click.option(
    "--not-expiring-within",
    "not_expiring_within_days",
    metavar="DAYS",
    help="Require that no subscription expires within this many days, unless it is known to renew automatically.",
)
@click.option("--warn", is_flag=True, help="Exit with 0 even if a requirement is not met.")
@with_filters
@with_connection
@with_reports("text", "json", "markdown", "junit", "html", "nagios", "prometheus")
def check_command(
    *,
    min_free_gpus: str | None,
    min_free_gpu_memory: str | None,
    min_nodes_ready: str | None,
    required_statuses: tuple[str, ...],
    required_ai_specs: tuple[str, ...],
    not_expiring_within_days: str | None,
    warn: bool,
    endpoint: str | None,
    profile: str | None,
    targets: tuple[Target, ...],
    quiet: bool,
    **filters: str | tuple[str, ...] | None,
) -> int:
    """Check requirements of the AI nodes, before a deployment or in monitoring.

    The filters select the nodes, and the requirements apply to the selected nodes. A requirement is not met if its
    value is unknown. A minimum above 0 is not met if no nodes are selected.

    The command prints a line for each requirement. The line contains the required value, the value that was found,
    and the AI instances that are closest to the requirement or do not meet it. Credentials come from the
    environment; see `hologres-ai list --help`.

    With --report nagios, the command prints one line and uses the exit codes of a monitoring plugin: 0 if all
    requirements are met; 1 if any is not met and --warn is given; 2 if any is not met and --warn is not given; 3 in
    all other cases.

    \b
    Examples:
      hologres-ai check --min-free-gpus 2 --min-free-gpu-memory 48
      hologres-ai check --charge-type PrePaid --not-expiring-within 30
      hologres-ai check --min-nodes-ready 4 && ./deploy-model
      hologres-ai check --min-free-gpus 2 --report nagios
    """
    from .delivery import run_and_report
    from .read import parse_query, read_nodes, regions_of

    required = {
        "min_free_gpus": min_free_gpus,
        "min_free_gpu_memory": min_free_gpu_memory,
        "min_nodes_ready": min_nodes_ready,
        "statuses": required_statuses or None,
        "ai_specs": required_ai_specs or None,
        "not_expiring_within_days": not_expiring_within_days,
    }
    if not any(value is not None for value in required.values()):
        raise click.UsageError("Specify at least one requirement, such as --min-free-gpus 2.")
    connection = {"endpoint": endpoint, "profile": profile}
    query = parse_query(query_arguments(filters))
    requirements = _parse_requirements(required, query)

    def build() -> Report:
        from ..requirements import assess

        result, report = read_nodes("check", query, connection)
        verdicts = assess(requirements, result, report.read_at)
        code = DONE if warn else _exit_code(verdicts)
        return replace(report, requirements=requirements, verdicts=verdicts, warn=warn, exit_code=code)

    return run_and_report("check", build, targets, quiet=quiet, regions=lambda: regions_of(query, connection))


def _exit_code(verdicts: "Sequence[RequirementResult]") -> int:
    """Return the exit code. If a result depends on a region that could not be read, the check has failed."""
    unmet = [verdict for verdict in verdicts if not verdict.met]
    return FINDING if any(not verdict.unread for verdict in unmet) else FAILED if unmet else DONE


def _parse_requirements(required: Mapping[str, object], query: "Query") -> "Requirements":
    from ..requirements import build_requirements

    try:
        return build_requirements(required, query, prefix="")
    except InvalidArgumentError as error:
        failures = [Failure(option_name(failure.argument, OPTIONS), failure.reason) for failure in error.failures]
        raise InvalidArgumentError(failures) from None
