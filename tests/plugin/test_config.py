"""The provider's settings, over gRPC."""

import json

import pytest
from pulumi.runtime.proto import provider_pb2

from hologres_ai.emulator import EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET, Emulator
from tests.support.plugin_client import (
    CANARY,
    PROVIDER_URN,
    UNKNOWN,
    Plugin,
    Properties,
    RefusedError,
    is_secret,
    plain,
    running,
    secret,
    struct,
)


@pytest.mark.parametrize(
    ("settings", "name", "reason"),
    [
        ({"regoin": "cn-hangzhou"}, "regoin", 'did you mean "region"'),
        ({"region": "cn_hangzhou"}, "region", 'did you mean "cn-hangzhou"'),
        ({"region": "x@127.0.0.1:1/#"}, "region", "not a region"),
        ({"region": ["cn-hangzhou"]}, "region", "expected"),
        ({"region": True}, "region", "not a region"),
        ({"clientReadTimeout": 0}, "clientReadTimeout", "milliseconds"),
        ({"clientReadTimeout": 1.5}, "clientReadTimeout", "whole number"),
        ({"maxRetryTimeout": "soon"}, "maxRetryTimeout", "seconds"),
        ({"accessKey": "id"}, "secretKey", "is missing, but accessKey is set"),
        ({"secretKey": "x"}, "accessKey", "is missing, but secretKey is set"),
    ],
)
def test_an_invalid_setting_is_a_failure_of_its_property(settings: Properties, name: str, reason: str) -> None:
    with running({}) as plugin:
        [failure] = plugin.check_config(settings).failures
        assert failure.property == name
        assert reason in failure.reason


SHARED = (
    "A project that is called hologres shares this namespace with the provider. If the key belongs to the project, "
    'rename the project, or set the key in another namespace, such as app:team, and read it with Config("app").'
)


@pytest.mark.parametrize("name", ["default", "default_0_1_0"])
def test_a_key_of_a_project_named_hologres_is_reported_with_its_namespace(name: str) -> None:
    """The engine gives the default provider all configuration under the name of its package."""
    urn = f"urn:pulumi:dev::hologres::pulumi:providers:hologres::{name}"
    request = provider_pb2.CheckRequest(urn=urn, news=struct({"team": "search", "region": "cn-hangzhou"}))
    with running({}) as plugin:
        [failure] = plugin.call("CheckConfig", request).failures
    assert failure.reason == f"team: hologres:team is not a setting of the provider. {SHARED}"


def test_a_failure_of_an_explicit_provider_has_no_namespace() -> None:
    urn = PROVIDER_URN.removesuffix("default") + "a::b"
    with running({}) as plugin:
        request = provider_pb2.CheckRequest(urn=urn, news=struct({"team": CANARY}))
        [failure] = plugin.call("CheckConfig", request).failures
    assert failure.reason == "team: no such setting"


def test_valid_settings_are_accepted(plugin: Plugin) -> None:
    settings = {
        **{"accessKey": "id", "secretKey": "key", "securityToken": "token", "region": "cn-hangzhou"},
        **{"endpoint": "http://127.0.0.1:1", "clientConnectTimeout": 5000, "clientReadTimeout": "10000"},
        **{"assumeRole": {"roleArn": "acs:ram::123456789012:role/reader", "sessionExpiration": 3600}},
        **{"maxRetryTimeout": 60, "version": "0.1.0", "pluginDownloadURL": "https://example.com", "__internal": {}},
    }
    answer = plugin.check_config(settings)
    assert not answer.failures
    checked = plain(answer.inputs)
    assert {name for name, value in checked.items() if is_secret(value)} == {"assumeRole", "secretKey", "securityToken"}
    assert {name: value["value"] if is_secret(value) else value for name, value in checked.items()} == settings


def test_an_invalid_object_is_refused_with_its_field(plugin: Plugin) -> None:
    role = {"roleArn": "acs:ram::123456789012:role/reader", "sessionExpiration": 899, "externalId": CANARY}
    for given in (role, json.dumps(role)):
        [failure] = plugin.check_config({"assumeRole": given}).failures
        assert failure.reason.startswith("assumeRole: sessionExpiration")
        assert CANARY not in str(failure)


def test_a_setting_may_be_unknown_or_come_from_the_environment() -> None:
    with running({"ALIBABA_CLOUD_ACCESS_KEY_SECRET": CANARY}) as half:
        assert not half.check_config({"accessKey": "id"}).failures
    with running({}) as bare:
        assert not bare.check_config({}).failures
        assert not bare.check_config({"accessKey": "id", "secretKey": UNKNOWN, "region": UNKNOWN}).failures


def test_an_access_key_id_is_not_combined_with_the_secret_of_another_key_pair(plugin: Plugin) -> None:
    """The environment has a whole key pair."""
    [failure] = plugin.check_config({"accessKey": "id"}).failures
    assert failure.property == "secretKey"


@pytest.mark.parametrize(
    "settings",
    [
        {"profile": "other", "sharedCredentialsFile": "/nonexistent"},
        {"credentialsUri": "http://127.0.0.1:1/"},
        {"ecsRoleName": "reader"},
        {"assumeRoleWithOidc": {"roleArn": "acs:ram::123456789012:role/reader"}},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_a_source_of_credentials_may_be_set_beside_keys_in_the_environment(
    plugin: Plugin, settings: Properties
) -> None:
    assert not plugin.check_config(settings).failures


def test_a_declared_provider_has_one_source_of_credentials() -> None:
    urn = PROVIDER_URN.removesuffix("default") + "second"
    settings = {"accessKey": "id", "secretKey": "secret", "profile": "other", "assumeRoleWithOidc": {}}
    with running({}) as plugin:
        request = provider_pb2.CheckRequest(urn=urn, news=struct(settings))
        [failure] = plugin.call("CheckConfig", request).failures
        assert not plugin.check_config(settings).failures, "the configuration of a stack has an order"
    assert failure.property == "profile"
    assert failure.reason == "is a second source of credentials in addition to accessKey; set only one of them"


@pytest.mark.parametrize("name", ["secretKey", "secretKeyy", "secret", "securityToken", "accessKey", "endpoint"])
def test_a_failure_of_a_setting_that_may_be_secret_names_no_property(name: str) -> None:
    with running({}) as plugin:
        answer = plugin.check_config({"accessKey": "id", "secretKey": "key", name: f"https://{CANARY}:x@host /"})
        [failure] = answer.failures
        assert failure.property == ""
        assert failure.reason.startswith(f"{name}: ")
        assert CANARY not in str(answer)


def test_a_changed_setting_does_not_replace_the_provider(plugin: Plugin) -> None:
    olds, news = struct({"region": "cn-hangzhou"}), struct({"region": "cn-beijing"})
    answer = plugin.call("DiffConfig", provider_pb2.DiffRequest(urn=PROVIDER_URN, id="id", olds=olds, news=news))
    assert (answer.changes, list(answer.diffs)) == (provider_pb2.DiffResponse.DIFF_SOME, ["region"])
    assert list(answer.replaces) == []


def test_a_newer_version_is_not_a_change_to_a_provider(plugin: Plugin) -> None:
    olds = struct({"region": "cn-hangzhou", "version": "0.0.9"})
    news = struct({"region": "cn-hangzhou", "version": "0.1.0"})
    answer = plugin.call("DiffConfig", provider_pb2.DiffRequest(urn=PROVIDER_URN, id="id", olds=olds, news=news))
    assert (answer.changes, list(answer.diffs)) == (provider_pb2.DiffResponse.DIFF_NONE, [])


def test_configure_announces_previews_and_secrets(plugin: Plugin) -> None:
    answer = plugin.configure({"region": "cn-hangzhou"})
    assert (answer.supportsPreview, answer.acceptSecrets, answer.acceptOutputs) == (True, True, False)


def test_provider_settings_override_the_environment(environment: dict[str, str], emulator: Emulator) -> None:
    with running({**environment, "ALIBABA_CLOUD_REGION": "cn-shanghai", "ALIBABA_CLOUD_ACCESS_KEY_ID": "no"}) as plugin:
        plugin.configure(
            {
                "region": "cn-beijing",
                "accessKey": EMULATOR_ACCESS_KEY_ID,
                "secretKey": secret(EMULATOR_ACCESS_KEY_SECRET),
                "endpoint": emulator.url,
                "maxRetryTimeout": "5",
            }
        )
        assert plugin.asked()["region"] == "cn-beijing"
        assert plugin.asked({"region": "cn-chengdu"})["region"] == "cn-chengdu"


@pytest.mark.parametrize(("name", "warns"), [("default", True), ("default_0_1_0", False), ("default_provider", False)])
def test_a_provider_named_default_warns_if_its_source_of_credentials_has_no_effect(
    plugin: Plugin, name: str, warns: bool
) -> None:
    """The environment has an AccessKey, which takes precedence over the configuration of a stack."""
    news = struct({"profile": "other", "region": "cn-hangzhou"})
    urn = PROVIDER_URN.removesuffix("default") + name
    assert not plugin.call("CheckConfig", provider_pb2.CheckRequest(urn=urn, news=news)).failures
    expected = ['profile of the provider "default" has no effect: an AccessKey is set'] if warns else []
    assert [text.partition(",")[0] for text in plugin.warnings] == expected


REGION_NAMES = (
    "ALICLOUD_REGION, ALIBABA_CLOUD_REGION, ALIBABA_CLOUD_REGION_ID, ALIBABACLOUD_REGION_ID, ALICLOUD_REGION_ID"
)


@pytest.mark.parametrize(
    ("name", "settings", "remedy"),
    [
        (
            "default",
            {},
            f"Set it with `pulumi config set hologres:region …`, or in the environment as {REGION_NAMES}, or as the "
            "argument region of the list.",
        ),
        (
            "far",
            {},
            f'Set it as region of the provider "far", or in the environment as {REGION_NAMES}, or as the argument '
            "region of the list.",
        ),
        ("default", {"region": "cn-hangzhou"}, "Set it with `pulumi config set --secret hologres:secretKey …`, or in"),
        ("far", {"region": "cn-hangzhou"}, 'Set it as secretKey of the provider "far", or in the environment as'),
    ],
)
def test_the_remedy_for_a_missing_setting_names_only_places_that_the_provider_reads(
    environment: dict[str, str], name: str, settings: Properties, remedy: str
) -> None:
    """With a region the AccessKey is missing."""
    unset = dict.fromkeys(environment, "") if settings else {"ALIBABA_CLOUD_REGION": ""}
    urn = PROVIDER_URN.removesuffix("default") + name
    with running({**environment, **unset}) as plugin:
        request = provider_pb2.ConfigureRequest(args=struct(settings), urn=urn, acceptSecrets=True)
        plugin.call("Configure", request)
        [failure] = plugin.try_check().failures
    assert remedy in failure.reason
    assert "alicloud:" not in failure.reason
    assert "read_ai_nodes" not in failure.reason
    assert name == "default" or "hologres:" not in failure.reason


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("default", "Set it with `pulumi config set --path hologres:assumeRole.roleArn …`, or in the environment as"),
        ("far", 'Set it as assumeRole.roleArn of the provider "far", or in the environment as'),
    ],
)
def test_the_remedy_for_a_missing_field_names_only_places_that_the_provider_reads(name: str, remedy: str) -> None:
    urn = PROVIDER_URN.removesuffix("default") + name
    with running({}) as plugin:
        request = provider_pb2.CheckRequest(urn=urn, news=struct({"assumeRole": {"policy": "{}"}}))
        [failure] = plugin.call("CheckConfig", request).failures
    assert remedy in failure.reason


def test_a_missing_setting_is_reported_by_its_name() -> None:
    with running({"ALIBABA_CLOUD_REGION": "cn-hangzhou"}) as plugin:
        plugin.configure()
        for failures in (plugin.invoke().failures, plugin.try_check().failures):
            [failure] = failures
            assert "AccessKey" in failure.reason
        with pytest.raises(RefusedError, match="ALIBABA_CLOUD_ACCESS_KEY_ID"):
            plugin.read({}, {})
        with pytest.raises(RefusedError, match="did you mean"):
            plugin.configure({"regoin": "cn-hangzhou"})
