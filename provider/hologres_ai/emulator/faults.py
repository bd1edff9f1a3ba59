"""Faults on request: each is armed a number of times and befalls the next requests that would have been answered."""

import asyncio
import re
import socket
import struct
from collections.abc import Awaitable, Callable
from threading import Lock
from typing import Annotated

from aiohttp import web
from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from .responses import ErrorResponse

MAX_TIMES = 10_000
A_LONG_TIME = 3600.0  # seconds

_THROTTLED = "Request was denied due to request throttling."

REFUSALS = {
    "throttling": ErrorResponse(400, "Throttling", _THROTTLED),
    "throttling-user": ErrorResponse(429, "Throttling.User", "Request was denied due to user flow control."),
    "unavailable": ErrorResponse(503, "ServiceUnavailable", "The request has failed due to a temporary failure."),
    "internal": ErrorResponse(500, "InternalError", "The request processing has failed due to some unknown error."),
    "denied": ErrorResponse(403, "Forbidden.RAM", "User not authorized to operate on the specified resource."),
    "token-expired": ErrorResponse(400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired."),
}
ALIASES = {"403": "denied", "429": "throttling-user", "500": "internal", "503": "unavailable"}

Apply = Callable[[web.Request, web.Response, float | None], Awaitable[web.StreamResponse]]


async def _slow(_request: web.Request, answer: web.Response, seconds: float | None) -> web.StreamResponse:
    await asyncio.sleep(1.0 if seconds is None else seconds)
    return answer


async def _reset(request: web.Request, answer: web.Response, _seconds: float | None) -> web.StreamResponse:
    """The connection ends with RST: no linger, and no goodbye."""
    if request.transport is not None:
        peer = request.transport.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    return answer


async def _hang(request: web.Request, answer: web.Response, seconds: float | None) -> web.StreamResponse:
    await asyncio.sleep(A_LONG_TIME if seconds is None else seconds)
    return await _reset(request, answer, None)


async def _drip(request: web.Request, answer: web.Response, seconds: float | None) -> web.StreamResponse:
    """The body, a byte at a time."""
    body = _body(answer)
    response = await _start(request, answer, len(body))
    for index in range(len(body)):
        await response.write(body[index : index + 1])
        await asyncio.sleep(1.0 if seconds is None else seconds)
    return response


async def _truncated(request: web.Request, answer: web.Response, _seconds: float | None) -> web.StreamResponse:
    """The first half of the body, under the length of the whole."""
    body = _body(answer)
    response = await _start(request, answer, len(body))
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


async def _start(request: web.Request, answer: web.Response, length: int) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    response.content_length = length
    await response.prepare(request)
    return response


def _body(answer: web.Response) -> bytes:
    return answer.body if isinstance(answer.body, bytes) else b""


APPLIED: dict[str, Apply] = {
    "slow": _slow,
    "reset": _reset,
    "hang": _hang,
    "drip": _drip,
    "truncated": _truncated,
}
KINDS = (*REFUSALS, *APPLIED, *ALIASES)


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"no such fault: {kind[:32]!r}; there are {', '.join(KINDS)}")
    return kind


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Fault:
    """A fault and how often it befalls; with a `region`, only requests to that region's endpoint.

    `seconds`: how long ``slow`` waits before the answer (1), ``drip`` between bytes (1) and ``hang`` before it resets
    the connection (an hour); the Retry-After of ``throttling-user`` (1). The others do not heed it.

    Raises:
        ValueError: no such kind, or a number out of range.
    """

    kind: Annotated[str, AfterValidator(_known)]
    times: Annotated[int, Field(ge=1, le=MAX_TIMES)] = 1
    seconds: Annotated[float, Field(ge=0, le=A_LONG_TIME, allow_inf_nan=False)] | None = None
    region: Annotated[str, Field(min_length=1)] | None = None

    @property
    def name(self) -> str:
        """The kind by its name, also where it was given as a status."""
        return ALIASES.get(self.kind, self.kind)

    @property
    def refusal(self) -> ErrorResponse | None:
        """The error answer that the fault is, where it is one."""
        refusal = REFUSALS.get(self.name)
        if refusal is None or refusal.status != 429:
            return refusal
        wait = 1 if self.seconds is None else round(self.seconds)
        return ErrorResponse(refusal.status, refusal.code, refusal.message, {"Retry-After": str(wait)})

    async def apply(self, request: web.Request, answer: web.Response) -> web.StreamResponse:
        """Do to `answer` what the fault does, where it is not a refusal."""
        return await APPLIED[self.name](request, answer, self.seconds)


_FAULT = TypeAdapter(Fault)
_FORM = re.compile(
    r"((?P<region>[a-z0-9-]+)=)?(?P<kind>[a-z0-9-]+)(:(?P<times>[0-9]{1,5})(:(?P<seconds>[0-9]{1,4}(\.[0-9]{1,3})?))?)?"
)


def read_fault(document: bytes) -> Fault:
    """A fault from a JSON object with the fields of `Fault`.

    Raises:
        ValidationError: see `reasons`.
    """
    return _FAULT.validate_json(document)


def parse_fault(text: str) -> Fault:
    """A fault from ``kind``, ``kind:times`` or ``kind:times:seconds``, such as ``503:3`` or ``slow:1:0.5``.

    With ``region=`` in front, such as ``cn-beijing=hang:4``, it befalls that region alone.

    Raises:
        ValueError: it has another form, or the fault does not exist.
    """
    form = _FORM.fullmatch(text)
    if form is None:
        raise ValueError(f"not a fault: {text[:32]!r}; give kind, kind:times or kind:times:seconds, such as 503:3")
    try:
        return _FAULT.validate_python({name: value for name, value in form.groupdict().items() if value is not None})
    except ValidationError as error:
        raise ValueError(reasons(error)) from None


def reasons(error: ValidationError) -> str:
    """What is wrong with a fault, on one line."""
    items = error.errors(include_url=False, include_context=False)
    return "; ".join(
        "".join(f"{part}: " for part in item["loc"]) + item["msg"].removeprefix("Value error, ") for item in items
    )


class Faults:
    """The faults that are armed, in the order they will befall. Can be armed from any thread."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []
        self._lock = Lock()

    def arm(self, fault: Fault) -> None:
        """Let the fault befall, after those that are armed already."""
        with self._lock:
            self._armed.extend([fault] * fault.times)

    def clear(self) -> None:
        """Disarm everything."""
        with self._lock:
            self._armed.clear()

    def take(self, region: str | None = None) -> Fault | None:
        """The fault that befalls a request to that region's endpoint now, if any."""
        with self._lock:
            for index, fault in enumerate(self._armed):
                if fault.region in (None, region):
                    return self._armed.pop(index)
        return None
