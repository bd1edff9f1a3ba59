"""The settings of the provider: those of the module `settings`, as the engine sends them."""

import json
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from ..config import resolve
from ..credentials.key_pair import find_key_pair
from ..credentials.resolver import SOURCE_SETTINGS
from ..errors import ConfigurationError, Failure, InvalidArgumentError
from ..names import did_you_mean, is_default_provider
from ..settings import (
    ACCESS_KEY,
    ENDPOINT,
    REGION,
    SECRET_KEY,
    SETTINGS,
    Field,
    Setting,
    how_to_set,
    how_to_set_field,
)
from ..settings.lookup import look_up
from .properties import Properties, Property, is_unknown, mark_secret, reveal

_BY_KEY = {setting.key: setting for setting in SETTINGS}
_SECRETS = {setting.key for setting in SETTINGS if setting.secret or any(part.secret for part in setting.fields)}
# A program can mark the AccessKey ID as a secret, but `CheckConfig` does not receive the mark. An endpoint can contain
# a password.
_CREDENTIALS = _SECRETS | {ACCESS_KEY.key, ENDPOINT.key}
# Keys that the engine adds to a provider's inputs.
_ENGINE_KEYS = {"version", "pluginDownloadURL"}
# The source of credentials that a setting selects, by the key of the setting.
_SOURCE_OF = {setting.key: name for name, settings in SOURCE_SETTINGS.items() for setting in settings}
_KEYS = _SOURCE_OF[ACCESS_KEY.key]
# Valid settings. If they are rejected together with one more setting, that setting is invalid.
_GOOD = {"access_key": "id", "secret_key": "secret", "region": "cn-hangzhou"}


@dataclass(frozen=True, repr=False)
class Configuration:
    """The settings that a provider received. Other settings come from the environment.

    Attributes:
        arguments: the settings of a provider that the program declared, by argument name. They take precedence over
            all other settings, so that a second account is never read with the AccessKey in the environment.
        stack: the settings of the default provider, by key in the configuration of the stack, such as
            ``hologres:region``. The engine does not send keys of other packages, such as ``alicloud:region``.
        declared: the name of a provider that the program declared; empty for the default provider.
    """

    arguments: Mapping[str, str | None]
    stack: Mapping[str, str]
    declared: str = ""

    def explain(self, error: ConfigurationError) -> ConfigurationError:
        """Return the error with a remedy that names only places in which this provider looks up settings."""
        return _explain(error, self.declared)


def read_configuration(inputs: Properties, urn: str = "") -> Configuration:
    """Return the configuration in a provider's inputs. Values that are unknown before an update are omitted.

    Args:
        inputs: the settings by name.
        urn: the provider's URN. The inputs of the default provider, and of a provider without a URN, are the
            configuration of the stack. The inputs of any other provider are arguments.

    Raises:
        InvalidArgumentError: one failure for each setting that is unsupported, missing or invalid.
    """
    waiting = {name for name, value in inputs.items() if is_unknown(value)}
    plain = {name: reveal(value) for name, value in inputs.items() if name not in waiting}
    given = {name: value for name, value in plain.items() if value not in (None, "") and not _is_internal(name)}
    declared = "" if is_default_provider(urn) else urn.split("::", 3)[-1]
    failures = [Failure(name, reason) for name, value in given.items() if (reason := _objection(name, value, declared))]
    texts = {name: _text(value) or "" for name, value in given.items() if name in _BY_KEY}
    failures += _missing_parts(texts, waiting)
    if declared:
        failures += _other_sources(texts)
    if failures:
        raise InvalidArgumentError(failures)
    if declared:
        return Configuration({_BY_KEY[key].argument: text for key, text in texts.items()}, {}, declared)
    return Configuration({}, _stack_keys(texts))


def unused_source(inputs: Properties, urn: str) -> str | None:
    """Return a warning if the provider is called ``default`` and an AccessKey precedes its source of credentials.

    A program can declare a provider with this name, which the engine also uses. The inputs do not show the difference.
    """
    given = {name: _text(reveal(value)) for name, value in inputs.items() if name in _BY_KEY}
    texts = {name: text for name, text in given.items() if text and text != "{}"}
    other = next((name for name in texts if _SOURCE_OF.get(name, _KEYS) != _KEYS), None)
    if other is None or not urn.endswith("::default") or not is_default_provider(urn) or not _has_key_pair(texts):
        return None
    return (
        f'{other} of the provider "default" has no effect: an AccessKey is set, which takes precedence. If the program '
        "declares this provider, give it a different name: Pulumi uses the name default for the provider that reads "
        "the configuration of the stack."
    )


def _stack_keys(texts: Mapping[str, str]) -> dict[str, str]:
    return {f"hologres:{name}": text for name, text in texts.items()}


def changed_settings(old: Properties, new: Properties) -> list[str]:
    """Return the names of the settings that differ, without the keys that the engine adds."""
    names = sorted(name for name in old.keys() | new.keys() if not _is_internal(name))
    return [name for name in names if reveal(old.get(name)) != reveal(new.get(name))]


def with_secrets(inputs: Properties) -> dict[str, Property]:
    """Return the inputs with all secret settings marked, even if the program did not mark them."""
    return {name: mark_secret(value) if name in _SECRETS else value for name, value in inputs.items()}


def may_show(name: str) -> bool:
    """Return whether the value of `name` can be shown: it is a setting, perhaps misspelt, without credentials."""
    return _is_near(name, _BY_KEY.keys() - _CREDENTIALS) and not _is_near(name, _CREDENTIALS)


def _is_near(name: str, keys: Collection[str]) -> bool:
    return name in keys or bool(did_you_mean(name, keys))


def _is_internal(name: str) -> bool:
    return name in _ENGINE_KEYS or name.startswith("__")


def _objection(name: str, value: object, declared: str) -> str | None:
    setting, text = _BY_KEY.get(name), _text(value)
    if setting is None:
        return "no such setting" + did_you_mean(name, _BY_KEY) if declared else _no_such_setting(name)
    if text is None:
        return "a string, a whole number or an object is expected"
    is_other_source = _SOURCE_OF.get(name, _KEYS) != _KEYS  # as an argument it would conflict with the keys in _GOOD
    arguments, stack = ({}, {f"hologres:{name}": text}) if is_other_source else ({setting.argument: text}, {})
    try:
        resolve({**_GOOD, **arguments}, stack.get, environ={})
    except ConfigurationError as error:
        return str(_explain(error, declared))
    return None


def _explain(error: ConfigurationError, declared: str) -> ConfigurationError:
    remedy = error.remedy
    for setting in SETTINGS:
        remedy = remedy.replace(how_to_set(setting), _how_to_set(setting, setting.key, declared))
        for part in setting.fields:
            remedy = remedy.replace(
                how_to_set_field(setting, part), _how_to_set(part, f"{setting.key}.{part.key}", declared)
            )
    return ConfigurationError(error.title, remedy.replace("hologres:", "") if declared else remedy)


def _how_to_set(setting: Setting | Field, name: str, declared: str) -> str:
    options = f"{' --secret' if setting.secret or setting is ACCESS_KEY else ''}{' --path' if '.' in name else ''}"
    command = f"with `pulumi config set{options} hologres:{name} …`"
    ways = [f'as {name} of the provider "{declared}"' if declared else command]
    ways += [f"in the environment as {', '.join(setting.environment)}"] if setting.environment else []
    ways += ["as the argument region of the list"] if setting is REGION else []
    return f"Set it {', or '.join(ways)}."


def _no_such_setting(name: str) -> str:
    """Return the error message for an unknown key; the default provider receives all keys in `hologres`."""
    hint = did_you_mean(name, _BY_KEY) or "."
    return (
        f"hologres:{name} is not a setting of the provider{hint} A project that is called "
        "hologres shares this namespace with the provider. If the key belongs to the project, rename the project, or "
        f'set the key in another namespace, such as app:{name}, and read it with Config("app").'
    )


def _text(value: object) -> str | None:
    """Return a setting as text. A program can set any JSON value; configuration files and SDKs set strings."""
    whole = _whole(value)
    if isinstance(whole, int | dict):
        return json.dumps(whole)
    return whole if isinstance(whole, str) else None


def _whole(value: object) -> object:
    """Return the value with whole numbers as integers: in Pulumi's protocol every number is a double."""
    if isinstance(value, dict):
        return {name: _whole(item) for name, item in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _missing_parts(texts: Mapping[str, str], waiting: Collection[str]) -> Iterator[Failure]:
    """Yield a failure if one part of an AccessKey is set and the other part is neither set nor in the environment."""
    for given, missing in ((ACCESS_KEY, SECRET_KEY), (SECRET_KEY, ACCESS_KEY)):
        half = given.key in texts and missing.key not in texts and missing.key not in waiting
        if half and not _has_key_pair(texts):
            yield Failure(
                missing.key, f"is missing, but {given.key} is set; set both parts here or both in the environment"
            )


def _other_sources(texts: Mapping[str, str]) -> Iterator[Failure]:
    """Yield a failure for each setting that names a different source of credentials than the first one."""
    given = [(name, _SOURCE_OF[name]) for name in _BY_KEY if texts.get(name, "{}") != "{}" and name in _SOURCE_OF]
    for name, source in given[1:]:
        if source != given[0][1]:
            yield Failure(name, f"is a second source of credentials in addition to {given[0][0]}; set only one of them")


def _has_key_pair(texts: Mapping[str, str]) -> bool:
    """Return whether a complete AccessKey is set. An ID is never used with the secret of a different AccessKey."""
    try:
        return find_key_pair(look_up({}, _stack_keys(texts).get, os.environ)) is not None
    except ConfigurationError:
        return False
