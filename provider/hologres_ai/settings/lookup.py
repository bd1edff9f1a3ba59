"""Look up the settings in explicit arguments, the Pulumi configuration and the environment, in this order.

The first origin that sets a setting determines its value. A key pair has separate rules; see `credentials.key_pair`.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from ..errors import ConfigurationError, Failure, InvalidArgumentError
from ..names import did_you_mean
from . import ALL_SETTINGS, STS_ENDPOINT, Field, Setting, how_to_set

Lookup = Callable[[str], str | None]
"""A function that returns the value of a Pulumi configuration key, such as ``hologres:region``, or None."""

ARGUMENT, ENVIRONMENT = 0, 9


@dataclass(frozen=True)
class ResolvedValue:
    """The value of a setting, the origin as text, and the precedence of the origin as `level`; 0 is an argument."""

    value: str = field(repr=False)
    origin: str
    level: int

    @property
    def is_argument(self) -> bool:
        """Whether the value was passed as an argument."""
        return self.level == ARGUMENT


Values = tuple[ResolvedValue, ...]


@dataclass(frozen=True)
class ResolvedSettings:
    """The values of all settings. An empty value in the Pulumi configuration or the environment counts as not set.

    The methods raise ConfigurationError for a value that is missing or invalid.

    Attributes:
        values: for each setting, the values that are set, in order of precedence.
        fields: for each field of an object, the values that are set, in order of precedence.
        invalid: for each object with an invalid value, the error to raise when one of its fields is requested.
        home: the home directory of the user, if the environment contains it.
    """

    values: Mapping[Setting, Values] = field(repr=False)
    fields: Mapping[tuple[Setting, str], Values] = field(repr=False)
    invalid: Mapping[Setting, ConfigurationError] = field(repr=False)
    home: str | None = None

    def all(self, setting: Setting) -> Values:
        """Return all values that are set, in order of precedence."""
        return self.values[setting]

    def find(self, setting: Setting) -> ResolvedValue | None:
        """Return the first value that is set, or None. The value of an object is its JSON text."""
        return next(iter(self.values[setting]), None)

    def find_field(self, setting: Setting, key: str) -> ResolvedValue | None:
        """Return the first value that is set for a field of an object, or None. An invalid object is an error."""
        if setting in self.invalid:
            raise self.invalid[setting]
        return next(iter(self.fields[setting, key]), None)

    def require(self, setting: Setting) -> ResolvedValue:
        """Return the first value that is set. If there is none, the error message lists every way to set the value."""
        found = self.find(setting)
        if found is None:
            raise ConfigurationError(f"no {setting.key} is set", how_to_set(setting))
        return found

    def is_on(self, setting: Setting) -> bool:
        """Return True if a boolean setting is on. It is off by default. An invalid value is an error."""
        found = self.find(setting)
        value = found.value.lower() if found else "0"
        if found and value not in ("1", "true", "0", "false"):
            raise ConfigurationError(
                f"{found.origin} is neither on nor off: {shown_start(found.value)}",
                "Set it to true or 1, or to false or 0.",
            )
        return value in ("1", "true")


def look_up(
    arguments: Mapping[str, str | None] | None = None,
    stack: Lookup | None = None,
    environ: Mapping[str, str] | None = None,
) -> ResolvedSettings:
    """Look up all settings in the explicit arguments, the Pulumi configuration and the environment.

    Args:
        arguments: explicit values, by the argument names of the settings.
        stack: the function that reads the Pulumi configuration, if there is one.
        environ: the environment variables; by default those of the process.

    Raises:
        InvalidArgumentError: an argument is empty or is not a string. An argument that is None counts as not given.
    """
    arguments, stack, environ = (
        arguments or {},
        stack or (lambda _key: None),
        os.environ if environ is None else environ,
    )
    values: dict[Setting, Values] = {}
    fields: dict[tuple[Setting, str], Values] = {}
    invalid: dict[Setting, ConfigurationError] = {}
    for setting in ALL_SETTINGS:
        configured = tuple(_configured(setting, arguments, stack))
        if not setting.fields:
            values[setting] = (*configured, *_in_environment(setting.environment, environ))
            continue
        values[setting] = configured
        try:
            objects = [(found, _parse_object(setting, found)) for found in configured]
        except ConfigurationError as error:
            invalid[setting] = error
            continue
        for part in setting.fields:
            fields[setting, part.key] = (*_in_objects(part, objects), *_in_environment(part.environment, environ))
    return ResolvedSettings(values, fields, invalid, environ.get("HOME") or environ.get("USERPROFILE"))


def _configured(setting: Setting, arguments: Mapping[str, str | None], stack: Lookup) -> Iterator[ResolvedValue]:
    argument: object = arguments.get(setting.argument)
    if argument is not None:
        if not isinstance(argument, str) or not argument:
            raise InvalidArgumentError([Failure(setting.argument, "a non-empty string is expected")])
        yield ResolvedValue(argument, f"argument {setting.argument}", ARGUMENT)
    for level, key in enumerate(setting.keys, 1):
        value = stack(key)
        if value:
            yield ResolvedValue(value, f"Pulumi config {key}", level)
    if setting is STS_ENDPOINT:
        yield from _sts_of_alicloud(stack)


def _sts_of_alicloud(stack: Lookup) -> Iterator[ResolvedValue]:
    """Yield the STS hosts in ``alicloud:endpoints``.

    An invalid value is ignored: the setting belongs to pulumi-alicloud, which reports the error.
    """
    try:
        document = json.loads(stack("alicloud:endpoints") or "[]")
    except (ValueError, RecursionError):
        document = []
    for at, endpoints in enumerate(document if isinstance(document, list) else [document]):
        host = endpoints.get("sts") if isinstance(endpoints, dict) else None
        if host and isinstance(host, str):
            yield ResolvedValue(host, f"Pulumi config alicloud:endpoints[{at}].sts", 2)


def _in_environment(names: tuple[str, ...], environ: Mapping[str, str]) -> Iterator[ResolvedValue]:
    for name in names:
        value = environ.get(name)
        if value:
            yield ResolvedValue(value, f"environment {name}", ENVIRONMENT)


def _in_objects(part: Field, objects: list[tuple[ResolvedValue, dict[str, str]]]) -> Iterator[ResolvedValue]:
    for found, fields in objects:
        if fields.get(part.key):
            yield ResolvedValue(fields[part.key], f"{part.key} in {found.origin}", found.level)


def _parse_object(setting: Setting, found: ResolvedValue) -> dict[str, str]:
    """Parse the JSON text of an object, and return the fields that are set. Error messages contain no value."""
    try:
        document = json.loads(found.value)
    except (ValueError, RecursionError):
        document = False
    if document is None:
        return {}
    if not isinstance(document, dict):
        example = f"{setting.keys[0]}.{setting.fields[0].key}"
        raise ConfigurationError(
            f"{found.origin} is not a JSON object", f"Set it with `pulumi config set --path {example} …`."
        )
    known = {part.key: part for part in setting.fields}
    for name in document:
        if name not in known:
            hint = did_you_mean(name, known) or f"; the known fields are {', '.join(known)}"
            raise ConfigurationError(
                f"{found.origin} has an unknown field {shown_start(name)}{hint}", "Correct or remove it."
            )
    return {name: _text(value, name, found) for name, value in document.items() if value not in (None, "")}


def _text(value: object, name: str, found: ResolvedValue) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ConfigurationError(f"{name} in {found.origin} is neither a string nor an integer", "Set it to a string.")
    return str(value)


def shown_start(value: str) -> str:
    """Return the first 64 characters of a value, quoted and with non-printable ones escaped. Do not use for secrets."""
    return repr(value[:64])
