"""Credentials kept fresh: fetched once for many readers, again before they expire, and again when they were refused.

The library works in a thread of its own, because its asynchronous side holds a thread's lock while it waits, and
because nothing else ends a peer that drips: whoever waits gives up at the deadline of the call. The thread is a daemon,
so that the end of the process does not wait for it either.
"""

import asyncio
import copy
import logging
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import lru_cache

from ..errors import ConfigurationError, CredentialsError, HologresAiError
from .fetching import fetch_credentials
from .types import Credentials, CredentialsSource, Fetched, Limits

log = logging.getLogger(__name__)

MARGIN = 300.0  # seconds before the expiry in which credentials are fetched anew
UNKNOWN_LIFE = 60.0  # seconds for which credentials without an expiry are kept
PAUSE = 30.0  # seconds after a failed refresh, while the old credentials are still good

Outcome = Fetched | HologresAiError


@dataclass
class _Flight:
    """A fetch that is under way, since a moment of the monotonic clock."""

    future: "Future[Outcome]"
    started: float


class CredentialsCache:
    """Hands out the credentials of one source to readers in any thread and any event loop."""

    def __init__(
        self,
        source: CredentialsSource,
        limits: Limits,
        *,
        fetcher: Callable[[CredentialsSource, Limits], Fetched] = fetch_credentials,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._source = source
        self._limits = limits
        self._fetcher = fetcher
        self._clock = clock
        self._lock = threading.Lock()  # never held over a wait
        self._held: Fetched | None = None
        self._due = 0.0
        self._flight: _Flight | None = None

    async def get(self) -> Credentials:
        """The credentials, fetched when there are none or they are about to expire.

        Raises:
            CredentialsError: the source gave none.
            ConfigurationError: a file that was good when the settings were read is not so any more.
        """
        with self._lock:
            held = self._held
            if held and self._clock() < self._due:
                return held.credentials
            flight = self._join()
        outcome = await asyncio.wrap_future(flight.future)
        if isinstance(outcome, Fetched):
            return outcome.credentials
        return self._old(held, outcome)

    def refuse(self, credentials: Credentials) -> None:
        """Hand out these no more: the service says that they have expired."""
        with self._lock:
            if self._held and self._held.credentials == credentials:
                self._held = None

    def _join(self) -> _Flight:
        now = time.monotonic()
        # A peer that drips keeps its thread for ever: later readers don't queue up behind it.
        if self._flight is None or now - self._flight.started > self._limits.total:
            future: Future[Outcome] = Future()
            future.set_running_or_notify_cancel()  # a reader that is cancelled does not cancel it for the others
            self._flight = _Flight(future, now)
            threading.Thread(
                target=self._fly, args=(self._flight,), name="hologres-ai-credentials", daemon=True
            ).start()
        return self._flight

    def _fly(self, flight: _Flight) -> None:
        outcome = self._outcome()
        with self._lock:
            if self._flight is flight:
                self._flight = None
                self._keep(outcome)
        flight.future.set_result(outcome)

    def _outcome(self) -> Outcome:
        try:
            return self._fetcher(self._source, self._limits)
        except (ConfigurationError, CredentialsError) as error:
            return error.with_traceback(None)
        except Exception as error:  # noqa: BLE001 - its text may hold a secret
            kind = type(error).__name__
        return CredentialsError(f"the credentials could not be fetched ({kind})", "This is a bug; please report it.")

    def _keep(self, outcome: Outcome) -> None:
        now = self._clock()
        if isinstance(outcome, Fetched):
            self._held = outcome
            self._due = now + UNKNOWN_LIFE if outcome.expires is None else outcome.expires - MARGIN
        elif self._held:
            self._due = now + PAUSE

    def _old(self, held: Fetched | None, error: HologresAiError) -> Credentials:
        """What is held, as long as it is good: a refresh ahead of time that fails is no failure yet."""
        if held and held is self._held and held.expires and self._clock() < held.expires:
            log.warning(
                "the credentials could not be refreshed and are good for %.0f s more", held.expires - self._clock()
            )
            return held.credentials
        raise copy.copy(error)  # each reader gets a trace of its own


_REGISTRY = threading.Lock()


@lru_cache(maxsize=64)
def _refresher(source: CredentialsSource, limits: Limits) -> CredentialsCache:
    return CredentialsCache(source, limits)


def credentials_cache_for(source: CredentialsSource, limits: Limits) -> CredentialsCache:
    """The one refresher of this process for a source."""
    with _REGISTRY:
        return _refresher(source, limits)


def forget() -> None:
    """Drop what is held, so that the next reader fetches anew."""
    global _REGISTRY  # noqa: PLW0603 - a fork may have copied it while it was held
    _REGISTRY = threading.Lock()
    _refresher.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget)
