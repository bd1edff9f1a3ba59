"""Conversion between protocol values and plain values. Pulumi's own SDK is the reference for protocol values."""

import asyncio
from typing import Any, cast

import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pulumi.runtime import rpc

from hologres_ai.api.response import HttpResponse, parse_response
from hologres_ai.core.result import build_result, capacity
from hologres_ai.envelope import from_envelope, to_envelope
from hologres_ai.errors import InvalidArgumentError, ResponseError
from hologres_ai.models import AiNode, AiNodeListResult, NodeList, Query, to_wire
from hologres_ai.names import SECRET_SIGNATURE, SIGNATURE
from hologres_ai.plugin.properties import (
    OUTPUT_SIGNATURE,
    REFUSED_SIGNATURES,
    UNKNOWN,
    UNKNOWN_TEXT,
    UNKNOWN_TEXTS,
    Properties,
    Property,
    Secret,
    hide,
    is_secret,
    is_unknown,
    mark_secret,
    read_properties,
    reveal,
    secret_texts,
    write_properties,
)
from hologres_ai.plugin.properties import marked as in_secret
from tests.api.test_any_response import GOOD_BODIES
from tests.support.answer_oracle import LARGEST

CANARY = "canary-5f1d"
LEAVES = st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5) | st.just(UNKNOWN)
PLAIN = st.recursive(
    st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4) | inner.map(mark_secret)
    ),
)


def struct(value: dict[str, Any]) -> Struct:
    message = Struct()
    message.update(value)
    return message


def marked(signature: str, **fields: object) -> dict[str, object]:
    return {SIGNATURE: signature, **fields}


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4))
def test_properties_survive_a_round_trip(properties: dict[str, Property]) -> None:
    assert read_properties(write_properties(properties)) == properties


@given(st.dictionaries(st.text(max_size=5), PLAIN, max_size=4), st.booleans())
def test_the_sdk_of_pulumi_reads_the_same_properties(properties: dict[str, Property], secret: bool) -> None:
    read = rpc.deserialize_properties(write_properties(in_secret(properties, secret=secret)), keep_unknowns=True)
    assert {rpc.is_rpc_secret(value) for value in read.values()} <= {secret}
    assert {name: rpc.unwrap_rpc_secret(value) for name, value in read.items()} == properties


@pytest.mark.parametrize("text", sorted(UNKNOWN_TEXTS))
def test_an_unknown_value_of_each_type_is_unknown(text: str) -> None:
    properties = read_properties(struct({"a": text, "b": [{"c": text}], "d": "known"}))
    assert properties == {"a": UNKNOWN, "b": [{"c": UNKNOWN}], "d": "known"}
    assert {name: is_unknown(value) for name, value in properties.items()} == {"a": True, "b": True, "d": False}
    assert MessageToDict(write_properties({"a": UNKNOWN})) == {"a": UNKNOWN_TEXT}


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        ({}, UNKNOWN),
        ({"value": "a"}, "a"),
        ({"value": "a", "secret": True}, Secret("a")),
        ({"secret": True}, Secret(UNKNOWN)),
    ],
    ids=["unknown", "known", "secret", "secret and unknown"],
)
def test_an_output_value_is_read_as_its_value(fields: dict[str, object], value: Property) -> None:
    assert read_properties(struct({"a": marked(OUTPUT_SIGNATURE, dependencies=[], **fields)})) == {"a": value}


@pytest.mark.parametrize("inside", [False, True], ids=["as it is", "inside a list"])
@pytest.mark.parametrize(("signature", "kind"), REFUSED_SIGNATURES.items(), ids=REFUSED_SIGNATURES.values())
def test_a_kind_of_value_that_no_argument_accepts_is_refused_with_its_property(
    signature: str, kind: str, inside: bool
) -> None:
    value = marked(signature, text=CANARY)
    with pytest.raises(InvalidArgumentError) as refused:
        read_properties(
            struct({"good": 1, "a": [value] if inside else value, "b": marked(SECRET_SIGNATURE, value=value)})
        )
    message = [(failure.argument, failure.reason) for failure in refused.value.failures]
    assert message == [("a", f"{kind} cannot be used here"), ("b", f"{kind} cannot be used here")]


@pytest.mark.parametrize(
    "signature", [CANARY, SECRET_SIGNATURE, ""], ids=["unknown", "secret without a value", "empty"]
)
def test_a_value_of_an_unknown_kind_is_refused_without_its_text(signature: str) -> None:
    with pytest.raises(InvalidArgumentError, match="a: a value of an unknown kind cannot be used here") as refused:
        read_properties(struct({"a": marked(signature)}))
    assert CANARY not in str(refused.value)


def test_a_secret_hides_its_value_and_is_found_at_any_depth() -> None:
    properties: Properties = {"a": [{"b": Secret([CANARY, 7.0])}], "c": "open"}
    assert CANARY not in repr(properties)
    assert [is_secret(value) for value in properties.values()] == [True, False]
    assert {name: reveal(value) for name, value in properties.items()} == {"a": [{"b": [CANARY, 7.0]}], "c": "open"}
    assert secret_texts({**properties, "short": Secret("abc")}) == {CANARY}
    assert hide(f"{CANARY}-and-more and open", secret_texts(properties)) == "[secret]-and-more and open"


def test_the_longest_secret_is_hidden_first() -> None:
    assert hide("abc ab", {"ab", "abc", ""}) == "[secret] [secret]"


# --- What the protocol can carry --------------------------------------------------------------------------------------


def carried(outputs: dict[str, Any]) -> dict[str, Any]:
    """The outputs as they arrive, by Pulumi's own serialiser."""
    message = asyncio.run(rpc.serialize_properties(outputs, {}))
    properties: dict[str, Any] = rpc.deserialize_properties(Struct.FromString(message.SerializeToString()))
    return properties


def without_null(value: Any) -> Any:
    """In the protocol null and absent are one."""
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
def test_every_parsed_list_survives_the_protocol_unchanged(body: str) -> None:
    """Text is UTF-8 and every number is a double there: in Python 7.0 == 7, and no whole number was rounded."""
    result = of(body.encode())
    outputs = to_wire(result, request_id=True)
    assert carried({**outputs}) == without_null(outputs)
    assert without_null(read_properties(write_properties(cast("Properties", outputs)))) == without_null(outputs)
    assert from_envelope(carried({**to_envelope(result)})) == result_without_id(result)


def result_without_id(result: AiNodeListResult) -> AiNodeListResult:
    """An envelope has no request id, and knows the region that was read."""
    query = Query(region=result.region)
    return build_result(result.region, query, NodeList(nodes=result.instance_model_list, request_id=None))


@pytest.mark.parametrize("half", ["\\ud800", "\\udfff", "a\\udc00\\ud800"])
def test_a_lone_surrogate_that_the_protocol_cannot_carry_is_refused(half: str) -> None:
    with pytest.raises(ResponseError, match=r"body: Invalid JSON: .* at line 1 column"):
        of(f'{{"instanceModelList": [{{"holoInstanceName": "{half}"}}]}}'.encode())
    with pytest.raises(UnicodeEncodeError):
        Struct().update({"name": half.encode().decode("unicode_escape")})


def test_the_largest_number_is_the_largest_exact_integer_of_a_double() -> None:
    arrived = Struct.FromString(
        struct({"largest": LARGEST, "next": LARGEST + 1, "next but one": LARGEST + 2}).SerializeToString()
    )
    assert arrived["largest"] == LARGEST
    assert arrived["next"] == arrived["next but one"]
    assert of(b'{"instanceModelList": [{"cpu": %d}]}' % LARGEST).instance_model_list == (AiNode(cpu=LARGEST),)
    with pytest.raises(ResponseError, match=r"instanceModelList\[0\]\.cpu"):
        of(b'{"instanceModelList": [{"cpu": %d}]}' % (LARGEST + 1))


def test_a_total_above_the_largest_number_is_unknown() -> None:
    huge, small = AiNode(cpu=2**40, node_count=2**14, gpu=1), AiNode(cpu=1, node_count=1, gpu=1)
    assert (capacity(huge, "cpu"), capacity(huge, "gpu")) == (None, 2**14)
    totals = build_result("r", Query(), NodeList(nodes=(huge, small), request_id=None)).totals
    assert (totals.cpu.capacity, totals.gpu.capacity, totals.node_count) == (None, 2**14 + 1, 2**14 + 1)
