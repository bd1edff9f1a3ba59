"""What a program requires of the nodes, among the inputs: no part of the query, of the state or of a comparison."""

from collections.abc import Callable, Mapping
from datetime import datetime

from pulumi.provider.experimental.property_value import PropertyValue

from ..errors import Failure, InvalidArgumentError
from ..models import AiNodeListResult, Query
from ..requirements import Requirements, build_requirements, describe_secret, enforce
from .values import Values, is_secret, is_unknown, to_plain

# This name stands in users' states, among the inputs, and must stay as it is.
REQUIREMENTS = "requirements"


def without_requirements(inputs: Values) -> dict[str, PropertyValue]:
    """What says which nodes, and nothing of what they must be."""
    return {name: value for name, value in inputs.items() if name != REQUIREMENTS}


def known_requirements(inputs: Values, query: Query) -> Requirements | None:
    """The requirements in inputs; None where there are none, or where not all of them are known yet.

    Raises:
        InvalidArgumentError: one failure for each of those known that is unknown to us or can't be meant.
    """
    given = inputs.get(REQUIREMENTS, PropertyValue(None))
    if isinstance(given.value, Mapping) and is_unknown(given):
        _judge_the_known(given.value, query)
    if given.value is None or is_unknown(given):
        return None
    plain = to_plain(given)
    if not isinstance(plain, dict):
        raise InvalidArgumentError([Failure(REQUIREMENTS, "an object is expected")])
    return build_requirements(plain, query)


def _judge_the_known(parts: Values, query: Query) -> None:
    """Refuse what is known of them and can't be meant; whether anything is required can't be told yet."""
    known = {name: to_plain(value) for name, value in parts.items() if not is_unknown(value)}
    if known.keys() - {"mode"}:
        build_requirements(known, query)


def enforce_on(
    inputs: Values, requirements: Requirements, result: AiNodeListResult, now: datetime, warn: Callable[[str], None]
) -> None:
    """`requirements.enforce`. What a secret selects, or asks, is not shown.

    Raises:
        RequirementsError: in mode error, where a requirement is not met.
    """
    enforce(requirements, result, now, warn, describe=describe_secret if is_secret(inputs) else str)
