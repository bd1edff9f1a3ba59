"""The vendor's SDK as its own examples call it: without retry options, of which none is set by default."""

from collections.abc import Mapping, Sequence
from typing import Any

from alibabacloud_hologram20220601.client import Client
from alibabacloud_hologram20220601.models import ListInstanceModelRequest
from alibabacloud_tea_openapi.utils_models import Config

from tests.faults.testbed import Job


def ask(job: Job) -> tuple[Sequence[Mapping[str, Any]], Sequence[str]]:
    """Return the nodes, read with the same time limits of one try and the same authority."""
    given = job.arguments
    scheme, host = _split(given["endpoint"])
    config = Config(
        endpoint=host,
        protocol=scheme,
        region_id=given["region"],
        access_key_id=given["access_key"],
        access_key_secret=given["secret_key"],
        security_token=given["security_token"],
        read_timeout=job.read_timeout,
        connect_timeout=2000,
        ca=job.authority,
    )
    body = Client(config).list_instance_model(ListInstanceModelRequest()).body
    return ([] if body is None else [node.to_map() for node in body.instance_model_list or []]), ()


def _split(endpoint: str | None) -> tuple[str, str | None]:
    """Split scheme and host, which the SDK takes as separate settings."""
    scheme, mark, rest = (endpoint or "").partition("://")
    return (scheme, rest) if mark else ("http", endpoint)
