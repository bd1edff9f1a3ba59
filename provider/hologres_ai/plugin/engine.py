"""The connection to the engine, which shows warnings of the plugin. The plugin exits after the engine has exited."""

import asyncio
import contextlib
import sys

import grpc  # type: ignore[import-untyped]
import grpc.aio  # type: ignore[import-untyped]
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

LOG_SECONDS = 5.0  # timeout of the call that shows a warning
GONE_SECONDS = 2.0  # an engine that does not respond for this long is assumed to have exited
_OPTIONS = [("grpc.enable_http_proxy", 0)]  # the engine is on this machine


class Engine:
    """A connection to an engine. If the address is empty, there is no engine."""

    def __init__(self, address: str = "") -> None:
        self.address = address
        self._channel = grpc.aio.insecure_channel(address, options=_OPTIONS) if address else None

    async def warn(self, text: str) -> None:
        """Show a warning to the user through the engine, or on stderr if the engine does not respond."""
        try:
            if self._channel is not None:
                request = engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=text)
                await engine_pb2_grpc.EngineStub(self._channel).Log(request, timeout=LOG_SECONDS)
                return
        except grpc.RpcError:
            pass
        print(f"warning: {text}", file=sys.stderr, flush=True)  # noqa: T201 - there is no other way to show it

    async def wait_until_gone(self) -> None:
        """Return when the engine has exited. Without an engine, or with an engine that never responded, do not return.

        The engine can exit without stopping its plugins, which would then run forever.
        """
        if self._channel is None:
            await asyncio.Event().wait()
            return
        await self._channel.channel_ready()
        with contextlib.suppress(TimeoutError):
            while True:
                await asyncio.wait_for(self._channel.channel_ready(), GONE_SECONDS)
                await self._channel.wait_for_state_change(grpc.ChannelConnectivity.READY)

    async def close(self) -> None:
        """Close the connection."""
        if self._channel is not None:
            await self._channel.close()
