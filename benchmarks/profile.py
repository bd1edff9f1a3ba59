"""Where the time goes, step by step, of the processor and not of the clock: `python -m benchmarks.profile 10000`.

What a preview takes beyond these steps is the engine's, which reads, compares and shows each value in Go.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from typing import TypeVar

from google.protobuf.struct_pb2 import Struct
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime import rpc

from benchmarks.server import answer
from hologres_ai.api.response import HttpResponse, parse_response
from hologres_ai.core.result import build_result
from hologres_ai.models import Query, to_wire
from hologres_ai.plugin.values import to_values
from hologres_ai.plugin.wire import read_struct, to_value

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
    values = step("the SDK's property values", lambda: {name: to_value(item) for name, item in wire.items()})
    step("the SDK's property values to the wire", lambda: PropertyValue.marshal_map(values))
    step("native, ours: the same by way of `wire`", lambda: PropertyValue.marshal_map(to_values(wire, secret=False)))
    struct = Struct()
    struct.update(wire)
    step("the SDK's reading of property values", lambda: PropertyValue.unmarshal_map(struct))
    step("native, ours: the same by way of `wire`", lambda: read_struct(struct))
    step("Python program: Pulumi's deserialization", lambda: rpc.deserialize_properties(struct))


if __name__ == "__main__":
    main()
