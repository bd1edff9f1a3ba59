"""Many concurrent reads, through each entry point, against a real emulator in another process."""

import asyncio
import gc
import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from hologres_ai.api.client import Client
from hologres_ai.api.retry import RetryQuota
from hologres_ai.config import resolve
from hologres_ai.core.read import read, read_ai_nodes
from hologres_ai.emulator import EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET
from hologres_ai.models import Query
from tests.support.raw_server import RawServer, http

FORK = multiprocessing.get_context("fork")
INSTANCES = 20
AT_ONCE = 200
THREADS = 8
READS = 5_000
WINDOW = 1_000
LEAK_BYTES = 2 * 1024 * 1024
TIMEOUT = 30.0  # seconds; enough for a busy machine


@dataclass(frozen=True)
class Service:
    """The emulator's address, and its process."""

    url: str
    pid: int


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """An emulator with one node for each of `INSTANCES` Hologres instances."""
    fleet = tmp_path_factory.mktemp("load") / "fleet.json"
    nodes = [{"holoInstanceId": instance(n), "aiInstanceId": f"ai-{n}", "cpu": n} for n in range(INSTANCES)]
    fleet.write_text(json.dumps({"nodes": nodes}))
    command = [sys.executable, "-m", "hologres_ai.cli", "emulate", "--port", "0", "--fleet", str(fleet)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        yield Service(process.stdout.readline().split()[0], process.pid)
        process.terminate()


def instance(number: int) -> str:
    return f"hgpostcn-cn-{number % INSTANCES:03d}"


def arguments(url: str) -> dict[str, str]:
    keys = {"access_key": EMULATOR_ACCESS_KEY_ID, "secret_key": EMULATOR_ACCESS_KEY_SECRET}
    return {"region": "cn-hangzhou", "endpoint": url, **keys}


def read_one(url: str, number: int) -> tuple[str, ...]:
    return read_ai_nodes(instance(number), **arguments(url)).ids  # type: ignore[arg-type]


def expected_ids(number: int) -> tuple[str, ...]:
    return (f"ai-{number % INSTANCES}",)


async def read_at_once(url: str, count: int) -> list[tuple[str, ...]]:
    """Make complete reads, each with its own client."""
    queries = [Query(instance_id=instance(number), region="cn-hangzhou") for number in range(count)]
    results = await asyncio.gather(*(read(query, arguments(url), environ={}) for query in queries))
    return [result.ids for result in results]


async def call_at_once(url: str, count: int) -> list[tuple[str | None, ...]]:
    """Make calls as a region fan-out does: a client for each call, and one quota for all."""
    settings, quota = resolve(dict(arguments(url))), RetryQuota()
    clients = [Client(settings, quota=quota) for _ in range(count)]
    replies = await asyncio.gather(*(c.list_instance_model(instance(number)) for number, c in enumerate(clients)))
    return [tuple(node.ai_instance_id for node in reply.nodes) for reply in replies]


def read_in_threads(url: str, count: int) -> list[tuple[str, ...]]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(lambda number: read_one(url, number), range(count)))


def test_two_hundred_concurrent_reads_get_their_own_results(service: Service) -> None:
    assert asyncio.run(read_at_once(service.url, AT_ONCE)) == [expected_ids(number) for number in range(AT_ONCE)]


def test_two_hundred_concurrent_calls_succeed_despite_transient_faults(service: Service) -> None:
    httpx.post(f"{service.url}/_emulator/faults", json={"kind": "unavailable", "times": 40}).raise_for_status()
    httpx.post(f"{service.url}/_emulator/faults", json={"kind": "reset", "times": 20}).raise_for_status()
    assert asyncio.run(call_at_once(service.url, AT_ONCE)) == [expected_ids(number) for number in range(AT_ONCE)]


def test_eight_threads_read_through_the_synchronous_entry_point(service: Service) -> None:
    assert read_in_threads(service.url, THREADS * 10) == [expected_ids(number) for number in range(THREADS * 10)]


def test_read_ai_nodes_works_inside_a_running_event_loop(service: Service) -> None:
    async def main() -> list[tuple[str, ...]]:
        return [read_one(service.url, number) for number in range(3)]

    assert asyncio.run(main()) == [expected_ids(number) for number in range(3)]


def run_in_fork(act: Callable[[], object]) -> object:
    """Return the result of the function in a forked child process."""
    receiver, sender = FORK.Pipe(duplex=False)
    child = FORK.Process(target=lambda: sender.send(act()))
    child.start()
    try:
        assert receiver.poll(TIMEOUT), "the child hangs"
        return receiver.recv()
    finally:
        child.kill()
        child.join()


def test_a_process_forked_after_a_read_can_read(service: Service) -> None:
    assert read_one(service.url, 1) == expected_ids(1)
    assert run_in_fork(lambda: [read_one(service.url, number) for number in range(3)]) == [
        expected_ids(n) for n in range(3)
    ]
    assert read_one(service.url, 2) == expected_ids(2)


def test_nonces_are_unique_across_tasks_threads_and_forks() -> None:
    body = http(200, '{"instanceModelList": []}')
    with RawServer([body]) as server:
        asyncio.run(read_at_once(server.url, AT_ONCE))
        read_in_threads(server.url, THREADS * 5)
        for _ in range(3):  # each child inherits the random state of this process
            run_in_fork(lambda: [read_one(server.url, 0) for _ in range(5)])
        nonces = [request.headers["x-acs-signature-nonce"] for request in server.requests]
    assert len(nonces) == AT_ONCE + THREADS * 5 + 15
    assert len(set(nonces)) == len(nonces)


def test_reads_leave_no_open_file_descriptors(service: Service) -> None:
    read_one(service.url, 0)
    before = descriptors()
    before_in_emulator = descriptors(service.pid)
    asyncio.run(read_at_once(service.url, AT_ONCE))
    read_in_threads(service.url, THREADS * 5)
    assert wait_for_count(descriptors, before) <= before
    assert wait_for_count(lambda: descriptors(service.pid), before_in_emulator) <= before_in_emulator


def descriptors(pid: int | None = None) -> int:
    gc.collect()
    return len(list(Path(f"/proc/{pid or 'self'}/fd").iterdir()))


def wait_for_count(count: Callable[[], int], wanted: int) -> int:
    """The count when it has reached the expected value, or after a time limit."""
    end = time.monotonic() + 5
    while count() > wanted and time.monotonic() < end:
        time.sleep(0.05)
    return count()


def test_memory_does_not_grow_over_five_thousand_reads(service: Service) -> None:
    """Measure in a new process, so that only the reads count; the first window is a warm-up."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        resident = pool.apply(resident_after_each_window, (service.url,))
    assert len(resident) == READS // WINDOW
    assert resident[-1] - resident[0] < LEAK_BYTES, resident


def resident_after_each_window(url: str) -> list[int]:
    """The resident memory in bytes after each window of reads, by both entry points."""
    found = []
    for _ in range(READS // WINDOW):
        for _ in range(9):
            asyncio.run(read_at_once(url, WINDOW // 10))
        for number in range(WINDOW // 10):
            assert read_one(url, number) == expected_ids(number)
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        found.append(pages * os.sysconf("SC_PAGE_SIZE"))
    return found
