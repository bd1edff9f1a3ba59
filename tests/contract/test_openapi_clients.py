"""The vendor's generic OpenAPI clients for Node.js and Go as references for the emulator and for this package.

The vendor's clients for this product are not served by the registries for these languages; the generic ones take the
action, version and path as parameters and sign with ACS3-HMAC-SHA256 by default.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from hologres_ai.api.client import Client
from hologres_ai.api.retry import RetryQuota
from hologres_ai.config import CallConfig
from hologres_ai.core.read import read_sync
from hologres_ai.credentials.types import Credentials
from hologres_ai.emulator import EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET, EMULATOR_CREDENTIALS, Emulator
from hologres_ai.emulator.responses import BodyFormat
from hologres_ai.errors import ApiError
from hologres_ai.models import NodeList, Query, to_wire

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache" / "reference-clients"
TOKEN = "CAIS+token/with*signs~and=="
WITH_TOKEN = Credentials(EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET, TOKEN)
NOT_ASCII = "实例 ü*~+/😀"

Outcome = Mapping[str, Any]


class ReferenceClient:
    """A running reference client: it reads one job per line and writes one outcome per line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def call(
        self, emulator: Emulator, *, credentials: Credentials = EMULATOR_CREDENTIALS, instance_id: str | None = None
    ) -> Outcome:
        config = {
            "endpoint": emulator.url.removeprefix("http://"),
            "accessKeyId": credentials.access_key_id,
            "accessKeySecret": credentials.access_key_secret,
            **({"securityToken": credentials.security_token} if credentials.security_token else {}),
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        job = {"config": config, "query": {"instanceId": instance_id} if instance_id else {}}
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        outcome: Outcome = json.loads(self._process.stdout.readline())
        return outcome


def node_command(package: str) -> list[str]:
    """Install the locked packages once, without running their scripts."""
    folder = HERE / "node"
    installed = folder / "node_modules" / ".package-lock.json"
    with locked():
        if not installed.is_file() or installed.stat().st_mtime < (folder / "package-lock.json").stat().st_mtime:
            subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-progress"], cwd=folder, check=True, capture_output=True
            )
    return ["node", str(folder / "client.js"), package]


def go_command() -> list[str]:
    """Build the program; Go's own cache makes a second build quick."""
    program = CACHE / "go-client"
    with locked():
        subprocess.run(["go", "build", "-mod=readonly", "-o", program, "."], cwd=HERE / "go", check=True)
    return [str(program)]


@contextmanager
def locked() -> Iterator[None]:
    CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(CACHE / "lock"):
        yield


@pytest.fixture(scope="module", params=["@alicloud/openapi-client", "@alicloud/openapi-core", "Go"])
def client(request: pytest.FixtureRequest) -> Iterator[ReferenceClient]:
    command = go_command() if request.param == "Go" else node_command(request.param)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        yield ReferenceClient(process)
        process.kill()


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as started:
        yield started


def read(emulator: Emulator) -> list[Mapping[str, object]]:
    """The nodes as this package reads them with one try, with the field names of the API and without null values."""
    settings = {
        "access_key": EMULATOR_ACCESS_KEY_ID,
        "secret_key": EMULATOR_ACCESS_KEY_SECRET,
        "endpoint": emulator.url,
    }
    result = read_sync(Query(region="cn-hangzhou"), settings, environ={}, fetch=fetch_once)
    nodes: Any = to_wire(result)["instanceModelList"]
    return list(nodes)


async def fetch_once(config: CallConfig, instance_id: str | None) -> NodeList:
    return await Client(config, quota=RetryQuota(0)).list_instance_model(instance_id)


def by_id(nodes: Any) -> list[Mapping[str, object]]:
    return sorted(nodes, key=lambda node: (node["regionId"], node["aiInstanceId"]))


def test_a_reference_client_lists_the_same_nodes_as_this_package(client: ReferenceClient, emulator: Emulator) -> None:
    body = client.call(emulator)["body"]
    nodes = [{name: node[name] for name in node if node[name] is not None} for node in body["instanceModelList"]]
    assert len(nodes) == 13
    assert by_id(nodes) == by_id(read(emulator))
    assert emulator.requests == 2


def test_a_security_token_is_accepted_and_required(client: ReferenceClient) -> None:
    with Emulator(credentials=WITH_TOKEN) as emulator:
        assert len(client.call(emulator, credentials=WITH_TOKEN)["body"]["instanceModelList"]) == 13
        assert client.call(emulator)["error"]["code"] == "MissingSecurityToken"


def test_an_instance_id_outside_ascii_selects_its_nodes(
    client: ReferenceClient, emulator: Emulator, tmp_path: Path
) -> None:
    fleet = tmp_path / "fleet.json"
    nodes = [{"aiInstanceId": "a", "regionId": "r", "holoInstanceId": NOT_ASCII}, {"aiInstanceId": "b"}]
    fleet.write_text(json.dumps({"nodes": nodes}), encoding="utf-8")
    with Emulator(fleet) as other:
        assert client.call(other, instance_id=NOT_ASCII)["body"]["instanceModelList"] == nodes[:1]
    assert client.call(emulator, instance_id=NOT_ASCII)["body"]["instanceModelList"] == []


def test_a_wrong_secret_is_refused(client: ReferenceClient, emulator: Emulator) -> None:
    wrong = Credentials(EMULATOR_ACCESS_KEY_ID, "wrong-secret")
    error = client.call(emulator, credentials=wrong)["error"]
    assert (error["code"], error["status"]) == ("SignatureDoesNotMatch", 400)


@pytest.mark.parametrize("body_format", ["json", "xml"])
@pytest.mark.parametrize("kind", ["denied", "denied-explicitly", "throttling", "throttling-user", "unavailable"])
def test_a_reference_client_reads_the_same_code_status_and_message_of_a_refusal(
    client: ReferenceClient, emulator: Emulator, kind: str, body_format: BodyFormat
) -> None:
    emulator.arm(kind, format=body_format)
    error = client.call(emulator)["error"]
    emulator.disarm()
    emulator.arm(kind, format=body_format)
    with pytest.raises(ApiError) as caught:
        read(emulator)
    assert (error["code"], error["status"]) == (caught.value.code, caught.value.status)
    assert caught.value.title.removeprefix("the API refused to list the AI nodes: ") in error["message"]
