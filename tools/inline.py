"""Run `pulumi preview` or `pulumi up` for the Python program in this folder, without a Python language host.

    python -m tools.inline preview|up STACK [OPTION ...]

This process is the language host: it serves Pulumi's language protocol on loopback, starts the engine with that
address, and runs `__main__.py` when the engine asks for it, as `pulumi-language-python-exec` does. Options are passed
to the engine, and its output and exit code are passed on.
"""

# ruff: noqa: N802 - the protocol defines the names of the methods

import asyncio
import contextvars
import logging
import runpy
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pulumi
from pulumi.runtime import reset_options, run_in_stack, set_all_config
from pulumi.runtime.proto import language_pb2, plugin_pb2
from pulumi.runtime.proto.language_pb2_grpc import LanguageRuntimeServicer, add_LanguageRuntimeServicer_to_server

from hologres_ai.process import exit_process

MAX_MESSAGE_BYTES = 400 * 1024 * 1024  # the limit of the engine
CONFIRMED = {"preview": (), "up": ("--yes", "--skip-preview")}


def main() -> int:
    """Run the command and return the exit code of the engine."""
    command, stack, *options = sys.argv[1:]
    _leave_signals_to_the_engine()
    with _serving() as address:
        arguments = ("--stack", stack, "--non-interactive", f"--client={address}", "--exec-kind=auto.inline")
        return subprocess.run(["pulumi", command, *CONFIRMED[command], *arguments, *options], check=False).returncode


def _leave_signals_to_the_engine() -> None:
    """Ignore signals in this process, so that it waits for the engine, which gets the same signals and cancels.

    If this process ended first, no process would read the engine's output, and its plugins would keep running. SIG_IGN
    is not used, because the engine would inherit it.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: None)


@contextmanager
def _serving() -> Iterator[str]:
    options = [("grpc.max_receive_message_length", MAX_MESSAGE_BYTES)]
    server = grpc.server(ThreadPoolExecutor(max_workers=4), options=options)
    add_LanguageRuntimeServicer_to_server(LanguageHost(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(grace=None)


class LanguageHost(LanguageRuntimeServicer):
    """The language host that the engine calls."""

    def GetPluginInfo(self, _request: Any, _context: Any) -> plugin_pb2.PluginInfo:
        """Return no version."""
        return plugin_pb2.PluginInfo()

    def GetRequiredPackages(self, _request: Any, _context: Any) -> language_pb2.GetRequiredPackagesResponse:
        """Return no packages, because the tests put the plugin on PATH."""
        return language_pb2.GetRequiredPackagesResponse()

    def Run(self, request: Any, _context: Any) -> language_pb2.RunResponse:
        """Run the program in a separate context and event loop."""
        return contextvars.copy_context().run(_run, request)


def _run(request: Any) -> language_pb2.RunResponse:
    reset_options(
        project=request.project,
        stack=request.stack,
        organization=request.organization or "organization",
        monitor_address=request.monitor_address,
        engine_address=request.args[0],
        parallel=request.parallel,
        preview=request.dryRun,
    )
    set_all_config(dict(request.config), list(request.configSecretKeys))
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # Pulumi already reports an error of an output
    try:
        with asyncio.Runner() as runner:
            runner.run(run_in_stack(_program))
    except pulumi.RunError as error:
        return _failed(str(error))
    except BaseException:  # noqa: BLE001 - a program can raise anything
        return _failed(f"Program failed with an unhandled exception:\n{traceback.format_exc()}")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return language_pb2.RunResponse()


def _failed(message: str) -> language_pb2.RunResponse:
    """Log the message, and return a response after which the engine prints no other message."""
    pulumi.log.error(message)
    return language_pb2.RunResponse(bail=True)


def _program() -> None:
    sys.path.insert(0, str(Path.cwd()))
    runpy.run_path("__main__.py", run_name="__main__")


if __name__ == "__main__":
    exit_process(main())  # without waiting for a program whose engine has been cancelled
