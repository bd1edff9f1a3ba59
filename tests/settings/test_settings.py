"""Lookup of settings: each origin is read once, switches, and the endpoints of the alicloud provider."""

import pytest

from hologres_ai.errors import ConfigurationError
from hologres_ai.settings import (
    ALL_SETTINGS,
    ASSUME_ROLE,
    ENVIRONMENT_SETTINGS,
    REGION,
    SETTINGS,
    STS_ENDPOINT,
    SWITCHES,
    Setting,
    environment_names,
    how_to_set,
)
from hologres_ai.settings.lookup import look_up

ON, OFF = ["1", "true", "True", "TRUE"], ["", "0", "false", "False", "FALSE"]


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: switch.argument)
def test_a_switch_is_on_or_off(switch: Setting) -> None:
    [name] = switch.environment
    assert [look_up(environ={name: value}).is_on(switch) for value in ON] == [True] * len(ON)
    assert [look_up(environ={name: value}).is_on(switch) for value in OFF] == [False] * len(OFF)
    assert not look_up(environ={}).is_on(switch)


@pytest.mark.parametrize("value", ["yes", "on", "2", "-1", "true ", " ", "tru", "真"])
@pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: switch.argument)
def test_any_other_value_of_a_switch_is_an_error(switch: Setting, value: str) -> None:
    [name] = switch.environment
    with pytest.raises(ConfigurationError, match=f"{name} is neither on nor off"):
        look_up(environ={name: value}).is_on(switch)


def test_invisible_characters_of_a_value_are_shown() -> None:
    with pytest.raises(ConfigurationError, match=r"'true\\n'"):
        look_up(environ={SWITCHES[0].environment[0]: "true\n"}).is_on(SWITCHES[0])


def test_every_setting_is_looked_up_once() -> None:
    asked: list[str] = []

    def stack(key: str) -> str | None:
        asked.append(key)
        return None

    look_up({}, stack, {})
    assert sorted(asked) == sorted({key for setting in ALL_SETTINGS for key in setting.keys} | {"alicloud:endpoints"})


def test_all_origins_of_a_value_are_known_in_order() -> None:
    found = look_up({"region": "a"}, {"alicloud:region": "b"}.get, {"ALICLOUD_REGION": "c", "ALIBABA_CLOUD_REGION": ""})
    assert [(one.value, one.origin, one.is_argument) for one in found.all(REGION)] == [
        ("a", "argument region", True),
        ("b", "Pulumi config alicloud:region", False),
        ("c", "environment ALICLOUD_REGION", False),
    ]


def test_an_invalid_object_is_an_error_only_when_it_is_read() -> None:
    settings = look_up({"assume_role": "[]"}, None, {})
    with pytest.raises(ConfigurationError, match="argument assume_role is not a JSON object"):
        settings.find_field(ASSUME_ROLE, "roleArn")
    assert settings.find(REGION) is None


@pytest.mark.parametrize(
    ("endpoints", "host"),
    [
        ('[{"sts": "sts.example"}]', "sts.example"),
        ('[{"ecs": "e"}, {"sts": "sts.example"}]', "sts.example"),
        ('{"sts": "sts.example"}', "sts.example"),
        ('[{"sts": ""}]', None),
        ('[{"sts": null}]', None),
        ('[{"sts": 5}]', None),
        ("[]", None),
        ("[5]", None),
        ("nonsense", None),
        ("[" * 100_000, None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_the_sts_host_is_read_from_the_endpoints_of_the_alicloud_provider(endpoints: str, host: str | None) -> None:
    found = look_up({}, {"alicloud:endpoints": endpoints}.get, {}).find(STS_ENDPOINT)
    assert (found.value if found else None) == host


def test_environment_only_settings_are_not_arguments_of_a_provider() -> None:
    assert not set(SETTINGS) & set(ENVIRONMENT_SETTINGS)
    assert all(setting.keys == () for setting in ENVIRONMENT_SETTINGS)
    assert {name for setting in SETTINGS for name in setting.environment} < environment_names()


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.argument)
def test_how_to_set_names_every_origin(setting: Setting) -> None:
    text = how_to_set(setting)
    assert [name for name in (*setting.keys, *setting.environment, setting.argument) if name not in text] == []
    assert ("--secret" in text) == (setting.secret or setting.argument == "access_key")
