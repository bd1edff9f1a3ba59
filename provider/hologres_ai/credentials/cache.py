"""The cache of credentials.

The cache fetches the credentials once for all readers. It fetches them again before they expire, and after the service
refuses them.

Each fetch runs in a separate thread, so that readers in different threads and event loops can share it, and each reader
can stop waiting at its own deadline. The thread is a daemon, so that the process does not wait for a slow peer at exit.
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

MARGIN = 300.0  # seconds before the expiry time, at which credentials are fetched again
FILE_LIFE = 60.0  # seconds for which keys from a profile are cached; another program may change the profile
PAUSE = 30.0  # seconds from a failed refresh to the next attempt, while the cached credentials are still valid

Outcome = Fetched | HologresAiError


@dataclass
class _PendingFetch:
    """A fetch in progress: its result, and its start time on the monotonic clock, in seconds."""

    future: "Future[Outcome]"
    started: float


class CredentialsCache:
    """A cache for the credentials of one source. Readers may be in any thread and any event loop."""

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
        self._lock = threading.Lock()  # never held while a reader waits for a fetch
        self._cached: Fetched | None = None
        self._due = 0.0
        self._pending: _PendingFetch | None = None

    async def get(self) -> Credentials:
        """Return the credentials; fetch them if none are cached, or if the cached ones are about to expire.

        Raises:
            CredentialsError: the source returned no credentials.
            ConfigurationError: the credentials file has become invalid since the settings were read.
        """
        with self._lock:
            cached = self._cached
            if cached and self._clock() < self._due:
                return cached.credentials
            pending = self._join()
        outcome = await asyncio.wrap_future(pending.future)
        if isinstance(outcome, Fetched):
            return outcome.credentials
        left = cached.expires - self._clock() if cached and cached is self._cached and cached.expires else 0.0
        if cached and left > 0:
            log.warning("the credentials could not be refreshed; they are valid for another %.0f s", left)
            return cached.credentials
        raise copy.copy(outcome)  # each reader raises its own copy, with its own traceback

    def refuse(self, credentials: Credentials) -> None:
        """Remove credentials from the cache because the service refused them as expired."""
        with self._lock:
            if self._cached and self._cached.credentials == credentials:
                self._cached = None

    def _join(self) -> _PendingFetch:
        now = time.monotonic()
        # A peer that sends one byte per second can keep a fetch running, so readers do not join a fetch that has passed
        # its time limit.
        if self._pending is None or now - self._pending.started > self._limits.total:
            future: Future[Outcome] = Future()
            future.set_running_or_notify_cancel()  # without this call, a cancelled reader would cancel it for all
            self._pending = _PendingFetch(future, now)
            threading.Thread(
                target=self._run_fetch, args=(self._pending,), name="hologres-ai-credentials", daemon=True
            ).start()
        return self._pending

    def _run_fetch(self, pending: _PendingFetch) -> None:
        outcome = self._outcome()
        with self._lock:
            if self._pending is pending:
                self._pending = None
                if isinstance(outcome, Fetched):
                    self._cached = outcome
                    self._due = _due(outcome, self._clock())
                else:
                    self._due = self._clock() + PAUSE
        pending.future.set_result(outcome)

    def _outcome(self) -> Outcome:
        try:
            return self._fetcher(self._source, self._limits)
        except (ConfigurationError, CredentialsError) as error:
            return error.with_traceback(None)
        except Exception as error:  # noqa: BLE001 - its text may contain a secret
            kind = type(error).__name__
        return CredentialsError(f"the credentials could not be fetched ({kind})", "This is a bug; please report it.")


def _fetch(source: CredentialsSource, limits: Limits) -> Fetched:
    from .providers import fetch_credentials  # noqa: PLC0415 - not needed for an AccessKey in the settings

    return fetch_credentials(source, limits)


def _due(fetched: Fetched, now: float) -> float:
    """Return the time of the next fetch.

    The time is infinite for credentials that have no expiry time and are not from a profile.
    """
    if fetched.expires is not None:
        return fetched.expires - MARGIN
    return now + FILE_LIFE if fetched.from_file else math.inf


_REGISTRY = threading.Lock()


@lru_cache(maxsize=64)
def _cache_for(source: CredentialsSource, limits: Limits) -> CredentialsCache:
    return CredentialsCache(source, limits)


def credentials_cache_for(source: CredentialsSource, limits: Limits) -> CredentialsCache:
    """Return the cache of a source. A process has one cache for each pair of a source and time limits."""
    with _REGISTRY:
        return _cache_for(source, limits)


def forget() -> None:
    """Remove all cached credentials, so that the next reader fetches new ones."""
    global _REGISTRY  # noqa: PLW0603 - a fork may copy the lock while a thread holds it
    _REGISTRY = threading.Lock()
    _cache_for.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget)
