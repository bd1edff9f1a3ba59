"""The client of this package, through the function that every interface uses."""

import os
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any
from unittest.mock import patch

from tenacity.wait import wait_none

from hologres_ai.api.client import Client
from hologres_ai.api.retry import retry_wait
from hologres_ai.config import CallConfig
from hologres_ai.core.read import read_sync
from hologres_ai.core.regions import FetchNodes
from hologres_ai.models import NodeList, Query, build_query, to_wire
from tests.faults.testbed import Job

Answer = tuple[Sequence[Mapping[str, Any]], Sequence[str]]


def ask(job: Job) -> Answer:
    """Return the nodes and warnings, with the limits set as a user sets them."""
    return _ask(job, None)


def ask_without_jitter(job: Job) -> Answer:
    """Do the same without random waits between tries; waits that the service asks for are kept."""
    return _ask(job, _fetch_without_jitter)


def _fetch_without_jitter(config: CallConfig, instance_id: str | None) -> Awaitable[NodeList]:
    return Client(config, wait=retry_wait(wait_none(), wait_none())).list_instance_model(instance_id)


def _ask(job: Job, fetch: FetchNodes | None) -> Answer:
    limits = {
        "MAX_RETRY_TIMEOUT": str(job.deadline),
        "CLIENT_READ_TIMEOUT": str(job.read_timeout),
        "CLIENT_CONNECT_TIMEOUT": "2000",
        "SSL_CERT_FILE": job.authority,
    }
    settings = {name: value for name, value in job.arguments.items() if name not in _FILTERS}
    filters = {name: value for name, value in job.arguments.items() if name in _FILTERS}
    with patch.dict(os.environ, limits):
        result = read_sync(build_query(filters), settings, fetch=fetch)
    nodes: Any = to_wire(result)["instanceModelList"]
    return nodes, result.warnings


_FILTERS = frozenset(Query.__dataclass_fields__)
