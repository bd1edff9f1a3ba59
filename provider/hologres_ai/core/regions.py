"""The same call to one region or to several at once, and what came of each.

All start together and each has its own deadline, so that a region which does not answer costs its own time and not
everybody's. They share one quota of retries, because they go through the same network.
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
    AuthenticationError,
    ConfigurationError,
    CredentialsError,
    HologresAiError,
    RegionsError,
    TransportError,
)
from ..models import AiNode, NodeList, RegionOutcome
from ..region_data import REGIONS
from .call_sharing import CallSharing

# More than there are regions: with fewer, dead ones would keep the others waiting.
AT_ONCE = 32

RegionResult = NodeList | HologresAiError
Progress = Callable[[Sequence[str]], None]
"""Is told the regions that are waited for: all at the start, and after each that has answered, or failed, the rest."""


async def call_regions(
    settings: Sequence[CallConfig],
    instance_id: str | None,
    *,
    progress: Progress | None = None,
    shared: CallSharing | None = None,
    connections: Connections | None = None,
) -> dict[str, RegionResult]:
    """The answer of each region, or its error, by its name; with `shared`, without asking twice.

    The calls go out on `connections`, which stay open, or on some that are closed in the end.

    Raises:
        ConfigurationError, CredentialsError: what all the regions need is wrong; the other calls are given up.
    """
    quota, slots, shared = RetryQuota(), asyncio.Semaphore(AT_ONCE), shared or CallSharing()
    waiting = [one.region for one in settings]
    if progress:
        progress(waiting)

    async def call(one: CallConfig) -> RegionResult:
        async with slots:
            client = Client(one, quota=quota, connections=kept)
            answer = await _answer(shared.get((one, instance_id), lambda: client.list_instance_model(instance_id)))
        waiting.remove(one.region)
        if progress:
            progress(waiting)
        return answer

    try:
        async with ensure_connections(connections) as kept, asyncio.TaskGroup() as group:
            tasks = {one.region: group.create_task(call(one)) for one in settings}
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return {region: task.result() for region, task in tasks.items()}


async def _answer(reply: Awaitable[NodeList]) -> RegionResult:
    try:
        return await reply
    except (ConfigurationError, CredentialsError):
        raise
    except HologresAiError as error:
        return error


def outcomes(answers: Mapping[str, RegionResult]) -> tuple[RegionOutcome, ...]:
    """What came of each region, sorted. A reason has no request ID: in a state, that would be drift."""
    return tuple(_outcome(region, answers[region]) for region in sorted(answers))


def _outcome(region: str, answer: RegionResult) -> RegionOutcome:
    if isinstance(answer, NodeList):
        return RegionOutcome(region=region, outcome="ok" if answer.nodes else "empty")
    if isinstance(answer, AuthenticationError | AccessDeniedError):
        kind = "denied"
    elif isinstance(answer, TransportError) and answer.no_such_host and region not in REGIONS:
        kind = "not-a-region"
    else:
        kind = "unreachable"
    facts = ", ".join(str(fact) for fact in (answer.status and f"HTTP {answer.status}", answer.code) if fact)
    return RegionOutcome(region=region, outcome=kind, reason=f"{answer.title} ({facts})" if facts else answer.title)


def join(answers: Mapping[str, RegionResult], *, partial: bool) -> NodeList:
    """One reply of those of all regions; where `partial`, with a warning for each that could not be read.

    Raises:
        RegionsError: a region could not be read; where `partial`, none could.
    """
    replies = {region: answer for region, answer in answers.items() if isinstance(answer, NodeList)}
    failed = {region: answer for region, answer in answers.items() if isinstance(answer, HologresAiError)}
    if failed and not (partial and replies):
        raise _error(failed, len(answers))
    gaps = [f"{item.region} could not be read: {item.outcome}: {item.reason}" for item in outcomes(failed)]
    return NodeList(
        nodes=tuple(_placed(node, region) for region, reply in replies.items() for node in reply.nodes),
        request_id=None,
        warnings=(*gaps, *(warning for reply in replies.values() for warning in reply.warnings)),
    )


def _placed(node: AiNode, region: str) -> AiNode:
    """The node, with the region that listed it where it does not say: among several, nothing else would tell."""
    return node if node.region_id else replace(node, region_id=region)


def _error(failed: Mapping[str, HologresAiError], asked: int) -> RegionsError:
    lines = [
        f"{item.region}: {item.outcome}: {item.reason}{_request(failed[item.region])}" for item in outcomes(failed)
    ]
    return RegionsError(
        f"{len(failed)} of {asked} regions could not be read",
        "\n".join([*lines, _remedy(failed, all_failed=len(failed) == asked)]),
        errors=failed,
    )


def _remedy(failed: Mapping[str, HologresAiError], *, all_failed: bool) -> str:
    if not all_failed:
        return "Leave them out, or take the others: partial for onRegionError, --on-region-error on the command line."
    if all(isinstance(error, TransportError) for error in failed.values()):
        return "Check the network and the proxy settings."
    return next(iter(failed.values())).remedy


def _request(error: HologresAiError) -> str:
    return f", request {error.request_id}" if error.request_id else ""
