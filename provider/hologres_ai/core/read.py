"""Read the AI nodes: the one core behind every face.

`read` is asynchronous and takes a query that is already valid; `read_ai_nodes` is the plain Python door that validates
it first.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from operator import attrgetter

from pydantic import TypeAdapter

from ..api.transport import Connections
from ..collecting import collected_later
from ..config import CallConfig, resolve, resolve_regions
from ..errors import HologresAiError
from ..errors.codes import RAM_ACTION
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
    build_query,
)
from ..names import region_label, to_camel
from ..settings import Lookup
from .call_sharing import CallSharing
from .regions import Progress, RegionResult, call_regions, join, outcomes
from .session import Session, run

_to_json = TypeAdapter(AiNode).serializer.to_json
_USAGE = set(USAGE_FIELDS)
_AT_ONCE = 1024  # lines


async def read(
    query: Query,
    arguments: Mapping[str, str | None] | None = None,
    stack: Lookup | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    shared: CallSharing | None = None,
    connections: Connections | None = None,
) -> AiNodeListResult:
    """The nodes that `query` selects, in a stable order, with what follows from them.

    Args:
        query: what is asked.
        arguments: explicit settings, by the names in `sources.SETTINGS`.
        stack: reads the Pulumi configuration, where there is one.
        environ: the environment; the process's own when left out.
        progress: is told the regions that are waited for; see `regions.Progress`.
        shared: the calls of one run of a program, of which none is made twice.
        connections: what the calls go out on; when left out, connections that are closed at the end.

    Raises:
        ConfigurationError: a setting is missing or can't be meant; before any network call.
        HologresAiError: the region could not be read; a failure is never an empty list.
    """
    if query.regions:
        settings = resolve_regions(query.regions, arguments, stack, environ)
    else:
        settings = (resolve({**(arguments or {}), "region": query.region}, stack, environ),)
    answers = await call_regions(settings, query.instance_id, progress=progress, shared=shared, connections=connections)
    return _of_several(query, settings, answers) if query.regions else _of_one(query, settings[0], answers)


def _of_one(query: Query, settings: CallConfig, answers: Mapping[str, RegionResult]) -> AiNodeListResult:
    answer = answers[settings.region]
    if isinstance(answer, HologresAiError):
        raise answer
    found = build_result(settings.region, query, answer, warnings=settings.warnings, region_outcomes=outcomes(answers))
    return _explained(found, [settings], answer)


def _of_several(query: Query, settings: Sequence[CallConfig], answers: Mapping[str, RegionResult]) -> AiNodeListResult:
    reply = join(answers, partial=query.on_region_error == "partial")
    warnings = [warning for one in settings if isinstance(answers[one.region], NodeList) for warning in one.warnings]
    result = build_result(
        region_label(query.region, query.regions), query, reply, warnings=warnings, region_outcomes=outcomes(answers)
    )
    return _explained(result, settings, reply)


def _explained(result: AiNodeListResult, settings: Sequence[CallConfig], reply: NodeList) -> AiNodeListResult:
    """The result; where it is empty, with a warning that says how that came about."""
    if result.instance_model_list:
        return result
    one = len(settings) == 1
    asked = f"{settings[0].endpoint.url} was" if one else "Their endpoints were"
    request = f", request {reply.request_id}" if reply.request_id else ""
    warning = (
        f"no AI nodes in {result.place}: {_taken_away(result.query, reply.nodes)}. "
        f"{asked} asked with credentials from {settings[0].credentials_from}{request}. "
        f"Is it the right account and region? The RAM action is {RAM_ACTION}."
    )
    return replace(result, warnings=(*result.warnings, warning))


def _taken_away(query: Query, nodes: Sequence[AiNode]) -> str:
    """How many nodes there were, and how many each filter left."""
    steps = [f"the service listed {len(nodes) or 'none'}"]
    for name, passes in _filters(query).items():
        if nodes:
            nodes = [node for node in nodes if passes(node)]
            steps.append(f"{to_camel(name)} left {len(nodes) or 'none'}")
    return ", ".join(steps)


def keep_unread(result: AiNodeListResult, known: Iterable[AiNode]) -> AiNodeListResult:
    """The result with the nodes that were known before in the regions that could not be read.

    For what is kept in a state: there, a node that could not be seen must not look like one that has gone.
    """
    kept = [node for node in known if node.region_id in result.unread]
    if not kept:
        return result
    reply = NodeList(nodes=(*result.instance_model_list, *kept), request_id=None)
    whole = build_result(result.region, result.query, reply, region_outcomes=result.region_outcomes)
    return replace(whole, warnings=result.warnings)


def read_ai_nodes(
    instance_id: str | None = None,
    *,
    region: str | None = None,
    regions: Sequence[str] | None = None,
    on_region_error: str | None = None,
    ids: Sequence[str] | None = None,
    name_regex: str | None = None,
    statuses: Sequence[str] | None = None,
    charge_types: Sequence[str] | None = None,
    ai_specs: Sequence[str] | None = None,
    include_usage: bool = True,
    access_key: str | None = None,
    secret_key: str | None = None,
    security_token: str | None = None,
    endpoint: str | None = None,
    session: Session | None = None,
) -> AiNodeListResult:
    """The AI nodes of a region, or of several at once, without a Pulumi engine.

    Takes the arguments of the `AiNodeList` resource; what is left out comes from the environment. Can be called from
    any thread, also while an event loop runs in it. A `session` keeps the connections for the next read.

    Raises:
        InvalidArgumentError, ConfigurationError: before any network call.
        HologresAiError: the region could not be read; a failure is never an empty list.
    """
    query = build_query(
        {
            "instance_id": instance_id,
            "region": region,
            "regions": regions,
            "on_region_error": on_region_error,
            "ids": ids,
            "name_regex": name_regex,
            "statuses": statuses,
            "charge_types": charge_types,
            "ai_specs": ai_specs,
            "include_usage": include_usage,
        }
    )
    keys = {"access_key": access_key, "secret_key": secret_key, "security_token": security_token}
    return read_sync(query, {**keys, "endpoint": endpoint}, session=session)


def read_sync(
    query: Query,
    arguments: Mapping[str, str | None] | None = None,
    stack: Lookup | None = None,
    *,
    shared: CallSharing | None = None,
    environ: Mapping[str, str] | None = None,
    session: Session | None = None,
) -> AiNodeListResult:
    """`read`, from synchronous code: what the synchronous faces share."""

    def start(connections: Connections | None = None) -> Awaitable[AiNodeListResult]:
        return read(query, arguments, stack, environ=environ, shared=shared, connections=connections)

    return session.run(start) if session else run(start)


@collected_later()
def build_result(
    region: str,
    query: Query,
    reply: NodeList,
    *,
    warnings: Iterable[str] = (),
    region_outcomes: tuple[RegionOutcome, ...] = (),
) -> AiNodeListResult:
    """What a reply gives once it is normalised, filtered and sorted: pure."""
    found = [*warnings, *reply.warnings]
    nodes = [_in_utc(node, found) for node in reply.nodes]
    if not query.include_usage:  # first of all: two that differ in nothing else are one
        nodes = [_without_usage(node) for node in nodes]
    passing = _filters(query).values()
    nodes = _sorted([node for node in _distinct(nodes, found) if all(passes(node) for passes in passing)])
    return AiNodeListResult(
        region=region,
        instance_model_list=tuple(nodes),
        ids=_each_once(map(attrgetter("ai_instance_id"), nodes)),
        names=_each_once(map(attrgetter("holo_instance_name"), nodes)),
        totals=totals(nodes),
        fingerprint=fingerprint(nodes),
        region_outcomes=region_outcomes,
        request_id=reply.request_id,
        query=query,
        warnings=tuple(found),
    )


def selects(query: Query, node: AiNode) -> bool:
    """Whether a node passes every filter. `instance_id` is checked here too, should the service not heed it."""
    return all(passes(node) for passes in _filters(query).values())


Filter = Callable[[AiNode], bool]


def _filters(query: Query) -> dict[str, Filter]:
    """The filters that are given, by their names."""
    one_of = (
        ("instance_id", query.instance_id and (query.instance_id,), "holo_instance_id"),
        ("ids", query.ids, "ai_instance_id"),
        ("statuses", query.statuses, "status"),
        ("charge_types", query.charge_types, "charge_type"),
        ("ai_specs", query.ai_specs, "ai_spec"),
    )
    found = {name: _is_one_of(wanted, field) for name, wanted, field in one_of if wanted is not None}
    if query.name_regex is not None:
        regex = re.compile(query.name_regex)
        found["name_regex"] = lambda node: regex.search(node.holo_instance_name or "") is not None
    return found


def _is_one_of(wanted: Collection[str], field: str) -> Filter:
    value = attrgetter(field)
    return lambda node: value(node) in wanted


def capacity(node: AiNode, resource: str) -> int | None:
    """Specification x nodeCount of one of `RESOURCES`, or None where either is missing."""
    return _product(getattr(node, resource), node.node_count)


def _product(specification: int | None, count: int | None) -> int | None:
    return None if specification is None or count is None else _exact(specification * count)


def free(node: AiNode, resource: str) -> int | None:
    """Capacity less used; None where either is unknown, or used is less than nothing or more than there is."""
    return _free(capacity(node, resource), getattr(node, f"{resource}_used"))


def _free(whole: int | None, used: int | None) -> int | None:
    return None if whole is None or used is None or not 0 <= used <= whole else whole - used


def totals(nodes: Sequence[AiNode]) -> Totals:
    """Sums over nodes; one unknown makes its sum unknown."""
    counts = [node.node_count for node in nodes]
    return Totals(node_count=_sum(counts), **{resource: _usage(nodes, counts, resource) for resource in RESOURCES})


def _usage(nodes: Sequence[AiNode], counts: Sequence[int | None], resource: str) -> Usage:
    used: list[int | None] = [*map(attrgetter(f"{resource}_used"), nodes)]
    capacities = [*map(_product, map(attrgetter(resource), nodes), counts)]
    return Usage(capacity=_sum(capacities), used=_sum(used), free=_sum([*map(_free, capacities, used)]))


def _sum(values: Sequence[int | None]) -> int | None:
    return None if None in values else _exact(sum(value for value in values if value is not None))


def _exact(value: int) -> int | None:
    """Unknown past what Pulumi's wire holds: it would arrive there as a neighbouring number."""
    return value if abs(value) <= MAX_EXACT_INTEGER else None


def fingerprint(nodes: Sequence[AiNode]) -> str:
    """SHA-256, in hexadecimal, of the nodes without their usage figures, in whatever order they come."""
    lines = sorted({_to_json(node, by_alias=True, exclude_none=True, exclude=_USAGE) for node in nodes})
    digest = hashlib.sha256()
    for start in range(0, len(lines), _AT_ONCE):  # all joined, they would take as much memory again
        digest.update((b"\n" if start else b"") + b"\n".join(lines[start : start + _AT_ONCE]))
    return digest.hexdigest()


def _without_usage(node: AiNode) -> AiNode:
    return replace(node, **dict.fromkeys(USAGE_FIELDS))


def _each_once(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted(value for value in set(values) if value is not None))


def _key(node: AiNode) -> tuple[str, str]:
    return node.region_id or "", node.ai_instance_id or ""


def _sorted(nodes: Sequence[AiNode]) -> list[AiNode]:
    """By place and id; two nodes with one id are told apart by all they have, so that they keep their order too."""
    places = [_place(node) for node in nodes]
    if len(set(places)) == len(nodes):
        return [nodes[index] for index in sorted(range(len(nodes)), key=places.__getitem__)]
    return sorted(nodes, key=lambda node: (*_place(node), repr(node)))


def _place(node: AiNode) -> tuple[str, str, str]:
    return node.region_id or "", node.holo_instance_id or "", node.ai_instance_id or ""


def _distinct(nodes: Sequence[AiNode], warnings: list[str]) -> list[AiNode]:
    """The nodes without exact repeats, and a warning for each id that two different nodes share."""
    if len(set(map(_key, nodes))) == len(nodes):
        return list(nodes)
    once = list(dict.fromkeys(nodes))
    seen: set[tuple[str, str]] = set()
    for node in once:
        if node.ai_instance_id and _key(node) in seen:
            warnings.append(f"the API lists {node.ai_instance_id} more than once, with different values")
        seen.add(_key(node))
    return once


def _in_utc(node: AiNode, warnings: list[str]) -> AiNode:
    """The node with its expiry in UTC; a time that is in UTC already is left as it came, to the letter."""
    text = node.expiration_time
    if text is None:
        return node
    try:
        moment = datetime.fromisoformat(text)
        utc = text if text.endswith("Z") else _utc_text(moment)
    except (ValueError, OverflowError):
        warnings.append(f"the expirationTime of {node.ai_instance_id} can't be read: {text[:64]!r}")
        return node
    return node if utc is text else replace(node, expiration_time=utc)


def _utc_text(moment: datetime) -> str:
    """In the API's form, ``2026-01-28T07:44:27.535Z``; a time without a zone is in UTC, as the API says."""
    utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    precision = "microseconds" if utc.microsecond % 1000 else "milliseconds"
    return utc.isoformat(timespec=precision).replace("+00:00", "Z")
