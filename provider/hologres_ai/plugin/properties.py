"""Property values of Pulumi's protocol: conversion between `google.protobuf.Struct` and plain Python values.

A value is None, a boolean, a number, a string, a list or a dict. `UNKNOWN` is a value that is unknown before an
update; `Secret` marks a secret value. Both can occur anywhere inside a value. Every number in the protocol is a double.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from google.protobuf.struct_pb2 import Struct, Value

from ..errors import Failure, InvalidArgumentError
from ..names import SECRET_SIGNATURE, SIGNATURE

# Constants of the protocol: sdk/go/common/resource/sig and sdk/go/common/resource/plugin/rpc.go of pulumi/pulumi.
OUTPUT_SIGNATURE = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
REFUSED_SIGNATURES = {
    "c44067f5952c0a294b673a41bacd8c17": "an asset",
    "0def7320c3a5731c473e5ecbe6d01bc7": "an archive",
    "5cf8f73096256a8f31e491e813e4eb8e": "a resource reference",
    "803fd3297a5875dc03ca845dda5d2a98": "a string that is not UTF-8",
}
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UNKNOWN_TEXTS = {
    UNKNOWN_TEXT,  # an unknown string; the others: an unknown boolean, number, array, asset, archive and object
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
}

SHORTEST_HIDDEN = 4  # characters; a shorter secret text is not replaced in messages


class Unknown(Enum):
    """The type of `UNKNOWN`."""

    UNKNOWN = UNKNOWN_TEXT


UNKNOWN = Unknown.UNKNOWN


@dataclass(frozen=True)
class Secret:
    """A value that is secret as a whole. Its `repr()` does not show the value."""

    value: "Property"

    def __repr__(self) -> str:
        return "Secret(...)"


Property: TypeAlias = "bool | float | str | list[Property] | dict[str, Property] | Secret | Unknown | None"
Properties: TypeAlias = Mapping[str, Property]


def read_properties(struct: Struct) -> dict[str, Property]:
    """Read the properties in a request.

    Raises:
        InvalidArgumentError: a property contains a value that no argument accepts, such as an asset, an archive or a
            resource reference.
    """
    failures: list[Failure] = []
    properties: dict[str, Property] = {}
    for name, value in struct.fields.items():
        try:
            properties[name] = _read(value)
        except ValueError as error:
            failures.append(Failure(name, str(error)))
    if failures:
        raise InvalidArgumentError(sorted(failures, key=lambda failure: failure.argument))  # a map has no order
    return properties


def write_properties(properties: Properties) -> Struct:
    """Write the properties of a response."""
    struct = Struct()
    struct.update({name: _write(value) for name, value in properties.items()})  # type: ignore[misc]  # see _write
    return struct


def _read(value: Value) -> Property:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value in UNKNOWN_TEXTS else value.string_value
    if kind == "number_value":
        return value.number_value
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [_read(item) for item in value.list_value.values]
    if kind == "struct_value":
        return _read_object(value.struct_value)
    return None


def _read_object(struct: Struct) -> Property:
    fields = struct.fields
    if SIGNATURE not in fields:
        return {name: _read(item) for name, item in fields.items()}
    signature = fields[SIGNATURE].string_value
    if signature == SECRET_SIGNATURE and "value" in fields:
        return Secret(_read(fields["value"]))
    if signature == OUTPUT_SIGNATURE:
        value = _read(fields["value"]) if "value" in fields else UNKNOWN
        return Secret(value) if "secret" in fields and fields["secret"].bool_value else value
    raise ValueError(f"{REFUSED_SIGNATURES.get(signature, 'a value of an unknown kind')} cannot be used here")


def _write(value: Property) -> object:
    """Convert a value to one that `Struct.update` accepts."""
    if isinstance(value, dict):
        return {name: _write(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_write(item) for item in value]
    if isinstance(value, Secret):
        return {SIGNATURE: SECRET_SIGNATURE, "value": _write(value.value)}
    return UNKNOWN_TEXT if value is UNKNOWN else value


def is_unknown(value: Property) -> bool:
    """Return whether the value, or a part of it, is unknown before an update."""
    return value is UNKNOWN or any(map(is_unknown, _parts(value)))


def is_secret(value: Property) -> bool:
    """Return whether the value, or a part of it, is secret."""
    return isinstance(value, Secret) or any(map(is_secret, _parts(value)))


def reveal(value: Property) -> Property:
    """Return the plain value, with Pulumi's secret markers removed."""
    if isinstance(value, Secret):
        return reveal(value.value)
    if isinstance(value, dict):
        return {name: reveal(item) for name, item in value.items()}
    return [reveal(item) for item in value] if isinstance(value, list) else value


def mark_secret(value: Property) -> Secret:
    """Return the value marked as secret."""
    return value if isinstance(value, Secret) else Secret(value)


def secret_texts(properties: Properties) -> set[str]:
    """Return the texts in secret values, for `hide`.

    Texts shorter than `SHORTEST_HIDDEN` are omitted, because they can occur by chance in any message.
    """
    texts = {text for value in properties.values() for text in _texts(value, secret=False)}
    return {text for text in texts if len(text) >= SHORTEST_HIDDEN}


def _texts(value: Property, *, secret: bool) -> Iterator[str]:
    if isinstance(value, str) and secret:
        yield value
    for part in _parts(value):
        yield from _texts(part, secret=secret or isinstance(value, Secret))


def hide(text: str, secrets: Iterable[str]) -> str:
    """Return a message with each of the secret texts replaced by ``[secret]``."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "[secret]")
    return text


@contextmanager
def hidden_names(may_show: Callable[[str], bool]) -> Iterator[None]:
    """Raise an `InvalidArgumentError` with the name of a property only in the reason, unless `may_show` accepts it.

    The engine prints the value of the property that a failure names, even if the value is secret. It prints no value
    if the failure does not name a property.
    """
    try:
        yield
    except InvalidArgumentError as error:
        shown = [
            item if may_show(item.argument) else Failure("", f"{item.argument}: {item.reason}")
            for item in error.failures
        ]
        raise InvalidArgumentError(shown) from None


def marked(properties: Properties, *, secret: bool) -> dict[str, Property]:
    """Return the properties, each marked as secret if `secret` is true."""
    return {name: mark_secret(value) if secret else value for name, value in properties.items()}


def _parts(value: Property) -> list[Property]:
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, Secret):
        return [value.value]
    return value if isinstance(value, list) else []
