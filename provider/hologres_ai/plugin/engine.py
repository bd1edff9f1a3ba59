"""The engine that started the plugin: it shows warnings, and the plugin ends when the engine has ended."""

import asyncio
import sys

import grpc  # type: ignore[import-untyped]
import grpc.aio  # type: ignore[import-untyped]
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

LOG_SECONDS = 5.0  # the longest wait for a warning to be shown
GONE_SECONDS = 2.0  # without a response for this long, the engine has ended
_OPTIONS = [("grpc.enable_http_proxy", 0)]  # the engine is on this machine


class Engine:
    """A connection to an engine; without one if the address is empty."""

    def __init__(self, address: str = "") -> None:
        self.address = address
        self._channel = grpc.aio.insecure_channel(address, options=_OPTIONS) if address else None

    async def warn(self, text: str) -> None:
        """Show a warning to the user; on stderr if there is no engine."""
        try:
            if self._channel is not None:
                request = engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=text)
                await engine_pb2_grpc.EngineStub(self._channel).Log(request, timeout=LOG_SECONDS)
                return
        except grpc.RpcError:
            pass
        print(f"warning: {text}", file=sys.stderr, flush=True)  # noqa: T201 - there is no other place

    async def wait_until_gone(self, seconds: float = GONE_SECONDS) -> None:
        """Return when an engine that once answered has stopped; never if it did not answer, or if there is none.

        The process of the engine may end without stopping its plugins, which would then run forever.
        """
        if self._channel is None:
            await asyncio.Event().wait()
            return
        await self._channel.channel_ready()
        while await _is_ready(self._channel, seconds):
            await self._channel.wait_for_state_change(grpc.ChannelConnectivity.READY)

    async def close(self) -> None:
        """Close the connection."""
        if self._channel is not None:
            await self._channel.close()


async def _is_ready(channel: grpc.aio.Channel, seconds: float) -> bool:
    try:
        await asyncio.wait_for(channel.channel_ready(), seconds)
    except TimeoutError:
        return False
    return True
