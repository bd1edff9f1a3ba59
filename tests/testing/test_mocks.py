"""`hologres_ai.testing`: a program on mocks gets the same results and failures as from the service."""

import asyncio
import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pulumi
import pytest
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks
from pydantic.alias_generators import to_snake

from hologres_ai import AiNode, AiNodeList, AiNodes, read_ai_nodes
from hologres_ai.dynamic import UnmetRequirementsError
from hologres_ai.errors import AccessDeniedError, ConfigurationError, DocumentError, InvalidArgumentError
from hologres_ai.models import to_wire
from hologres_ai.plugin.servicer import RESOURCE
from hologres_ai.settings import environment_names
from hologres_ai.testing import Emulator, HologresMocks, run_program
from tools import sdk

pytest_plugins = ["hologres_ai.testing.fixtures"]

EXAMPLES = Path(__file__).parents[2] / "examples"
QUERIES: list[dict[str, Any]] = [
    {},
    {"statuses": ["ResourceReady"], "charge_types": ["PrePaid"], "include_usage": False},
    {"instance_id": "hgpostcn-cn-yi34hlzdx003", "name_regex": "List", "region": "cn-hangzhou"},
    {"ids": []},
    {"regions": ["cn-shanghai", "cn-hangzhou", "cn-beijing"], "ai_specs": ["small-8core-30G-24G"]},
]
DENIED = AccessDeniedError("the API refused to list the AI nodes", "Grant the permission.", code="Forbidden.RAM")

Read = Callable[..., Any]


@pytest.fixture
def hologres(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The generated SDK, as it is installed."""
    monkeypatch.syspath_prepend(str(sdk.python_package()))
    return import_module("pulumi_hologres")


@pytest.fixture(params=["dynamic resource", "native resource", "read resource", "function"])
def read(request: pytest.FixtureRequest, hologres: ModuleType) -> Read:
    """Each of the ways in which a program reads the nodes."""
    ways: dict[str, Read] = {
        "dynamic resource": lambda **query: AiNodeList("nodes", **query),
        "native resource": lambda **query: hologres.AiNodeList("nodes", **query),
        "read resource": lambda **query: hologres.AiNodeList.get("nodes", "nodes", **query),
        "function": hologres.get_ai_node_list_output,
    }
    return ways[request.param]


def exporting(read: Read, **query: object) -> Callable[[], None]:
    """A program that exports all that it read."""

    def program() -> None:
        nodes = read(**query)
        for name in ("region", "instanceModelList", "ids", "names", "totals", "fingerprint", "regionOutcomes"):
            pulumi.export(name, getattr(nodes, to_snake(name)))

    return program


def nodes_of(outputs: dict[str, object]) -> list[dict[str, object]]:
    nodes = outputs["instanceModelList"]
    assert isinstance(nodes, list)
    return nodes


def without_null(value: object) -> object:
    """On Pulumi's wire null and absent are one."""
    if isinstance(value, dict):
        return {name: without_null(item) for name, item in value.items() if item is not None}
    return [without_null(item) for item in value] if isinstance(value, list) else value


# ----------------------------------------------------------------------------------------------------- results on mocks


@pytest.fixture
def two_regions(hologres_emulator: Emulator) -> Emulator:
    """The shipped fleet, of which every other node is in another region."""
    document = json.loads(hologres_emulator.fleet_path.read_text())
    for node in document["nodes"][::2]:
        node["regionId"] = "cn-shanghai"
    hologres_emulator.fleet_path.write_text(json.dumps(document))
    return hologres_emulator


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_mocks_give_the_same_result_as_the_service(read: Read, query: dict[str, Any], two_regions: Emulator) -> None:
    expected = without_null(to_wire(read_ai_nodes(**query, endpoint=two_regions.endpoint)))
    outputs = run_program(exporting(read, **query), HologresMocks(two_regions.fleet_path))
    assert without_null(outputs) == expected
    assert not any(isinstance(value, float) for node in nodes_of(outputs) for value in node.values())
    assert two_regions.requests == len(query.get("regions", "1"))


def test_the_region_comes_from_the_argument_the_configuration_or_the_mocks(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ALIBABA_CLOUD_REGION", "ALIBABA_CLOUD_ENDPOINT_HOLOGRAM", "ALIBABA_CLOUD_ECS_METADATA"):
        monkeypatch.setenv(name, "this machine's own")

    def region(config: dict[str, str], **query: object) -> object:
        return run_program(exporting(read, **query), HologresMocks(region="cn-shenzhen"), config=config)["region"]

    assert region({}) == "cn-shenzhen"
    assert region({"hologres:region": "cn-beijing"}) == "cn-beijing"
    assert region({"hologres:region": "cn-beijing"}, region="cn-shanghai") == "cn-shanghai"


@pytest.mark.usefixtures("hologres")
def test_the_example_with_explicit_providers_runs_on_mocks() -> None:
    keys = {f"python-plugin:{account}{key}": "k" for account in ("research", "production") for key in KEYS}
    mocks = Recorder()
    outputs = run_program(EXAMPLES / "python-plugin", HologresMocks(others=mocks), project="python-plugin", config=keys)
    assert {args.name: args.inputs["region"] for args in mocks.made} == REGIONS
    assert (bool(outputs["researchIds"]), outputs["productionIds"]) == (True, [])


KEYS = ("AccessKey", "SecretKey")
REGIONS = {"research": "cn-hangzhou", "production": "cn-shanghai"}


def test_lists_use_the_region_of_their_provider(hologres: ModuleType) -> None:
    def program() -> None:
        provider = hologres.Provider("far", region="cn-shanghai")
        nodes = hologres.AiNodeList("nodes", opts=pulumi.ResourceOptions(provider=provider))
        found = hologres.get_ai_node_list_output(opts=pulumi.InvokeOptions(provider=provider))
        pulumi.export("regions", [nodes.region, found.region])

    assert run_program(program, HologresMocks(), config={"hologres:region": "cn-beijing"}) == {
        "regions": ["cn-shanghai", "cn-shanghai"]
    }


class InRegion(pulumi.ComponentResource):
    """A component with its own provider, whose name is the same in every component."""

    def __init__(self, hologres: ModuleType, name: str, region: str) -> None:
        super().__init__("test:index:InRegion", name)
        parent = pulumi.ResourceOptions(parent=self)
        provider = hologres.Provider("account", region=region, opts=parent)
        nodes = hologres.AiNodeList("nodes", opts=pulumi.ResourceOptions(parent=self, provider=provider))
        found = hologres.get_ai_node_list_output(opts=pulumi.InvokeOptions(provider=provider))
        pulumi.export(name, [nodes.region, found.region])


@pytest.mark.parametrize("preview", [False, True], ids=["update", "preview"])
def test_providers_of_one_name_in_two_components_are_different(hologres: ModuleType, preview: bool) -> None:
    def program() -> None:
        InRegion(hologres, "near", "cn-hangzhou")
        InRegion(hologres, "far", "cn-shanghai")

    assert run_program(program, HologresMocks(), preview=preview) == {
        "near": 2 * ["cn-hangzhou"],
        "far": 2 * ["cn-shanghai"],
    }


def test_only_the_dynamic_resource_reads_the_configuration_of_pulumi_alicloud(hologres: ModuleType) -> None:
    def program() -> None:
        pulumi.export("dynamic", AiNodeList("dynamic").region)
        pulumi.export("native", [hologres.AiNodeList("nodes").region, hologres.get_ai_node_list_output().region])

    assert run_program(program, HologresMocks(), config={"alicloud:region": "cn-shanghai"}) == {
        "dynamic": "cn-shanghai",
        "native": ["cn-hangzhou", "cn-hangzhou"],  # the engine sends the plugin only the namespace hologres
    }


def test_outputs_of_a_secret_argument_are_secret(hologres: ModuleType) -> None:
    def program() -> None:
        for name, region in (("open", "cn-hangzhou"), ("closed", pulumi.Output.secret("cn-hangzhou"))):
            nodes = hologres.AiNodeList(name, region=region)
            pulumi.export(name, nodes.ids)
            pulumi.export(f"{name} is secret", pulumi.Output.from_input(nodes.ids.is_secret()))

    outputs = run_program(program, HologresMocks())
    assert outputs["open"] == outputs["closed"] != []
    assert (outputs["open is secret"], outputs["closed is secret"]) == (False, True)


# ------------------------------------------------------------------------------------------------------------- failures


def test_a_failed_read_fails_the_program(read: Read) -> None:
    mocks = HologresMocks(error=DENIED)
    with pytest.raises(Exception, match="the API refused to list the AI nodes"):
        run_program(exporting(read), mocks)
    mocks.error = None
    assert run_program(exporting(read), mocks)["ids"]


def test_an_unread_region_has_an_outcome_or_fails_the_program(read: Read) -> None:
    asked = {"regions": ["cn-hangzhou", "cn-shanghai"], "on_region_error": "partial"}
    mocks = HologresMocks([AiNode(ai_instance_id="a", region_id="cn-hangzhou")])
    mocks.errors["cn-shanghai"] = DENIED
    outputs = run_program(exporting(read, **asked), mocks)
    outcomes = outputs["regionOutcomes"]
    assert isinstance(outcomes, list)
    assert [(item["region"], item["outcome"]) for item in outcomes] == [
        ("cn-hangzhou", "ok"),
        ("cn-shanghai", "denied"),
    ]
    assert outputs["ids"] == ["a"]
    with pytest.raises(Exception, match="1 of 2 regions could not be read"):
        run_program(exporting(read, regions=asked["regions"]), mocks)
    with pytest.raises(Exception, match="refused to list"):
        run_program(exporting(read, region="cn-shanghai"), mocks)
    assert run_program(exporting(read, region="cn-beijing"), mocks)["ids"] == []


def test_a_failed_resource_raises_the_given_error() -> None:
    with pytest.raises(AccessDeniedError) as raised:
        run_program(lambda: AiNodeList("nodes"), HologresMocks(error=DENIED))
    assert raised.value is DENIED


def test_an_invalid_argument_fails_the_program(read: Read) -> None:
    with pytest.raises(Exception, match="not a regular expression") as raised:
        run_program(lambda: read(name_regex=pulumi.Output.from_input("(")), HologresMocks())
    assert isinstance(raised.value, InvalidArgumentError) or "getAiNodeList" in str(raised.value)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"regoin": "cn-shanghai"}, 'did you mean "region"'),
        ({"region": "cn hangzhou"}, "is not a region"),
        ({"accessKey": "id"}, "is missing, but accessKey is set"),
    ],
    ids=str,
)
def test_settings_that_the_plugin_refuses_fail_the_program(
    hologres: ModuleType, settings: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in environment_names():
        monkeypatch.delenv(name, raising=False)

    def with_provider() -> None:
        provider = pulumi.ProviderResource("hologres", "far", settings)
        hologres.AiNodeList("nodes", opts=pulumi.ResourceOptions(provider=provider))

    config = {f"hologres:{name}": value for name, value in settings.items()}
    for program in (lambda: hologres.AiNodeList("nodes"), hologres.get_ai_node_list_output):
        with pytest.raises(Exception, match=says):
            run_program(program, HologresMocks(), config=config)
    with pytest.raises(Exception, match=says):
        run_program(with_provider, HologresMocks())


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ({"inventory": {}}, "inventory: is computed by the provider"),
        ({"instanceModelList": []}, "instanceModelList: is an output"),
        ({"pinned": "yes"}, "pinned: must be true or false"),
    ],
    ids=str,
)
def test_inputs_that_the_plugin_refuses_fail_the_program(inputs: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidArgumentError, match=says):
        run_program(lambda: pulumi.CustomResource(RESOURCE, "nodes", inputs), HologresMocks())


@pytest.mark.parametrize("way", ["AiNodeList", "get_ai_node_list_output"])
def test_an_unmet_requirement_fails_the_program(
    hologres: ModuleType, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    name = ["nodes"] if way == "AiNodeList" else []

    def ids(requirements: dict[str, object], secret: bool = False) -> object:
        def program() -> None:
            region = pulumi.Output.secret("cn-hangzhou") if secret else "cn-hangzhou"
            pulumi.export("ids", getattr(hologres, way)(*name, requirements=requirements, region=region).ids)

        return run_program(program, HologresMocks())["ids"]

    assert ids({"min_free_gpus": 6, "not_expiring_within_days": 8})
    with pytest.raises(Exception, match="at least 7 required, 6 found"):
        ids({"min_free_gpus": 7})
    assert ids({"min_free_gpus": 7, "mode": "warn"})
    assert "at least 7 required, 6 found" in caplog.text
    if way == "AiNodeList":  # the SDK does not pass on which arguments of a function are secret
        with pytest.raises(Exception, match="minFreeGpus: not met") as raised:
            ids({"min_free_gpus": 7}, secret=True)
        assert "hologram_" not in str(raised.value)


def test_the_require_method_of_ai_node_list_fails_the_program_when_unmet(hologres: ModuleType) -> None:
    def program() -> None:
        nodes = AiNodeList("nodes").require(min_free_gpus=free)
        pulumi.export("types", nodes.instance_model_list.apply(lambda listed: [isinstance(listed[0], dict)]))

    free = 6
    assert run_program(program, HologresMocks()) == {"types": [True]}
    free = 7
    with pytest.raises(UnmetRequirementsError, match="at least 7 required, 6 found"):
        run_program(program, HologresMocks())


def test_a_warning_of_the_read_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    twice = [AiNode(ai_instance_id="a", cpu=1), AiNode(ai_instance_id="a", cpu=2)]
    run_program(lambda: AiNodeList("nodes"), HologresMocks(twice))
    assert "the API lists a more than once" in caplog.text


@pytest.mark.parametrize("namespace", ["hologres", "alicloud"])
def test_keys_in_the_configuration_cause_no_warning(namespace: str, caplog: pytest.LogCaptureFixture) -> None:
    config = {f"{namespace}:accessKey": "id", f"{namespace}:secretKey": "secret", f"{namespace}:profile": "prod"}
    run_program(lambda: AiNodeList("nodes"), HologresMocks(), config=config)
    assert caplog.text == ""


# ------------------------------------------------------------------------------------------- other resources and stacks


class Recorder(Mocks):
    """Answers for other providers, and records the calls."""

    def __init__(self) -> None:
        self.made: list[MockResourceArgs] = []

    def call(self, args: MockCallArgs) -> tuple[dict[str, object], None]:
        return {"answer": args.token}, None

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, object]]:
        self.made.append(args)
        return "made", {**args.inputs, "state": "running"}


def other_things() -> None:
    thing = pulumi.CustomResource("other:index:Thing", "thing", {"size": 1, "state": None})
    pulumi.export("id", thing.id)
    pulumi.export("answer", pulumi.runtime.invoke_output("other:index:ask", {"question": "?"}))


def test_inputs_of_other_resources_are_passed_through() -> None:
    assert run_program(other_things, HologresMocks()) == {"id": "thing_id", "answer": {"question": "?"}}


def test_other_mocks_handle_resources_of_other_providers() -> None:
    others = Recorder()
    outputs = run_program(other_things, HologresMocks(others=others))
    assert outputs == {"id": "made", "answer": {"answer": "other:index:ask"}}
    assert [(args.typ, args.inputs["size"]) for args in others.made] == [("other:index:Thing", 1)]


def test_stack_references_have_the_given_outputs() -> None:
    written = HologresMocks([AiNode(ai_instance_id="a", gpu=1), AiNode(ai_instance_id="b", gpu=2)]).exported(ids=["b"])
    mocks = HologresMocks(stacks={"organization/fleet/dev": {"aiNodes": written}})

    def program(name: str) -> None:
        nodes = AiNodes.from_stack(pulumi.StackReference("organization/fleet/dev"), name)
        pulumi.export("ids", nodes.ids)
        pulumi.export(
            "types", nodes.instance_model_list.apply(lambda listed: [type(node.gpu).__name__ for node in listed])
        )

    assert run_program(lambda: program("aiNodes"), mocks) == {"ids": ["b"], "types": ["int"]}
    with pytest.raises(DocumentError, match=r'there is no output "aiNode" .* did you mean "aiNodes"'):
        run_program(lambda: program("aiNode"), mocks)
    mocks.error = DENIED
    with pytest.raises(AccessDeniedError):
        mocks.exported()


FLEET_STACK = "organization/fleet/dev"


def of_the_fleet_stack() -> None:
    outputs = pulumi.StackReference(FLEET_STACK)
    for name in ("team", "aiNodes"):
        value = outputs.get_output(name)
        pulumi.export(name, value)
        pulumi.export(f"{name} is secret", pulumi.Output.from_input(value.is_secret()))


def test_an_output_of_another_stack_can_be_secret() -> None:
    written = {"team": "search", "aiNodes": HologresMocks([]).exported()}
    mocks = HologresMocks(stacks={FLEET_STACK: written}, secret_outputs={FLEET_STACK: ["aiNodes"]})
    secrets = {"team is secret": False, "aiNodes is secret": True}
    assert without_null(run_program(of_the_fleet_stack, mocks)) == without_null({**written, **secrets})


@pytest.mark.parametrize("nested", [False, True])
def test_a_pulumi_output_in_stacks_is_refused_with_the_way_to_make_it_secret(nested: bool) -> None:
    async def test() -> None:
        secret = pulumi.Output.secret("search")
        mocks = HologresMocks(stacks={FLEET_STACK: {"team": [{"name": secret}] if nested else secret}})
        with pytest.raises(ConfigurationError, match="Specify the plain value") as raised:
            run_program(lambda: pulumi.StackReference(FLEET_STACK), mocks)
        assert 'secret_outputs={"organization/fleet/dev": ["team"]}' in raised.value.remedy
        await secret.future()

    asyncio.run(test())


def test_an_unknown_stack_fails_the_program_unless_the_other_mocks_return_its_outputs() -> None:
    stacks: dict[str, dict[str, object]] = {"organization/fleet/prod": {}, "organization/net/dev": {}}
    with pytest.raises(ConfigurationError, match=r'outputs of the stack "organization/fleet/dev"') as raised:
        run_program(lambda: pulumi.StackReference(FLEET_STACK), HologresMocks(stacks=stacks))
    assert "organization/fleet/prod, organization/net/dev" in raised.value.title
    assert "HologresMocks(stacks=" in raised.value.remedy

    class Stacks(Recorder):
        def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, object]]:
            return "made", {**args.inputs, "outputs": {"team": "search"}, "secretOutputNames": []}

    def program() -> None:
        pulumi.export("team", pulumi.StackReference(FLEET_STACK).get_output("team"))

    assert run_program(program, HologresMocks(others=Stacks())) == {"team": "search"}


class UnknownAtPreview(Recorder):
    """Resources without an id, as at a preview."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, object]]:
        return "", {}


def test_nodes_are_unknown_while_an_argument_is_unknown(read: Read) -> None:
    def program() -> None:
        thing = pulumi.CustomResource("other:index:Thing", "thing", {"name": None})
        pulumi.export("known", 1)
        exporting(read, instance_id=thing.id)()

    assert run_program(program, HologresMocks(others=UnknownAtPreview()), preview=True) == {"known": 1}


def test_nodes_are_unknown_while_a_provider_or_an_id_is_unknown(hologres: ModuleType) -> None:
    def program() -> None:
        thing = pulumi.CustomResource("other:index:Thing", "thing", {"name": None})
        provider = hologres.Provider("far", region=thing.id)
        pulumi.export("ids", hologres.AiNodeList("nodes", opts=pulumi.ResourceOptions(provider=provider)).ids)
        pulumi.export("read", hologres.AiNodeList.get("read", thing.id).ids)
        pulumi.export("function", hologres.get_ai_node_list_output(opts=pulumi.InvokeOptions(provider=provider)).ids)

    assert run_program(program, HologresMocks(others=UnknownAtPreview()), preview=True) == {}
