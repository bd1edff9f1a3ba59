"""Values as Pulumi's mocks have them."""

from collections.abc import Mapping

from pulumi.output import Unknown


def is_unknown(value: object) -> bool:
    """Whether the value, or a part of it, is not known at this preview."""
    if isinstance(value, Mapping):
        return any(map(is_unknown, value.values()))
    return any(map(is_unknown, value)) if isinstance(value, list) else isinstance(value, Unknown)
