"""The provider's own settings: those of `config`, as Pulumi hands them over."""

import json
import os
from collections.abc import Collection, Iterator, Mapping

from pulumi.provider.experimental.property_value import PropertyValue

from ..config import resolve
from ..errors import ConfigurationError, Failure, InvalidArgumentError
from ..names import did_you_mean
from ..settings import ACCESS_KEY, ENDPOINT, SECRET_KEY, SETTINGS, look_up
from .values import Values, is_unknown, to_plain

_BY_KEY = {setting.key: setting for setting in SETTINGS}
_SECRETS = {setting.key for setting in SETTINGS if setting.secret or any(part.secret for part in setting.fields)}
# Programs mark the key's ID as a secret too, which a check is not told, and an endpoint may hold a password.
_CREDENTIALS = _SECRETS | {ACCESS_KEY.key, ENDPOINT.key}
# What the engine itself keeps among a provider's inputs.
_ENGINE_KEYS = {"version", "pluginDownloadURL"}
# Good settings, so that what is wrong with these and one more is wrong with that one.
_GOOD = {"access_key": "id", "secret_key": "secret", "region": "cn-hangzhou"}


class Configuration:
    """The settings that a provider was given, by key; what is not among them is for the environment to say."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def get(self, key: str) -> str | None:
        """The value of a key such as ``hologres:region``.

        There is none of ``alicloud:``, because the engine gives a plugin its own package's configuration alone.
        """
        namespace, _, name = key.partition(":")
        return self._texts.get(name) if namespace == "hologres" else None


def read_configuration(inputs: Values) -> Configuration:
    """The configuration in a provider's inputs. What is not known before an update is left out.

    Raises:
        InvalidArgumentError: one failure for each key that is unknown, missing or can't be meant.
    """
    waiting = {name for name, value in inputs.items() if is_unknown(value)}
    plain = {name: to_plain(value) for name, value in inputs.items() if name not in waiting}
    given = {name: value for name, value in plain.items() if value not in (None, "") and not _is_internal(name)}
    failures = [Failure(name, reason) for name, value in given.items() if (reason := _objection(name, value))]
    texts = {name: _text(value) or "" for name, value in given.items() if name in _BY_KEY}
    failures += _halves(texts, waiting)
    if failures:
        raise InvalidArgumentError(failures)
    return Configuration(texts)


def changed_settings(old: Values, new: Values) -> list[str]:
    """The settings that differ, by name; what the engine keeps for itself does not count."""
    names = sorted(name for name in old.keys() | new.keys() if not _is_internal(name))
    return [name for name in names if _plain(old.get(name)) != _plain(new.get(name))]


def _plain(value: PropertyValue | None) -> object:
    return None if value is None else to_plain(value)


def with_secrets(inputs: Values) -> dict[str, PropertyValue]:
    """The inputs, with what is secret marked so even where the program did not."""
    return {name: value.with_secret(value.is_secret or name in _SECRETS) for name, value in inputs.items()}


def may_show(name: str) -> bool:
    """Whether the value under a name, a misspelt one too, can't be a secret or hold one."""
    return _is_near(name, _BY_KEY.keys() - _CREDENTIALS) and not _is_near(name, _CREDENTIALS)


def _is_near(name: str, keys: Collection[str]) -> bool:
    return name in keys or bool(did_you_mean(name, keys))


def _is_internal(name: str) -> bool:
    return name in _ENGINE_KEYS or name.startswith("__")


def _objection(name: str, value: object) -> str | None:
    setting, text = _BY_KEY.get(name), _text(value)
    if setting is None:
        return "no such setting" + did_you_mean(name, _BY_KEY)
    if text is None:
        return "a string, a whole number or an object is expected"
    try:
        resolve({**_GOOD, setting.argument: text}, environ={})
    except ConfigurationError as error:
        return str(error)
    return None


def _text(value: object) -> str | None:
    """A setting as configuration files hold it: programs give any JSON, files and SDKs give texts."""
    if isinstance(value, bool | dict):
        return json.dumps(_whole(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else None


def _whole(value: object) -> object:
    """The value with whole numbers where doubles are, which all numbers are on Pulumi's wire."""
    if isinstance(value, dict):
        return {name: _whole(item) for name, item in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _halves(texts: Mapping[str, str], waiting: Collection[str]) -> Iterator[Failure]:
    """The missing half of an AccessKey, where neither the inputs nor the environment has it."""
    settings = look_up({}, Configuration(texts).get, os.environ)
    for given, missing in ((ACCESS_KEY, SECRET_KEY), (SECRET_KEY, ACCESS_KEY)):
        if given.key in texts and missing.key not in waiting and settings.find(missing) is None:
            yield Failure(missing.key, f"{given.key} is set without it; set both, or leave both to the environment")
