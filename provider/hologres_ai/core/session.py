"""Coroutines run to their end from synchronous code: each in a loop of its own, or all in that of a session."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Self, TypeVar

from ..api.transport import Connections
from ..errors import Failure, InvalidArgumentError

T = TypeVar("T")


class Session:
    """Connections that are kept from one read to the next: ``read_ai_nodes(session=session)``.

    For programs that read again and again: each read but the first is spared the way to the service and the TLS
    handshake. Threads may share a session; they read one after the other. `with` closes it.
    """

    def __init__(self) -> None:
        self._runner = asyncio.Runner(loop_factory=_new_loop)
        self._connections = Connections()
        self._process = os.getpid()
        self._lock = Lock()
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_failure: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; twice does no harm. What a fork has copied is its parent's to close."""
        if self._process != os.getpid():
            return
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                _where_no_loop_runs(self._end)

    def run(self, start: Callable[[Connections], Awaitable[T]]) -> T:
        """Run a coroutine on these connections.

        Raises:
            InvalidArgumentError: the session is closed, or was opened before a fork, by another process.
        """
        if self._process != os.getpid():  # before the lock, which a fork may have copied while it was held
            reason = "was opened by another process, before a fork: open one here"
            raise InvalidArgumentError([Failure("session", reason)])
        with self._lock:
            if self._is_closed:
                raise InvalidArgumentError([Failure("session", "is closed")])
            return _where_no_loop_runs(lambda: _run(self._runner, lambda: start(self._connections)))

    def _end(self) -> None:
        with self._runner:
            _run(self._runner, self._connections.__aexit__)


def run(start: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine in a loop that ends with it."""

    def run_here() -> T:
        with asyncio.Runner(loop_factory=_new_loop) as runner:
            return _run(runner, start)

    return _where_no_loop_runs(run_here)


def _where_no_loop_runs(work: Callable[[], T]) -> T:
    """Do it in this thread or, when a loop runs in this one, in a thread of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    with ThreadPoolExecutor(max_workers=1) as executor:
        return executor.submit(work).result()


def _run(runner: asyncio.Runner, start: Callable[[], Awaitable[T]]) -> T:
    # Handed over beside the task: asyncio makes a text of the task, and so of its result, for no reader.
    results: list[T] = []

    async def main() -> None:
        results.append(await start())

    runner.run(main())
    return results[0]


def _new_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    loop.set_default_executor(_Unawaited())
    return loop


class _Unawaited(ThreadPoolExecutor):
    """Resolves host names in threads that can't be stopped, so that the end of a loop must not wait for them."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        super().shutdown(wait=False, cancel_futures=True)
