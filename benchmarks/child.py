"""What is measured in a fresh interpreter: `python -m benchmarks.child CASE [ARGUMENT ...]` prints the figures as JSON.

Nothing is imported at the top but what every interpreter has already, because imports are among what is measured.
"""

# ruff: noqa: PLC0415

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.fleet import Node
    from hologres_ai.models import AiNodeListResult

KEYS = ("emulator-access-key-id", "emulator-access-key-secret")
REGION = "cn-hangzhou"
WARM_CALLS = 40
DRIFTS = 5

Call = Callable[[str], int]
Figures = dict[str, float]


def peak() -> float:
    """The most memory that this process has held, in MiB."""
    # Not ru_maxrss, which on Linux begins with what the parent held when it forked.
    status = Path("/proc/self/status")
    if status.exists():
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # bytes, on macOS


def import_ours() -> Figures:
    """What a script imports."""
    start = time.perf_counter()
    from hologres_ai import read_ai_nodes

    return _imported(start, read_ai_nodes)


def import_face() -> Figures:
    """What a program imports, beyond Pulumi itself."""
    import pulumi
    import pulumi.dynamic

    start = time.perf_counter()
    from hologres_ai import AiNodeList

    return _imported(start, pulumi, AiNodeList)


def import_libraries() -> Figures:
    """What a script imports that reads by way of httpx and pydantic, whatever else it does."""
    start = time.perf_counter()
    import asyncio

    import httpx
    from pydantic.dataclasses import dataclass

    @dataclass
    class Nothing:
        """Pydantic imports the rest of itself for the first shape."""

    return _imported(start, asyncio, httpx, Nothing)


def import_theirs() -> Figures:
    """What a script on the vendor's SDK imports."""
    start = time.perf_counter()
    from alibabacloud_hologram20220601.client import Client
    from alibabacloud_hologram20220601.models import ListInstanceModelRequest
    from alibabacloud_tea_openapi.utils_models import Config

    return _imported(start, Client, ListInstanceModelRequest, Config)


def import_nothing() -> Figures:
    """The interpreter itself."""
    return _imported(time.perf_counter())


def _imported(start: float, *_used: object) -> Figures:
    return {"seconds": time.perf_counter() - start, "peak": peak()}


def ours() -> Call:
    """A read through the plain Python door, with the keys given."""
    from hologres_ai import read_ai_nodes

    def call(url: str) -> int:
        found = read_ai_nodes(region=REGION, access_key=KEYS[0], secret_key=KEYS[1], endpoint=url)
        return len(found.instance_model_list)

    return call


def ours_in_a_session() -> Call:
    """The same with the connection kept from read to read."""
    from hologres_ai import Session, read_ai_nodes

    session = Session()

    def call(url: str) -> int:
        found = read_ai_nodes(region=REGION, access_key=KEYS[0], secret_key=KEYS[1], endpoint=url, session=session)
        return len(found.instance_model_list)

    return call


def libraries() -> Call:
    """The least that httpx and pydantic take: one client, kept, and the answer's bytes to nodes, unchecked."""
    import asyncio

    import httpx
    from pydantic import TypeAdapter
    from pydantic.dataclasses import dataclass

    from hologres_ai.models import AiNode

    @dataclass
    class HttpResponse:
        instanceModelList: list[AiNode]  # noqa: N815 - the API's name

    runner, client, answer = asyncio.Runner(), httpx.AsyncClient(trust_env=False), TypeAdapter(HttpResponse)

    async def get(url: str) -> bytes:
        return (await client.get(url)).content

    def call(url: str) -> int:
        return len(answer.validate_json(runner.run(get(url)), by_alias=True).instanceModelList)

    return call


def theirs() -> Call:
    """A read through the vendor's SDK: one client for each endpoint, kept, with its connection."""
    from alibabacloud_hologram20220601.client import Client
    from alibabacloud_hologram20220601.models import ListInstanceModelRequest
    from alibabacloud_tea_openapi.utils_models import Config

    clients: dict[str, Client] = {}

    def client(url: str) -> Client:
        keys = {"access_key_id": KEYS[0], "access_key_secret": KEYS[1]}
        return Client(Config(endpoint=url.removeprefix("http://"), protocol="http", region_id=REGION, **keys))

    def call(url: str) -> int:
        known = clients.get(url) or clients.setdefault(url, client(url))
        return len(known.list_instance_model(ListInstanceModelRequest()).body.instance_model_list)

    return call


def first_call(who: str, url: str) -> Figures:
    """The first call of a process, its imports aside."""
    call = _side(who)
    return {"seconds": _timed(call, url)}


def warm_call(who: str, url: str) -> Figures:
    """The middle one of many calls, in a process that has made some."""
    call = _side(who)
    for _ in range(3):
        call(url)
    times = sorted(_timed(call, url) for _ in range(WARM_CALLS))
    return {"seconds": times[len(times) // 2]}


def read(who: str, url: str, small: str, size: str) -> Figures:
    """One read of many nodes, after one of a single node."""
    call = _side(who)
    call(small)
    seconds = _timed(call, url, expected=int(size))
    return {"seconds": seconds, "peak": peak()}


def fan_out(which: str, url: str) -> Figures:
    """A read of every region, or of one, in a process that has made one call."""
    from hologres_ai import read_ai_nodes

    endpoint = url.replace("127.0.0.1", "{region}.localhost")

    def call(regions: list[str]) -> int:
        found = read_ai_nodes(regions=regions, access_key=KEYS[0], secret_key=KEYS[1], endpoint=endpoint)
        return len(found.instance_model_list)

    call([REGION])
    regions = ["*"] if which == "every" else [REGION]
    start = time.perf_counter()
    call(regions)
    return {"seconds": time.perf_counter() - start}


def drift(size: str) -> Figures:
    """A fleet compared with itself as it is later, every tenth node changed."""
    from hologres_ai.drift import compare

    before, after = _result(int(size), {}), _result(int(size), {"nodeCount": 9, "status": "ResourceExpired"})
    times = []
    for _ in range(DRIFTS):
        start = time.perf_counter()
        found = compare(before, after)
        times.append(time.perf_counter() - start)
        if len(found.events) != int(size) // 10 * 2:
            raise SystemExit(f"{len(found.events)} events were found")
    return {"seconds": sorted(times)[DRIFTS // 2]}


def _result(size: int, changes: "Node") -> "AiNodeListResult":
    from benchmarks.fleet import nodes
    from hologres_ai.envelope import restore

    listed = [node | changes if index % 10 == 0 else node for index, node in enumerate(nodes(size))]
    return restore({"region": REGION, "instanceModelList": listed}, {}, "the fleet")


def _side(who: str) -> Call:
    return {"ours": ours, "session": ours_in_a_session, "libraries": libraries, "theirs": theirs}[who]()


def _timed(call: Call, url: str, expected: int | None = None) -> float:
    start = time.perf_counter()
    found = call(url)
    seconds = time.perf_counter() - start
    if expected is not None and found != expected:
        raise SystemExit(f"{found} nodes were read and not {expected}")
    return seconds


CASES: dict[str, Callable[..., Figures]] = {
    "import-ours": import_ours,
    "import-face": import_face,
    "import-libraries": import_libraries,
    "import-theirs": import_theirs,
    "import-nothing": import_nothing,
    "first-call": first_call,
    "warm-call": warm_call,
    "read": read,
    "fan-out": fan_out,
    "drift": drift,
}

if __name__ == "__main__":
    json.dump(CASES[sys.argv[1]](*sys.argv[2:]), sys.stdout)
