"""The SDK's services, with those that carry inventories reading and writing them whole; see `wire`."""

import sys
from importlib.metadata import version
from typing import Any, Self

import grpc  # type: ignore[import-untyped]
import pulumi
from pulumi.provider.experimental import provider
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime.proto import provider_pb2 as proto
from pulumi.runtime.proto.provider_pb2_grpc import add_ResourceProviderServicer_to_server
from pulumi.runtime.settings import reset_options

from .provider import HologresProvider
from .wire import read_struct

_KINDS = {kind: getattr(proto.PropertyDiff, kind.name) for kind in provider.PropertyDiffKind}
_write = PropertyValue.marshal_map


class Servicer(ProviderServicer):
    """Translates as the SDK does: the same requests, the same answers."""

    @classmethod
    def start(cls, engine: str) -> Self:
        """The services of a new provider, whose warnings the engine at that address shows."""
        reset_options(engine_address=engine or None)
        return cls([], version("hologres_ai"), HologresProvider(_warn), engine)

    def handlers(self) -> grpc.GenericRpcHandler:
        """What finds the method of a request."""
        found = _Registry()
        add_ResourceProviderServicer_to_server(self, found)
        [handlers] = found
        return handlers

    async def cancel(self) -> None:
        """Give up the reads under way."""
        await self._provider.cancel()

    async def Check(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """See the SDK's."""
        olds, news = read_struct(request.olds), read_struct(request.news)
        answer = await self._provider.check(provider.CheckRequest(request.urn, olds, news, request.randomSeed))
        failures = [proto.CheckFailure(property=item.property, reason=item.reason) for item in answer.failures or ()]
        inputs = None if answer.inputs is None else _write(answer.inputs)
        return proto.CheckResponse(inputs=inputs, failures=failures)

    async def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """See the SDK's."""
        olds, news, ignored = read_struct(request.olds), read_struct(request.news), list(request.ignoreChanges)
        answer = await self._provider.diff(provider.DiffRequest(request.urn, request.id, olds, news, ignored))
        paths = answer.detailed_diff.items()
        return proto.DiffResponse(
            changes=proto.DiffResponse.DIFF_SOME if answer.changes else proto.DiffResponse.DIFF_NONE,
            diffs=answer.diffs,
            detailedDiff={
                path: proto.PropertyDiff(kind=_KINDS[diff.kind], inputDiff=diff.input_diff) for path, diff in paths
            },
            hasDetailedDiff=True,
        )

    async def Create(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """See the SDK's."""
        inputs = read_struct(request.properties)
        answer = await self._provider.create(
            provider.CreateRequest(request.urn, inputs, request.timeout, request.preview)
        )
        return proto.CreateResponse(id=answer.resource_id or "", properties=_write(answer.properties))

    async def Update(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """See the SDK's."""
        answer = await self._provider.update(
            provider.UpdateRequest(
                request.urn,
                request.id,
                read_struct(request.olds),
                read_struct(request.news),
                timeout=request.timeout,
                ignore_changes=request.ignoreChanges,
                preview=request.preview,
            )
        )
        return proto.UpdateResponse(properties=_write(answer.properties))

    async def Read(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """See the SDK's."""
        state, inputs = read_struct(request.properties), read_struct(request.inputs)
        answer = await self._provider.read(provider.ReadRequest(request.urn, request.id, state, inputs))
        return proto.ReadResponse(
            id=answer.resource_id or "", properties=_write(answer.properties), inputs=_write(answer.inputs)
        )


class _Registry(list[grpc.GenericRpcHandler]):
    """Stands for the server that services are added to."""

    def add_generic_rpc_handlers(self, handlers: tuple[grpc.GenericRpcHandler, ...]) -> None:
        self.extend(handlers)


def _warn(text: str) -> None:
    """Show a warning beside the resources; the engine hides what a plugin writes to stderr."""
    try:
        pulumi.log.warn(text)
    except grpc.RpcError:
        print(f"warning: {text}", file=sys.stderr, flush=True)  # noqa: T201 - an engine that has gone
