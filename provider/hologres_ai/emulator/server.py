"""The emulator as a process (`serve`) or in a thread of a test (`Emulator`)."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import Self

from aiohttp import web
from pydantic import ValidationError

from ..clock import utc_now
from ..credentials import Credentials
from ..errors import ConfigurationError
from ..process import stop_on_signals
from ..settings.network import LOOPBACK
from .faults import Fault, reasons
from .fleet import FleetFile
from .responses import BodyFormat
from .routes import Service

EMULATOR_ACCESS_KEY_ID = "emulator-access-key-id"
EMULATOR_ACCESS_KEY_SECRET = "emulator-access-key-secret"  # noqa: S105 - only the emulator accepts it
EMULATOR_CREDENTIALS = Credentials(EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET)
SHIPPED_FLEET = Path(__file__).parent / "fleet.json"

REGION_TO_TRY = "cn-hangzhou"
_GRACE = 0.1  # seconds for requests in progress when the emulator stops


def environment(url: str, credentials: Credentials) -> dict[str, str]:
    """Return the environment variables that a program requires to read from the emulator at `url`."""
    return {
        "ALIBABA_CLOUD_ENDPOINT_HOLOGRAM": url,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": credentials.access_key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": credentials.access_key_secret,
        "ALIBABA_CLOUD_REGION": REGION_TO_TRY,
    }


def serve(
    host: str,
    port: int,
    fleet: Path | None,
    credentials: Credentials,
    on_ready: Callable[[str], None],
    *,
    faults: Iterable[Fault] = (),
) -> None:
    """Run the emulator until SIGINT or SIGTERM is received.

    Args:
        host: the host name or the IP address on which the emulator listens.
        port: the port. 0 selects a free port.
        fleet: the path of the fleet file. Default: the fleet of this package.
        credentials: the AccessKey that is accepted.
        on_ready: called with the URL when the emulator accepts requests.
        faults: the faults that are armed before the first request.

    Raises:
        ConfigurationError: the fleet file is invalid, or the emulator cannot listen on the address.
    """
    service = Service({credentials: FleetFile(fleet or SHIPPED_FLEET)}, utc_now)
    for fault in faults:
        service.faults.arm(fault)

    async def serve_until_signal() -> None:
        stop = stop_on_signals()
        async with _listening(service, host, port) as url:
            on_ready(url)
            await stop.wait()

    asyncio.run(serve_until_signal())


@contextlib.asynccontextmanager
async def _listening(service: Service, host: str, port: int) -> AsyncIterator[str]:
    # With handler_cancellation, the handler of a request that hangs is cancelled when the client disconnects.
    runner = web.AppRunner(
        service.application(), access_log=None, shutdown_timeout=_GRACE, handler_cancellation=True, handle_signals=False
    )
    await runner.setup()
    try:
        await _bind(runner, host, port)
        host, port = runner.addresses[0][:2]
        yield f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    finally:
        await runner.cleanup()


async def _bind(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port).start()
    except (OSError, OverflowError) as error:
        raise ConfigurationError(
            f"the emulator cannot listen on {host}:{port}: {error}",
            "Correct the host, or choose a different port; port 0 selects a free port.",
        ) from None


class Emulator:
    """The emulator in a thread, on a loopback port. A `with` statement starts and stops the emulator.

    Args:
        fleet: the path of the fleet file. Default: the fleet of this package.
        credentials: the AccessKey that is accepted.
        accounts: the paths of the fleet files of further accounts, by the AccessKey of the account.
        port: the port. 0 selects a free port.
        clock: a function that returns the current time.
    """

    def __init__(
        self,
        fleet: str | Path | None = None,
        *,
        credentials: Credentials = EMULATOR_CREDENTIALS,
        accounts: Mapping[Credentials, str | Path] | None = None,
        port: int = 0,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.fleet_path = Path(fleet or SHIPPED_FLEET)
        self.credentials = credentials
        self._port = port
        fleets = {**(accounts or {}), credentials: self.fleet_path}
        self._service = Service({key: FleetFile(Path(path), clock) for key, path in fleets.items()}, clock)
        self._ready: Future[str] = Future()
        self._stop: Callable[[], object] = lambda: None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The URL, such as ``http://127.0.0.1:40401``. It is available after `start`.

        Raises:
            RuntimeError: the emulator was not started.
        """
        if not self._ready.done():
            raise RuntimeError("the emulator was not started. Use it in a with statement, or call start().")
        return self._ready.result()

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that a program requires to read from this emulator. Available after `start`."""
        return environment(self.url, self.credentials)

    @property
    def endpoint(self) -> str:
        """An endpoint that returns only the nodes of one region, such as ``http://{region}.localhost:40401``."""
        return self.url.replace(LOOPBACK, "{region}.localhost")

    @property
    def requests(self) -> int:
        """The number of API requests, including rejected requests."""
        return self._service.requests

    def arm(
        self,
        kind: str,
        times: int = 1,
        seconds: float | None = None,
        region: str | None = None,
        *,
        format: BodyFormat = "json",  # noqa: A002 - the name of the field
    ) -> None:
        """Apply a fault to the next `times` valid requests; see `faults.Fault`.

        Raises:
            ValueError: the kind is unknown, or a number is out of range.
        """
        try:
            fault = Fault(kind=kind, times=times, seconds=seconds, region=region, format=format)
        except ValidationError as error:
            raise ValueError(reasons(error)) from None
        self._service.faults.arm(fault)

    def disarm(self) -> None:
        """Remove the pending faults."""
        self._service.faults.clear()

    def start(self) -> Self:
        """Start the emulator, and return when it accepts requests.

        Raises:
            ConfigurationError: the emulator cannot listen on the port.
        """
        self._ready = Future()
        self._thread = threading.Thread(target=self._run, name="emulator", daemon=True)
        self._thread.start()
        self._ready.result()
        return self

    def stop(self) -> None:
        """Stop the emulator, cancel the requests in progress, and return when the port is free."""
        self._stop()
        if self._thread is not None:
            self._thread.join()
        self._thread, self._stop = None, lambda: None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)

    async def _serve(self) -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        async with _listening(self._service, LOOPBACK, self._port) as url:
            self._stop = lambda: loop.call_soon_threadsafe(stop.set)
            self._ready.set_result(url)
            await stop.wait()
