"""The process behind `pulumi-resource-hologres`: a port on loopback, until the engine has done with it.

The services are `pulumi.provider.experimental`'s. Its own `main` is not used for two reasons: it puts the trace of
whatever is raised into the message that a user reads, and it leaves a termination unanswered.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import grpc  # type: ignore[import-untyped]
import grpc.aio  # type: ignore[import-untyped]

from ..errors import HologresAiError
from ..process import exit_process
from .services import Services

LOOPBACK = "127.0.0.1"
DEBUG = "HOLOGRES_AI_DEBUG"
# 10,000 nodes, as inputs, outputs and what both were before, are some 30 MB; gRPC stops at 4. As the engine has it.
MAX_MESSAGE_BYTES = 400 * 1024 * 1024
_GRACE = 1.0  # seconds that requests under way get when the process is told to end; the engine waits for 5

Method = Callable[[Any, Any], Awaitable[Any]]


def main() -> None:
    """Serve until SIGINT or SIGTERM. The first line on stdout is the port."""
    parser = argparse.ArgumentParser(
        prog="pulumi-resource-hologres",
        description="The Pulumi plugin for Hologres AI nodes. It is started by the Pulumi engine.",
    )
    parser.add_argument("engine", nargs="?", help="address of the engine, which shows warnings")
    given, _ = parser.parse_known_args()  # the engine adds flags of its own for logs and traces
    asyncio.run(_serve(given.engine or ""))
    exit_process(0)  # the engine waits for each of its plugins' processes in turn


async def _serve(engine: str) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: an interrupt ends asyncio.run by itself
            loop.add_signal_handler(number, stop.set)
    services = Services(engine)
    server = grpc.aio.server(handlers=(services,), interceptors=(_PlainErrors(),), options=_options())
    port = server.add_insecure_port(f"{LOOPBACK}:0")
    await server.start()
    print(port, flush=True)  # noqa: T201 - how the engine finds the plugin
    await stop.wait()
    await services.cancel()
    await server.stop(_GRACE)


def _options() -> list[tuple[str, int]]:
    return [("grpc.max_receive_message_length", MAX_MESSAGE_BYTES), ("grpc.max_send_message_length", MAX_MESSAGE_BYTES)]


class _PlainErrors(grpc.aio.ServerInterceptor):  # type: ignore[misc]
    """Sends what is raised as a message for people, and not as a trace."""

    async def intercept_service(self, continuation: Any, details: Any) -> Any:
        handler = await continuation(details)
        if handler is None or handler.unary_unary is None:
            return handler
        return grpc.unary_unary_rpc_method_handler(
            _plain(handler.unary_unary), handler.request_deserializer, handler.response_serializer
        )


def _plain(method: Method) -> Method:
    async def answer(request: Any, context: Any) -> Any:
        try:
            return await method(request, context)
        except Exception as wrapped:  # noqa: BLE001 - the last stop: a user must get words, and the process must live on
            error = _raised(wrapped)
            # Not UNKNOWN or INTERNAL: the engine would take the resource for half-made, and there is nothing to make.
            code = grpc.StatusCode.FAILED_PRECONDITION
            if isinstance(error, NotImplementedError):
                code = grpc.StatusCode.UNIMPLEMENTED
            await context.abort(code, _message(error))

    return answer


def _raised(error: Exception) -> BaseException:
    """What was raised first: the services wrap it in an exception whose text is the trace."""
    return error.__context__ if type(error) is Exception and error.__context__ else error


def _message(error: BaseException) -> str:
    if isinstance(error, HologresAiError | NotImplementedError):
        return str(error)
    if os.environ.get(DEBUG) == "1":
        return "".join(traceback.format_exception(error))
    # Its text may hold anything, a secret too.
    return (
        f"a mistake in the plugin for Hologres AI nodes: {type(error).__name__}\n"
        f"Report it, please, with what {DEBUG}=1 in the environment shows in its place."
    )
