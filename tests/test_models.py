"""The models: how a query is built and refused, and the names of nodes and results in JSON."""

import json
from dataclasses import is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from pydantic.alias_generators import to_camel

from hologres_ai import models
from hologres_ai.api.response import HttpResponse, parse_response
from hologres_ai.core.result import build_result
from hologres_ai.errors import InvalidArgumentError
from hologres_ai.models import AiNode, AiNodeListResult, NodeList, Query, build_query, to_wire

EXAMPLE = (Path(__file__).parent / "data" / "example-response.json").read_bytes()

WIRE_FIELDS = {
    *("cpu", "gpu", "memory", "gpuMemory", "cpuUsed", "memoryUsed", "gpuUsed", "gpuMemoryUsed"),
    *("aiInstanceId", "regionId", "resourceType", "nodeCount", "commodityCode", "chargeType", "status"),
    *("expirationTime", "autoRenewal", "holoInstanceId", "holoInstanceName", "aiSpec"),
}

FULL = {
    "instanceId": "hgpostcn-cn-yi34hlzdx003",
    "region": "cn-hangzhou",
    "ids": ["a", "b"],
    "nameRegex": "^prod",
    "statuses": ["ResourceReady"],
    "chargeTypes": ["PostPaid"],
    "aiSpecs": ["small-8core-30G-24G"],
    "includeUsage": False,
}
PYTHON_NAMES = {
    "instanceId": "instance_id",
    "nameRegex": "name_regex",
    "chargeTypes": "charge_types",
    "aiSpecs": "ai_specs",
    "includeUsage": "include_usage",
}
FULL_QUERY = Query(
    instance_id="hgpostcn-cn-yi34hlzdx003",
    region="cn-hangzhou",
    ids=("a", "b"),
    name_regex="^prod",
    statuses=("ResourceReady",),
    charge_types=("PostPaid",),
    ai_specs=("small-8core-30G-24G",),
    include_usage=False,
)


def example_reply() -> NodeList:
    return parse_response(HttpResponse(200, {}, EXAMPLE))


def example_result(**query: Any) -> AiNodeListResult:
    return build_result("cn-hangzhou", build_query(query), example_reply())


def failures(**arguments: object) -> list[tuple[str, str]]:
    with pytest.raises(InvalidArgumentError) as caught:
        build_query(arguments)
    return [(failure.argument, failure.reason) for failure in caught.value.failures]


def test_a_query_is_built_from_names_of_the_api() -> None:
    assert build_query(FULL) == FULL_QUERY


def test_a_query_is_built_from_names_in_python_spelling() -> None:
    assert build_query({PYTHON_NAMES.get(name, name): value for name, value in FULL.items()}) == FULL_QUERY


def test_a_query_without_arguments_selects_everything() -> None:
    assert build_query({}) == Query()
    assert build_query(dict.fromkeys(FULL)) == Query()
    assert Query().include_usage is True


def test_an_empty_list_differs_from_a_missing_list() -> None:
    assert build_query({"ids": []}).ids == ()
    assert build_query({"ids": None}).ids is None


LISTS = ["ids", "statuses", "chargeTypes", "aiSpecs", "charge_types", "ai_specs"]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("value", ["text", 1, True, {"a": 1}, 1.5])
def test_a_list_argument_must_be_a_list(name: str, value: object) -> None:
    assert failures(**{name: value}) == [(name, "must be a list of strings")]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("item", [1, None, True, ["a"], 1.0])
def test_an_item_of_a_list_must_be_a_string(name: str, item: object) -> None:
    assert failures(**{name: ["ok", item]}) == [(f"{name}[1]", "must be a string")]


@pytest.mark.parametrize("name", LISTS)
def test_an_item_of_a_list_must_not_be_empty(name: str) -> None:
    assert failures(**{name: [""]}) == [(f"{name}[0]", "must not be empty")]


@pytest.mark.parametrize("name", ["region", "name_regex"])
def test_a_lone_surrogate_in_a_text_is_refused(name: str) -> None:
    """A command line gets one from bytes that are not UTF-8; neither a request nor a file can contain it."""
    with pytest.raises(InvalidArgumentError, match="is not valid text"):
        build_query({name: "\udcff"})


@pytest.mark.parametrize("name", ["instanceId", "instance_id", "region", "nameRegex", "name_regex"])
def test_a_text_argument_must_be_a_string_and_not_empty(name: str) -> None:
    assert failures(**{name: 1}) == [(name, "must be a string")]
    assert failures(**{name: ["a"]}) == [(name, "must be a string")]
    assert failures(**{name: ""})[0][0] == name


@pytest.mark.parametrize("value", ["true", 1, 0, "yes", []])
def test_include_usage_must_be_a_boolean(value: object) -> None:
    assert failures(includeUsage=value) == [("includeUsage", "must be true or false")]


@pytest.mark.parametrize(
    "value",
    [
        "../x",
        "a/b",
        'a"b',
        "a'b",
        "a b",
        "a\n",
        "a?b=c",
        "a#b",
        "a%2e",
        "-a",
        "_a",
        "x" * 129,
        "x" * 300,
        "实例",
        "a\x00",
    ],
)
def test_an_invalid_instance_id_is_refused(value: str) -> None:
    ((argument, reason),) = failures(instanceId=value)
    assert argument == "instanceId"
    assert "hgpostcn-cn-" in reason


@pytest.mark.parametrize("value", ["a", "x" * 128, "hgpostcn-cn-yi34hlzdx003", "A_b-9"])
def test_a_valid_instance_id_is_accepted(value: str) -> None:
    assert build_query({"instanceId": value}).instance_id == value


@pytest.mark.parametrize(
    "value",
    ["[", "(", "*", "a{2,1}", "(?P<a", "\\", "a{99999999999999999999}", "(" * 5000],
    ids=lambda value: value[:24],
)
def test_an_invalid_regular_expression_is_refused(value: str) -> None:
    ((argument, reason),) = failures(name_regex=value)
    assert argument == "name_regex"
    assert reason.startswith("not a regular expression")


@pytest.mark.parametrize(
    ("argument", "nearest"),
    [
        ("status", "statuses"),
        ("nameRegexp", "name_regex"),
        ("instanceID", "instance_id"),
        ("chargeType", "charge_types"),
        ("id", "ids"),
        ("includeUsages", "include_usage"),
        ("regoin", "region"),
    ],
)
def test_an_unknown_argument_suggests_a_similar_name(argument: str, nearest: str) -> None:
    ((place, reason),) = failures(**{argument: "x"})
    assert place == argument
    assert reason.startswith("no such argument")
    assert to_camel(nearest) in reason or nearest in reason


def test_an_unknown_argument_without_a_similar_name_has_no_suggestion() -> None:
    assert failures(zzzzzz=1) == [("zzzzzz", "no such argument")]


def test_all_invalid_arguments_are_reported_together() -> None:
    found = dict(failures(ids="x", nameRegex="[", includeUsage=1, bogus_one=2))
    assert set(found) == {"ids", "nameRegex", "includeUsage", "bogus_one"}


def test_one_argument_in_both_spellings_is_refused_as_given_twice() -> None:
    ((argument, reason),) = failures(nameRegex="a", name_regex="b")
    assert argument in ("nameRegex", "name_regex")
    assert "no such argument" not in reason


def test_an_error_does_not_show_the_invalid_value() -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        build_query({"instanceId": "canary value", "ids": "canary value", "canary": "canary value"})
    assert "canary value" not in str(caught.value)


def test_the_nodes_of_the_example_are_unchanged_in_json() -> None:
    wire = to_wire(example_result())
    assert wire["instanceModelList"] == json.loads(EXAMPLE)["instanceModelList"]


def test_field_names_in_json_are_those_of_the_api() -> None:
    assert {to_camel(name) for name in AiNode.__dataclass_fields__} == WIRE_FIELDS
    assert set(json.loads(EXAMPLE)["instanceModelList"][0]) == WIRE_FIELDS


def test_the_fields_of_a_result_in_json() -> None:
    expected = {"region", "regionOutcomes", "instanceModelList", "ids", "names", "totals", "fingerprint"}
    assert set(to_wire(example_result())) == expected


def test_the_request_id_is_in_json_only_when_requested() -> None:
    result = example_result()
    assert "2C2ECDC1-FBAD-14A5-AA4A-96BC787FBDBC" not in json.dumps(to_wire(result))
    assert to_wire(result, request_id=True)["requestId"] == "2C2ECDC1-FBAD-14A5-AA4A-96BC787FBDBC"
    assert to_wire(replace(result, request_id="another")) == to_wire(result)


def test_missing_values_of_a_node_are_left_out_of_json() -> None:
    reply = NodeList(nodes=(AiNode(ai_instance_id="a", gpu=0, auto_renewal=False, status=""),), request_id=None)
    wire = to_wire(build_result("cn-hangzhou", Query(), reply))
    assert wire["instanceModelList"] == [{"aiInstanceId": "a", "gpu": 0, "autoRenewal": False, "status": ""}]


def test_an_unknown_total_is_null_and_not_absent() -> None:
    reply = NodeList(nodes=(AiNode(ai_instance_id="a"),), request_id=None)
    unknown = {"capacity": None, "used": None, "free": None}
    assert to_wire(build_result("cn-hangzhou", Query(), reply))["totals"] == {
        "nodeCount": None,
        "cpu": unknown,
        "memory": unknown,
        "gpu": unknown,
        "gpuMemory": unknown,
    }


def test_without_usage_json_has_no_usage_fields() -> None:
    keys = keys_of(to_wire(example_result(include_usage=False)))
    assert [key for key in keys if key == "free" or key.lower().endswith("used")] == []
    assert {"capacity", "gpuMemory"} <= keys


def keys_of(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*(keys_of(item) for item in value.values()))
    return set().union(*(keys_of(item) for item in value)) if isinstance(value, list) else set()


def test_nodes_survive_a_round_trip_through_json() -> None:
    result = example_result()
    back = json.loads(json.dumps(to_wire(result)))
    nodes = TypeAdapter(tuple[AiNode, ...]).validate_python(tuple(back["instanceModelList"]))
    assert nodes == result.instance_model_list


@pytest.mark.parametrize("value", [8, 8.0, "8"])
def test_a_node_accepts_whole_numbers_as_doubles_and_as_text(value: Any) -> None:
    node = AiNode(node_count=value)
    assert node.node_count == 8
    assert type(node.node_count) is int


SHAPES = [
    shape
    for shape in vars(models).values()
    if isinstance(shape, type) and is_dataclass(shape) and hasattr(shape, "__pydantic_fields__")
]
HIDDEN = {"query", "warnings"}


def test_the_model_classes_are_found() -> None:
    assert {shape.__name__ for shape in SHAPES} >= {"AiNode", "Usage", "Totals", "Query", "AiNodeListResult"}


def described(shape: type) -> list[tuple[str, str | None]]:
    fields: dict[str, Any] = shape.__dict__["__pydantic_fields__"]
    return [(name, info.description) for name, info in fields.items() if name not in HIDDEN]


@pytest.mark.parametrize("shape", [s for s in SHAPES if s is not NodeList], ids=lambda shape: shape.__name__)
def test_every_field_has_a_description(shape: type) -> None:
    fields = described(shape)
    assert fields
    assert [name for name, text in fields if not text or not text.endswith(".")] == []
    assert (shape.__doc__ or "").strip()


@pytest.mark.parametrize(
    ("field", "unit"),
    [("cpu", "cores"), ("memory", "GiB"), ("gpu", "cards"), ("gpu_memory", "GB"), ("gpu_memory_used", "GB")],
)
def test_the_description_of_a_figure_names_its_unit(field: str, unit: str) -> None:
    assert unit in (dict(described(AiNode))[field] or "")
