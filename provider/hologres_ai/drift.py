"""Two results of the same query compared, and each difference classified: pure.

    inventory   added, removed, resized, owner-changed
    lifecycle   status-changed, billing-changed, renamed,
                renewal-turned-off, renewal-turned-on, renewal-changed,
                expiry-moved-forward, expiry-moved-backward, expiry-changed
    usage       usage

A node is known by its region and its AI instance ID. What only looks like a difference is none: another order, an
exact repeat, the same moment in other words.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import cache
from itertools import zip_longest

from pydantic import JsonValue

from .collecting import collected_later
from .errors import Failure, InvalidArgumentError
from .models import USAGE_FIELDS, AiNode, AiNodeListResult, Query
from .names import did_you_mean, to_camel

CLASSES = ("inventory", "lifecycle", "usage")
# Usage moves all the time.
DEFAULT_CLASSES = ("inventory", "lifecycle")

FILTERS = tuple(
    field.name for field in fields(Query) if field.name not in ("region", "on_region_error", "include_usage")
)

Value = str | int | None
Key = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class Change:
    """A field, by the API's name, and its two values; None is one that the API did not give."""

    field: str
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to one AI instance; `node` is how it is now or, when it was removed, how it was."""

    category: str
    kind: str
    region_id: str | None
    node: AiNode
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Drift:
    """What a comparison found in the chosen classes, in the order of the nodes; `place` is its region in words."""

    region: str
    place: str
    query: Query
    classes: tuple[str, ...]
    events: tuple[Event, ...]
    before: int
    after: int
    unread: tuple[str, ...] = ()

    def of(self, category: str) -> tuple[Event, ...]:
        """The events of one of `CLASSES`."""
        return tuple(event for event in self.events if event.category == category)


@collected_later()
def compare(
    baseline: AiNodeListResult,
    current: AiNodeListResult,
    classes: Collection[str] = DEFAULT_CLASSES,
) -> Drift:
    """What changed from `baseline` to `current`; takes time in proportion to their nodes.

    The nodes of a region that could not be read, then or now, are left out: nothing is known of them.

    Args:
        baseline: how it was.
        current: how it is; an answer to the same query.
        classes: which of `CLASSES` count.

    Raises:
        InvalidArgumentError: the two answer different queries, or a class does not exist or was not read.
    """
    chosen = choose(classes)
    failures = [*_different(baseline, current), *_without_usage(chosen, baseline, current)]
    if failures:
        raise InvalidArgumentError(failures)
    unread = {*baseline.unread, *current.unread}
    olds, news = (_by_key(nodes, current.region, unread) for nodes in _in_question(baseline, current))
    moved = [key for key in olds | news if olds.get(key) != news.get(key)]
    events = (event for key in sorted(moved, key=_order) for event in _events(key, olds.get(key), news.get(key)))
    return Drift(
        region=current.region,
        place=current.place,
        query=current.query,
        classes=chosen,
        events=tuple(event for event in events if event.category in chosen),
        before=_count(baseline, unread),
        after=_count(current, unread),
        unread=tuple(sorted(unread)),
    )


def choose(classes: Collection[str]) -> tuple[str, ...]:
    """The classes in their own order, each once.

    Raises:
        InvalidArgumentError: one does not exist.
    """
    failures = [
        Failure("classes", f"no such class: {name!r}{did_you_mean(name, CLASSES)}")
        for name in classes
        if name not in CLASSES
    ]
    if failures or not classes:
        raise InvalidArgumentError(failures or [Failure("classes", f"give at least one of {', '.join(CLASSES)}")])
    return tuple(name for name in CLASSES if name in classes)


def _different(baseline: AiNodeListResult, current: AiNodeListResult) -> Iterator[Failure]:
    if baseline.region != current.region:
        yield Failure("baseline", f"was read in region {baseline.region}, and this is {current.region}")
    for name in FILTERS:
        then, now = getattr(baseline.query, name), getattr(current.query, name)
        if _as_set(then) != _as_set(now):
            yield Failure("baseline", f"was read with {to_camel(name)} {_asked(then)}, and this with {_asked(now)}")


def _as_set(value: object) -> object:
    return frozenset(value) if isinstance(value, tuple) else value


def _asked(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(value)}]"
    return "left out" if value is None else f'"{value}"'


def _without_usage(chosen: Sequence[str], *results: AiNodeListResult) -> Iterator[Failure]:
    if "usage" in chosen and not all(result.query.include_usage for result in results):
        yield Failure("classes", "usage can't be compared, because it was left out of one of the two")


Nodes = Sequence[AiNode]


def _in_question(baseline: AiNodeListResult, current: AiNodeListResult) -> tuple[Nodes, Nodes]:
    """The nodes of both, but for those that are the same in the same place, as most are.

    Where an ID stands for several nodes, or is missing, all are in question: they can only be judged together.
    """
    olds, news = baseline.instance_model_list, current.instance_model_list
    if not (_has_distinct_ids(baseline) and _has_distinct_ids(current)):
        return olds, news
    both = min(len(olds), len(news))
    moved = [place for place in range(both) if olds[place] != news[place]]
    return [olds[place] for place in moved] + [*olds[both:]], [news[place] for place in moved] + [*news[both:]]


def _has_distinct_ids(result: AiNodeListResult) -> bool:
    return len(result.ids) == len(result.instance_model_list)


def _count(result: AiNodeListResult, unread: Collection[str]) -> int:
    """How many nodes are compared: each once, and none of a region that could not be read."""
    if _has_distinct_ids(result) and not unread:
        return len(result.instance_model_list)
    return sum(map(len, _by_key(result.instance_model_list, result.region, unread).values()))


def _by_key(nodes: Nodes, region: str, unread: Collection[str]) -> dict[Key, list[AiNode]]:
    """The nodes without exact repeats, by region and id. The ID stands for several only where the API repeats it."""
    found: dict[Key, list[AiNode]] = {}
    for node in nodes:
        place = node.region_id or region
        if place not in unread:
            found.setdefault((place, node.ai_instance_id), []).append(node)
    return {key: nodes if len(nodes) == 1 else list(dict.fromkeys(nodes)) for key, nodes in found.items()}


def _order(key: Key) -> tuple[str, str]:
    region, ai_instance_id = key
    return region or "", ai_instance_id or ""


def _events(key: Key, olds: Sequence[AiNode] | None, news: Sequence[AiNode] | None) -> Iterator[Event]:
    for before, after in _pairs(olds or (), news or (), identified=key[1] is not None):
        if before is None and after is not None:
            yield Event("inventory", "added", key[0], after)
        elif after is None and before is not None:
            yield Event("inventory", "removed", key[0], before)
        elif before is not None and after is not None and before != after:
            yield from _moved(key[0], before, after)


Pair = tuple[AiNode | None, AiNode | None]


def _pairs(olds: Sequence[AiNode], news: Sequence[AiNode], *, identified: bool) -> Iterable[Pair]:
    """What is to be compared with what, among the nodes of one key."""
    if len(olds) == len(news) == 1:
        return [(olds[0], news[0])]
    gone, fresh = _less(olds, news), _less(news, olds)
    if not identified or not olds or not news:
        # An ID that comes or goes does so once, however often the API repeats it.
        pairs = list(zip_longest(gone, fresh))
        return pairs[:1] if identified else pairs
    # The ID is on both sides: one entry of it more or less is no node that came or went.
    return [(old or olds[-1], new or news[-1]) for old, new in zip_longest(gone, fresh)]


def _less(nodes: Sequence[AiNode], others: Sequence[AiNode]) -> list[AiNode]:
    known = set(others)
    return [node for node in nodes if node not in known]


def _moved(region: str | None, before: AiNode, after: AiNode) -> Iterator[Event]:
    for rule in RULES:
        kind = rule.kind(before, after)
        if kind is not None:
            changes = tuple(_changes(rule.fields, before, after))
            yield Event(rule.category, kind, region, after, changes)


_camel = cache(to_camel)


def _changes(names: Iterable[str], before: AiNode, after: AiNode) -> Iterator[Change]:
    for name in names:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield Change(_camel(name), old, new)


@dataclass(frozen=True)
class Rule:
    """Which fields belong together, their class, and what their change is called; None where it is none."""

    category: str
    fields: tuple[str, ...]
    kind: Callable[[AiNode, AiNode], str | None]


def _any(kind: str, *names: str) -> Callable[[AiNode, AiNode], str | None]:
    return lambda before, after: kind if any(getattr(before, name) != getattr(after, name) for name in names) else None


def _renamed(before: AiNode, after: AiNode) -> str | None:
    """Another owner has another name, which is told with the owner."""
    same_owner = before.holo_instance_id == after.holo_instance_id
    return "renamed" if same_owner and before.holo_instance_name != after.holo_instance_name else None


_RENEWAL = {(True, False): "renewal-turned-off", (False, True): "renewal-turned-on"}


def _renewal(before: AiNode, after: AiNode) -> str | None:
    if before.auto_renewal == after.auto_renewal:
        return None
    values = before.auto_renewal, after.auto_renewal
    return "renewal-changed" if None in values else _RENEWAL[bool(values[0]), bool(values[1])]


def _expiry(before: AiNode, after: AiNode) -> str | None:
    if before.expiration_time == after.expiration_time:
        return None
    then, now = moment(before.expiration_time), moment(after.expiration_time)
    if then is None or now is None:
        return "expiry-changed"
    if then == now:
        return None
    return "expiry-moved-forward" if now > then else "expiry-moved-backward"


def moment(text: Value) -> datetime | None:
    """An expirationTime as a moment; None where there is none, or it can't be read."""
    try:
        read = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return read.replace(tzinfo=UTC) if read and read.tzinfo is None else read


_SIZE = ("ai_spec", "resource_type", "node_count", "cpu", "memory", "gpu", "gpu_memory")

RULES = (
    Rule("inventory", _SIZE, _any("resized", *_SIZE)),
    Rule("inventory", ("holo_instance_id", "holo_instance_name"), _any("owner-changed", "holo_instance_id")),
    Rule("lifecycle", ("holo_instance_name",), _renamed),
    Rule("lifecycle", ("status",), _any("status-changed", "status")),
    Rule("lifecycle", ("charge_type", "commodity_code"), _any("billing-changed", "charge_type", "commodity_code")),
    Rule("lifecycle", ("auto_renewal",), _renewal),
    Rule("lifecycle", ("expiration_time",), _expiry),
    Rule("usage", USAGE_FIELDS, _any("usage", *USAGE_FIELDS)),
)


def to_json(drift: Drift) -> Mapping[str, JsonValue]:
    """The comparison for programs, in the API's spelling."""
    return {
        "kind": "hologres-ai/Drift",
        "version": 1,
        "drift": bool(drift.events),
        "region": drift.region,
        "unread": list(drift.unread),
        "classes": list(drift.classes),
        "counts": {name: len(drift.of(name)) for name in drift.classes},
        "events": [_event_to_json(event) for event in drift.events],
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
