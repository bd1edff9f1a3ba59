"""Read the AI nodes: the one core behind every face.

`read` is asynchronous and takes settings and a query that are already valid; `read_ai_nodes` is the plain Python door
that resolves and validates them first.
"""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import TypeAdapter

from .client import Client
from .config import Lookup, Settings, resolve
from .models import (
    MAX_EXACT_INTEGER,
    RESOURCES,
    USAGE_FIELDS,
    AiNode,
    AiNodeListResult,
    Query,
    Reply,
    Totals,
    Usage,
    build_query,
)

T = TypeVar("T")

_NODE = TypeAdapter(AiNode)
_USAGE = set(USAGE_FIELDS)


async def read(settings: Settings, query: Query, *, client: Client | None = None) -> AiNodeListResult:
    """The nodes that `query` selects, in a stable order, with what follows from them.

    Raises:
        HologresAiError: the region could not be read; a failure is never an empty list.
    """
    reply = await (client or Client(settings)).list_instance_model(query.instance_id)
    return build_result(settings.region, query, reply, warnings=settings.warnings)


def read_ai_nodes(
    instance_id: str | None = None,
    *,
    region: str | None = None,
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
) -> AiNodeListResult:
    """The AI nodes of a region, without a Pulumi engine.

    Takes the arguments of the `AiNodeList` resource; what is left out comes from the environment. Can be called from
    any thread, also while an event loop runs in it.

    Raises:
        InvalidArgumentError, ConfigurationError: before any network call.
        HologresAiError: the region could not be read; a failure is never an empty list.
    """
    query = build_query(
        {
            "instance_id": instance_id,
            "region": region,
            "ids": ids,
            "name_regex": name_regex,
            "statuses": statuses,
            "charge_types": charge_types,
            "ai_specs": ai_specs,
            "include_usage": include_usage,
        }
    )
    keys = {"access_key": access_key, "secret_key": secret_key, "security_token": security_token}
    return read_query(query, {**keys, "endpoint": endpoint})


def read_query(
    query: Query, arguments: dict[str, str | None] | None = None, stack: Lookup | None = None
) -> AiNodeListResult:
    """Resolve the settings and read: what the synchronous faces share."""
    settings = resolve({**(arguments or {}), "region": query.region}, stack)
    return run(lambda: read(settings, query))


class _Unawaited(ThreadPoolExecutor):
    """Resolves host names in threads that can't be stopped, so that the end of a loop must not wait for them."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        super().shutdown(wait=False, cancel_futures=True)


def run(start: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine to its end from synchronous code, in a thread of its own when a loop runs in this one."""

    async def main() -> T:
        asyncio.get_running_loop().set_default_executor(_Unawaited())
        return await start()

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(main())
    with ThreadPoolExecutor(max_workers=1) as executor:
        return executor.submit(asyncio.run, main()).result()


def build_result(region: str, query: Query, reply: Reply, *, warnings: Iterable[str] = ()) -> AiNodeListResult:
    """What a reply gives once it is normalised, filtered and sorted: pure."""
    found = [*warnings, *reply.warnings]
    nodes = [_in_utc(node, found) for node in reply.nodes]
    if not query.include_usage:  # first of all: two that differ in nothing else are one
        nodes = [_without_usage(node) for node in nodes]
    nodes = _sorted([node for node in _distinct(nodes, found) if selects(query, node)])
    return AiNodeListResult(
        region=region,
        instance_model_list=tuple(nodes),
        ids=_each_once(node.ai_instance_id for node in nodes),
        names=_each_once(node.holo_instance_name for node in nodes),
        totals=totals(nodes),
        fingerprint=fingerprint(nodes),
        request_id=reply.request_id,
        query=query,
        warnings=tuple(found),
    )


def selects(query: Query, node: AiNode) -> bool:
    """Whether a node passes every filter. `instance_id` is checked here too, should the service not heed it."""
    one_of = (
        (query.instance_id and (query.instance_id,), node.holo_instance_id),
        (query.ids, node.ai_instance_id),
        (query.statuses, node.status),
        (query.charge_types, node.charge_type),
        (query.ai_specs, node.ai_spec),
    )
    if not all(wanted is None or value in wanted for wanted, value in one_of):
        return False
    return query.name_regex is None or re.search(query.name_regex, node.holo_instance_name or "") is not None


def capacity(node: AiNode, resource: str) -> int | None:
    """Specification x nodeCount of one of `RESOURCES`, or None where either is missing."""
    specification: int | None = getattr(node, resource)
    return None if specification is None or node.node_count is None else _exact(specification * node.node_count)


def free(node: AiNode, resource: str) -> int | None:
    """Capacity less used; None where either is unknown, or used is less than nothing or more than there is."""
    return _free(capacity(node, resource), getattr(node, f"{resource}_used"))


def _free(whole: int | None, used: int | None) -> int | None:
    return None if whole is None or used is None or not 0 <= used <= whole else whole - used


def totals(nodes: Sequence[AiNode]) -> Totals:
    """Sums over nodes; one unknown makes its sum unknown."""
    sums = {resource: _usage(nodes, resource) for resource in RESOURCES}
    return Totals(node_count=_sum([node.node_count for node in nodes]), **sums)


def _usage(nodes: Sequence[AiNode], resource: str) -> Usage:
    capacities = [capacity(node, resource) for node in nodes]
    used: list[int | None] = [getattr(node, f"{resource}_used") for node in nodes]
    return Usage(capacity=_sum(capacities), used=_sum(used), free=_sum([*map(_free, capacities, used)]))


def _sum(values: Sequence[int | None]) -> int | None:
    return None if None in values else _exact(sum(value for value in values if value is not None))


def _exact(value: int) -> int | None:
    """Unknown past what Pulumi's wire holds: it would arrive there as a neighbouring number."""
    return value if abs(value) <= MAX_EXACT_INTEGER else None


def fingerprint(nodes: Sequence[AiNode]) -> str:
    """SHA-256, in hexadecimal, of the nodes without their usage figures, in whatever order they come."""
    lines = sorted({_NODE.dump_json(node, by_alias=True, exclude_none=True, exclude=_USAGE) for node in nodes})
    return hashlib.sha256(b"\n".join(lines)).hexdigest()


def _without_usage(node: AiNode) -> AiNode:
    return replace(node, **dict.fromkeys(USAGE_FIELDS))


def _each_once(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({value for value in values if value is not None}))


def _key(node: AiNode) -> tuple[str, str]:
    return node.region_id or "", node.ai_instance_id or ""


def _sorted(nodes: Sequence[AiNode]) -> list[AiNode]:
    """By place and id; two nodes with one id are told apart by all they have, so that they keep their order too."""
    if len({_place(node) for node in nodes}) == len(nodes):
        return sorted(nodes, key=_place)
    return sorted(nodes, key=lambda node: (*_place(node), repr(node)))


def _place(node: AiNode) -> tuple[str, str, str]:
    return node.region_id or "", node.holo_instance_id or "", node.ai_instance_id or ""


def _distinct(nodes: Sequence[AiNode], warnings: list[str]) -> list[AiNode]:
    """The nodes without exact repeats, and a warning for each id that two different nodes share."""
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
