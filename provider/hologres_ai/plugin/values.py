"""Between Pulumi's property values and plain ones, and where two plain ones differ."""

from collections.abc import Iterator, Mapping, Sequence

from pulumi.provider.experimental.property_value import Computed, PropertyValue
from pulumi.provider.experimental.provider import PropertyDiffKind
from pulumi.runtime.rpc import UNKNOWN as UNKNOWN_TEXT

from .wire import PlainValue

Values = Mapping[str, PropertyValue]

# The SDK reads an unknown as this very string, and can't write its own `Computed`.
UNKNOWN = PropertyValue(UNKNOWN_TEXT)


def is_unknown(value: PropertyValue) -> bool:
    """Whether the value, or a part of it, is not known before an update."""
    if isinstance(value, PlainValue):
        return False
    inner = value.value
    if isinstance(inner, Mapping):
        return any(is_unknown(item) for item in inner.values())
    if isinstance(inner, Sequence) and not isinstance(inner, str):
        return any(is_unknown(item) for item in inner)
    return inner == UNKNOWN_TEXT or isinstance(inner, Computed)


def is_secret(values: Values) -> bool:
    """Whether any of the values, or a part of one, is a secret."""
    return any(value.contains_secret() for value in values.values())


def to_plain(value: PropertyValue) -> object:
    """The value without its marks; assets and references, which nothing here takes, stay the objects they are."""
    if isinstance(value, PlainValue):
        return value.plain
    inner = value.value
    if isinstance(inner, Mapping):
        return {name: to_plain(item) for name, item in inner.items()}
    if isinstance(inner, Sequence) and not isinstance(inner, str):
        return [to_plain(item) for item in inner]
    return inner


def to_values(plain: Mapping[str, object], *, secret: bool) -> dict[str, PropertyValue]:
    """The property values of an object, each marked as secret when `secret` is set."""
    return {name: PlainValue(item, secret) for name, item in plain.items()}


def differences(old: object, new: object, path: str = "") -> Iterator[tuple[str, PropertyDiffKind]]:
    """Where and how two plain values differ, as Pulumi writes it: ``instanceModelList[3].nodeCount``, UPDATE."""
    if old == new:
        return  # most of a fleet is what it was, and need not be taken apart
    olds, news = _parts(old), _parts(new)
    if olds is None or news is None or type(old) is not type(new):
        yield path.removeprefix("."), PropertyDiffKind.UPDATE
        return
    for step in olds | news:
        if step not in news:
            yield (path + step).removeprefix("."), PropertyDiffKind.DELETE
        elif step not in olds:
            yield (path + step).removeprefix("."), PropertyDiffKind.ADD
        else:
            yield from differences(olds[step], news[step], path + step)


def _parts(value: object) -> dict[str, object] | None:
    """What a value is made of, by the step of the path that leads there; None where it is one piece."""
    if isinstance(value, dict):
        return {f".{name}": item for name, item in value.items()}
    if isinstance(value, list):
        return {f"[{index}]": item for index, item in enumerate(value)}
    return None
