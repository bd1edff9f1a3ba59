"""JSON-like data between Pulumi's wire and the SDK's property values, as one value and not as one for each part.

The SDK makes and checks an object for every field of every node: at 10,000 nodes that took most of a preview's time.
A `PlainValue` is a property value whose parts are made only for who asks for them, and on the wire it is what the
SDK's own would be.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from google.protobuf.struct_pb2 import Struct, Value
from pulumi.provider.experimental.property_value import PropertyValue, PythonValue
from pulumi.runtime import rpc


class PlainValue(PropertyValue):
    """Data without a mark on any part: nothing in it is unknown, an asset or a reference, and all or none is secret.

    Attributes:
        plain: the data; not to be changed.
    """

    plain: object

    def __init__(self, plain: object, is_secret: bool = False) -> None:
        # The SDK's own constructor is what has to be avoided, and the class is frozen.
        self.__dict__.update(plain=plain, is_secret=is_secret, dependencies=frozenset())

    @cached_property
    def value(self) -> PythonValue:
        """The parts, for whoever takes the data apart."""
        return to_value(self.plain).value

    def with_secret(self, is_secret: bool) -> PropertyValue:
        """The same data, secret or not."""
        return PlainValue(self.plain, is_secret)

    def contains_secret(self) -> bool:
        """Whether all of it is secret."""
        return self.is_secret

    def marshal(self) -> Value:
        """The wire's form, as the SDK would make it."""
        marked = {rpc._special_sig_key: rpc._special_secret_sig, "value": self.plain}
        return _marshal(marked if self.is_secret else self.plain)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, PlainValue):
            return self.is_secret == other.is_secret and self.plain == other.plain
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]  # the SDK's fails too


def to_value(plain: object) -> PropertyValue:
    """The property value of JSON-like data, part by part; every number is a double on this wire."""
    if isinstance(plain, Mapping):
        return PropertyValue({str(name): to_value(item) for name, item in plain.items()})
    if isinstance(plain, list | tuple):
        return PropertyValue([to_value(item) for item in plain])
    if isinstance(plain, int) and not isinstance(plain, bool):
        return PropertyValue(float(plain))
    if plain is None or isinstance(plain, bool | float | str):
        return PropertyValue(plain)
    raise TypeError(f"{type(plain).__name__} has no property value")


def read_struct(struct: Struct) -> dict[str, PropertyValue]:
    """The property values in a request: lists and objects as plain ones, unless a part of them has a mark."""
    return {name: _read(value) for name, value in struct.fields.items()}


def _read(value: Value) -> PropertyValue:
    if value.WhichOneof("kind") not in ("list_value", "struct_value"):
        return PropertyValue.unmarshal(value)
    try:
        return PlainValue(_unmarshal(value))
    except _MarkedError:
        return PropertyValue.unmarshal(value)


class _MarkedError(Exception):
    """A part is more than data, which the SDK knows how to read."""


def _unmarshal(value: Value) -> object:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        if value.string_value == rpc.UNKNOWN:
            raise _MarkedError
        return value.string_value
    if kind == "number_value":
        return value.number_value
    if kind == "struct_value":
        fields = value.struct_value.fields
        if rpc._special_sig_key in fields:
            raise _MarkedError
        return {name: _unmarshal(item) for name, item in fields.items()}
    if kind == "list_value":
        return [_unmarshal(item) for item in value.list_value.values]
    return value.bool_value if kind == "bool_value" else None


def _marshal(plain: Any) -> Value:
    struct = Struct()
    struct.update({"value": plain})
    return struct.fields["value"]
