"""Build the result from the nodes in the response: filters, order, totals, fingerprint. No I/O, no clock."""

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from pydantic import TypeAdapter

from ..clock import days_left, parse_time, to_utc_text
from ..models import (
    MAX_EXACT_INTEGER,
    RESOURCES,
    USAGE_FIELDS,
    AiNode,
    AiNodeListResult,
    NodeList,
    Query,
    RegionOutcome,
    Totals,
    Usage,
)
from ..names import to_camel

Filter = Callable[[AiNode], bool]

# The documented charge types are PostPaid and PrePaid. The console shows PrePaid as "Subscription". Case is ignored.
PAY_AS_YOU_GO = "postpaid"
SUBSCRIPTION = ("prepaid", "subscription")


class Owner(NamedTuple):
    """A Hologres instance that has AI nodes."""

    region: str | None
    identifier: str | None
    name: str | None


_NODE = TypeAdapter(AiNode)
_WITHOUT_USAGE = dict.fromkeys(USAGE_FIELDS)


def build_result(
    region: str,
    query: Query,
    listed: NodeList,
    *,
    warnings: Iterable[str] = (),
    region_outcomes: tuple[RegionOutcome, ...] = (),
) -> AiNodeListResult:
    """Normalise, filter and sort the nodes in `listed`. Calculate the IDs, names, totals and fingerprint."""
    found = [*warnings, *listed.warnings]
    nodes = [_in_utc(node, found) for node in listed.nodes]
    if not query.include_usage:  # before repetitions are removed: nodes that differ only in usage are then equal
        nodes = [replace(node, **_WITHOUT_USAGE) for node in nodes]
    filters = _filters(query).values()
    nodes = _sorted([node for node in _distinct(nodes, found) if all(passes(node) for passes in filters)])
    return AiNodeListResult(
        region=region,
        instance_model_list=tuple(nodes),
        ids=_sorted_texts(node.ai_instance_id for node in nodes),
        names=_sorted_texts(node.holo_instance_name for node in nodes),
        totals=totals(nodes),
        fingerprint=fingerprint(nodes),
        region_outcomes=region_outcomes,
        request_id=listed.request_id,
        query=query,
        warnings=tuple(found),
    )


def keep_unread(result: AiNodeListResult, known: Iterable[AiNode]) -> AiNodeListResult:
    """Return the result with the `known` nodes of the regions that could not be read.

    This is required for results in a state, because a node that could not be read must not be shown as removed.
    """
    kept = [node for node in known if node.region_id in result.unread]
    if not kept:
        return result
    listed = NodeList(nodes=(*result.instance_model_list, *kept), request_id=None)
    whole = build_result(result.region, result.query, listed, region_outcomes=result.region_outcomes)
    return replace(whole, warnings=result.warnings)


def selects(query: Query, node: AiNode) -> bool:
    """Return whether a node matches all filters. `instance_id` is included in case the API ignores this parameter."""
    return all(passes(node) for passes in _filters(query).values())


def describe_filters(query: Query, nodes: Sequence[AiNode]) -> str:
    """Return the number of nodes before and after each filter: ``the service listed 3, statuses left none``."""
    steps = [f"the service listed {len(nodes) or 'none'}"]
    for name, passes in _filters(query).items():
        if nodes:
            nodes = [node for node in nodes if passes(node)]
            steps.append(f"{to_camel(name)} left {len(nodes) or 'none'}")
    return ", ".join(steps)


def _filters(query: Query) -> dict[str, Filter]:
    """Return the filters of the query, by the names of their arguments."""
    one_of = {
        "instance_id": (query.instance_id and (query.instance_id,), "holo_instance_id"),
        "ids": (query.ids, "ai_instance_id"),
        "statuses": (query.statuses, "status"),
        "charge_types": (query.charge_types, "charge_type"),
        "ai_specs": (query.ai_specs, "ai_spec"),
    }
    found = {name: _is_one_of(wanted, field) for name, (wanted, field) in one_of.items() if wanted is not None}
    if query.name_regex is not None:
        regex = re.compile(query.name_regex)
        found["name_regex"] = lambda node: regex.search(node.holo_instance_name or "") is not None
    return found


def _is_one_of(wanted: Collection[str], field: str) -> Filter:
    return lambda node: getattr(node, field) in wanted


def capacity(node: AiNode, resource: str) -> int | None:
    """Return specification x nodeCount for one of `RESOURCES`, or None if one of the values is missing."""
    specification: int | None = getattr(node, resource)
    return None if specification is None or node.node_count is None else _exact(specification * node.node_count)


def free(node: AiNode, resource: str) -> int | None:
    """Return capacity minus used, or None if a value is unknown or negative, or if used is greater than capacity."""
    return _difference(capacity(node, resource), getattr(node, f"{resource}_used"))


def _difference(whole: int | None, used: int | None) -> int | None:
    return None if whole is None or used is None or not 0 <= used <= whole else whole - used


def may_end(node: AiNode, now: datetime) -> bool:
    """Return whether the subscription of a node can expire or has expired.

    A node that is known to be pay-as-you-go cannot expire. A subscription that is known to renew automatically cannot
    expire either, unless its expiry time is in the past: then the renewal did not happen. A node with an unknown charge
    type can expire if it has an expiry time. A subscription without an expiry time can expire at any time.
    """
    if is_pay_as_you_go(node):
        return False
    if node.auto_renewal is True:
        end = parse_time(node.expiration_time)
        return end is not None and end < now
    return (node.charge_type or "").casefold() in SUBSCRIPTION or has_end(node)


def is_pay_as_you_go(node: AiNode) -> bool:
    """Return whether the charge type is known to be pay-as-you-go, which does not expire."""
    return (node.charge_type or "").casefold() == PAY_AS_YOU_GO


def has_end(node: AiNode) -> bool:
    """Return whether the API returned an expiry time, even an invalid one. An empty text and the year 1 mean none."""
    text = node.expiration_time or ""
    return bool(text.strip()) and not text.startswith("0001-")


def ends_within(node: AiNode, now: datetime, days: int) -> bool:
    """Return whether the subscription of a node has expired, or can expire in less than this many days."""
    end = parse_time(node.expiration_time)
    return end is not None and may_end(node, now) and days_left(end, now) < days


def by_owner(nodes: Iterable[AiNode]) -> Iterator[tuple[Owner, tuple[AiNode, ...]]]:
    """Yield the nodes of each Hologres instance, in the order of a result, with the instance."""
    for owner, owned in groupby(
        nodes, lambda node: Owner(node.region_id, node.holo_instance_id, node.holo_instance_name)
    ):
        yield owner, tuple(owned)


def totals(nodes: Sequence[AiNode]) -> Totals:
    """Return the totals across all nodes. A total is None if the value of a node is unknown."""
    count = _sum([node.node_count for node in nodes])
    return Totals(node_count=count, **{resource: _usage(nodes, resource) for resource in RESOURCES})


def _usage(nodes: Sequence[AiNode], resource: str) -> Usage:
    capacities = [capacity(node, resource) for node in nodes]
    used = [getattr(node, f"{resource}_used") for node in nodes]
    return Usage(capacity=_sum(capacities), used=_sum(used), free=_sum([*map(_difference, capacities, used)]))


def _sum(values: Sequence[int | None]) -> int | None:
    return None if None in values else _exact(sum(value for value in values if value is not None))


def _exact(value: int) -> int | None:
    """Return the value, or None if a double, the number type of Pulumi's protocol, cannot represent it exactly."""
    return value if abs(value) <= MAX_EXACT_INTEGER else None


def fingerprint(nodes: Iterable[AiNode]) -> str:
    """Return the SHA-256, in hexadecimal, of the nodes without usage values. The order has no effect."""
    lines = {_NODE.dump_json(node, by_alias=True, exclude_none=True, exclude=set(USAGE_FIELDS)) for node in nodes}
    return hashlib.sha256(b"\n".join(sorted(lines))).hexdigest()


def _sorted_texts(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({value for value in values if value is not None}))


def _sorted(nodes: Sequence[AiNode]) -> list[AiNode]:
    """Sort nodes by region, Hologres instance and ID. If these are equal, sort the nodes by all values."""
    if len({_place(node) for node in nodes}) == len(nodes):
        return sorted(nodes, key=_place)
    return sorted(nodes, key=lambda node: (*_place(node), _NODE.dump_json(node)))


def _place(node: AiNode) -> tuple[str, str, str]:
    return node.region_id or "", node.holo_instance_id or "", node.ai_instance_id or ""


def _distinct(nodes: Sequence[AiNode], warnings: list[str]) -> list[AiNode]:
    """Remove exact repetitions. Add a warning if different nodes have the same ID, or if equal nodes have no ID."""
    once = list(dict.fromkeys(nodes))
    omitted = sum(not node.ai_instance_id for node in nodes) - sum(not node.ai_instance_id for node in once)
    if omitted:
        reason = "they cannot be distinguished and are counted once"
        warnings.append(
            f"the API lists AI instances without an ID and with equal values; {reason} (omitted: {omitted})"
        )
    seen: set[tuple[str | None, str | None]] = set()
    for node in once:
        key = node.region_id, node.ai_instance_id
        if key in seen and node.ai_instance_id:
            warnings.append(f"the API lists {node.ai_instance_id} more than once, with different values")
        seen.add(key)
    return once


def _in_utc(node: AiNode, warnings: list[str]) -> AiNode:
    """Return the node with its expiry time in UTC, so that the same time in a different time zone is not a change."""
    text = node.expiration_time
    if text is None:
        return node
    if not has_end(node):
        return replace(node, expiration_time=None)
    try:
        utc = to_utc_text(text)
    except (ValueError, OverflowError):
        name = node.ai_instance_id or "an AI instance without an ID"
        warnings.append(f"expirationTime of {name} is not a time: {text[:64]!r}; the value is returned unchanged")
        return node
    return node if utc == text else replace(node, expiration_time=utc)
