"""One call of a client, and everything that can be observed of it; the same for both clients."""

import io
import logging
import os
import pickle
import resource
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from tests.faults.testbed import Job

Nodes = Sequence[Mapping[str, Any]]
Ask = Callable[[Job], tuple[Nodes, Sequence[str]]]
"""A client: returns the nodes with the field names of the API and its warnings, or raises."""

# Settings and environment variables of this machine that would reach a client.
SURROUNDINGS = ("ALICLOUD_", "ALIBABA_CLOUD_", "ALIBABACLOUD_", "HOLOGRAM_", "CLIENT_", "MAX_RETRY_", "STS_ENDPOINT")
NETWORK = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
TOO_LONG = 1_000_000  # characters of each text that are searched


@dataclass(frozen=True)
class Report:
    """The outcome of a call.

    Attributes:
        nodes: the nodes, or None where the call failed.
        warnings: the warnings of a successful call.
        error: the name of the error's class, empty where there is none.
        message: the text of the error, as a person sees it.
        status, code, request_id: the attributes of the error.
        seen: message, repr, trace, pickle, and log at the DEBUG level of every library: no secret may be in any.
        seconds: how long it took.
        grown: the bytes by which the peak memory of the process rose.
    """

    nodes: list[dict[str, Any]] | None
    warnings: list[str]
    error: str
    message: str
    status: int | None
    code: str | None
    request_id: str | None
    seen: dict[str, str]
    seconds: float
    grown: int


def observe(ask: Ask, job: Job) -> Report:
    """Make one call and record what can be observed."""
    nodes: Nodes | None = None
    warnings: Sequence[str] = ()
    caught: BaseException | None = None
    with _surrounded(job), _logged() as log:
        before, started = _peak(), time.monotonic()
        try:
            nodes, warnings = ask(job)
        except Exception as error:  # noqa: BLE001 - any exception of a client is its outcome
            caught = error
        seconds, grown = time.monotonic() - started, _peak() - before
    return Report(
        nodes=None if nodes is None else [dict(node) for node in nodes],
        warnings=list(warnings),
        error=type(caught).__name__ if caught else "",
        message=str(caught) if caught else "",
        status=_fact(caught, "status", "status_code", "statusCode"),
        code=_fact(caught, "code"),
        request_id=_fact(caught, "request_id", "requestId"),
        seen={**(_shown(caught) if caught else {"warnings": "\n".join(warnings)}), "log": log.getvalue()[:TOO_LONG]},
        seconds=seconds,
        grown=grown,
    )


def _fact(error: BaseException | None, *names: str) -> Any:
    found = (getattr(error, name, None) for name in names)
    return next((value for value in found if isinstance(value, int | str)), None)


def _shown(error: BaseException) -> dict[str, str]:
    texts = {
        "message": str(error),
        "repr": repr(error),
        "trace": "".join(traceback.format_exception(error)),
        "pickle": repr(vars(error)),
    }
    with suppress(pickle.PicklingError, TypeError, AttributeError, MemoryError):  # not sent anywhere
        texts["pickle"] += pickle.dumps(error).decode("latin-1")
    return {place: text[:TOO_LONG] for place, text in texts.items()}


@contextmanager
def _surrounded(job: Job) -> Iterator[None]:
    """Set the environment of the job, without variables of this machine that a client reads."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(SURROUNDINGS) and name.upper() not in NETWORK
    }
    with patch.dict(os.environ, {**kept, **job.environment}, clear=True):
        yield


@contextmanager
def _logged() -> Iterator[io.StringIO]:
    """Record the log of every library."""
    text, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(text), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield text
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


def _peak() -> int:
    """The peak memory of this process, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
