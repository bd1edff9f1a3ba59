"""The page as data: what stands in its head, and which sections it has. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from importlib.metadata import version

from ...models import Query
from ...names import to_camel
from .expiries import TimeLine, time_line
from .figures import Fleet, Specification, Summary, fleet, specifications, summary
from .findings import (
    DriftView,
    Gap,
    Verdict,
    drift_summary,
    drift_view,
    gaps,
    paragraphs,
    requirements_summary,
    verdicts,
)
from .report import Report
from .shown import count, minute, shown

MAX_WARNINGS = 50


@dataclass(frozen=True)
class Headline:
    """What came of the run, in one line; `tone` is good, bad or note."""

    tone: str
    sign: str
    text: str


@dataclass(frozen=True)
class Failure:
    """Why the run failed, the facts, and what to do next."""

    title: str
    facts: tuple[tuple[str, str], ...]
    remedy: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """Everything that the template shows. A section that is None or empty is left out."""

    title: str
    command: str
    headline: Headline
    facts: tuple[tuple[str, str], ...]
    read_at: str
    read_at_iso: str
    version: str
    failure: Failure | None
    gaps: tuple[Gap, ...]
    warnings: tuple[str, ...]
    drift: DriftView | None
    verdicts: tuple[Verdict, ...]
    summary: Summary | None
    specifications: tuple[Specification, ...]
    time_line: TimeLine | None
    fleet: Fleet | None


def page(report: Report) -> Page:
    """The page of a report."""
    result, drift = report.result, report.drift
    nodes = result.instance_model_list if result else ()
    return Page(
        title=_title(report),
        command=f"hologres-ai {report.command}",
        headline=_headline(report),
        facts=tuple(_facts(report)),
        read_at=minute(report.read_at),
        read_at_iso=report.read_at.isoformat(timespec="seconds"),
        version=version("hologres_ai"),
        failure=_failure(report),
        gaps=gaps(result, drift),
        warnings=_warnings([*report.notes, *(result.warnings if result else ())]),
        drift=drift_view(drift, len(report.ignored)) if drift else None,
        verdicts=verdicts(report.verdicts),
        summary=summary(result) if result else None,
        specifications=specifications(result) if result else (),
        time_line=time_line(nodes, report.read_at) if nodes else None,
        fleet=fleet(result, report.read_at) if result and nodes else None,
    )


_TITLES = {"drift": "Drift of AI nodes", "check": "Requirements of AI nodes"}


def _title(report: Report) -> str:
    where = report.drift.place if report.drift else report.result.place if report.result else ""
    title = _TITLES.get(report.command, "AI nodes")
    return f"{title} in {shown(where)}" if where else title


def _headline(report: Report) -> Headline:
    if report.error is not None:
        return Headline("bad", "✗", "The run failed")
    if report.drift is not None:
        return _drift_headline(report)
    if report.verdicts:
        return _requirements_headline(report)
    unread = report.result.unread if report.result else ()
    listed = count(len(report.result.instance_model_list) if report.result else 0, "AI instance")
    if unread:
        return Headline("note", "!", f"{listed}; {count(len(unread), 'region')} could not be read")
    return Headline("good", "✓", listed)


def _drift_headline(report: Report) -> Headline:
    drift = report.drift
    assert drift is not None  # noqa: S101 - for the type checker
    said = drift_summary(drift)
    if drift.events:
        return Headline("bad", "✗", f"Drift: {said}")
    if drift.unread:
        return Headline("note", "?", f"Not known: {count(len(drift.unread), 'region')} could not be read")
    return Headline("good", "✓", f"No drift: {said}")


def _requirements_headline(report: Report) -> Headline:
    findings = report.verdicts
    said = requirements_summary(findings)
    unmet = [finding for finding in findings if not finding.met]
    if not unmet:
        return Headline("good", "✓", said)
    if report.warn or all(finding.unread for finding in unmet):
        return Headline("note", "!", said)
    return Headline("bad", "✗", said)


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    regions = _regions(report)
    if regions:
        yield "Region" if len(regions) == 1 else "Regions", shown(", ".join(regions))
    if report.credentials_from:
        yield "Credentials", shown(report.credentials_from)
    if report.access_key_id:
        yield "AccessKey ID", f"{shown(report.access_key_id[:4])}…"
    if report.result is not None:
        yield from _filters(report.result.query)


def _regions(report: Report) -> Sequence[str]:
    """The regions that were read; of a run that failed, those that were to be read."""
    if report.result is None:
        return report.regions
    return [item.region for item in report.result.region_outcomes if item.is_read] or [report.result.region]


def _filters(query: Query) -> Iterator[tuple[str, str]]:
    """The filters that were given, by the API's names."""
    left_out = {"region", "regions", "on_region_error", "include_usage"}
    given = {field.name: getattr(query, field.name) for field in fields(query) if field.name not in left_out}
    said = [f"{to_camel(name)} {_joined(value)}" for name, value in given.items() if value is not None]
    if said:
        yield "Filters", shown("; ".join(said))


def _joined(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else ", ".join(value) or "(none)"


def _failure(report: Report) -> Failure | None:
    error = report.error
    if error is None:
        return None
    known = (("HTTP status", error.status), ("Code", error.code), ("Request ID", error.request_id))
    facts = [(name, value) for name, value in known if value is not None]
    if error.facts and not facts:
        facts = [("Facts", error.facts)]
    return Failure(
        title=shown(error.title),
        facts=tuple((name, shown(value)) for name, value in facts),
        remedy=tuple(paragraphs(error.remedy)),
    )


def _warnings(warnings: Sequence[str]) -> tuple[str, ...]:
    listed = [shown(warning) for warning in warnings[:MAX_WARNINGS]]
    others = len(warnings) - MAX_WARNINGS
    return (*listed, f"and {others} more") if others > 0 else tuple(listed)
