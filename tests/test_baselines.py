"""A baseline in each of its four forms. `tests/engine` gives it states and outputs of a real engine."""

import json
from typing import Any

import pytest

from hologres_ai.baselines import read_baseline
from hologres_ai.core.result import build_result
from hologres_ai.credentials.resolver import SOURCE_SETTINGS
from hologres_ai.envelope import to_envelope
from hologres_ai.errors import DocumentError
from hologres_ai.models import AiNode, AiNodeListResult, NodeList, build_query, to_wire

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
HIDDEN = {**SECRET, "ciphertext": "v1:abc"}


def result_of(*ids: str, **query: object) -> AiNodeListResult:
    nodes = tuple(AiNode(ai_instance_id=name, status="ResourceReady", gpu_used=1) for name in ids)
    asked = build_query({"region": "cn-hangzhou", **query})
    return build_result("cn-hangzhou", asked, NodeList(nodes=nodes, request_id=None))


RESULT = result_of("a", "b", statuses=["ResourceReady"])


def a_list(name: str, result: AiNodeListResult, type_: str = "hologres:index:AiNodeList") -> dict[str, Any]:
    """An entry of a state, as both providers make it."""
    query = {"statuses": list(result.query.statuses or []), "includeUsage": result.query.include_usage}
    outputs = {**to_wire(result), "__query": query}
    return {"urn": f"urn:pulumi:dev::fleet::{type_}::{name}", "type": type_, "outputs": outputs}


def state(*resources: dict[str, Any], **outputs: object) -> dict[str, Any]:
    stack = {"urn": "urn:pulumi:dev::fleet::pulumi:pulumi:Stack::fleet-dev", "type": "pulumi:pulumi:Stack"}
    return {"version": 3, "deployment": {"resources": [{**stack, "outputs": outputs}, *resources]}}


NODES = a_list("nodes", RESULT)
DYNAMIC = a_list("dynamic", RESULT, "pulumi-python:dynamic/hologres:AiNodeList")
COMPONENT_A = a_list("nodes", result_of("c"), "my:Fleet$hologres:index:AiNodeList")
COMPONENT_B = a_list("nodes", RESULT, "my:Site$hologres:index:AiNodeList")
LIST = {**to_wire(RESULT, request_id=True)}

FORMS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("envelope", to_envelope(RESULT), {}),
    ("outputs", {"a": 1, "b": to_envelope(RESULT)}, {}),
    ("outputs", {"a": to_envelope(result_of()), "b": to_envelope(RESULT)}, {"output": "b"}),
    ("state", state(NODES), {}),
    ("state", state(DYNAMIC), {}),
    ("state", state(a_list("other", result_of(statuses=[])), NODES), {"resource": "nodes"}),
    ("state", state(b=to_envelope(RESULT)), {"output": "b"}),
    ("state", state({**NODES, "delete": True}, NODES), {}),
    ("state", state(COMPONENT_A, COMPONENT_B), {"resource": COMPONENT_B["urn"]}),
    ("state", state(a_list("a::b", RESULT)), {"resource": "a::b"}),
    ("state", {"version": 3, "checkpoint": {"latest": state(NODES)["deployment"]}}, {}),
    ("list", LIST, {"query": {"statuses": ("ResourceReady",)}}),
]


PROVIDER = "urn:pulumi:dev::fleet::pulumi:providers:hologres::far"


@pytest.mark.parametrize(
    ("inputs", "profile", "provider"),
    [
        ({"profile": "prod", "region": "cn-hangzhou"}, "prod", None),
        ({"accessKey": "id", "secretKey": "secret"}, None, "far"),
        ({"profile": "prod", "sharedCredentialsFile": "/other.json"}, None, "far"),
        ({"profile": "prod", "assumeRole": '{"roleArn": "acs:ram::1:role/other"}'}, "prod", "far"),
        ({"credentialsUri": "http://localhost/credentials"}, None, "far"),
        ({"ecsRoleName": "reader"}, None, "far"),
        ({"region": "cn-hangzhou"}, None, None),
    ],
)
def test_the_account_of_a_declared_provider_is_known_by_its_profile_or_named(
    inputs: dict[str, str], profile: str | None, provider: str | None
) -> None:
    declared = {"urn": PROVIDER, "type": "pulumi:providers:hologres", "inputs": inputs}
    found = read_baseline(json.dumps(state(declared, {**NODES, "provider": f"{PROVIDER}::an-id"})))
    assert (found.profile, found.provider) == (profile, provider)


@pytest.mark.parametrize("source", [source for source in SOURCE_SETTINGS if source != "profile"])
def test_every_source_of_credentials_but_a_profile_names_the_provider(source: str) -> None:
    inputs = {setting.key: "text" for setting in SOURCE_SETTINGS[source]}
    declared = {"urn": PROVIDER, "type": "pulumi:providers:hologres", "inputs": inputs}
    found = read_baseline(json.dumps(state(declared, {**NODES, "provider": f"{PROVIDER}::an-id"})))
    assert (found.profile, found.provider) == (None, "far")


def test_the_default_provider_reads_the_account_of_the_environment() -> None:
    urn = PROVIDER.replace("far", "default_0_1_0")
    default = {"urn": urn, "type": "pulumi:providers:hologres", "inputs": {"accessKey": "id", "profile": "prod"}}
    found = read_baseline(json.dumps(state(default, {**NODES, "provider": f"{urn}::an-id"})))
    assert (found.profile, found.provider) == (None, None)


@pytest.mark.parametrize(("form", "document", "choice"), FORMS)
def test_a_baseline_is_read_from_each_form(form: str, document: dict[str, Any], choice: dict[str, Any]) -> None:
    baseline = read_baseline(json.dumps(document), **choice)
    assert (baseline.form, baseline.result) == (form, RESULT)


def test_a_saved_list_has_no_filters() -> None:
    assert read_baseline(json.dumps(LIST)).result.query == build_query({"region": "cn-hangzhou"})


@pytest.mark.parametrize("usage", [True, False])
def test_a_saved_list_shows_whether_it_includes_usage(usage: bool) -> None:
    listed = to_wire(result_of("a", include_usage=usage))
    assert read_baseline(json.dumps(listed)).result.query.include_usage is usage


def test_a_saved_list_with_nodes_outside_the_given_filters_is_refused() -> None:
    with pytest.raises(DocumentError, match="its query does not select 2 of the AI nodes"):
        read_baseline(json.dumps(LIST), query={"statuses": ["Paused"]})


def test_secrets_that_are_shown_are_read() -> None:
    shown = {name: {**SECRET, "plaintext": json.dumps(value)} for name, value in NODES["outputs"].items()}
    assert read_baseline(json.dumps(state({**NODES, "outputs": shown}))).result == RESULT
    hidden = {**NODES["outputs"], "instanceModelList": HIDDEN}
    with pytest.raises(DocumentError, match='"nodes" of the stack is a secret and encrypted') as caught:
        read_baseline(json.dumps(state({**NODES, "outputs": hidden})))
    assert "--show-secrets" in caught.value.remedy


def test_a_secret_that_is_not_part_of_the_result_does_not_prevent_a_comparison() -> None:
    beside = state(b=to_envelope(RESULT), password=HIDDEN)
    assert read_baseline(json.dumps(beside), output="b").result == RESULT
    with pytest.raises(DocumentError, match='there is no output "bb" of the stack; did you mean "b"'):
        read_baseline(json.dumps(beside), output="bb")
    with pytest.raises(DocumentError, match='the output "password" of the stack is a secret and encrypted') as caught:
        read_baseline(json.dumps(beside), output="password")
    assert "additional_secret_outputs" in caught.value.remedy
    outputs = {**NODES["outputs"], **dict.fromkeys(("ids", "names", "totals", "fingerprint", "nameRegex"), HIDDEN)}
    assert read_baseline(json.dumps(state({**NODES, "outputs": outputs}))).result == RESULT


@pytest.mark.parametrize(
    ("value", "profile", "provider"),
    [(HIDDEN, None, "far"), ({**SECRET, "plaintext": '"prod"'}, "prod", None), (7, None, "far")],
    ids=["encrypted", "shown", "not a text"],
)
def test_a_secret_profile_of_a_provider_is_read_or_names_the_provider(
    value: object, profile: str | None, provider: str | None
) -> None:
    declared = {"urn": PROVIDER, "type": "pulumi:providers:hologres", "inputs": {"profile": value}}
    found = read_baseline(json.dumps(state(declared, {**NODES, "provider": f"{PROVIDER}::an-id"})))
    assert (found.profile, found.provider) == (profile, provider)


def test_only_the_lists_with_the_name_are_listed_as_ambiguous() -> None:
    resources = (NODES, {**NODES, "urn": f"{NODES['urn']}::other"}, COMPONENT_A)
    with pytest.raises(DocumentError, match='more than one AiNodeList "nodes"') as caught:
        read_baseline(json.dumps(state(*resources)), resource="nodes")
    assert NODES["urn"] in caught.value.remedy
    assert COMPONENT_A["urn"] in caught.value.remedy
    assert "::other" not in caught.value.remedy


BAD: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {}, "no list of AI nodes among the outputs"),
    ({"a": 1}, {"output": "b"}, 'there is no output "b"'),
    (state(), {}, "there is no AiNodeList in the state"),
    (state(NODES, DYNAMIC), {}, "there is more than one AiNodeList in the state"),
    (state(NODES), {"resource": "node"}, 'there is no AiNodeList "node" in the state; did you mean "nodes"?'),
    (state(NODES, NODES), {"resource": "nodes"}, 'there is more than one AiNodeList "nodes" in the state'),
    (state({**NODES, "delete": True}), {}, "there is no AiNodeList in the state"),
    (to_envelope(RESULT), {"output": "nope"}, "the document is one list of AI nodes, so no output can be chosen"),
    (LIST, {"output": "nope"}, "the document is one list of AI nodes, so no output can be chosen"),
    (to_envelope(RESULT), {"resource": "nodes"}, "is not the state of a stack, so no resource can be chosen"),
    (
        {"aiNodes": "[secret]"},
        {},
        "no list of AI nodes was found among the outputs; these outputs are secrets: aiNodes",
    ),
    ({"aiNodes": "[secret]"}, {"output": "aiNodes"}, 'the output "aiNodes" is a secret and was not shown'),
    ({"requestId": "r", "instanceModelList": []}, {}, "AI nodes without their region, as an API response does"),
    ({"kind": "hologres-ai/Error", "title": "no"}, {}, "the document is a hologres-ai/Error, not a list of AI nodes"),
    ({"kind": "hologres-ai/Drift", "events": []}, {}, "the document is a hologres-ai/Drift, not a list of AI nodes"),
    (state({**NODES, "outputs": {}}), {}, 'the AiNodeList "nodes" of the stack has not been read yet'),
    (state({**NODES, "outputs": None}), {}, 'the AiNodeList "nodes" of the stack has not been read yet'),
    (state(NODES), {"output": "b"}, 'there is no output "b" of the stack'),
    ({"deployment": {}}, {}, "there is no AiNodeList in the state"),
    ({"deployment": {"resources": [1, None]}}, {}, "there is no AiNodeList in the state"),
    ({"instanceModelList": []}, {}, "AI nodes without their region"),
    ({"instanceModelList": {}, "region": "r"}, {}, "instanceModelList: Input should be a valid list"),
    ({"instanceModelList": [{"gpu": "x"}], "region": "r"}, {}, "the list is invalid: instanceModelList[0].gpu"),
]


@pytest.mark.parametrize(("document", "choice", "says"), BAD, ids=lambda value: str(value)[:50])
def test_a_document_without_a_baseline_is_reported(document: dict[str, Any], choice: dict[str, Any], says: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_baseline(json.dumps(document), **choice)
    assert says in caught.value.title
    assert caught.value.remedy


HALF = "\ud800"


@pytest.mark.parametrize(
    ("form", "document"),
    [
        (
            "state",
            state(a_list("nodes", RESULT) | {"outputs": {"instanceModelList": SECRET | {"plaintext": "[ secret"}}}),
        ),
        ("state", state(a_list("nodes", RESULT) | {"outputs": {"region": SECRET | {"plaintext": HALF}}})),
        ("list", {**LIST, "region": HALF}),
        ("list", {**LIST, "instanceModelList": [{"holoInstanceName": HALF}]}),
        ("list", {**LIST, "instanceModelList": [{HALF: 1}]}),
        ("envelope", {**to_envelope(RESULT), "query": {HALF: 1}}),
        ("envelope", {**to_envelope(RESULT), "query": {"ids": [HALF]}}),
    ],
)
def test_documents_found_by_fuzzing_are_refused(form: str, document: dict[str, Any]) -> None:
    with pytest.raises(DocumentError) as caught:
        read_baseline(json.dumps(document))
    assert caught.value.remedy
    assert "[ secret" not in str(caught.value)


def test_too_deeply_nested_secrets_are_refused() -> None:
    nested: object = []
    for _ in range(5):  # each as deep as a document may be
        nested = SECRET | {"plaintext": "[" * 180 + json.dumps(nested) + "]" * 180}
    document = state(a_list("nodes", RESULT) | {"outputs": {"region": "r", "instanceModelList": nested}})
    with pytest.raises(DocumentError, match="nested too deep"):
        read_baseline(json.dumps(document))
