"""Call sharing within one run of a program: lists of the same region with different filters share one API call.

A run is one process of the dynamic provider, or one configuration of the plugin. No response is stored after a run.
Therefore, a preview never uses the response of an earlier preview.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..models import NodeList

# Seconds from the start of a call. A program registers independent lists in less time. An update that changes the fleet
# takes longer. Therefore, a list that depends on this update makes a new call.
SHARED_FOR = 1.0


@dataclass(frozen=True)
class _Call:
    started: float
    reply: "Future[NodeList]" = field(default_factory=Future)


class CallSharing:
    """Makes one call for identical requests within `SHARED_FOR` seconds, from any thread and any event loop.

    If a call fails, the error is raised for every caller that waits for the call. Errors are not stored.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._calls: dict[Hashable, _Call] = {}

    async def get(self, key: Hashable, make: "Callable[[], Awaitable[NodeList]]") -> "NodeList":
        """Return the nodes of a current or recent call with the same `key`. If there is none, call `make`.

        Raises:
            HologresAiError: the call failed.
        """
        call, is_ours = self._join(key)
        if is_ours:
            return await self._lead(key, call, make)
        try:
            # Shielded, because the cancellation of one waiting caller must not cancel the call of the other callers.
            return await asyncio.shield(asyncio.wrap_future(call.reply))
        except asyncio.CancelledError:
            if not call.reply.cancelled():
                raise
            return await self.get(key, make)  # the caller that made the call was cancelled, this one was not

    def _join(self, key: Hashable) -> tuple[_Call, bool]:
        with self._lock:
            now = self._clock()
            call = self._calls.get(key)
            if call and now - call.started < SHARED_FOR:
                return call, False
            self._calls = {other: kept for other, kept in self._calls.items() if now - kept.started < SHARED_FOR}
            self._calls[key] = _Call(now)
            return self._calls[key], True

    async def _lead(self, key: Hashable, call: _Call, make: "Callable[[], Awaitable[NodeList]]") -> "NodeList":
        try:
            reply = await make()
        except BaseException as error:
            self._forget(key, call)
            if isinstance(error, Exception):
                call.reply.set_exception(error)
            else:
                call.reply.cancel()
            raise
        call.reply.set_result(reply)
        return reply

    def _forget(self, key: Hashable, call: _Call) -> None:
        with self._lock:
            if self._calls.get(key) is call:
                del self._calls[key]
