"""Implementation of ``hologres-ai drift``: compare the AI nodes with a baseline, and write a new baseline."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import filterfalse
from pathlib import Path

from ..baselines import Baseline, read_baseline
from ..drift import FILTERS, Drift, Event, compare
from ..errors import ConfigurationError, DocumentError, Failure, InvalidArgumentError
from ..models import AiNodeListResult, Query, RegionErrors
from ..names import EVERY_REGION, plural
from ..region_data import is_region_name
from .baseline import export_stack, is_missing, read_file, read_stdin, write_baseline
from .errors import DONE, FAILED, FINDING
from .ignore import Entry
from .options import STDIN, option_name
from .output import say
from .read import Connection, read_nodes
from .reports import Report

# The forms of a baseline that --accept can replace. A file in any other form was written by a different tool.
_ACCEPTED_FORMS = ("envelope", "list")
_NONE_LEFT = "none of the AI instances in the baseline exists any more"
_CHECK_ACCOUNT = "Check that the AccessKey belongs to the account of the baseline."


@dataclass(frozen=True)
class DriftOptions:
    """The options of ``hologres-ai drift``, except the options of its reports.

    Attributes:
        baseline: the file with the baseline, or ``-`` for stdin; None if `stack` is given.
        stack: the Pulumi stack whose state contains the baseline.
        output, resource: the stack output or the resource to use if there are several.
        given: the query in the options. It contains `on_region_error` only if it contains regions.
        on_region_error: the value of ``--on-region-error``, which also applies to the regions of the baseline.
        entries: the events to ignore.
    """

    baseline: str | None
    stack: str | None
    output: str | None
    resource: str | None
    given: Query
    on_region_error: RegionErrors | None
    connection: Connection
    classes: tuple[str, ...]
    entries: tuple[Entry, ...]
    limit: int | None
    accept: bool
    quiet: bool

    @property
    def path(self) -> Path | None:
        """The file with the baseline; None for stdin and for a stack."""
        return None if self.baseline in (None, STDIN) else Path(str(self.baseline))


def compare_with_baseline(options: DriftOptions) -> Report:
    """Compare the nodes with the baseline, and write a new baseline if ``--accept`` is given.

    Raises:
        InvalidArgumentError, ConfigurationError, DocumentError: an option, a setting or the baseline is invalid. Raised
            before any network call.
        HologresAiError: a region could not be read, or the new baseline could not be written.
    """
    path, given_profile = options.path, options.connection["profile"]
    if options.accept and path is not None and is_missing(path):
        return _first_baseline(options, path)
    baseline = _read_baseline(options)
    failures = list(_differences(baseline, options))
    if failures:
        raise InvalidArgumentError(failures)
    if baseline.provider and not given_profile:
        _warn_of_provider(baseline.provider)
    query, profile = baseline.result.query, given_profile or baseline.profile
    if query.regions and options.on_region_error:
        query = replace(query, on_region_error=options.on_region_error)
    current, report = _read(query, options.connection, baseline)
    drift = compare(baseline.result, current, options.classes)
    if baseline.result.ids and not drift.unread and set(baseline.result.ids).isdisjoint(current.ids):
        say("note", _NONE_LEFT, _CHECK_ACCOUNT)
        report = replace(report, notes=(f"{_NONE_LEFT}. {_CHECK_ACCOUNT}",))
    if options.accept and path is not None:
        write_baseline(path, current, profile)
        _note(f"{path} is the new baseline", options)
        return replace(report, drift=drift, limit=options.limit)
    return _with_verdict(report, drift, options)


def _read(query: Query, connection: Connection, baseline: Baseline) -> tuple[AiNodeListResult, Report]:
    """Read the nodes, by default with the profile of the baseline."""
    if connection["profile"] or not baseline.profile:
        return read_nodes("drift", query, connection)
    try:
        return read_nodes("drift", query, {**connection, "profile": baseline.profile})
    except ConfigurationError as error:
        if not error.attempts:  # the error is not about credentials
            raise
        hint = (
            f'The name of the profile is in the baseline, which was read with the profile "{baseline.profile}". Set '
            "--profile to a profile that exists on this machine, or accept a new baseline file without --profile."
        )
        raise ConfigurationError(error.title, f"{error.remedy}\n{hint}", attempts=error.attempts) from None


def _warn_of_provider(name: str) -> None:
    say(
        "warning",
        f'the list was read with the credentials of the provider "{name}", which the state does not show',
        "Set the same credentials in the environment, or give their profile with --profile.",
    )


def _with_verdict(report: Report, drift: Drift, options: DriftOptions) -> Report:
    """Return the report with the counted events, the ignored events and the exit code."""

    def is_ignored(event: Event) -> bool:
        return any(entry.matches(event) for entry in options.entries)

    counted, ignored = tuple(filterfalse(is_ignored, drift.events)), tuple(filter(is_ignored, drift.events))
    unused = tuple(
        f"--ignore {entry} matches no event" for entry in options.entries if not any(map(entry.matches, ignored))
    )
    if drift.unread:  # an entry may match an event in a region that could not be read
        unused = ()
    for text in unused:
        say("note", text, "Remove the entry if it is no longer needed.")
    return replace(
        report,
        drift=replace(drift, events=counted),
        ignored=ignored,
        limit=options.limit,
        notes=(*report.notes, *unused),
        exit_code=FINDING if counted else FAILED if drift.unread else DONE,
    )


def _note(text: str, options: DriftOptions) -> None:
    if not options.quiet:
        say("note", text)


def _differences(baseline: Baseline, options: DriftOptions) -> Iterator[Failure]:
    """Yield the options that differ from the query of the baseline. Only results of the same query can be compared."""
    given, result = options.given, baseline.result
    if "usage" in options.classes and not result.query.include_usage:
        yield Failure("--classes", "the baseline contains no usage values")
    if given.region not in (None, result.region):
        yield Failure("--region", f"the baseline was read in region {result.region}")
    for name in FILTERS if baseline.form != "list" else ():
        then = _texts(result.query, name)
        if getattr(given, name) is not None and set(_texts(given, name)) != set(then):
            how = f"with {', '.join(then)}" if then else "without this option"
            yield Failure(option_name(name), f"the baseline was read {how}")


def _texts(query: Query, name: str) -> tuple[str, ...]:
    value: str | tuple[str, ...] | None = getattr(query, name)
    return (value,) if isinstance(value, str) else value or ()


# --- The baseline -----------------------------------------------------------------------------------------------------


def _first_baseline(options: DriftOptions, path: Path) -> Report:
    """Write the first baseline and return its report. The baseline contains usage only if usage is compared."""
    query = replace(options.given, include_usage="usage" in options.classes)
    result, report = read_nodes("drift", query, options.connection)
    write_baseline(path, result, options.connection["profile"])
    _note(f"{path} is the first baseline: {plural(len(result.instance_model_list), 'AI instance')}", options)
    return replace(report, drift=compare(result, result, options.classes), first_baseline=True)


def _read_baseline(options: DriftOptions) -> Baseline:
    query = {name: getattr(options.given, name) for name in FILTERS}
    baseline = read_baseline(_document(options), output=options.output, resource=options.resource, query=query)
    _check_regions(baseline.result)
    if options.accept and baseline.form not in _ACCEPTED_FORMS:
        raise DocumentError(
            f"{options.path} contains the {baseline.form} of a stack, which --accept would replace",
            "Accept the changes with `pulumi up`, or give the name of a new file.",
        )
    return baseline


def _document(options: DriftOptions) -> bytes:
    if options.stack is not None:
        return export_stack(options.stack)
    return read_stdin() if options.path is None else read_file(options.path)


def _check_regions(result: AiNodeListResult) -> None:
    for region in result.query.regions or (result.region,):
        if region != EVERY_REGION and not is_region_name(region):
            raise DocumentError(
                f"the baseline contains {region[:64]!r}, which is not a region",
                "The document was modified after it was written; export or accept it again.",
            )
