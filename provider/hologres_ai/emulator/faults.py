"""Faults. Each fault applies to the next N requests that would otherwise succeed."""

import asyncio
import re
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import replace
from threading import Lock
from typing import Annotated

from aiohttp import web
from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from ..errors.validation import all_problems
from .responses import BodyFormat, ErrorResponse

MAX_TIMES = 10_000
MAX_SECONDS = 3600.0

_THROTTLED = "Request was denied due to request throttling."
_DENIED = "You are not authorized to perform this operation."
_DENIAL = {
    "AccessDeniedDetail": {
        "AuthAction": "hologram:ListInstanceModel",
        "AuthPrincipalType": "SubUser",
        "NoPermissionType": "ExplicitDeny",
        "PolicyType": "ControlPolicy",
        "EncodedDiagnosticMessage": "AQEAAAAAZW11bGF0b3I" + "0" * 400,
    }
}

REFUSALS = {
    "throttling": ErrorResponse(400, "Throttling", _THROTTLED),
    "throttling-user": ErrorResponse(429, "Throttling.User", "Request was denied due to user flow control."),
    "unavailable": ErrorResponse(503, "ServiceUnavailable", "The request has failed due to a temporary failure."),
    "internal": ErrorResponse(500, "InternalError", "The request processing has failed due to some unknown error."),
    "denied": ErrorResponse(403, "Forbidden.RAM", "User not authorized to operate on the specified resource."),
    "denied-explicitly": ErrorResponse(403, "NoPermission", _DENIED, details=_DENIAL),
    "token-expired": ErrorResponse(400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired."),
}
ALIASES = {"403": "denied", "429": "throttling-user", "500": "internal", "503": "unavailable"}

Apply = Callable[[web.Request, web.Response, float | None], Awaitable[web.StreamResponse]]


async def _slow(_request: web.Request, response: web.Response, seconds: float | None) -> web.StreamResponse:
    await asyncio.sleep(1.0 if seconds is None else seconds)
    return response


async def _reset(request: web.Request, response: web.Response, _seconds: float | None) -> web.StreamResponse:
    """Reset the TCP connection (RST)."""
    if request.transport is not None:
        peer = request.transport.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    return response


async def _hang(request: web.Request, response: web.Response, seconds: float | None) -> web.StreamResponse:
    await asyncio.sleep(MAX_SECONDS if seconds is None else seconds)
    return await _reset(request, response, None)


async def _drip(request: web.Request, response: web.Response, seconds: float | None) -> web.StreamResponse:
    """Send the body one byte at a time."""
    stream, body = await _start(request, response)
    for index in range(len(body)):
        await stream.write(body[index : index + 1])
        await asyncio.sleep(1.0 if seconds is None else seconds)
    return stream


async def _truncated(request: web.Request, response: web.Response, _seconds: float | None) -> web.StreamResponse:
    """Send the first half of the body with the Content-Length of the complete body, and close the connection."""
    stream, body = await _start(request, response)
    await stream.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return stream


async def _start(request: web.Request, response: web.Response) -> tuple[web.StreamResponse, bytes]:
    """Send the headers of the response. Return the stream and the body, which the caller must send."""
    body = response.body if isinstance(response.body, bytes) else b""
    stream = web.StreamResponse(status=response.status, headers=response.headers)
    stream.content_length = len(body)
    await stream.prepare(request)
    return stream, body


APPLIED: dict[str, Apply] = {"slow": _slow, "reset": _reset, "hang": _hang, "drip": _drip, "truncated": _truncated}
KINDS = (*REFUSALS, *APPLIED, *ALIASES)


def _check_kind(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"no such fault: {kind[:32]!r}; specify one of {', '.join(KINDS)}")
    return kind


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Fault:
    """A fault and the number of requests that it applies to.

    Attributes:
        kind: one of `KINDS`.
        times: the number of requests.
        seconds: a duration in seconds. ``slow``: the delay before the response, default 1. ``drip``: the delay between
            bytes, default 1. ``hang``: the delay before the connection is reset, default 3600. ``throttling-user``:
            the value of the Retry-After header, default 1. Other kinds ignore the value.
        region: the region whose endpoint the fault applies to. None means all endpoints.
        format: the format of the error body: ``json`` or ``xml``. Gateways and older products return XML.

    Raises:
        ValueError: the kind is unknown, or a number is out of range.
    """

    kind: Annotated[str, AfterValidator(_check_kind)]
    times: Annotated[int, Field(ge=1, le=MAX_TIMES)] = 1
    seconds: Annotated[float, Field(ge=0, le=MAX_SECONDS, allow_inf_nan=False)] | None = None
    region: Annotated[str, Field(min_length=1)] | None = None
    format: BodyFormat = "json"

    @property
    def name(self) -> str:
        """The name of the kind, such as ``unavailable`` for the HTTP status ``503``."""
        return ALIASES.get(self.kind, self.kind)

    @property
    def refusal(self) -> ErrorResponse | None:
        """The error response of this kind, or None if the kind is not an error response."""
        refusal = REFUSALS.get(self.name)
        if refusal is None:
            return None
        wait = 1 if self.seconds is None else round(self.seconds)
        headers = {"Retry-After": str(wait)} if refusal.status == 429 else refusal.headers
        return replace(refusal, headers=headers, format=self.format)

    async def apply(self, request: web.Request, response: web.Response) -> web.StreamResponse:
        """Change or delay a successful response. The fault is of a kind that is not an error response."""
        return await APPLIED[self.name](request, response, self.seconds)


_FAULT = TypeAdapter(Fault)
_FORM = re.compile(
    r"((?P<region>[a-z0-9-]+)=)?(?P<kind>[a-z0-9-]+)(:(?P<times>[0-9]{1,5})(:(?P<seconds>[0-9]{1,4}(\.[0-9]{1,3})?))?)?"
)


def read_fault(document: bytes) -> Fault:
    """Parse a fault from a JSON object with the fields of `Fault`.

    Raises:
        ValidationError: the object is invalid. `reasons` returns the problems as text.
    """
    return _FAULT.validate_json(document)


def parse_fault(text: str) -> Fault:
    """Parse a fault from ``kind``, ``kind:times`` or ``kind:times:seconds``, such as ``503:3`` or ``slow:1:0.5``.

    With a prefix such as ``cn-beijing=`` in ``cn-beijing=hang:4``, the fault applies only to this region.

    Raises:
        ValueError: the format of the text or the fault is invalid.
    """
    form = _FORM.fullmatch(text)
    if form is None:
        raise ValueError(f"not a fault: {text[:32]!r}; specify kind, kind:times or kind:times:seconds, such as 503:3")
    try:
        return _FAULT.validate_python({name: value for name, value in form.groupdict().items() if value is not None})
    except ValidationError as error:
        raise ValueError(reasons(error)) from None


def reasons(error: ValidationError) -> str:
    """Return the problems of an invalid fault, on one line."""
    return "; ".join(
        "".join(f"{part}: " for part in problem.location) + problem.reason for problem in all_problems(error)
    )


class Faults:
    """The pending faults, in the order in which they are applied. Any thread can arm faults."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []
        self._lock = Lock()

    def arm(self, fault: Fault) -> None:
        """Append the fault to the pending faults, once for each request that it applies to."""
        with self._lock:
            self._armed.extend([fault] * fault.times)

    def clear(self) -> None:
        """Remove all pending faults."""
        with self._lock:
            self._armed.clear()

    def take(self, region: str | None = None) -> Fault | None:
        """Remove and return the next fault for a request to the endpoint of this region, or return None."""
        with self._lock:
            for index, fault in enumerate(self._armed):
                if fault.region in (None, region):
                    return self._armed.pop(index)
        return None
