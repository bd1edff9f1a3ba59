"""The API's envelopes: a list of nodes, or a refusal."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

from aiohttp import web
from pydantic import JsonValue


@dataclass(frozen=True)
class ErrorResponse:
    """An error answer: HTTP status, API code, message, and headers of its own."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)


def node_list(nodes: Sequence[JsonValue], now: datetime) -> web.Response:
    """Status 200 with the nodes as they stand."""
    request_id = new_request_id()
    return _reply(200, request_id, {"requestId": request_id, "instanceModelList": list(nodes)}, now)


def refuse(refusal: ErrorResponse, host: str, now: datetime) -> web.Response:
    """The error body of the API; `host` is the one that was asked."""
    request_id = new_request_id()
    body: dict[str, JsonValue] = {
        "RequestId": request_id,
        "HostId": host,
        "Code": refusal.code,
        "Message": refusal.message,
        "Recommend": f"https://api.aliyun.com/troubleshoot?q={refusal.code}&product=Hologram",
    }
    return _reply(refusal.status, request_id, body, now, refusal.headers)


def new_request_id() -> str:
    """An upper-case UUID."""
    return str(uuid.uuid4()).upper()


def _reply(
    status: int, request_id: str, body: dict[str, JsonValue], now: datetime, headers: Mapping[str, str] | None = None
) -> web.Response:
    # Half a surrogate pair is legal in JSON and has no UTF-8: it stays the escape that the fleet file had.
    content = json.dumps(body, ensure_ascii=False).encode("utf-8", "backslashreplace")
    # A client learns the service's time from Date: it has to be this clock's, not the web server's.
    own = {"Date": format_datetime(now, usegmt=True), "x-acs-request-id": request_id}
    return web.Response(
        status=status,
        body=content,
        headers={"Content-Type": "application/json;charset=utf-8", **own, **(headers or {})},
    )
