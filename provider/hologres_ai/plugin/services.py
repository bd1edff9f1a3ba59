"""The services of the plugin: the schema at once, and the rest once it is asked for.

Of the three processes that the engine starts one after the other for a YAML program, two are asked for the schema
alone. It takes gRPC to answer, and neither Pulumi's SDK nor our own core, whose imports take three times as long.
"""

from collections.abc import Awaitable, Callable
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import grpc  # type: ignore[import-untyped]
from google.protobuf.wrappers_pb2 import StringValue

from ..starting import own_imports
from .schema import schema_text

if TYPE_CHECKING:
    from .servicer import Servicer


class Services(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Finds what answers a request. `engine` is the address of the engine, which shows warnings; it may be empty.

    Pulumi's messages are in its SDK. Of those needed here, two have one field, a text with the number 1, and one has
    none: on the wire they are protobuf's own `StringValue`, full or empty.
    """

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._at_once = {
            "Handshake": None,  # not implemented, as in the SDK
            "GetPluginInfo": _method(self._version),
            "GetSchema": _method(self._schema),
            "Cancel": _method(self._cancel),
        }

    def service(self, details: Any) -> Any:
        """The handler of the method that `details` names; None where there is none."""
        name = details.method.rpartition("/")[2]
        return self._at_once[name] if name in self._at_once else self._rest.service(details)

    async def cancel(self) -> None:
        """Give up the reads under way, where there can be some."""
        if "_servicer" in self.__dict__:
            await self._servicer.cancel()

    async def _version(self) -> StringValue:
        return StringValue(value=version("hologres_ai"))

    async def _schema(self) -> StringValue:
        return StringValue(value=schema_text())

    async def _cancel(self) -> StringValue:
        await self.cancel()
        return StringValue()

    @cached_property
    def _servicer(self) -> "Servicer":
        with own_imports():
            from .servicer import Servicer  # noqa: PLC0415

        return Servicer.start(self._engine)

    @cached_property
    def _rest(self) -> Any:
        return self._servicer.handlers()


def _method(answer: Callable[[], Awaitable[StringValue]]) -> Any:
    """The handler that gives this answer, whatever the request."""

    async def handle(_request: bytes, _context: Any) -> StringValue:
        return await answer()

    return grpc.unary_unary_rpc_method_handler(handle, response_serializer=StringValue.SerializeToString)
