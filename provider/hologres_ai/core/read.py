"""Read AI nodes: build a result from arguments. Every interface reads through `read` or `read_sync`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..api.transport import Connections
from ..config import CallConfig, resolve, resolve_regions
from ..errors import HologresAiError
from ..errors.codes import RAM_ACTION
from ..models import AiNodeListResult, NodeList, Query, build_query
from ..names import region_label
from ..settings.lookup import Lookup
from .call_sharing import CallSharing
from .regions import FetchNodes, Progress, RegionResult, fetch_regions, join, outcomes
from .result import build_result, describe_filters
from .session import Session, run


async def read(
    query: Query,
    arguments: Mapping[str, str | None] | None = None,
    stack: Lookup | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    shared: CallSharing | None = None,
    connections: Connections | None = None,
    fetch: FetchNodes | None = None,
) -> AiNodeListResult:
    """Read the nodes that `query` selects, in a stable order, with their totals and fingerprint.

    Args:
        query: the regions and the filters.
        arguments: explicit settings, by the argument names in `settings.SETTINGS`.
        stack: returns the value of a key of the Pulumi configuration, if there is a configuration.
        environ: the environment; by default that of the process.
        progress: called with the regions that are still being read; see `regions.Progress`.
        shared: shares identical calls within one run of a program.
        connections: the connections to use; by default new ones, which are closed at the end.
        fetch: fetches the nodes of one region; by default a call of the API.

    Raises:
        ConfigurationError: a setting is missing or invalid. It is raised before any network call.
        HologresAiError: a region could not be read. A failure is never returned as an empty list.
    """
    if query.regions:
        configs = resolve_regions(query.regions, arguments, stack, environ)
    else:
        region = {"region": query.region} if query.region else {}
        configs = (resolve({**(arguments or {}), **region}, stack, environ),)
    results = await fetch_regions(
        configs, query.instance_id, progress=progress, shared=shared, connections=connections, fetch=fetch
    )
    listed = join(results, partial=query.on_region_error == "partial") if query.regions else _only(results)
    read_configs = [config for config in configs if isinstance(results[config.region], NodeList)]
    warnings = dict.fromkeys(warning for config in read_configs for warning in config.warnings)
    label = region_label(query.region, query.regions) or configs[0].region
    result = build_result(label, query, listed, warnings=warnings, region_outcomes=outcomes(results))
    return result if result.instance_model_list else _explain_empty(result, configs, listed)


def _only(results: Mapping[str, RegionResult]) -> NodeList:
    [listed] = results.values()
    if isinstance(listed, HologresAiError):
        raise listed
    return listed


def _explain_empty(result: AiNodeListResult, configs: Sequence[CallConfig], listed: NodeList) -> AiNodeListResult:
    """Add a warning to an empty result: the endpoint, the source of the credentials, and the effect of each filter."""
    asked = f"{configs[0].endpoint.url} was" if len(configs) == 1 else "Their endpoints were"
    request = f", request {listed.request_id}" if listed.request_id else ""
    warning = (
        f"no AI nodes in {result.place}: {describe_filters(result.query, listed.nodes)}. "
        f"{asked} asked with credentials from {configs[0].credentials_from}{request}. "
        f"Check that account and region are right. The RAM action is {RAM_ACTION}."
    )
    return replace(result, warnings=(*result.warnings, warning))


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
    profile: str | None = None,
    access_key: str | None = None,
    secret_key: str | None = None,
    security_token: str | None = None,
    endpoint: str | None = None,
    session: Session | None = None,
) -> AiNodeListResult:
    """Read the AI nodes of a region, or of several regions, without a Pulumi engine.

    The filters are those of the `AiNodeList` resource. The function can be called from any thread, even if an event
    loop runs in that thread.

    Args:
        instance_id: only the nodes of this Hologres instance.
        region: the region to read; by default that of the environment or the profile.
        regions: the regions to read concurrently, instead of `region`; ``["*"]`` means all known ones.
        on_region_error: ``"fail"`` (the default) or ``"partial"``, which returns the nodes of the regions that could be
            read.
        ids, name_regex, statuses, charge_types, ai_specs: filters, joined by AND.
        include_usage: whether the result includes used and free figures.
        profile: a profile of the shared credentials file, in place of every other source of credentials.
        access_key, secret_key, security_token: an AccessKey; by default from the environment.
        endpoint: the host of the API; by default that of the region.
        session: a session, which keeps connections open for the next read.

    Raises:
        InvalidArgumentError: an argument is invalid. It is raised before any network call.
        ConfigurationError: a setting is missing or invalid. It is raised before any network call.
        HologresAiError: a region could not be read. A failure is never returned as an empty list.
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
    arguments = {
        "profile": profile,
        "access_key": access_key,
        "secret_key": secret_key,
        "security_token": security_token,
        "endpoint": endpoint,
    }
    return read_sync(query, arguments, session=session)


def read_sync(
    query: Query,
    arguments: Mapping[str, str | None] | None = None,
    stack: Lookup | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    shared: CallSharing | None = None,
    session: Session | None = None,
    fetch: FetchNodes | None = None,
) -> AiNodeListResult:
    """Run `read` from synchronous code, in the event loop of `session` or in a new event loop."""

    async def start(connections: Connections | None = None) -> AiNodeListResult:
        return await read(query, arguments, stack, environ=environ, shared=shared, connections=connections, fetch=fetch)

    return session.run(start) if session else run(start)
