"""The routes of the emulator: the API and the control routes.

The control routes require no signature. Use them only on the machine on which the emulator runs::

    POST   /_emulator/faults     {"kind": "unavailable", "times": 3}     arm a fault (a `Fault`)
    DELETE /_emulator/faults                                             remove all pending faults
    GET    /_emulator/requests                                           {"count": 7, "nodes": 13}
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from aiohttp import web
from pydantic import ValidationError

from ..credentials import Credentials
from .faults import Faults, read_fault, reasons
from .fleet import FleetFile
from .responses import error_response, node_list
from .verification import ReceivedRequest, RequestVerifier


def region_of_host(host: str) -> str | None:
    """Return the region in a host such as ``cn-hangzhou.localhost:8080``, or None for any other host."""
    name = host.partition(":")[0]
    return name.removesuffix(".localhost") if name.endswith(".localhost") else None


class Service:
    """The emulated service, with a fleet for each AccessKey. `requests` is the number of all API requests."""

    def __init__(self, accounts: Mapping[Credentials, FleetFile], clock: Callable[[], datetime]) -> None:
        self.faults = Faults()
        self.requests = 0
        self._fleets = {credentials.access_key_id: fleet for credentials, fleet in accounts.items()}
        self._verifier = RequestVerifier(accounts)
        self._clock = clock

    def application(self) -> web.Application:
        """Return a new web application that uses the state of this service."""
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
        received = await ReceivedRequest.of(request, now)
        refusal = self._verifier.refusal(received)
        fault = None if refusal else self.faults.take(region)
        refusal = refusal or (fault.refusal if fault else None)
        if refusal:
            return error_response(refusal, request.host, now)
        fleet = self._fleets[received.access_key_id]
        response = node_list(fleet.nodes(request.query.get("instanceId"), region), now)
        return await fault.apply(request, response) if fault else response

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
        nodes = sum(len(fleet.nodes()) for fleet in self._fleets.values())
        return web.json_response({"count": self.requests, "nodes": nodes})
