"""Cached credentials: fetched once for many readers, again before they expire, and again after they were refused.

A fetch runs in a thread of its own, so that readers in any thread and event loop share it, and each of them stops
waiting at its own deadline. The thread is a daemon: the end of the process does not wait for a slow peer.
"""

import asyncio
import copy
import logging
import math
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import lru_cache

from ..errors import ConfigurationError, CredentialsError, HologresAiError
from .types import Credentials, CredentialsSource, Fetched, Limits

log = logging.getLogger(__name__)

MARGIN = 300.0  # seconds before the expiry in which credentials are fetched again
FILE_LIFE = 60.0  # seconds for which the keys of a profile are kept, which may be written again at any time
PAUSE = 30.0  # seconds after a failed refresh, while the old credentials are still valid

Outcome = Fetched | HologresAiError


@dataclass
class _Flight:
    """A fetch that is under way, and its start by the monotonic clock."""

    future: "Future[Outcome]"
    started: float


class CredentialsCache:
    """Returns the credentials of one source to readers in any thread and any event loop."""

    def __init__(
        self,
        source: CredentialsSource,
        limits: Limits,
        *,
        fetcher: Callable[[CredentialsSource, Limits], Fetched] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._source = source
        self._limits = limits
        self._fetcher = fetcher or _fetch
        self._clock = clock
        self._lock = threading.Lock()  # never held over a wait
        self._held: Fetched | None = None
        self._due = 0.0
        self._flight: _Flight | None = None

    async def get(self) -> Credentials:
        """Return the credentials; fetch them if there are none, or if they are about to expire.

        Raises:
            CredentialsError: the source returned none.
            ConfigurationError: a file has become invalid since the settings were read.
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
        """Return these no more: the service says that they have expired."""
        with self._lock:
            if self._held and self._held.credentials == credentials:
                self._held = None

    def _join(self) -> _Flight:
        now = time.monotonic()
        # A peer that sends a byte a second keeps its thread: later readers don't wait for it.
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
            self._due = _due(outcome, now)
        elif self._held:
            self._due = now + PAUSE

    def _old(self, held: Fetched | None, error: HologresAiError) -> Credentials:
        """Return the cached credentials while they are valid: a refresh may fail before their expiry."""
        if held and held is self._held and held.expires and self._clock() < held.expires:
            log.warning(
                "the credentials could not be refreshed; they are valid for %.0f s more", held.expires - self._clock()
            )
            return held.credentials
        raise copy.copy(error)  # each reader gets its own traceback


def _fetch(source: CredentialsSource, limits: Limits) -> Fetched:
    from .providers import fetch_credentials  # noqa: PLC0415 - plain keys need no provider

    return fetch_credentials(source, limits)


def _due(fetched: Fetched, now: float) -> float:
    """When to fetch again. Without an expiry: never, until the service calls the credentials expired."""
    if fetched.expires is not None:
        return fetched.expires - MARGIN
    return now + FILE_LIFE if fetched.from_file else math.inf


_REGISTRY = threading.Lock()


@lru_cache(maxsize=64)
def _cache_for(source: CredentialsSource, limits: Limits) -> CredentialsCache:
    return CredentialsCache(source, limits)


def credentials_cache_for(source: CredentialsSource, limits: Limits) -> CredentialsCache:
    """Return the one cache of this process for a source."""
    with _REGISTRY:
        return _cache_for(source, limits)


def forget() -> None:
    """Drop all cached credentials, so that the next reader fetches."""
    global _REGISTRY  # noqa: PLW0603 - a fork may have copied it while it was held
    _REGISTRY = threading.Lock()
    _cache_for.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget)
