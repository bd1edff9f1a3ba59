"""What the page has to say beside the figures: drift, requirements, regions that could not be read. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...clock import describe_duration, parse_time
from ...drift import Change, Drift, Event
from ...models import AiNodeListResult
from ...requirements import RequirementResult
from .shown import count, shown

MAX_EVENTS = 200

# A sign and a tone for what a person looks for first. The kind itself stands beside them in words.
SIGNS = {
    "added": ("+", "good"),
    "removed": ("−", "bad"),
    "renewal-turned-off": ("!", "bad"),
    "renewal-turned-on": ("+", "good"),
    "expiry-moved-forward": ("→", "good"),
    "expiry-moved-backward": ("←", "bad"),
}
OTHER_SIGN = ("~", "note")


@dataclass(frozen=True)
class Gap:
    """A region that could not be read, and why."""

    region: str
    outcome: str
    reason: str


def gaps(result: AiNodeListResult | None, drift: Drift | None) -> tuple[Gap, ...]:
    """The regions that could not be read, now or when the baseline was made."""
    known = {item.region: item for item in result.region_outcomes} if result else {}
    unread = sorted({*(result.unread if result else ()), *(drift.unread if drift else ())})
    return tuple(
        Gap(shown(region), shown(known[region].outcome), shown(known[region].reason or ""))
        if region in known and not known[region].is_read
        else Gap(shown(region), "not in the baseline", "It could not be read when the baseline was made.")
        for region in unread
    )


@dataclass(frozen=True)
class FieldChange:
    """A field and its two values; `note` is the distance of two times."""

    field: str
    before: str
    after: str
    note: str


@dataclass(frozen=True)
class EventRow:
    """One event of drift."""

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
class DriftView:
    """What changed since the baseline; events beyond `MAX_EVENTS` only as a number."""

    counts: tuple[tuple[str, int], ...]
    events: tuple[EventRow, ...]
    others: int
    ignored: int
    classes: str


def drift_view(drift: Drift, ignored: int) -> DriftView:
    """The events, the worst first, with their number by kind."""
    ordered = sorted(drift.events, key=_severity)
    return DriftView(
        counts=tuple(Counter(event.kind for event in ordered).most_common()),
        events=tuple(_event(event, drift.region) for event in ordered[:MAX_EVENTS]),
        others=max(len(ordered) - MAX_EVENTS, 0),
        ignored=ignored,
        classes=", ".join(drift.classes),
    )


def _severity(event: Event) -> int:
    """Bad ones first, then those without a tone; events of one tone keep their order."""
    return ("bad", "note", "good").index(SIGNS.get(event.kind, OTHER_SIGN)[1])


def drift_summary(drift: Drift) -> str:
    """``3 events at 2 of 13 AI instances``."""
    if not drift.events:
        return f"{count(drift.after, 'AI instance')} as in the baseline"
    touched = {(event.region_id, event.node.ai_instance_id) for event in drift.events}
    removed = [event for event in drift.events if event.kind == "removed"]
    compared = count(drift.after + len(removed), "AI instance")
    return f"{count(len(drift.events), 'event')} at {len(touched)} of {compared}"


def _event(event: Event, region: str) -> EventRow:
    sign, tone = SIGNS.get(event.kind, OTHER_SIGN)
    node = event.node
    return EventRow(
        sign=sign,
        tone=tone,
        kind=event.kind,
        category=event.category,
        name=shown(node.ai_instance_id),
        region="" if event.region_id == region else shown(event.region_id),
        owner=shown(node.holo_instance_name),
        changes=tuple(map(_change, event.changes)),
        size=f"{shown(node.node_count)} × {shown(node.ai_spec)}",
    )


def _change(change: Change) -> FieldChange:
    return FieldChange(change.field, shown(change.before), shown(change.after), _distance(change))


def _distance(change: Change) -> str:
    """``365 days later``, of what is a time."""
    then, now = parse_time(change.before), parse_time(change.after)
    if change.field != "expirationTime" or then is None or now is None:
        return ""
    return f"{describe_duration(now - then)} {'later' if now > then else 'earlier'}"


@dataclass(frozen=True)
class Verdict:
    """What became of a requirement: `tone` is good, bad or note."""

    tone: str
    sign: str
    word: str
    subject: str
    asked: str
    found: str
    nearest: tuple[str, ...]
    more: int
    unread: tuple[str, ...]


def verdicts(findings: Sequence[RequirementResult]) -> tuple[Verdict, ...]:
    """A verdict for each requirement, in their order."""
    return tuple(_verdict(finding) for finding in findings)


def _verdict(finding: RequirementResult) -> Verdict:
    tone, sign, word = _judged(finding)
    subject, _, asked = finding.asked.partition(": ")
    return Verdict(
        tone=tone,
        sign=sign,
        word=word,
        subject=shown(subject),
        asked=shown(asked),
        found=shown(finding.found),
        nearest=tuple(map(shown, finding.nearest)),
        more=finding.more,
        unread=tuple(map(shown, finding.unread)),
    )


def _judged(finding: RequirementResult) -> tuple[str, str, str]:
    if finding.met:
        return "good", "✓", "Met"
    return ("note", "?", "Not known") if finding.unread else ("bad", "✗", "Not met")


def requirements_summary(findings: Sequence[RequirementResult]) -> str:
    """``2 of 3 requirements met``."""
    return f"{sum(finding.met for finding in findings)} of {count(len(findings), 'requirement')} met"


def paragraphs(text: str) -> Iterator[str]:
    """The lines of a remedy, each as text of the page."""
    return (shown(line) for line in text.splitlines() if line.strip())
