"""The envelope: a round trip over a wire that turns numbers into doubles keeps the result."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from hologres_ai.core.result import build_result
from hologres_ai.envelope import KIND, VERSION, from_envelope, from_json, from_outputs, to_envelope
from hologres_ai.errors import DocumentError
from hologres_ai.models import MAX_EXACT_INTEGER, AiNode, AiNodeListResult, NodeList, build_query

INTEGERS = {
    *("node_count", "cpu", "memory", "gpu", "gpu_memory"),
    *("cpu_used", "memory_used", "gpu_used", "gpu_memory_used"),
}
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
MOMENTS = st.sampled_from(["2026-01-28T07:44:27.535Z", "2026-01-28T15:44:27+08:00", "2026-01-28T07:44:27", "soon"])


def values(name: str) -> st.SearchStrategy[object]:
    if name in INTEGERS:
        return st.integers(-MAX_EXACT_INTEGER, MAX_EXACT_INTEGER)
    if name == "auto_renewal":
        return st.booleans()
    return TEXT | MOMENTS if name == "expiration_time" else TEXT


NODES = st.fixed_dictionaries({}, optional={name: values(name) for name in AiNode.__dataclass_fields__}).map(
    lambda fields: AiNode(**fields)  # type: ignore[arg-type]
)
TEXTS = st.lists(TEXT.filter(bool), max_size=3)
QUERIES = st.fixed_dictionaries({}, optional={"ids": TEXTS, "statuses": TEXTS, "includeUsage": st.booleans()})


def result_of(*nodes: AiNode, **query: object) -> AiNodeListResult:
    return build_result(
        "cn-hangzhou", build_query({"region": "cn-hangzhou", **query}), NodeList(nodes=nodes, request_id=None)
    )


def over_the_wire(value: JsonValue) -> JsonValue:
    """The value after a stack: every number is a double, and null is absent."""
    if isinstance(value, dict):
        return {name: over_the_wire(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [over_the_wire(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def all_of(result: AiNodeListResult) -> list[tuple[str, type, object]]:
    return [
        (name, type(getattr(node, name)), getattr(node, name))
        for node in result.instance_model_list
        for name in AiNode.__dataclass_fields__
    ]


@given(st.lists(NODES, max_size=4), QUERIES)
def test_a_result_survives_a_stack_output(nodes: list[AiNode], query: dict[str, Any]) -> None:
    sent = result_of(*nodes, **query)
    got = from_envelope(over_the_wire(to_envelope(sent)))
    assert (got.region, got.query, got.totals, got.fingerprint) == (
        sent.region, sent.query, sent.totals, sent.fingerprint
    )  # fmt: skip
    assert all_of(got) == all_of(sent)


@given(st.lists(NODES, max_size=4))
def test_a_result_survives_a_file(nodes: list[AiNode]) -> None:
    sent = result_of(*nodes)
    text = json.dumps(to_envelope(sent))
    assert all_of(from_json(text)) == all_of(from_json(text.encode("utf-16"))) == all_of(sent)


def test_the_envelope_has_a_fixed_json_format() -> None:
    envelope = to_envelope(result_of(AiNode(ai_instance_id="a", gpu=2, node_count=1, gpu_used=1), ids=["a"]))
    fingerprint = envelope.pop("fingerprint")
    unknown = {"capacity": None, "used": None, "free": None}
    assert isinstance(fingerprint, str)
    assert envelope == {
        "kind": "hologres-ai/AiNodeList",
        "version": 1,
        "query": {"ids": ["a"], "includeUsage": True},
        "region": "cn-hangzhou",
        "regionOutcomes": [],
        "instanceModelList": [{"aiInstanceId": "a", "gpu": 2, "nodeCount": 1, "gpuUsed": 1}],
        "ids": ["a"],
        "names": [],
        "totals": {
            "nodeCount": 1,
            "gpu": {"capacity": 2, "used": 1, "free": 1},
            **dict.fromkeys(("cpu", "memory", "gpuMemory"), unknown),
        },
    }


GOOD: dict[str, Any] = {"kind": KIND, "version": VERSION, "region": "r", "query": {}, "instanceModelList": []}

BAD: list[tuple[object, str]] = [
    (None, "the document is not a list of AI nodes"),
    ("[secret]", "the document is a secret and was not shown"),
    ([], "not a list of AI nodes"),
    ({**GOOD, "kind": "another"}, "not a list of AI nodes"),
    ({**GOOD, "version": 2}, "has version 2; this version of hologres_ai supports version 1"),
    ({**GOOD, "version": 2.0}, "has version 2; this version of hologres_ai supports version 1"),
    ({**GOOD, "version": 0}, "has version 0"),
    ({**GOOD, "version": True}, "has version true"),
    ({**GOOD, "version": None}, "has version null"),
    ({**GOOD, "region": ""}, "region: "),
    ({**GOOD, "region": 1}, "region: "),
    ({**GOOD, "query": None}, "query is missing"),
    ({**GOOD, "query": {"idz": []}}, 'query.idz: no such argument; did you mean "ids"'),
    ({**GOOD, "query": {"ids": "a"}}, "query.ids: must be a list of strings"),
    ({**GOOD, "instanceModelList": None}, "instanceModelList: "),
    ({**GOOD, "instanceModelList": {}}, "instanceModelList: "),
    ({**GOOD, "instanceModelList": [None]}, "instanceModelList[0]: "),
    ({**GOOD, "instanceModelList": [{}, {"cpu": 1.5}]}, "instanceModelList[1].cpu: not a whole number"),
    ({**GOOD, "instanceModelList": [{}], "query": {"ids": []}}, "its query does not select 1 of the AI nodes"),
]


@pytest.mark.parametrize(("value", "says"), BAD, ids=lambda value: str(value)[:60])
def test_an_invalid_value_is_reported(value: object, says: str) -> None:
    with pytest.raises(DocumentError) as caught:
        from_envelope(value)
    assert says in caught.value.title
    assert caught.value.remedy


def test_a_newer_version_asks_for_an_upgrade_and_an_older_one_for_a_new_export() -> None:
    for version, says in ((2, "Upgrade hologres_ai on this"), (0, "newer version of hologres_ai")):
        with pytest.raises(DocumentError, match=says):
            from_envelope({**GOOD, "version": version})


def test_the_only_envelope_among_the_outputs_is_read() -> None:
    assert from_outputs({"a": 1, "b": GOOD, "c": None}).region == "r"


def test_the_named_envelope_is_read_if_there_are_several() -> None:
    outputs = {"a": GOOD, "b": {**GOOD, "region": "s"}}
    assert from_json(json.dumps(outputs), "b").region == "s"
    with pytest.raises(DocumentError, match="more than one list of AI nodes among the outputs: a, b"):
        from_outputs(outputs)


def test_a_document_without_the_envelope_is_reported_with_its_outputs() -> None:
    with pytest.raises(DocumentError, match="no list of AI nodes among the outputs"):
        from_outputs({"a": 1})
    with pytest.raises(DocumentError, match='no output "aiNode"; did you mean "aiNodes"') as caught:
        from_outputs({"aiNodes": GOOD, "x": 1}, "aiNode")
    assert "The outputs are: aiNodes, x." in caught.value.remedy


@pytest.mark.parametrize("text", ["", "[]", "1", "{", '{"a":', b"\xff\xfe\x00", "[" * 100_000, b"\x80"], ids=ascii)
def test_a_text_that_is_not_a_json_object_is_reported(text: str | bytes) -> None:
    with pytest.raises(DocumentError, match="the document is not"):
        from_json(text)


def test_a_byte_order_mark_is_ignored() -> None:
    text = json.dumps(GOOD)
    assert from_json("\ufeff" + text).region == from_json(text.encode("utf-8-sig")).region == "r"


def test_fields_of_a_later_minor_version_are_left_out() -> None:
    node = {"aiInstanceId": "a", "novelty": {"x": 1}}
    got = from_envelope({**GOOD, "novelty": 1, "instanceModelList": [node]})
    assert got.instance_model_list == (AiNode(ai_instance_id="a"),)
