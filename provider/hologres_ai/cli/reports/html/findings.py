"""The findings on the page: drift, requirements, and regions that could not be read. Pure functions."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ....drift import Change, Drift, Event, drift_fingerprint, worst_first
from ....requirements import RequirementResult
from .. import Report
from ..text import OTHER_SIGN, SIGNS, describe_move
from .values import bounded, message

MAX_EVENTS = 200

# The colours of the text report as tones of the page.
_TONES = {"green": "good", "red": "bad", "yellow": "note"}


@dataclass(frozen=True)
class Gap:
    """A region that could not be read, and why."""

    region: str
    reason: str


def list_gaps(report: Report) -> tuple[Gap, ...]:
    """Return the regions that could not be read, now or for the baseline."""
    return tuple(Gap(bounded(region), message(report.reason(region))) for region in report.unread)


@dataclass(frozen=True)
class FieldChange:
    """A field and its two values; `move` says how far a time moved."""

    field: str
    before: str
    after: str
    move: str


@dataclass(frozen=True)
class EventRow:
    """One event of drift; `region` is empty if it is the one that was read."""

    sign: str
    tone: str
    kind: str
    category: str
    name: str
    region: str
    owner: str
    changes: tuple[FieldChange, ...]
    size: str


@dataclass(frozen=True)
class DriftSection:
    """The changes since the baseline; `others` is the number of events beyond `MAX_EVENTS`."""

    counts: tuple[tuple[str, int], ...]
    events: tuple[EventRow, ...]
    others: int
    ignored: int
    classes: str
    fingerprint: str


def build_drift(drift: Drift, ignored: int) -> DriftSection:
    """Return the events, the worst first, with their number by kind."""
    events = worst_first(drift.events)
    return DriftSection(
        counts=tuple(Counter(event.kind for event in events).items()),
        events=tuple(_event(event, drift.region) for event in events[:MAX_EVENTS]),
        others=max(len(events) - MAX_EVENTS, 0),
        ignored=ignored,
        classes=", ".join(drift.classes),
        fingerprint=drift_fingerprint(drift),
    )


def _event(event: Event, region: str) -> EventRow:
    sign, colour = SIGNS.get(event.kind, OTHER_SIGN)
    node = event.node
    return EventRow(
        sign=sign,
        tone=_TONES[colour],
        kind=event.kind,
        category=event.category,
        name=bounded(node.ai_instance_id),
        region="" if event.region_id == region else bounded(event.region_id),
        owner=bounded(node.holo_instance_name),
        changes=tuple(map(_change, event.changes)),
        size=f"{bounded(node.node_count)} × {bounded(node.ai_spec)}",
    )


def _change(change: Change) -> FieldChange:
    move = describe_move(change).strip(" ()")
    return FieldChange(change.field, bounded(change.before), bounded(change.after), move)


@dataclass(frozen=True)
class Verdict:
    """The outcome of a requirement; `tone` is good, bad or note."""

    tone: str
    sign: str
    word: str
    subject: str
    asked: str
    found: str
    nearest: tuple[str, ...]
    more: int
    unread: tuple[str, ...]


def list_verdicts(results: Sequence[RequirementResult], *, warn: bool) -> tuple[Verdict, ...]:
    """Return a verdict for each requirement; with `warn`, one that is not met is only a warning."""
    return tuple(_verdict(result, warn=warn) for result in results)


def _verdict(result: RequirementResult, *, warn: bool) -> Verdict:
    tone, sign, word = _outcome(result, warn=warn)
    subject, _, asked = result.asked.partition(": ")
    return Verdict(
        tone=tone,
        sign=sign,
        word=word,
        subject=bounded(subject),
        asked=message(asked),
        found=message(result.found),
        nearest=tuple(map(bounded, result.nearest)),
        more=result.more,
        unread=tuple(map(message, result.unread)),
    )


def _outcome(result: RequirementResult, *, warn: bool) -> tuple[str, str, str]:
    if result.met:
        return "good", "✓", "Met"
    if result.unread:
        return "note", "?", "Unknown"
    return ("note", "!", "Not met") if warn else ("bad", "✗", "Not met")
