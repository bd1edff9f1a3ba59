"""Call sharing: concurrent identical reads make one call, and never get an expired result."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from hologres_ai.core.call_sharing import SHARED_FOR, CallSharing
from hologres_ai.errors import TransportError
from hologres_ai.models import NodeList


class Service:
    """Numbers its calls; each takes `seconds`."""

    def __init__(self, seconds: float = 0.05) -> None:
        self.calls = 0
        self.seconds = seconds

    async def call(self) -> NodeList:
        self.calls += 1
        mine = str(self.calls)
        await asyncio.sleep(self.seconds)
        return NodeList(nodes=(), request_id=mine)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def ids(*replies: NodeList) -> list[str | None]:
    return [reply.request_id for reply in replies]


def test_concurrent_callers_share_a_call() -> None:
    service, shared = Service(), CallSharing()

    async def ask() -> list[NodeList]:
        return await asyncio.gather(*(shared.get("a", service.call) for _ in range(10)))

    assert ids(*asyncio.run(ask())) == ["1"] * 10


def test_concurrent_threads_share_a_call() -> None:
    service, shared, together = Service(0.2), CallSharing(), Barrier(8)

    def ask(_: int) -> NodeList:
        together.wait()
        return asyncio.run(get(shared, service.call))

    with ThreadPoolExecutor(8) as threads:
        assert ids(*threads.map(ask, range(8))) == ["1"] * 8


async def get(shared: CallSharing, make: Callable[[], Awaitable[NodeList]], key: str = "a") -> NodeList:
    return await shared.get(key, make)


def test_another_key_makes_another_call() -> None:
    service, shared = Service(), CallSharing()
    assert ids(*(asyncio.run(get(shared, service.call, key)) for key in "aba")) == ["1", "2", "1"]


def test_a_result_is_not_shared_after_the_sharing_period() -> None:
    service, clock = Service(), Clock()
    shared = CallSharing(clock)
    first = asyncio.run(get(shared, service.call))
    clock.now = SHARED_FOR - 0.01
    second = asyncio.run(get(shared, service.call))
    clock.now = SHARED_FOR
    third = asyncio.run(get(shared, service.call))
    assert ids(first, second, third) == ["1", "1", "2"]
    assert len(shared._calls) == 1, "expired calls are removed"


def test_a_failure_is_raised_for_every_waiting_caller_and_is_not_kept() -> None:
    shared, service = CallSharing(), Service()

    async def fail() -> NodeList:
        await asyncio.sleep(0.05)
        raise TransportError("no")

    async def ask() -> tuple[NodeList | BaseException, NodeList | BaseException]:
        return await asyncio.gather(shared.get("a", fail), shared.get("a", service.call), return_exceptions=True)

    assert [str(answer) for answer in asyncio.run(ask())] == ["no", "no"]
    assert ids(asyncio.run(get(shared, service.call))) == ["1"]


async def start_leader_and_follower(
    shared: CallSharing, service: Service
) -> tuple[asyncio.Task[NodeList], asyncio.Task[NodeList]]:
    """Start the leader, which makes the call, and a follower, which waits for it."""
    leader = asyncio.create_task(get(shared, service.call))
    await asyncio.sleep(0)
    follower = asyncio.create_task(get(shared, service.call))
    await asyncio.sleep(0)
    return leader, follower


def test_a_cancelled_waiter_does_not_cancel_the_shared_call() -> None:
    async def ask() -> NodeList:
        leader, follower = await start_leader_and_follower(CallSharing(), Service())
        follower.cancel()
        with pytest.raises(asyncio.CancelledError):
            await follower
        return await leader

    assert ids(asyncio.run(ask())) == ["1"]


def test_a_waiter_makes_the_call_when_the_leader_is_cancelled() -> None:
    async def ask() -> NodeList:
        leader, follower = await start_leader_and_follower(CallSharing(), Service())
        leader.cancel()
        return await follower

    assert ids(asyncio.run(ask())) == ["2"]
