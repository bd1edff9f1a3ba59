"""What is accepted passes Pulumi's wire unchanged: through protobuf's Struct, there and back, by its own serialiser.

On that wire text is UTF-8 and every number is a double. Half a surrogate pair has no UTF-8 and whole numbers past 2**53
share a double, so both are turned away at the door; a total that grows past it is unknown.
"""

import asyncio
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from hypothesis import example, given, settings
from pulumi.runtime import rpc

from hologres_ai.api.response import HttpResponse, parse_response
from hologres_ai.core.result import build_result, capacity
from hologres_ai.envelope import from_envelope, to_envelope
from hologres_ai.errors import ResponseError
from hologres_ai.models import AiNode, AiNodeListResult, NodeList, Query, to_wire
from tests.api.test_any_response import GOOD_BODIES
from tests.support.answer_oracle import LARGEST


def carried(outputs: dict[str, Any]) -> dict[str, Any]:
    """The outputs as they come out at the other end of Pulumi's wire."""
    message = asyncio.run(rpc.serialize_properties(outputs, {}))
    arrived = Struct.FromString(message.SerializeToString())
    properties: dict[str, Any] = rpc.deserialize_properties(arrived)
    return properties


def without_null(value: Any) -> Any:
    """On the wire null and absent are one."""
    if isinstance(value, dict):
        return {name: without_null(item) for name, item in value.items() if item is not None}
    return [without_null(item) for item in value] if isinstance(value, list) else value


def of(body: bytes) -> AiNodeListResult:
    return build_result("cn-hangzhou", Query(), parse_response(HttpResponse(200, {}, body)))


@settings(max_examples=300, derandomize=True, database=None, deadline=None)
@given(GOOD_BODIES)
@example('{"instanceModelList": [{"cpu": 9007199254740991, "nodeCount": 9007199254740991, "cpuUsed": 0}]}')
@example('{"instanceModelList": [{"gpuUsed": 9007199254740991}, {"gpuUsed": 1}]}')
@example('{"instanceModelList": [{"holoInstanceName": "\\u0000\\ud83d\\ude00\\u202e"}]}')
def test_every_accepted_list_arrives_as_it_was(body: str) -> None:
    result = of(body.encode())
    outputs = to_wire(result, request_id=True)
    assert carried(outputs) == without_null(outputs)  # in Python 7.0 == 7, and no whole number was rounded on the way
    assert from_envelope(carried(to_envelope(result))) == result_without_id(result)


def result_without_id(result: AiNodeListResult) -> AiNodeListResult:
    """An envelope has no request id, and knows the region that was read."""
    query = Query(region=result.region)
    return build_result(result.region, query, NodeList(nodes=result.instance_model_list, request_id=None))


@pytest.mark.parametrize("half", ["\\ud800", "\\udfff", "a\\udc00\\ud800"])
def test_half_a_surrogate_pair_is_refused_because_the_wire_has_no_place_for_it(half: str) -> None:
    with pytest.raises(ResponseError, match=r"body: Invalid JSON: .* at line 1 column"):
        of(f'{{"instanceModelList": [{{"holoInstanceName": "{half}"}}]}}'.encode())
    with pytest.raises(UnicodeEncodeError):
        Struct().update({"name": half.encode().decode("unicode_escape")})


def test_the_largest_number_is_the_last_that_the_wire_tells_from_its_neighbour() -> None:
    struct = Struct()
    struct.update({"largest": LARGEST, "next": LARGEST + 1, "next but one": LARGEST + 2})
    arrived = Struct.FromString(struct.SerializeToString())
    assert arrived["largest"] == LARGEST
    assert arrived["next"] == arrived["next but one"]
    assert of(b'{"instanceModelList": [{"cpu": %d}]}' % LARGEST).instance_model_list == (AiNode(cpu=LARGEST),)
    with pytest.raises(ResponseError, match=r"instanceModelList\[0\]\.cpu"):
        of(b'{"instanceModelList": [{"cpu": %d}]}' % (LARGEST + 1))


def test_a_total_past_the_largest_number_is_unknown() -> None:
    huge, small = AiNode(cpu=2**40, node_count=2**14, gpu=1), AiNode(cpu=1, node_count=1, gpu=1)
    assert (capacity(huge, "cpu"), capacity(huge, "gpu")) == (None, 2**14)
    totals = build_result("r", Query(), NodeList(nodes=(huge, small), request_id=None)).totals
    assert (totals.cpu.capacity, totals.gpu.capacity, totals.node_count) == (None, 2**14 + 1, 2**14 + 1)
