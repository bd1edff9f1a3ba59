"""Run coroutines from synchronous code: each in a new event loop, or all in the event loop of a session."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any, Self, TypeVar

from ..api.transport import Connections
from ..errors import Failure, InvalidArgumentError

T = TypeVar("T")


class Session:
    """Connections that stay open between reads: ``read_ai_nodes(session=session)``.

    A session is useful for programs that read often: reads after the first one need no new connection and no TLS
    handshake. Threads can share a session; their reads run one after the other. Use it in a `with` statement, which
    closes it.
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
        """Close the connections. A second call does nothing. After a fork, only the parent process closes them."""
        if self._process != os.getpid():
            return
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                _outside_a_running_loop(self._close_connections)

    def run(self, start: Callable[[Connections], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine with these connections and return its result.

        Raises:
            InvalidArgumentError: the session is closed, or was opened by another process before a fork.
        """
        if self._process != os.getpid():  # before the lock, which a fork may have copied while it was held
            reason = "was opened by another process before a fork; open a session in this process"
            raise InvalidArgumentError([Failure("session", reason)])
        with self._lock:
            if self._is_closed:
                raise InvalidArgumentError([Failure("session", "is closed")])
            return _outside_a_running_loop(lambda: self._runner.run(start(self._connections)))

    def _close_connections(self) -> None:
        with self._runner:
            self._runner.run(self._connections.__aexit__())


def run(start: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine in a new event loop and return its result."""

    def run_here() -> T:
        with asyncio.Runner(loop_factory=_new_loop) as runner:
            return runner.run(start())

    return _outside_a_running_loop(run_here)


def _outside_a_running_loop(work: Callable[[], T]) -> T:
    """Call `work` in this thread or, when an event loop runs in it, in another thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    with ThreadPoolExecutor(max_workers=1) as executor:
        return executor.submit(work).result()


def _new_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    loop.set_default_executor(_Resolvers())
    return loop


class _Resolvers(ThreadPoolExecutor):
    """Threads that resolve host names. They cannot be interrupted, so closing an event loop does not wait for them."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        super().shutdown(wait=False, cancel_futures=True)
