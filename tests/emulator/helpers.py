"""Signed requests to an emulator, and what comes back."""

import contextlib
import json
import re
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import JsonValue

from hologres_ai.api.signing import (
    Acs3Auth,
    new_nonce,
)
from hologres_ai.clock import utc_now
from hologres_ai.core.read import read_ai_nodes
from hologres_ai.credentials import Credentials
from hologres_ai.emulator import (
    EMULATOR_ACCESS_KEY_ID,
    EMULATOR_ACCESS_KEY_SECRET,
    EMULATOR_CREDENTIALS,
    Emulator,
)
from hologres_ai.models import AiNodeListResult

PATH = "/api/v1/instances/rpc/listInstanceModel"
TOKEN = "a-token/with+signs=="
WITH_TOKEN = Credentials(EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET, TOKEN)
REQUEST_ID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")
NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)

Change = Callable[[httpx.Request], object]


EXAMPLE = Path(__file__).parents[1] / "data" / "example-response.json"


class Clock:
    """A clock that changes only when it is set."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def signed(
    emulator: Emulator,
    *,
    credentials: Credentials = EMULATOR_CREDENTIALS,
    action: str = "ListInstanceModel",
    version: str = "2022-06-01",
    clock: Callable[[], datetime] = utc_now,
    nonce: Callable[[], str] = new_nonce,
    method: str = "GET",
    path: str = PATH,
    params: dict[str, str] | None = None,
) -> httpx.Request:
    """A request with a valid signature over its content."""
    request = httpx.Request(method, emulator.url + path, params=params)
    auth = Acs3Auth(credentials, action=action, version=version, clock=clock, nonce=nonce)
    return next(auth.auth_flow(request))


def send(request: httpx.Request, timeout: float = 5.0) -> httpx.Response:
    # httpx before 0.28 does not apply the client's timeout to a request that was built elsewhere.
    request.extensions = {**request.extensions, "timeout": httpx.Timeout(timeout).as_dict()}
    with httpx.Client(trust_env=False) as client:
        return client.send(request)


def listed(response: httpx.Response) -> list[JsonValue]:
    assert response.status_code == 200, response.text
    nodes = response.json()["instanceModelList"]
    assert isinstance(nodes, list)
    return nodes


def refused(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["Code"]


def read(
    emulator: Emulator, instance_id: str | None = None, secret: str = EMULATOR_ACCESS_KEY_SECRET
) -> AiNodeListResult:
    return read_ai_nodes(
        instance_id,
        region="cn-hangzhou",
        access_key=EMULATOR_ACCESS_KEY_ID,
        secret_key=secret,
        endpoint=emulator.url,
    )


def write_fleet(emulator: Emulator, *nodes: JsonValue) -> None:
    emulator.fleet_path.write_text(json.dumps({"nodes": nodes}), encoding="utf-8")


@contextlib.contextmanager
def hanging_request(url: str) -> Iterator[None]:
    """A request that is sent, and meets the fault `hang`."""
    request = httpx.Request("GET", url + PATH)
    auth = Acs3Auth(EMULATOR_CREDENTIALS, action="ListInstanceModel", version="2022-06-01")
    headers = next(auth.auth_flow(request)).headers
    head = f"GET {PATH} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port or 0), timeout=0.2) as raw:
        raw.sendall(f"{head}\r\n".encode())
        with pytest.raises(TimeoutError):
            raw.recv(1)
        yield
