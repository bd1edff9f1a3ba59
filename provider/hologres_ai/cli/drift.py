"""``hologres-ai drift``: compare the AI nodes with a baseline, and write a new baseline on request."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from ..errors import ConfigurationError, DocumentError, Failure, InvalidArgumentError, RegionsError
from ..names import DEFAULT_DRIFT_CLASSES, DRIFT_CLASSES, plural
from .errors import DONE, FAILED, FINDING
from .files import target_of, write_file
from .ignore import Entry, IgnoreEntry, read_entries, split_events
from .options import (
    EXIT_CODES_HELP,
    File,
    Names,
    ReportCommand,
    Value,
    given_only,
    option_name,
    with_connection,
    with_filters,
    with_reports,
)
from .output import say
from .reports import Report, Target

if TYPE_CHECKING:
    from ..baselines import Baseline
    from ..drift import Drift, Event
    from ..models import AiNodeListResult, Query, RegionErrors
    from .read import Connection

STDIN = "-"
# The forms of a baseline that --accept may replace. A file in another form belongs to another tool.
_ACCEPTED_FORMS = ("envelope", "list")


@dataclass(frozen=True)
class BaselineSource:
    """The source of the baseline (a file, stdin or a stack), and the output or resource to use if there are several."""

    file: str | None
    stack: str | None
    output: str | None
    resource: str | None

    @property
    def path(self) -> Path | None:
        """The file; None for stdin and for a stack."""
        return None if self.file in (None, STDIN) else Path(str(self.file))


@dataclass(frozen=True)
class Comparison:
    """The options of a comparison, without those of its reports."""

    source: BaselineSource
    filters: Mapping[str, object]
    connection: "Connection"
    classes: tuple[str, ...]
    entries: tuple[Entry, ...]
    limit: int | None
    accept: bool
    quiet: bool


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
    type=Names(DRIFT_CLASSES),
    metavar="NAMES",
    default=",".join(DEFAULT_DRIFT_CLASSES),
    show_default=True,
    help="The classes to compare, of inventory, lifecycle and usage, joined by commas.",
)
@click.option(
    "--ignore",
    "ignored",
    type=IgnoreEntry(),
    metavar="KIND[=ID]",
    multiple=True,
    help="Ignore events of this kind or class, of all nodes or of those whose ID matches, such as "
    "'resized=hologram_aicombo_*'. Repeatable.",
)
@click.option(
    "--ignore-file",
    type=File(),
    metavar="FILE",
    help="Read --ignore entries from FILE, one per line; # starts a comment.",
)
@click.option("--limit", type=click.IntRange(1), metavar="EVENTS", help="Show at most this many events in Markdown.")
@click.option(
    "--accept", is_flag=True, help="Write the present AI nodes to the --baseline FILE. --ignore is not applied."
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
    """Compare the AI nodes with a baseline, and name every change.

    The baseline is one of: a file that --accept wrote; the output of `pulumi stack output --json` with an output that
    `AiNodeList.export` wrote; the output of `pulumi stack export`, or a checkpoint file of a local backend, with an
    AiNodeList; the output of `hologres-ai list --json`. The region and the filters of the baseline are used; different
    ones are refused. The output of `hologres-ai list --json` does not contain its filters: give the same ones again.

    \b
    Classes:
      inventory  nodes that were added or removed, size and number, owner
      lifecycle  status, billing, name, expiry, automatic renewal
      usage      the amount of each resource that is in use

    With --accept and a FILE that does not exist, the nodes that the filters select are written as the first baseline.
    The file is replaced in one step. Credentials come from the environment; see `hologres-ai list --help`.

    \b
    Examples:
      hologres-ai drift --baseline baseline.json --accept
      hologres-ai drift --baseline baseline.json
      hologres-ai drift --stack organization/fleet/prod --markdown
      hologres-ai drift --baseline baseline.json --ignore renamed
      hologres-ai drift --baseline baseline.json --report html=drift.html
      pulumi stack output --json | hologres-ai drift --baseline -
    """
    from .delivery import run_and_report
    from .read import parse_query

    _check_usage(baseline, stack, accept=accept, ignore_file=ignore_file, targets=targets)
    arguments = given_only(filters)
    parse_query(_without_gaps(arguments))
    comparison = Comparison(
        source=BaselineSource(baseline, stack, output, resource),
        filters=arguments,
        connection={"endpoint": endpoint, "profile": profile},
        classes=classes,
        entries=(*ignored, *read_entries(ignore_file)),
        limit=limit,
        accept=accept,
        quiet=quiet,
    )
    return run_and_report("drift", lambda: _run(comparison), targets, quiet=quiet)


def _check_usage(
    baseline: str | None, stack: str | None, *, accept: bool, ignore_file: str | None, targets: tuple[Target, ...]
) -> None:
    if (baseline is None) == (stack is None):
        raise click.UsageError("Give either --baseline or --stack.")
    if accept and baseline in (None, STDIN):
        raise click.UsageError("--accept needs --baseline with a file, to which it writes the new baseline.")
    read = {target_of(file) for file in (baseline, ignore_file) if file and file != STDIN}
    for target in targets:
        if target.file is not None and target_of(target.file) in read:
            raise click.UsageError(f"A report can't replace {target.file}: the command reads this file.")


def _without_gaps(arguments: Mapping[str, object]) -> Mapping[str, object]:
    """Return the arguments without --on-region-error if no regions are given.

    The option also applies to the regions of the baseline, which are not known before the baseline is read.
    """
    return arguments if arguments.get("regions") else {**arguments, "on_region_error": None}


def _run(comparison: Comparison) -> Report:
    """Compare, and write the new baseline if --accept is given.

    Raises:
        InvalidArgumentError, ConfigurationError, DocumentError: before any network call.
        HologresAiError: a region could not be read, or the new baseline could not be written.
    """
    from ..drift import compare
    from .read import parse_query, read_nodes

    given, path = parse_query(_without_gaps(comparison.filters)), comparison.source.path
    if comparison.accept and path is not None and not path.exists():
        return _first_baseline(comparison, path, given)
    baseline = _read_baseline(comparison)
    _check_query(baseline, comparison, given)
    connection = {**comparison.connection, "profile": comparison.connection["profile"] or baseline.profile}
    if baseline.provider and not comparison.connection["profile"]:
        _warn_of_provider(baseline.provider)
    current, report = read_nodes("drift", _query_of(baseline, comparison), connection)
    drift = compare(baseline.result, current, comparison.classes)
    if drift.before and not drift.after and not drift.unread:
        _say_that_all_are_gone()
    if comparison.accept and path is not None:
        _write_baseline(path, current, connection["profile"])
        _note(f"{path} is the new baseline", comparison)
        return replace(report, drift=drift, limit=comparison.limit)
    return _with_verdict(report, drift, comparison)


def _with_verdict(report: Report, drift: "Drift", comparison: Comparison) -> Report:
    """Return the report with the events that count, the ignored events, and the exit code."""
    counted, ignored = split_events(drift.events, comparison.entries)
    # An entry may match an event in a region that could not be read.
    unused = () if drift.unread else _unused(comparison.entries, ignored)
    for text in unused:
        say("note", text, "Remove the entry if it is no longer needed.")
    return replace(
        report,
        drift=replace(drift, events=counted),
        ignored=ignored,
        limit=comparison.limit,
        notes=unused,
        exit_code=FINDING if counted else FAILED if drift.unread else DONE,
    )


def _warn_of_provider(name: str) -> None:
    say(
        "warning",
        f'the list was read with the credentials of the provider "{name}", which the state does not show',
        "Set the same credentials in the environment, or give their profile with --profile.",
    )


def _say_that_all_are_gone() -> None:
    say("note", "no AI instance of the baseline exists now", "Check that this is the AccessKey of the same account.")


def _note(text: str, comparison: Comparison) -> None:
    if not comparison.quiet:
        say("note", text)


def _unused(entries: tuple[Entry, ...], ignored: "tuple[Event, ...]") -> tuple[str, ...]:
    """Return a note for each entry that matches no event."""
    useless = (entry for entry in entries if not any(entry.matches(event) for event in ignored))
    return tuple(f"--ignore {entry} matches no event" for entry in useless)


def _first_baseline(comparison: Comparison, path: Path, given: "Query") -> Report:
    """Write the first baseline and return its report; usage is left out if it is not compared."""
    from ..drift import compare
    from .read import read_nodes

    query = replace(given, include_usage="usage" in comparison.classes)
    result, report = read_nodes("drift", query, comparison.connection)
    _write_baseline(path, result, comparison.connection["profile"])
    listed = plural(len(result.instance_model_list), "AI instance")
    _note(f"{path} is the first baseline: {listed}", comparison)
    return replace(report, drift=compare(result, result, comparison.classes), first_baseline=True)


def _write_baseline(path: Path, result: "AiNodeListResult", profile: str | None) -> None:
    from ..envelope import to_envelope

    if result.unread:
        raise RegionsError(
            f"no new baseline: {', '.join(result.unread)} could not be read",
            f"{path} is unchanged. Try again when all regions can be read.",
        )
    write_file(str(path), json.dumps(to_envelope(result, profile), ensure_ascii=False, indent=2) + "\n")


def _read_baseline(comparison: Comparison) -> "Baseline":
    from ..baselines import read_baseline

    source = comparison.source
    query = {name: value for name, value in _without_gaps(comparison.filters).items() if value is not None}
    baseline = read_baseline(_document(source), output=source.output, resource=source.resource, query=query)
    if comparison.accept and baseline.form not in _ACCEPTED_FORMS:
        raise DocumentError(
            f"{source.path} contains the {baseline.form} of a stack, which --accept would replace",
            "Accept the changes with `pulumi up`, or give the name of a new file.",
        )
    return baseline


def _document(source: BaselineSource) -> bytes:
    if source.stack is not None:
        return _export_stack(source.stack)
    if source.path is None:
        if sys.stdin is None:
            raise DocumentError("stdin is closed; cannot read the baseline", "Give the name of a file with --baseline.")
        return sys.stdin.buffer.read()
    try:
        return source.path.read_bytes()
    except FileNotFoundError:
        raise ConfigurationError(
            f"there is no baseline {source.path}",
            f"Make it with: hologres-ai drift --baseline {source.path} --accept",
        ) from None


def _export_stack(stack: str) -> bytes:
    """Return the state of a stack, as `pulumi stack export` prints it."""
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        raise ConfigurationError(
            "--stack needs the pulumi command line, which is not on PATH",
            "Install it, or run `pulumi stack export` on another machine and give its output with --baseline.",
        )
    command = [pulumi, "stack", "export", f"--stack={stack}", "--non-interactive"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ConfigurationError(
            f"`pulumi stack export` failed: {lines[-1].removeprefix('error: ') if lines else done.returncode}",
            "Run it in the project's folder, or give the stack as ORGANIZATION/PROJECT/STACK.",
        )
    return done.stdout


def _check_query(baseline: "Baseline", comparison: Comparison, given: "Query") -> None:
    """Refuse options that differ from the query of the baseline: only results of one query can be compared."""
    failures = list(_differences(baseline, comparison, given))
    if failures:
        raise InvalidArgumentError(failures)


def _differences(baseline: "Baseline", comparison: Comparison, given: "Query") -> Iterator[Failure]:
    from ..drift import FILTERS

    result = baseline.result
    if "usage" in comparison.classes and not result.query.include_usage:
        yield Failure("--classes", "the baseline was read without usage")
    if given.region not in (None, result.region):
        yield Failure("--region", f"the baseline was read in region {result.region}")
    for name in FILTERS if baseline.form != "list" else ():
        if comparison.filters.get(name) is not None and set(_texts(given, name)) != set(_texts(result.query, name)):
            asked = ", ".join(_texts(result.query, name))
            yield Failure(option_name(name), f"the baseline was read {f'with {asked}' if asked else 'without it'}")


def _texts(query: "Query", name: str) -> tuple[str, ...]:
    value: str | tuple[str, ...] | None = getattr(query, name)
    return (value,) if isinstance(value, str) else value or ()


def _query_of(baseline: "Baseline", comparison: Comparison) -> "Query":
    query = baseline.result.query
    on_region_error = cast("RegionErrors | None", comparison.filters.get("on_region_error"))
    return replace(query, on_region_error=on_region_error) if query.regions and on_region_error else query
