"""The two doors: the API itself, and the control route beside it.

The control route asks for no signature; it is a tool for the machine that the emulator runs on::

    POST   /_emulator/faults     {"kind": "unavailable", "times": 3}     arm a fault
    DELETE /_emulator/faults                                             disarm all
    GET    /_emulator/requests                                           {"count": 7, "nodes": 13}
"""

from collections.abc import Callable
from datetime import datetime

from aiohttp import web
from pydantic import ValidationError

from ..credentials import Credentials
from .faults import Faults, read_fault, reasons
from .fleet import FleetFile
from .responses import node_list, refuse
from .verification import ReceivedRequest, RequestVerifier


def region_of_host(host: str) -> str | None:
    """The region whose endpoint was called, under a name such as ``cn-hangzhou.localhost:8080``; else None.

    At the bare address, all nodes of the fleet are listed.
    """
    name = host.partition(":")[0]
    return name.removesuffix(".localhost") if name.endswith(".localhost") else None


class Service:
    """The emulated service: one fleet, one AccessKey. `requests` counts what came to the API's door, refused or not."""

    def __init__(self, fleet: FleetFile, credentials: Credentials, clock: Callable[[], datetime]) -> None:
        self.fleet = fleet
        self.faults = Faults()
        self.requests = 0
        self._gate = RequestVerifier(credentials)
        self._clock = clock

    def application(self) -> web.Application:
        """A new application over this service's state."""
        application = web.Application()
        application.router.add_post("/_emulator/faults", self._arm)
        application.router.add_delete("/_emulator/faults", self._clear)
        application.router.add_get("/_emulator/requests", self._requests)
        application.router.add_route("*", "/{path:.*}", self._list_instance_model)
        return application

    async def _list_instance_model(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        region = region_of_host(request.host)
        now = self._clock()
        refusal = self._gate.refusal(await ReceivedRequest.of(request, now))
        fault = None if refusal else self.faults.take(region)
        refusal = refusal or (fault.refusal if fault else None)
        if refusal:
            return refuse(refusal, request.host, now)
        answer = node_list(self.fleet.nodes(request.query.get("instanceId"), region), now)
        return await fault.apply(request, answer) if fault else answer

    async def _arm(self, request: web.Request) -> web.Response:
        try:
            self.faults.arm(read_fault(await request.read()))
        except ValidationError as error:
            return web.json_response({"error": reasons(error)}, status=400)
        return web.Response(status=204)

    async def _clear(self, _request: web.Request) -> web.Response:
        self.faults.clear()
        return web.Response(status=204)

    async def _requests(self, _request: web.Request) -> web.Response:
        return web.json_response({"count": self.requests, "nodes": len(self.fleet.nodes())})
