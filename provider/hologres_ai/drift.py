"""Compare two results of the same query and classify each difference, without I/O or a clock.

The classes and their kinds of events:

    inventory   added, removed, resized, owner-changed
    lifecycle   status-changed, billing-changed, renamed,
                renewal-turned-off, renewal-turned-on, renewal-changed,
                expiry-moved-forward, expiry-moved-backward, expiry-changed
    usage       usage

A node is identified by its region and its AI instance ID. The order of the nodes, exact repetitions of a node, and the
notation of a time are not compared.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import zip_longest

from pydantic import JsonValue

from .clock import parse_time
from .errors import Failure, InvalidArgumentError
from .models import USAGE_FIELDS, AiNode, AiNodeListResult, Query
from .names import DEFAULT_DRIFT_CLASSES, DRIFT_CLASSES, DRIFT_EVENTS, did_you_mean, to_camel

FILTERS = tuple(
    field.name for field in fields(Query) if field.name not in ("region", "on_region_error", "include_usage")
)

FieldValue = str | int | None
Key = tuple[str | None, str | None]
Nodes = Sequence[AiNode]
Pair = tuple[AiNode | None, AiNode | None]
KindOf = Callable[[AiNode, AiNode], str | None]


@dataclass(frozen=True, slots=True)
class Change:
    """A changed field, with its name in the API and both values. None means that the API returned no value."""

    field: str
    before: FieldValue
    after: FieldValue


@dataclass(frozen=True, slots=True)
class Event:
    """A difference in one AI instance.

    Attributes:
        category: the class of the difference, from `names.DRIFT_CLASSES`.
        kind: the kind of the event, from `names.DRIFT_EVENTS`.
        region_id: the region of the AI instance.
        node: the current state of the AI instance, or the last known state if the AI instance was removed.
        changes: the changed fields; empty if the AI instance was added or removed.
    """

    category: str
    kind: str
    region_id: str | None
    node: AiNode
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Drift:
    """The differences in the selected classes, sorted by region and AI instance ID.

    Attributes:
        region: the region, or several regions joined by commas.
        place: the region or the number of regions, such as ``18 regions``.
        query: the query of both results.
        classes: the classes that were compared.
        events: the differences.
        before, after: the number of compared AI instances in the baseline and in the current result.
        unread: the regions that could not be read in at least one of the two results.
    """

    region: str
    place: str
    query: Query
    classes: tuple[str, ...]
    events: tuple[Event, ...]
    before: int
    after: int
    unread: tuple[str, ...] = ()

    def of(self, category: str) -> tuple[Event, ...]:
        """Return the events of one class."""
        return tuple(event for event in self.events if event.category == category)


def compare(
    baseline: AiNodeListResult,
    current: AiNodeListResult,
    classes: Collection[str] = DEFAULT_DRIFT_CLASSES,
) -> Drift:
    """Return the differences from `baseline` to `current`.

    If a region could not be read in one of the two results, the nodes of this region are not compared.

    Args:
        baseline: the earlier result.
        current: the current result of the same query.
        classes: the classes to compare, from `names.DRIFT_CLASSES`.

    Raises:
        InvalidArgumentError: the two results have different queries; a class is unknown, or no class is given; or the
            class ``usage`` is given and one of the two results contains no usage values.
    """
    chosen = _choose_classes(classes)
    failures = [*_different_queries(baseline, current)]
    if "usage" in chosen and not (baseline.query.include_usage and current.query.include_usage):
        failures.append(Failure("classes", "usage can't be compared: one of the two results contains no usage values"))
    if failures:
        raise InvalidArgumentError(failures)
    unread = {*baseline.unread, *current.unread}
    olds, news = (_by_key(result, current.region, unread) for result in (baseline, current))
    keys = sorted(olds | news, key=lambda key: (key[0] or "", key[1] or ""))
    events = (event for key in keys for event in _events(key, olds.get(key, ()), news.get(key, ())))
    return Drift(
        region=current.region,
        place=current.place,
        query=current.query,
        classes=chosen,
        events=tuple(event for event in events if event.category in chosen),
        before=sum(map(len, olds.values())),
        after=sum(map(len, news.values())),
        unread=tuple(sorted(unread)),
    )


def _choose_classes(classes: Collection[str]) -> tuple[str, ...]:
    """Return the classes without repetitions, in the order of `names.DRIFT_CLASSES`."""
    failures = [
        Failure("classes", f"no such class: {name!r}{did_you_mean(name, DRIFT_CLASSES)}")
        for name in classes
        if name not in DRIFT_CLASSES
    ]
    if failures or not classes:
        raise InvalidArgumentError(
            failures or [Failure("classes", f"specify at least one of {', '.join(DRIFT_CLASSES)}")]
        )
    return tuple(name for name in DRIFT_CLASSES if name in classes)


def _different_queries(baseline: AiNodeListResult, current: AiNodeListResult) -> Iterator[Failure]:
    if baseline.region != current.region:
        yield Failure(
            "baseline", f"was read in region {baseline.region}, but the current result was read in {current.region}"
        )
    for name in FILTERS:
        then, now = getattr(baseline.query, name), getattr(current.query, name)
        if _as_set(then) != _as_set(now):
            reason = f"was read with a different query: {to_camel(name)} was {_filter(then)}, now {_filter(now)}"
            yield Failure("baseline", reason)


def _as_set(value: object) -> object:
    return frozenset(value) if isinstance(value, tuple) else value


def _filter(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(value)}]"
    return "not set" if value is None else f'"{value}"'


def _by_key(result: AiNodeListResult, region: str, unread: Collection[str]) -> dict[Key, list[AiNode]]:
    """Group the nodes by region and ID, with exact duplicates removed. Different nodes can have the same ID."""
    found: dict[Key, list[AiNode]] = {}
    for node in dict.fromkeys(result.instance_model_list):
        place = node.region_id or region
        if place not in unread:
            found.setdefault((place, node.ai_instance_id), []).append(node)
    return found


def _events(key: Key, olds: Nodes, news: Nodes) -> Iterator[Event]:
    for before, after in _pairs(olds, news, identified=key[1] is not None):
        if before is None and after is not None:
            yield Event("inventory", "added", key[0], after)
        elif after is None and before is not None:
            yield Event("inventory", "removed", key[0], before)
        elif before is not None and after is not None and before != after:
            yield from _changes_of(key[0], before, after)


def _pairs(olds: Nodes, news: Nodes, *, identified: bool) -> Iterable[Pair]:
    """Pair the old and the new nodes of one key for comparison."""
    known, found = set(olds), set(news)
    gone, fresh = [node for node in olds if node not in found], [node for node in news if node not in known]
    if not identified or not olds or not news:
        # An ID is reported as added or removed once, even if the API returned several nodes with this ID.
        pairs = list(zip_longest(gone, fresh))
        return pairs[:1] if identified else pairs
    # The ID is in both results. One more or one less node with this ID is not an added or removed node.
    return [(old or olds[-1], new or news[-1]) for old, new in zip_longest(gone, fresh)]


def _changes_of(region: str | None, before: AiNode, after: AiNode) -> Iterator[Event]:
    for names, kind_of in RULES:
        values = [(name, getattr(before, name), getattr(after, name)) for name in names]
        changes = tuple(Change(to_camel(name), old, new) for name, old, new in values if old != new)
        kind = kind_of(before, after) if changes else None
        if kind is not None:
            yield Event(DRIFT_EVENTS[kind], kind, region, after, changes)


def _always(kind: str) -> KindOf:
    return lambda _before, _after: kind


def _owner(before: AiNode, after: AiNode) -> str:
    """Return ``renamed`` if only the name changed. An ``owner-changed`` event includes the new name."""
    return "renamed" if before.holo_instance_id == after.holo_instance_id else "owner-changed"


def _renewal(before: AiNode, after: AiNode) -> str:
    if before.auto_renewal is None or after.auto_renewal is None:
        return "renewal-changed"
    return "renewal-turned-on" if after.auto_renewal else "renewal-turned-off"


def _expiry(before: AiNode, after: AiNode) -> str | None:
    then, now = parse_time(before.expiration_time), parse_time(after.expiration_time)
    if then is None or now is None:
        return "expiry-changed"
    if then == now:
        return None
    return "expiry-moved-forward" if now > then else "expiry-moved-backward"


# Groups of related fields. If a field of a group changed, the function returns the kind of event, or None for no event.
RULES: tuple[tuple[tuple[str, ...], KindOf], ...] = (
    (("ai_spec", "resource_type", "node_count", "cpu", "memory", "gpu", "gpu_memory"), _always("resized")),
    (("holo_instance_id", "holo_instance_name"), _owner),
    (("status",), _always("status-changed")),
    (("charge_type", "commodity_code"), _always("billing-changed")),
    (("auto_renewal",), _renewal),
    (("expiration_time",), _expiry),
    (USAGE_FIELDS, _always("usage")),
)


def worst_first(events: Iterable[Event]) -> list[Event]:
    """Return the events in the order of `names.DRIFT_EVENTS`, which starts with the most severe kind."""
    ranks = list(DRIFT_EVENTS)
    return sorted(events, key=lambda event: ranks.index(event.kind))


def drift_fingerprint(drift: Drift) -> str:
    """Return the SHA-256, in hexadecimal, of the events and of the regions that could not be read.

    The fingerprint does not depend on the time of the comparison. Usage affects the fingerprint only if the class
    ``usage`` is compared.
    """
    lines = [json.dumps(line) for event in drift.events for line in _fingerprint_lines(event)]
    lines += [json.dumps(["unread", region]) for region in drift.unread]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _fingerprint_lines(event: Event) -> Iterator[list[FieldValue]]:
    head = [event.category, event.kind, event.region_id, event.node.ai_instance_id]
    if not event.changes:
        yield [*head, None, None, None]
    for change in event.changes:
        yield [*head, change.field, change.before, change.after]


def to_json(drift: Drift, ignored: Sequence[Event] = ()) -> Mapping[str, JsonValue]:
    """Return the drift as JSON, with the field names of the API. The events in `ignored` do not count as drift."""
    return {
        "kind": "hologres-ai/Drift",
        "version": 1,
        "drift": bool(drift.events),
        "fingerprint": drift_fingerprint(drift),
        "region": drift.region,
        "unread": list(drift.unread),
        "classes": list(drift.classes),
        "counts": {name: len(drift.of(name)) for name in drift.classes},
        "events": [_event_to_json(event) for event in drift.events],
        "ignored": [_event_to_json(event) for event in ignored],
    }


def _event_to_json(event: Event) -> dict[str, JsonValue]:
    return {
        "class": event.category,
        "kind": event.kind,
        "regionId": event.region_id,
        "aiInstanceId": event.node.ai_instance_id,
        "holoInstanceId": event.node.holo_instance_id,
        "holoInstanceName": event.node.holo_instance_name,
        "changes": [{"field": item.field, "before": item.before, "after": item.after} for item in event.changes],
    }
