"""schema.json: generated from the models, complete, and with open enums where the service may add values."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic.alias_generators import to_camel

from hologres_ai.models import AiNode, AiNodeListResult, Query, Totals, Usage
from hologres_ai.plugin import servicer
from hologres_ai.requirements import Mode, Requirements
from hologres_ai.settings import SETTINGS
from tools.schema.build import ENUMS, build_text

SERVED: dict[str, Any] = json.loads(servicer.schema_text())
TYPES = SERVED["types"]
FUNCTION = SERVED["functions"]["hologres:index:getAiNodeList"]
RESOURCE = SERVED["resources"]["hologres:index:AiNodeList"]
INTERNAL = {"query", "warnings"}
OTHER_INPUTS = {"pinned", "requirements"}  # inputs that select nothing
ALWAYS_PRESENT = ["region", "instanceModelList", "ids", "names", "totals", "fingerprint", "regionOutcomes"]

FUNCTION_OUTPUTS = FUNCTION["outputs"]["properties"]
REQUEST_ID = {"requestId": FUNCTION_OUTPUTS["requestId"]}
PLACES = [
    (AiNode, TYPES["hologres:index:AiNode"]["properties"]),
    (Totals, TYPES["hologres:index:Totals"]["properties"]),
    (Usage, TYPES["hologres:index:Usage"]["properties"]),
    (Requirements, TYPES["hologres:index:Requirements"]["properties"]),
    (Query, FUNCTION["inputs"]["properties"]),
    (Query, RESOURCE["inputProperties"]),
    (AiNodeListResult, FUNCTION["outputs"]["properties"]),
    (
        AiNodeListResult,
        {name: RESOURCE["properties"].get(name) for name in FUNCTION["outputs"]["properties"]} | REQUEST_ID,
    ),
]


def test_arguments_are_also_optional_outputs() -> None:
    """YAML checks the arguments of `get` against the outputs only."""
    arguments = RESOURCE["inputProperties"].keys() - {"requirements"}
    outputs = FUNCTION["outputs"]["properties"].keys() - {"requestId"}
    assert RESOURCE["properties"].keys() == arguments | outputs
    assert set(RESOURCE["required"]) == outputs


def test_the_served_schema_is_the_committed_file_and_up_to_date() -> None:
    committed = (Path(__file__).parents[2] / "schema.json").read_text()
    assert servicer.schema_text() == committed
    assert committed == build_text(), "run `make schema`"


def test_a_wheel_serves_its_own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "schema.json"
    monkeypatch.setattr(servicer, "_SCHEMA_FILES", (inside, *servicer._SCHEMA_FILES))
    inside.write_text("the wheel's")
    assert servicer.schema_text() == "the wheel's"


def test_a_missing_schema_file_is_an_error_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servicer, "_SCHEMA_FILES", ())
    with pytest.raises(FileNotFoundError, match="install hologres_ai again"):
        servicer.schema_text()


@pytest.mark.parametrize(("shape", "properties"), PLACES)
def test_every_public_field_is_there_with_a_description(shape: type, properties: dict[str, Any]) -> None:
    names = {to_camel(field.name) for field in fields(shape)} - INTERNAL
    assert set(properties) - OTHER_INPUTS == names
    assert [name for name in names if not properties[name]["description"].endswith(".")] == []


@pytest.mark.parametrize(
    ("shape", "name", "unit"),
    [
        ("AiNode", "cpu", "of one node, in cores"),
        ("AiNode", "memory", "of one node, in GiB"),
        ("AiNode", "gpu", "cards of one node"),
        ("AiNode", "gpuMemory", "of one node, in GB"),
        ("AiNode", "cpuUsed", "across all nodes, in cores"),
        ("AiNode", "memoryUsed", "across all nodes, in GiB"),
        ("AiNode", "gpuUsed", "cards in use across all nodes"),
        ("AiNode", "gpuMemoryUsed", "across all nodes, in GB"),
        ("AiNode", "expirationTime", "in UTC"),
        ("Requirements", "minFreeGpus", "GPU cards"),
        ("Requirements", "minFreeGpuMemory", "in GB"),
        ("Requirements", "notExpiringWithinDays", "days"),
        ("Totals", "memory", "GiB"),
        ("Totals", "gpuMemory", "GB"),
    ],
)
def test_units_are_reported(shape: str, name: str, unit: str) -> None:
    assert unit in TYPES[f"hologres:index:{shape}"]["properties"][name]["description"]


def test_only_outputs_that_are_always_present_are_required() -> None:
    assert FUNCTION["outputs"]["required"] == ALWAYS_PRESENT
    assert RESOURCE["required"] == ALWAYS_PRESENT
    assert TYPES["hologres:index:Totals"]["required"] == ["cpu", "memory", "gpu", "gpuMemory"]
    assert "required" not in TYPES["hologres:index:AiNode"]
    assert "required" not in TYPES["hologres:index:Usage"]
    assert "requiredInputs" not in RESOURCE


def test_get_takes_the_arguments_of_the_resource() -> None:
    taken = {name: spec for name, spec in RESOURCE["inputProperties"].items() if name != "requirements"}
    assert RESOURCE["stateInputs"]["properties"] == taken
    assert set(RESOURCE["inputProperties"]) - set(FUNCTION["inputs"]["properties"]) == {"pinned"}


def test_requirements_are_an_input_and_not_an_output() -> None:
    places = [FUNCTION["inputs"]["properties"], RESOURCE["inputProperties"]]
    assert [place["requirements"]["$ref"] for place in places] == ["#/types/hologres:index:Requirements"] * 2
    assert "requirements" not in {**FUNCTION_OUTPUTS, **RESOURCE["properties"]}
    assert "required" not in TYPES["hologres:index:Requirements"]
    mode = TYPES["hologres:index:RequirementsMode"]
    assert [value["value"] for value in mode["enum"]] == list(get_args(Mode))
    assert TYPES["hologres:index:Requirements"]["properties"]["mode"]["description"].endswith("Defaults to error.")


@pytest.mark.parametrize("place", [SERVED["config"]["variables"], SERVED["provider"]["inputProperties"]])
def test_every_setting_is_there_with_its_type_and_its_environment(place: dict[str, Any]) -> None:
    assert list(place) == [setting.key for setting in SETTINGS]
    for setting in SETTINGS:
        found = place[setting.key]
        parts = TYPES[found["$ref"].removeprefix("#/types/")]["properties"] if setting.fields else {setting.key: found}
        kinds = [part.kind for part in setting.fields] or [setting.kind]
        assert [part["type"] for part in parts.values()] == kinds
        description = " ".join(part["description"] for part in parts.values())
        assert [name for name in setting.environment if name not in description] == []


@pytest.mark.parametrize("place", [SERVED["config"]["variables"], SERVED["provider"]["inputProperties"]])
def test_settings_with_secrets_are_marked_as_secret(place: dict[str, Any]) -> None:
    secrets = {"secretKey", "securityToken", "credentialsUri", "assumeRole", "assumeRoleWithOidc"}
    assert {name for name, found in place.items() if found.get("secret")} == secrets
    marked = {setting.key for setting in SETTINGS if setting.secret or any(part.secret for part in setting.fields)}
    assert marked == secrets


def test_no_setting_is_copied_from_the_environment_into_the_state() -> None:
    """An SDK sends a default of the schema as an input, and the engine keeps a provider's inputs."""
    assert [spec for spec in walk(SERVED) if {"default", "defaultInfo"} & set(spec)] == []


def test_an_enum_also_accepts_any_string() -> None:
    """A closed enum would make the SDKs refuse, or fail on, a value that the service adds later."""
    enums = {f"#/types/hologres:index:{name}" for name in ENUMS}
    unions = [spec for spec in walk(SERVED) if any(item.get("$ref") in enums for item in spec.get("oneOf", ()))]
    assert all(union["oneOf"][0] == {"type": "string"} and union["type"] == "string" for union in unions)
    references = [spec for spec in walk(SERVED) if spec.get("$ref") in enums]
    assert len(references) == len(unions) > 0


def test_the_schema_has_no_version() -> None:
    assert [spec for spec in walk(SERVED) if "version" in spec] == []


@pytest.mark.parametrize("spec", [FUNCTION, RESOURCE], ids=["function", "resource"])
def test_there_is_an_example_for_each_language(spec: dict[str, Any]) -> None:
    assert set(re.findall(r"^```([a-z]+)$", spec["description"], re.MULTILINE)) == {
        *("typescript", "python", "go", "yaml"),
    }


def walk(spec: object) -> Iterator[dict[str, Any]]:
    """Every object in the schema."""
    if isinstance(spec, dict):
        yield spec
        for item in spec.values():
            yield from walk(item)
    elif isinstance(spec, list):
        for item in spec:
            yield from walk(item)
