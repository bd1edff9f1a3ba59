"""Region fan-out: fetch the nodes of one or several regions concurrently, and build the outcome of each region.

Every region has its own deadline, so that a region that does not respond does not delay the others. All regions share
one retry quota, because they share the network.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from ..api.client import Client
from ..api.retry import RetryQuota
from ..api.transport import Connections, ensure_connections
from ..config import CallConfig
from ..errors import (
    AccessDeniedError,
    ApiError,
    AuthenticationError,
    ConfigurationError,
    CredentialsError,
    HologresAiError,
    RegionsError,
    TransportError,
)
from ..errors.codes import classify
from ..models import NodeList, RegionOutcome
from ..region_data import REGIONS
from .call_sharing import CallSharing

# More than the number of regions. With a smaller limit, regions that do not respond would delay the others.
MAX_CONCURRENT = 32

RegionResult = NodeList | HologresAiError

FetchNodes = Callable[[CallConfig, str | None], Awaitable[NodeList]]
"""Fetches the nodes of one region; the second argument is the Hologres instance, or None for all."""

Progress = Callable[[Sequence[str]], None]
"""Called with the regions that are still being read: first with all regions, then after each region that is done."""


async def fetch_regions(
    configs: Sequence[CallConfig],
    instance_id: str | None,
    *,
    progress: Progress | None = None,
    shared: CallSharing | None = None,
    connections: Connections | None = None,
    fetch: FetchNodes | None = None,
) -> dict[str, RegionResult]:
    """Fetch the nodes of each region and return them, or the error, by the region's name.

    Args:
        configs: the resolved configuration of each region.
        instance_id: the Hologres instance, or None for all.
        progress: see `Progress`.
        shared: shares identical calls.
        connections: the connections to use, which stay open; by default new ones, which are closed at the end.
        fetch: fetches one region; by default a call of the API.

    Raises:
        ConfigurationError, CredentialsError: the settings or the credentials, which all regions share, are invalid. The
            other calls are cancelled.
    """
    slots, shared = asyncio.Semaphore(MAX_CONCURRENT), shared or CallSharing()
    waiting = [config.region for config in configs]
    if progress:
        progress(waiting)

    async def fetch_one(config: CallConfig, fetch: FetchNodes) -> RegionResult:
        async with slots:
            result = await _result_or_error(shared.get((config, instance_id), lambda: fetch(config, instance_id)))
        waiting.remove(config.region)
        if progress:
            progress(waiting)
        return result

    try:
        async with ensure_connections(connections) as kept, asyncio.TaskGroup() as group:
            fetch = fetch or _api_fetch(kept)
            tasks = {config.region: group.create_task(fetch_one(config, fetch)) for config in configs}
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return {region: task.result() for region, task in tasks.items()}


def _api_fetch(connections: Connections) -> FetchNodes:
    """Return a function that calls the API of one region. All its calls share one retry quota."""
    quota = RetryQuota()

    def fetch(config: CallConfig, instance_id: str | None) -> Awaitable[NodeList]:
        return Client(config, quota=quota, connections=connections).list_instance_model(instance_id)

    return fetch


async def _result_or_error(nodes: Awaitable[NodeList]) -> RegionResult:
    try:
        return await nodes
    except (ConfigurationError, CredentialsError):
        raise
    except HologresAiError as error:
        return error


def outcomes(results: Mapping[str, RegionResult]) -> tuple[RegionOutcome, ...]:
    """Return the outcome of each region, sorted by region.

    A reason contains no request ID, because a new request ID in a state would be drift.
    """
    return tuple(_outcome(region, results[region]) for region in sorted(results))


def _outcome(region: str, result: RegionResult) -> RegionOutcome:
    if isinstance(result, NodeList):
        return RegionOutcome(region=region, outcome="ok" if result.nodes else "empty")
    if isinstance(result, AuthenticationError | AccessDeniedError):
        outcome = "denied"
    elif _is_no_region(region, result):
        outcome = "not-a-region"
    else:
        outcome = "unreachable"
    facts = ", ".join(str(fact) for fact in (result.status and f"HTTP {result.status}", result.code) if fact)
    return RegionOutcome(region=region, outcome=outcome, reason=f"{result.title} ({facts})" if facts else result.title)


def _is_no_region(region: str, error: HologresAiError) -> bool:
    """Return whether there is no such region: the API says so, or no host has the name of an unknown one."""
    if isinstance(error, TransportError):
        return error.no_such_host and region not in REGIONS
    return isinstance(error, ApiError) and classify(error.code, error.status).no_such_region


def join(results: Mapping[str, RegionResult], *, partial: bool) -> NodeList:
    """Join the nodes of all regions. With `partial`, add a warning for each region that could not be read.

    Raises:
        RegionsError: a region could not be read; with `partial`, none of the regions could be read.
    """
    lists = {region: result for region, result in results.items() if isinstance(result, NodeList)}
    failed = {region: result for region, result in results.items() if isinstance(result, HologresAiError)}
    if failed and not (partial and lists):
        raise _regions_error(failed, len(results))
    nodes = (
        node if node.region_id else replace(node, region_id=region)
        for region, listed in lists.items()
        for node in listed.nodes
    )
    unread = [f"{item.region} could not be read: {item.outcome}: {item.reason}" for item in outcomes(failed)]
    return NodeList(
        nodes=tuple(nodes),
        request_id=None,
        warnings=(*unread, *(warning for listed in lists.values() for warning in listed.warnings)),
    )


def _regions_error(failed: Mapping[str, HologresAiError], asked: int) -> RegionsError:
    lines = []
    for item in outcomes(failed):
        request_id = failed[item.region].request_id
        request = f", request {request_id}" if request_id else ""
        lines.append(f"{item.region}: {item.outcome}: {item.reason}{request}")
    if len(failed) < asked:
        step = 'Remove these regions, or read the others with onRegionError "partial" (--on-region-error partial).'
    elif all(isinstance(error, TransportError) for error in failed.values()):
        step = "Check the network and the proxy settings."
    else:
        step = next(iter(failed.values())).remedy
    return RegionsError(f"{len(failed)} of {asked} regions could not be read", "\n".join([*lines, step]), errors=failed)
