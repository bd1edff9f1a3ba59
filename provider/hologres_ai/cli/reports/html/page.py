"""The page as data: its head and its sections. Pure functions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from importlib.metadata import version

from ....credentials.types import SHOWN_OF_ID
from ....models import Query
from ....names import plural, to_camel
from .. import Report, ReportedError
from ..text import check_summary, drift_summary
from .expiries import TimeLine, build_time_line
from .figures import FleetSection, Specification, Summary, build_fleet, list_specifications, summarise
from .findings import DriftSection, Gap, Verdict, build_drift, list_gaps, list_verdicts
from .values import bounded, message, minute

MAX_WARNINGS = 50
_NO_FILTERS = frozenset({"region", "regions", "on_region_error", "include_usage"})

NamedValues = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Headline:
    """The outcome of the run in one line; `tone` is good, bad or note."""

    tone: str
    sign: str
    text: str


@dataclass(frozen=True)
class FailureSection:
    """Why the run failed, the facts, and what to do next."""

    title: str
    facts: NamedValues
    remedy: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """The data that the template shows. A section that is None or empty is left out."""

    title: str
    command: str
    headline: Headline
    facts: NamedValues
    read_at: str
    read_at_iso: str
    version: str
    failure: FailureSection | None
    gaps: tuple[Gap, ...]
    warnings: tuple[str, ...]
    drift: DriftSection | None
    verdicts: tuple[Verdict, ...]
    summary: Summary | None
    specifications: tuple[Specification, ...]
    time_line: TimeLine | None
    fleet: FleetSection | None


def build_page(report: Report) -> Page:
    """Return the page of a report."""
    result, now = report.result, report.read_at
    nodes = result.instance_model_list if result else ()
    has_drift = report.drift is not None and not report.first_baseline
    return Page(
        title=_title(report),
        command=f"hologres-ai {report.command}",
        headline=_headline(report),
        facts=tuple(_facts(report)),
        read_at=minute(now),
        read_at_iso=now.isoformat(timespec="seconds"),
        version=version("hologres_ai"),
        failure=_failure(report.error) if report.error else None,
        gaps=list_gaps(report),
        warnings=tuple(_warnings(report)),
        drift=build_drift(report.drift, len(report.ignored)) if report.drift and has_drift else None,
        verdicts=list_verdicts(report.verdicts, warn=report.warn),
        summary=summarise(result) if result else None,
        specifications=list_specifications(result) if result else (),
        time_line=build_time_line(nodes, now) if nodes else None,
        fleet=build_fleet(result, now) if result and nodes else None,
    )


def _title(report: Report) -> str:
    return f"AI nodes in {bounded(report.result.place)}" if report.result else "AI nodes"


def _headline(report: Report) -> Headline:
    if report.error is not None:
        return Headline("bad", "✗", "The run failed")
    if report.drift is not None:
        return _drift_headline(report)
    if report.verdicts:
        return _check_headline(report)
    nodes = report.result.instance_model_list if report.result else ()
    listed = plural(len(nodes), "AI instance")
    if report.unread:
        return Headline("note", "!", f"{listed}; {plural(len(report.unread), 'region')} could not be read")
    return Headline("good", "✓", listed) if nodes else Headline("note", "!", listed)


def _drift_headline(report: Report) -> Headline:
    said = bounded(drift_summary(report))
    if report.drift and report.drift.events:
        return Headline("bad", "✗", said)
    return Headline("note", "?", said) if report.unread else Headline("good", "✓", said)


def _check_headline(report: Report) -> Headline:
    said = bounded(check_summary(report))
    not_met = [verdict for verdict in report.verdicts if not verdict.met]
    if not not_met:
        return Headline("note", "!", said) if report.unread else Headline("good", "✓", said)
    if report.warn or all(verdict.unread for verdict in not_met):
        return Headline("note", "!", said)
    return Headline("bad", "✗", said)


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    regions = _regions(report)
    if regions:
        yield "Region" if len(regions) == 1 else "Regions", message(", ".join(regions))
    if report.credentials_from:
        yield "Credentials", bounded(report.credentials_from)
    if report.access_key_id:
        yield "AccessKey ID", f"{bounded(report.access_key_id[:SHOWN_OF_ID])}…"
    filters = list(_filters(report.result.query)) if report.result else []
    if filters:
        yield "Filters", message("; ".join(filters))


def _regions(report: Report) -> Sequence[str]:
    """Return the regions that were read; of a run that failed, those that were to be read."""
    if report.result is None:
        return report.regions
    return [item.region for item in report.result.region_outcomes if item.is_read] or [report.result.region]


def _filters(query: Query) -> Iterator[str]:
    """Yield the filters that were given, with the API's names."""
    for field in fields(query):
        value = getattr(query, field.name)
        if value is not None and field.name not in _NO_FILTERS:
            yield f"{to_camel(field.name)} {value if isinstance(value, str) else ', '.join(value) or '(none)'}"


def _failure(error: ReportedError) -> FailureSection:
    known = (("HTTP status", error.status), ("Code", error.code), ("Request ID", error.request_id))
    facts = [(name, bounded(value)) for name, value in known if value is not None]
    if error.facts and not facts:
        facts = [("Facts", message(error.facts))]
    remedy = [message(line) for line in error.remedy.splitlines() if line.strip()]
    return FailureSection(message(error.title), tuple(facts), tuple(remedy))


def _warnings(report: Report) -> Iterator[str]:
    """Yield notes and warnings, except those about regions that could not be read, which have a section."""
    gaps = tuple(f"{region} could not be read" for region in report.unread)
    warnings = report.result.warnings if report.result else ()
    said = [*report.notes, *(warning for warning in warnings if not warning.startswith(gaps))]
    yield from map(message, said[:MAX_WARNINGS])
    if len(said) > MAX_WARNINGS:
        yield f"and {len(said) - MAX_WARNINGS} more"
