"""The server as a process and in a thread: ports, signals, start and stop."""

import contextlib
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from hologres_ai.credentials import Credentials
from hologres_ai.emulator import (
    EMULATOR_CREDENTIALS,
    Emulator,
    serve,
)
from hologres_ai.errors import ConfigurationError
from tests.emulator.helpers import (
    hanging_request,
    read,
)

SERVE = """
import sys
from hologres_ai.emulator import EMULATOR_CREDENTIALS, serve
from hologres_ai.emulator.faults import parse_fault
serve("127.0.0.1", 0, None, EMULATOR_CREDENTIALS, lambda url: print(url, flush=True), faults=[parse_fault("hang")])
print("stopped")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_ends_at_a_signal(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", SERVE], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().decode().strip()
            with hanging_request(url):
                process.send_signal(number)
                out, errors = process.communicate(timeout=10)
        finally:
            process.kill()
    assert (process.returncode, out, errors) == (0, b"stopped\n", b"")


def test_a_port_in_use_is_explained(emulator: Emulator) -> None:
    port = urlsplit(emulator.url).port or 0
    with pytest.raises(ConfigurationError, match=f"127.0.0.1:{port}.*in use(?s:.*)choose a different port"):
        Emulator(port=port).start()
    with pytest.raises(ConfigurationError, match="in use"):
        serve("127.0.0.1", port, None, EMULATOR_CREDENTIALS, pytest.fail)


def test_an_emulator_that_was_not_started_has_no_url() -> None:
    with pytest.raises(RuntimeError, match=r"call start\(\)"):
        Emulator().environment  # noqa: B018 - it raises


def test_a_fleet_is_given_by_a_path_or_by_text(tmp_path: Path) -> None:
    path = tmp_path / "fleet.json"
    path.write_text('{"nodes": [{"aiInstanceId": "a"}]}')
    for fleet in (path, str(path)):
        with Emulator(fleet, accounts={Credentials("other", "secret"): fleet}) as emulator:
            assert read(emulator).ids == ("a",)
            assert emulator.fleet_path == path


def test_an_emulator_can_be_started_again() -> None:
    emulator = Emulator()
    emulator.stop()
    for _ in range(2):
        emulator.start()
        assert len(read(emulator).ids) == 13
        emulator.stop()
        emulator.stop()
        with contextlib.suppress(httpx.HTTPError):  # another process of the machine may have taken the port
            httpx.get(emulator.url, trust_env=False)
    assert emulator.requests == 2


def test_stop_does_not_wait_for_a_request_that_hangs(emulator: Emulator) -> None:
    emulator.arm("hang")
    with hanging_request(emulator.url):
        emulator.stop()  # returns although the fault would last for an hour
