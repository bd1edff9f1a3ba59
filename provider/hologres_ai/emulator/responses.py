"""The responses of the API: a list of nodes, or an error in JSON or XML format."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Literal
from xml.etree import ElementTree as Xml

from aiohttp import web
from pydantic import JsonValue

BodyFormat = Literal["json", "xml"]

_CONTENT_TYPES: Mapping[BodyFormat, str] = {"json": "application/json", "xml": "text/xml"}


@dataclass(frozen=True)
class ErrorResponse:
    """An error response, with additional headers and additional fields such as AccessDeniedDetail (`details`)."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    format: BodyFormat = "json"


def node_list(nodes: Sequence[JsonValue], now: datetime) -> web.Response:
    """Return a response with status 200 and the nodes, unchanged."""
    request_id = new_request_id()
    content = _to_json({"requestId": request_id, "instanceModelList": list(nodes)})
    return web.Response(body=content, headers=_headers(request_id, "json", now))


def error_response(error: ErrorResponse, host: str, now: datetime) -> web.Response:
    """Return an error response of the API; `host` is the host of the request."""
    request_id = new_request_id()
    body: dict[str, JsonValue] = {
        "RequestId": request_id,
        "HostId": host,
        "Code": error.code,
        "Message": error.message,
        "Recommend": f"https://api.aliyun.com/troubleshoot?q={error.code}&product=Hologram",
        **{name: dict(fields) for name, fields in error.details.items()},
    }
    content = _to_json(body) if error.format == "json" else _to_xml(body)
    headers = {**_headers(request_id, error.format, now), **error.headers}
    return web.Response(status=error.status, body=content, headers=headers)


def new_request_id() -> str:
    """Return a new UUID in upper case."""
    return str(uuid.uuid4()).upper()


def _to_json(body: Mapping[str, JsonValue]) -> bytes:
    # An unpaired surrogate cannot be encoded in UTF-8. In JSON, it is valid as an escape sequence.
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _to_xml(body: Mapping[str, JsonValue]) -> bytes:
    root = Xml.Element("Error")
    _append(root, body)
    text: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _append(parent: Xml.Element, fields: Mapping[str, JsonValue]) -> None:
    for name, value in fields.items():
        child = Xml.SubElement(parent, name)
        if isinstance(value, dict):
            _append(child, value)
        else:
            child.text = str(value)


def _headers(request_id: str, body_format: BodyFormat, now: datetime) -> dict[str, str]:
    return {
        "Content-Type": f"{_CONTENT_TYPES[body_format]};charset=utf-8",
        # Clients use the Date header as the time of the service. The header must therefore contain the time of the
        # emulator's clock, which can differ from the time of the web server.
        "Date": format_datetime(now, usegmt=True),
        "x-acs-request-id": request_id,
    }
