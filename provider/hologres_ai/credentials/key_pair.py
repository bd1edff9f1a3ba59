"""Choose the AccessKey from the settings. Its ID and its secret come from the same origin, except under rule 2.

An origin is the arguments, one namespace of the Pulumi configuration, or one family of environment variables.

1. The first origin with both an ID and a secret is used, together with the token of the same origin, if any.
2. If no origin has both, the values of all origins are combined. The combination must contain exactly one distinct ID,
   exactly one distinct secret and at most one distinct token.
3. Any other combination is an error. It is also an error if an incomplete origin has a higher precedence than the
   complete one. If the incomplete origin is in the environment, only a warning is issued.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, product

from ..errors import ConfigurationError
from ..settings import ACCESS_KEY, NAMESPACES, SECRET_KEY, SECURITY_TOKEN, Setting, how_to_set
from ..settings.lookup import ARGUMENT, ENVIRONMENT, ResolvedSettings, ResolvedValue, Values
from .types import Credentials
from .validation import check_header_safe

# The environment variables of each family: pairs of variables for the ID and the secret, and a variable for the token.
_FAMILIES = {
    "ALICLOUD_*": (
        (("ALICLOUD_ACCESS_KEY", "ALICLOUD_SECRET_KEY"), ("ALICLOUD_ACCESS_KEY_ID", "ALICLOUD_ACCESS_KEY_SECRET")),
        "ALICLOUD_SECURITY_TOKEN",
    ),
    "ALIBABA_CLOUD_*": (
        (("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"),),
        "ALIBABA_CLOUD_SECURITY_TOKEN",
    ),
    "ALIBABACLOUD_*": (
        (("ALIBABACLOUD_ACCESS_KEY_ID", "ALIBABACLOUD_ACCESS_KEY_SECRET"),),
        "ALIBABACLOUD_SECURITY_TOKEN",
    ),
}
_PARTS: tuple[Setting, ...] = (ACCESS_KEY, SECRET_KEY, SECURITY_TOKEN)


@dataclass(frozen=True)
class KeyPair:
    """An AccessKey, the origin of each part, and the origins of values that are set but not used."""

    credentials: Credentials
    parts: tuple[tuple[str, str], ...]
    left_over: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Origin:
    """The parts of a key pair that one origin sets, and the pairs of ID and secret that can be formed from them."""

    name: str
    level: int
    values: tuple[Values, Values, Values] = field(repr=False)
    pairs: tuple[tuple[ResolvedValue, ResolvedValue], ...] = field(repr=False)


def find_key_pair(settings: ResolvedSettings) -> KeyPair | None:
    """Return the key pair to use, or None if no part of a key pair is set.

    Raises:
        ConfigurationError: the key pair is incomplete or ambiguous. The message lists the origins but no values.
    """
    origins = _origins(settings)
    complete = next((origin for origin in origins if origin.pairs), None)
    if complete:
        _refuse_halves(origins[: origins.index(complete)], complete)
        return _key_pair([*complete.pairs[0], *complete.values[2][:1]], settings)
    ids, secrets, tokens = (_distinct(settings.all(part)) for part in _PARTS)
    if not (ids or secrets or tokens):
        return None
    if len(ids) == len(secrets) == 1 and len(tokens) <= 1:
        return _key_pair([*ids, *secrets, *tokens], settings)
    raise _incomplete(ids, secrets, tokens)


def _origins(settings: ResolvedSettings) -> list[_Origin]:
    named = [{value.origin: value for value in settings.all(part)} for part in _PARTS]
    origins = [_origin("arguments", ARGUMENT, named, [[f"argument {part.argument}" for part in _PARTS]])]
    for level, namespace in enumerate(NAMESPACES, 1):
        prefix = f"Pulumi config {namespace}:"
        origins.append(_origin(prefix, level, named, [[prefix + part.key for part in _PARTS]]))
    for name, (spellings, token) in _FAMILIES.items():
        variables = [[f"environment {variable}" for variable in (*pair, token)] for pair in spellings]
        origins.append(_origin(f"environment {name}", ENVIRONMENT, named, variables))
    return origins


def _origin(
    name: str, level: int, named: Sequence[dict[str, ResolvedValue]], spellings: Sequence[Sequence[str]]
) -> _Origin:
    """Build an origin. An ID and a secret from a matching pair of variables precede all other combinations."""
    ids, secrets, tokens = (
        tuple(held[key] for key in dict.fromkeys(keys) if key in held)
        for held, keys in zip(named, zip(*spellings, strict=True), strict=True)
    )
    same = [(named[0].get(spelling[0]), named[1].get(spelling[1])) for spelling in spellings]
    pairs = tuple((key, secret) for key, secret in chain(same, product(ids, secrets)) if key and secret)
    return _Origin(name, level, (ids, secrets, tokens), pairs)


def _distinct(values: Values) -> list[ResolvedValue]:
    return list({value.value: value for value in reversed(values)}.values())[::-1]


def _refuse_halves(above: Sequence[_Origin], complete: _Origin) -> None:
    for origin in above:
        if any(origin.values) and origin.level < ENVIRONMENT:
            there = ", ".join(value.origin for value in chain.from_iterable(origin.values))
            absent = [part.key for part, held in zip(_PARTS[:2], origin.values, strict=False) if not held]
            missing, verb = " and ".join(absent), "are" if len(absent) > 1 else "is"
            raise ConfigurationError(
                f"the key pair of {there} is incomplete: {missing} {verb} missing",
                f"Set {missing} in the same place, or remove {there}; {complete.name} has a complete key pair.",
            )


def _key_pair(used: Sequence[ResolvedValue], settings: ResolvedSettings) -> KeyPair:
    for found in used:
        check_header_safe(found.value, found.origin)
    parts = tuple((part.key, found.origin) for part, found in zip(_PARTS, used, strict=False))
    left_over = (
        value.origin
        for part, held in zip(_PARTS, [*used, None], strict=False)
        for value in settings.all(part)
        if held is None or value.value != held.value
    )
    return KeyPair(Credentials(*(found.value for found in used)), parts, tuple(left_over))


def _incomplete(
    ids: Sequence[ResolvedValue], secrets: Sequence[ResolvedValue], tokens: Sequence[ResolvedValue]
) -> ConfigurationError:
    there = ", ".join(value.origin for value in (*ids, *secrets, *tokens))
    missing = [part for part, values in zip(_PARTS, (ids, secrets), strict=False) if not values]
    if missing:
        names = " and no ".join(part.key for part in missing)
        return ConfigurationError(f"no {names} is set, only {there}", " ".join(how_to_set(part) for part in missing))
    return ConfigurationError(
        f"the key pair is ambiguous: {there}",
        "Set the AccessKey ID and its secret in one place, such as the environment, and remove the others.",
    )
