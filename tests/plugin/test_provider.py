"""Reads and requirements, over gRPC."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from hologres_ai.clock import utc_now
from hologres_ai.emulator import Emulator
from hologres_ai.errors import RequirementsError
from hologres_ai.plugin.properties import Properties as PlainProperties
from hologres_ai.plugin.provider import Provider
from tests.support.plugin_client import (
    CANARY,
    HOLO_INSTANCE,
    UNKNOWN,
    Change,
    Plugin,
    Properties,
    RefusedError,
    expected,
    is_secret,
    of_every_interface,
    running,
    secret,
)

CREATING = "hologram_aipostpay_public_cn-90c04"  # the only one that is not ready
TOO_MUCH: Properties = {"requirements": {"minFreeGpus": 7}}
REGION = "cn-canary-1"
ENOUGH: Properties = {"requirements": {"minFreeGpus": 6, "notExpiringWithinDays": 1, "aiSpecs": None}}
UNMET = "the AI nodes of cn-hangzhou do not meet the requirements\n- free GPUs: at least 7 required, 6 found"


def test_an_unmet_requirement_is_one_failure(plugin: Plugin) -> None:
    for failures in (plugin.invoke(TOO_MUCH).failures, plugin.try_check(TOO_MUCH).failures):
        [failure] = failures
        assert failure.property == ""
        assert failure.reason.startswith(UNMET)
    met = plugin.asked(ENOUGH)
    assert met["ids"]
    assert "requirements" not in met
    assert plugin.check(ENOUGH)["requirements"] == ENOUGH["requirements"]
    with pytest.raises(RefusedError, match="do not meet the requirements"):
        plugin.create(TOO_MUCH)  # without a check


OF_USAGE = "requires usage values, but includeUsage is false"
INVALID_REQUIREMENTS: list[tuple[object, str]] = [
    ({}, "requirements: no requirement is set; set at least one"),
    ({"mode": "warn"}, "requirements: no requirement is set; set at least one"),
    ("all", "requirements: an object is expected"),
    ([{"minFreeGpus": 1}], "requirements: an object is expected"),
    ({"minFreeGpu": 1}, 'requirements.minFreeGpu: no such argument; did you mean "minFreeGpus"?'),
    ({"minFreeGpus": 1.5}, "requirements.minFreeGpus: not a whole number"),
    ({"minFreeGpus": secret(CANARY)}, "requirements.minFreeGpus: not a whole number"),
    ({"minNodesReady": 1, "mode": CANARY}, "requirements.mode: 'error' or 'warn' is expected"),
    (
        {"minFreeGpus": 1},
        "requirements.minFreeGpus: requires usage values, but includeUsage is false",
    ),
]


def test_an_invalid_requirement_is_refused_before_any_call(plugin: Plugin, emulator: Emulator) -> None:
    """The engine shows the value of a property that a failure names as `{<nil>}` where it lies in an object."""
    for requirements, message in INVALID_REQUIREMENTS:
        given = {"requirements": requirements, "includeUsage": False}
        for failures in (plugin.invoke(given).failures, plugin.try_check(given).failures):
            assert [(failure.property, failure.reason) for failure in failures] == [("", message)]
    half_known = {"minFreeGpus": -1, "notExpiringWithinDays": UNKNOWN}
    [failure] = plugin.try_check({"requirements": half_known}).failures
    assert failure.reason == "requirements.minFreeGpus: must not be less than 0"
    assert emulator.requests == 0


def test_requirements_are_not_part_of_the_state_nor_a_difference(plugin: Plugin) -> None:
    bare = plugin.check()
    state = plugin.create(bare)
    inputs = plugin.check(ENOUGH, bare)
    assert plugin.create(inputs) == state == plugin.update(state, inputs)
    assert "requirements" not in json.dumps(state)
    for olds, news in ((bare, inputs), (inputs, bare), (inputs, {**inputs, **TOO_MUCH})):
        assert plugin.paths(olds, news) == {}


def test_a_refresh_and_an_import_ignore_unmet_requirements(plugin: Plugin, change: Change) -> None:
    inputs = plugin.check(ENOUGH)
    state = plugin.create(inputs)
    change(CREATING, gpuUsed=1)
    outputs, now = plugin.read(inputs, state)
    assert now["requirements"] == inputs["requirements"]
    assert outputs["totals"]["gpu"]["free"] == 5
    assert plugin.read({**TOO_MUCH}, {})[0]["ids"]


def test_requirements_of_a_pinned_or_ignored_inventory_are_checked_with_the_current_nodes(
    plugin: Plugin, emulator: Emulator, change: Change
) -> None:
    inputs = plugin.check({"pinned": True, **ENOUGH})
    ignored = {"inventory": inputs["inventory"], "pinned": True}
    change(gpuUsed=0, nodeCount=2)
    before = emulator.requests
    for given in ({"pinned": True}, ignored):
        kept = plugin.check({**given, "requirements": {"minFreeGpus": 7}}, inputs)
        assert kept["inventory"] == inputs["inventory"]
        [failure] = plugin.try_check({**given, "requirements": {"minFreeGpus": 8}}, inputs).failures
        assert "at least 8 required, 7 found" in failure.reason
    assert emulator.requests == before + 1
    plugin.configure()
    assert plugin.check({"pinned": True}, inputs)["inventory"] == inputs["inventory"]
    assert emulator.requests == before + 1


def test_an_unknown_requirement_does_not_make_the_nodes_unknown(plugin: Plugin, environment: dict[str, str]) -> None:
    for requirements in (UNKNOWN, {"minFreeGpus": UNKNOWN}, {"minFreeGpus": 1, "statuses": ["x", UNKNOWN]}):
        inputs = plugin.check({"requirements": requirements})
        assert inputs["requirements"] == requirements
        assert of_every_interface(plugin.create(inputs, preview=True)) == expected(environment)
        assert plugin.asked({"requirements": requirements}) == {}


def test_requirements_of_unknown_nodes_are_not_checked(plugin: Plugin, emulator: Emulator) -> None:
    inputs = plugin.check({"instanceId": UNKNOWN, **TOO_MUCH})
    assert inputs["inventory"] == UNKNOWN
    assert plugin.create(inputs, preview=True)["ids"] == UNKNOWN
    assert emulator.requests == 0


def test_an_unmet_requirement_hides_secret_values(plugin: Plugin) -> None:
    hidden = {"requirements": {"statuses": [secret(CANARY)]}}
    for failures in (plugin.invoke(hidden).failures, plugin.try_check(hidden).failures):
        [failure] = failures
        assert "statuses: not met" in failure.reason
        assert CANARY not in failure.reason
    [failure] = plugin.try_check({"instanceId": secret(HOLO_INSTANCE), **TOO_MUCH}).failures
    assert "minFreeGpus: not met" in failure.reason
    assert "hologram_" not in failure.reason
    enough = {"requirements": secret({"minFreeGpus": 6})}
    assert not any(map(is_secret, plugin.asked(enough).values()))
    inputs = plugin.check(enough)
    assert [name for name, value in inputs.items() if is_secret(value)] == ["requirements"]


def test_warnings_hide_secret_arguments_and_the_nodes_they_select(environment: dict[str, str], fleet: Path) -> None:
    node = json.loads(fleet.read_text())["nodes"][0]
    asked = {"region": secret("cn-hangzhuo")}
    with running(environment) as plugin:
        plugin.configure()
        plugin.check({**asked, "nameRegex": "^no such name$"})  # warns that the list is empty
        fleet.write_text(json.dumps({"nodes": [{**node, "cpu": cpu} for cpu in (1, 2)]}))
        plugin.configure()
        assert plugin.asked(asked)  # warns that an ID is listed twice
    assert len(plugin.warnings) == 4, plugin.warnings
    assert all("[secret]" in warning for warning in plugin.warnings), plugin.warnings
    assert not [text for text in plugin.warnings if "cn-hangzhuo" in text or node["aiInstanceId"] in text]


def test_an_unmet_requirement_hides_a_secret_region(plugin: Plugin) -> None:
    given = {"region": secret("cn-hangzhou"), **TOO_MUCH}
    for failures in (plugin.invoke(given).failures, plugin.try_check(given).failures):
        [failure] = failures
        assert failure.reason.startswith("the AI nodes of [secret] do not meet the requirements")
    plugin.check({**given, "requirements": {"minFreeGpus": 7, "mode": "warn"}})
    assert [text.partition("\n")[0] for text in plugin.warnings] == [
        "the AI nodes of [secret] do not meet the requirements"
    ]


def test_errors_hide_a_secret_region(environment: dict[str, str]) -> None:
    nowhere = {
        **environment,
        "ALIBABA_CLOUD_ENDPOINT_HOLOGRAM": "http://{region}.localhost:1",
        "MAX_RETRY_TIMEOUT": "1",
    }
    with running(nowhere) as plugin:
        plugin.configure()
        for failures in (
            plugin.invoke({"region": secret(REGION)}).failures,
            plugin.try_check({"region": secret(REGION)}).failures,
        ):
            [failure] = failures
            assert "[secret].localhost" in failure.reason
            assert REGION not in failure.reason
        with pytest.raises(RefusedError) as refused:
            plugin.read({"region": secret(REGION)}, {})
        assert REGION not in refused.value.message


def test_in_mode_warn_an_unmet_requirement_is_a_warning_of_the_engine(environment: dict[str, str]) -> None:
    required = {"requirements": {"minFreeGpus": 7, "mode": "warn"}}
    with running(environment) as plugin:
        plugin.configure()
        assert plugin.asked(required)["ids"]
        assert plugin.check(required)["inventory"]
    assert len(plugin.warnings) == 2
    assert all(message.startswith(UNMET) for message in plugin.warnings)


def test_days_until_an_expiry_are_counted_from_the_current_time(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    async def warn(text: str) -> None:
        raise AssertionError(text)

    arguments: PlainProperties = {"requirements": {"notExpiringWithinDays": 5.0}}
    assert asyncio.run(Provider(warn).call_function(arguments))["ids"]
    in_a_year = Provider(warn, lambda: utc_now() + timedelta(days=365))
    with pytest.raises(RequirementsError):
        asyncio.run(in_a_year.call_function(arguments))
