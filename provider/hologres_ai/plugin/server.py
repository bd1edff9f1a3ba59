"""The process `pulumi-resource-hologres`. It serves on a loopback port until a signal arrives or the engine exits."""

import argparse
import asyncio
import os
import traceback
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any

import grpc  # type: ignore[import-untyped]
import grpc.aio  # type: ignore[import-untyped]
from pulumi.runtime.proto.provider_pb2_grpc import add_ResourceProviderServicer_to_server

from ..errors import HologresAiError
from ..process import DEBUG, exit_process, stop_on_signals
from ..settings.network import LOOPBACK
from .engine import Engine
from .servicer import Servicer

# The limit of the engine. A message with the old and new inputs and outputs of 10,000 nodes is about 30 MB; gRPC's
# default limit is 4 MB.
MAX_MESSAGE_BYTES = 400 * 1024 * 1024
GRACE_SECONDS = 1.0  # time limit for requests in progress at shutdown; the engine waits for 5

Method = Callable[[Any, Any], Awaitable[Any]]


def main() -> None:
    """Serve until SIGINT, SIGTERM or the exit of the engine. The first line on stdout is the port."""
    parser = argparse.ArgumentParser(
        prog="pulumi-resource-hologres",
        description="The Pulumi plugin for Hologres AI nodes. The Pulumi engine starts it.",
    )
    parser.add_argument("--version", action="version", version=f"pulumi-resource-hologres {version('hologres_ai')}")
    parser.add_argument("engine", nargs="?", type=_address, help="host:port of the engine, which shows warnings")
    parser.add_argument("--tracing", help=argparse.SUPPRESS)  # otherwise its value would be parsed as the address
    given, _ = parser.parse_known_args()  # the engine adds flags for logging
    asyncio.run(_serve(given.engine or ""))
    exit_process(0)  # without delay, because the engine waits for its plugins one after the other


def _address(text: str) -> str:
    if not text or ":" in text:
        return text
    raise argparse.ArgumentTypeError(
        f"{text!r} is not the host:port of an engine. The command line is `hologres-ai` or `python -m hologres_ai.cli`."
    )


async def _serve(address: str) -> None:
    stop = stop_on_signals()
    engine = Engine(address)
    servicer = Servicer(engine)
    server, port = create_server(servicer)
    await server.start()
    print(port, flush=True)  # noqa: T201 - the engine reads the port from stdout
    ends = [asyncio.create_task(stop.wait()), asyncio.create_task(engine.wait_until_gone())]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for end in ends:
        end.cancel()
    servicer.cancel()
    await server.stop(GRACE_SECONDS)
    await engine.close()


def create_server(servicer: Servicer) -> tuple[Any, int]:
    """Create a server on a free loopback port. Return the server, which is not started, and the port."""
    options = [
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ]
    server = grpc.aio.server(interceptors=(_PlainErrors(),), options=options)
    add_ResourceProviderServicer_to_server(servicer, server)
    return server, server.add_insecure_port(f"{LOOPBACK}:0")


class _PlainErrors(grpc.aio.ServerInterceptor):  # type: ignore[misc]
    """An interceptor that responds to an exception with a message for users instead of a traceback."""

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
        except NotImplementedError as error:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))
        except Exception as error:  # noqa: BLE001 - a user must get a message, and the process must continue
            # Not UNKNOWN or INTERNAL: the engine would treat the resource as partially created.
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, _message(error))

    return answer


def _message(error: Exception) -> str:
    if isinstance(error, HologresAiError):
        return str(error)
    if os.environ.get(DEBUG) == "1":
        return "".join(traceback.format_exception(error))
    # The text of an unexpected exception can contain a secret.
    return f"Internal error in the plugin: {type(error).__name__}. Please report it. Set {DEBUG}=1 for a traceback."
