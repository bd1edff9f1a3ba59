"""Where the time goes, step by step, of the processor and not of the clock: `python -m benchmarks.profile 10000`.

What a preview takes beyond these steps is the engine's, which reads, compares and shows each value in Go.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from typing import TypeVar, cast

from pulumi.runtime import rpc

from benchmarks.server import answer
from hologres_ai.api.response import HttpResponse, parse_response
from hologres_ai.core.read import build_result
from hologres_ai.models import Query, to_wire
from hologres_ai.plugin.properties import Properties, read_properties, write_properties

T = TypeVar("T")


def step(name: str, work: Callable[[], T]) -> T:
    """Do it three times, print the fastest, return what came of it."""
    found, *others = (_timed(work) for _ in range(3))
    print(f"{min(found[0], *(seconds for seconds, _ in others)) * 1000:9.1f} ms  {name}")
    return found[1]


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


def main() -> None:
    """Print each step for as many nodes as are given."""
    body = answer(int(sys.argv[1]))
    reply = step("ours: the answer's bytes to nodes", lambda: parse_response(HttpResponse(200, {}, body)))
    result = step("ours: order, totals, fingerprint", lambda: build_result("cn-hangzhou", Query(), reply))
    wire = step("ours: nodes to JSON-like data", lambda: to_wire(result))
    step("dynamic: Pulumi's serialization in the provider", lambda: asyncio.run(rpc.serialize_properties(wire, {})))
    struct = step("native: the result to the protocol", lambda: write_properties(cast("Properties", wire)))
    step("native: the protocol to Python", lambda: read_properties(struct))
    step("Python program: Pulumi's deserialization", lambda: rpc.deserialize_properties(struct))


if __name__ == "__main__":
    main()
