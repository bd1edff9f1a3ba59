"""Inventories on the plugin's wire: the SDK's own translation is the judge."""

from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from hypothesis import given
from hypothesis import strategies as st
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime import rpc

from hologres_ai.plugin.values import differences, is_secret, is_unknown, to_plain
from hologres_ai.plugin.wire import PlainValue, read_struct, to_value

LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=5)
DATA = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
)
SECRET = {rpc._special_sig_key: rpc._special_secret_sig, "value": [1]}
ASSET = {rpc._special_sig_key: rpc._special_asset_sig, "text": "text"}


@given(DATA, st.booleans())
def test_it_is_on_the_wire_what_the_sdks_value_is(data: object, secret: bool) -> None:
    assert PlainValue(data, secret).marshal() == to_value(data).with_secret(secret).marshal()


@given(st.dictionaries(st.text(max_size=5), DATA, max_size=4))
def test_a_request_is_read_as_the_sdk_reads_it(data: dict[str, Any]) -> None:
    struct = Struct()
    struct.update(data)
    theirs = PropertyValue.unmarshal_map(struct)
    ours = read_struct(struct)
    assert ours == theirs
    assert theirs == ours
    assert [to_plain(value) for value in ours.values()] == [to_plain(value) for value in theirs.values()]


@pytest.mark.parametrize("part", [rpc.UNKNOWN, SECRET, ASSET], ids=["unknown", "secret", "asset"])
def test_a_mark_inside_leaves_the_value_to_the_sdk(part: Any) -> None:
    struct = Struct()
    struct.update({"marked": [{"a": part}], "plain": [{"a": 1}]})
    read = read_struct(struct)
    assert {name: isinstance(value, PlainValue) for name, value in read.items()} == {"marked": False, "plain": True}
    assert is_unknown(read["marked"]) == (part == rpc.UNKNOWN)
    assert is_secret({"marked": read["marked"]}) == (part == SECRET)


def test_a_secret_is_marked_as_a_whole() -> None:
    value = PlainValue([{"a": 1}]).with_secret(True)
    assert value.contains_secret()
    assert value != PlainValue([{"a": 1}])
    assert value == to_value([{"a": 1}]).with_secret(True)


def test_what_is_no_data_has_no_parts() -> None:
    with pytest.raises(TypeError, match="object has no property value"):
        to_value([object()])


@given(DATA, DATA)
def test_equal_values_have_no_differences_and_others_do(old: object, new: object) -> None:
    assert not list(differences(old, old))
    assert bool(list(differences(old, new))) == (old != new)
