"""The client of this package, by the door that every face shares."""

import os
from collections.abc import Mapping, Sequence
from typing import Any
from unittest.mock import patch

from hologres_ai.core.read import read_ai_nodes
from hologres_ai.models import to_wire
from tests.faults.stage import Job


def ask(job: Job) -> tuple[Sequence[Mapping[str, Any]], Sequence[str]]:
    """The nodes, with the limits set where a user sets them."""
    limits = {
        "MAX_RETRY_TIMEOUT": str(job.deadline),
        "CLIENT_READ_TIMEOUT": str(job.read_timeout),
        "CLIENT_CONNECT_TIMEOUT": "2000",
        "SSL_CERT_FILE": job.authority,
    }
    with patch.dict(os.environ, limits):
        result = read_ai_nodes(**job.arguments)  # type: ignore[arg-type]  # the names are a row's
    nodes: Any = to_wire(result)["instanceModelList"]
    return nodes, result.warnings
