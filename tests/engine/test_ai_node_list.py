"""AiNodeList in a program on a real engine."""

import base64
import json
from pathlib import Path

import pytest

from hologres_ai.baselines import read_baseline
from hologres_ai.emulator import EMULATOR_ACCESS_KEY_SECRET, Emulator
from tests.conftest import OpenFolder
from tests.engine.conftest import Fleet
from tools.project import Project, Secret

NODE = "hologram_aipostpay_public_cn-77a02"
HOLO_INSTANCE = "hgpostcn-cn-yi34hlzdx003"


def shipped(emulator: Emulator) -> list[dict[str, object]]:
    """The fleet file's nodes."""
    nodes: list[dict[str, object]] = json.loads(emulator.fleet_path.read_text())["nodes"]
    return nodes


def test_outputs_are_known_at_preview(simple: Project, emulator: Emulator) -> None:
    run = simple.preview("--diff")
    assert run.code == 0, run.text
    assert NODE in run.text
    assert "gpuMemoryUsed" in run.text
    assert "[unknown]" not in run.text
    assert "output<" not in run.text
    assert emulator.requests == 1


def test_outputs_are_typed_in_an_apply(program: OpenFolder) -> None:
    source = """
        import pulumi
        from hologres_ai import AiNode, AiNodeList, Totals

        def look(nodes: list[AiNode]) -> dict[str, str]:
            node = nodes[0]
            return {
                "class": type(node).__name__,
                "gpuMemory": f"{type(node.gpu_memory).__name__} {node.gpu_memory}",
                "spec": f"{type(node.ai_spec).__name__} {node.ai_spec}",
                "missing": repr(node.expiration_time),
                "wire": repr(node["gpuMemory"]),
            }

        def sum_up(totals: Totals) -> list[str]:
            free = totals.memory.free
            return [type(totals.gpu).__name__, type(totals.gpu.capacity).__name__, repr(free)]

        nodes = AiNodeList("nodes", ids=["hologram_aipostpay_public_cn-77a02"])
        pulumi.export("look", nodes.instance_model_list.apply(look))
        pulumi.export("totals", nodes.totals.apply(sum_up))
        pulumi.export("again", nodes.instance_model_list)
    """
    with program(source) as project:
        run = project.up()
        assert run.code == 0, run.text
        assert project.outputs()["look"] == {
            "class": "AiNode",
            "gpuMemory": "int 24",
            "spec": "str small-8core-30G-24G",
            "missing": "None",
            "wire": "24",
        }
        assert project.outputs()["totals"] == ["Usage", "int", "30"]


def test_lists_of_one_region_are_one_call_at_each_preview(program: OpenFolder, served_fleet: Fleet) -> None:
    source = """
        import pulumi
        from hologres_ai import AiNodeList

        everything = AiNodeList("everything")
        ready = AiNodeList("ready", statuses=["ResourceReady"])
        paused = AiNodeList("paused", statuses=["Paused"])
        of_one = AiNodeList("of-one", instance_id="hgpostcn-cn-yi34hlzdx003")
        pulumi.export("sizes", [nodes.ids.apply(len) for nodes in (everything, ready, paused, of_one)])
    """
    with program(source) as project:
        run = project.preview()
        assert run.code == 0, run.text
        assert served_fleet.emulator.requests == 2, "one for the region, one for the instance"
        served_fleet.change(NODE, status="Paused")
        assert project.up().code == 0
        assert project.outputs()["sizes"] == [13, 11, 1, 4]
        assert served_fleet.emulator.requests == 4


def test_outputs_are_spelled_as_the_api_spells_them(simple: Project, emulator: Emulator) -> None:
    simple.up()
    exported = simple.outputs()["nodes"]
    assert isinstance(exported, list)
    wanted = {name for node in shipped(emulator) for name in node}
    assert {name for node in exported for name in node} == wanted
    assert len(exported) == len(shipped(emulator)) >= 12


def test_a_second_up_has_no_changes(simple: Project) -> None:
    assert simple.up().code == 0
    again = simple.up("--expect-no-changes")
    assert again.code == 0, again.text


def test_a_changed_fleet_shows_at_preview_as_an_output_change(simple: Project, served_fleet: Fleet) -> None:
    simple.up()
    served_fleet.change(NODE, nodeCount=3)
    run = simple.preview("--diff")
    assert run.code == 0, run.text
    assert "~ nodeCount" in run.text
    assert "1 => 3" in run.text


def test_refresh_reports_drift_by_its_exit_code(simple: Project, served_fleet: Fleet) -> None:
    simple.up()
    unchanged = simple.drift()
    assert unchanged.code == 0, unchanged.text
    served_fleet.change(NODE, nodeCount=3)
    run = simple.drift("--diff")
    assert run.code != 0
    assert "no changes were expected" in run.text
    assert "1 => 3" in run.text


def test_a_refresh_uses_the_query_of_the_program(program: OpenFolder, served_fleet: Fleet) -> None:
    """`ids` is both a filter and an output: a refresh must not filter by an earlier result."""
    with program("from hologres_ai import AiNodeList\nAiNodeList('nodes', statuses=['Paused'])") as project:
        project.up()
        served_fleet.change(NODE, status="Paused")
        assert project.drift().code != 0
        assert project.refresh().code == 0
        assert outputs_of_the_list(project)["ids"] == [NODE]


def test_usage_is_drift_only_if_it_is_included(simple: Project, program: OpenFolder, served_fleet: Fleet) -> None:
    without = "from hologres_ai import AiNodeList\nAiNodeList('nodes', include_usage=False)"
    with program(without, name="without-usage") as quiet:
        simple.up()
        quiet.up()
        served_fleet.change(NODE, gpuUsed=1)
        assert simple.drift().code != 0
        assert quiet.drift().code == 0
        state = json.dumps(outputs_of_the_list(quiet))
        assert "Used" not in state
        assert '"used"' not in state
        assert '"free"' not in state
        assert '"capacity"' in state
        served_fleet.change(NODE, gpu=2)
        assert quiet.drift().code != 0


def test_no_request_id_is_among_the_outputs(simple: Project) -> None:
    simple.up()
    assert "requestid" not in json.dumps(outputs_of_the_list(simple)).lower()


def test_destroy_makes_no_call(simple: Project, emulator: Emulator) -> None:
    simple.up()
    before = emulator.requests
    run = simple.destroy()
    assert run.code == 0, run.text
    assert emulator.requests == before


DEFERRED = """
    import pulumi
    from pulumi.dynamic import CreateResult, Resource, ResourceProvider
    from hologres_ai import AiNodeList

    class Provider(ResourceProvider):
        def create(self, props):
            return CreateResult("created", {"instance_id": "hgpostcn-cn-yi34hlzdx003"})

    class Instance(Resource):
        instance_id: pulumi.Output[str]

        def __init__(self, name):
            super().__init__(Provider(), name, {"instance_id": None})

    instance = Instance("instance")
    nodes = AiNodeList("nodes", instance_id=instance.instance_id)
    pulumi.export("ids", nodes.ids)
"""


def test_the_read_waits_for_an_instance_that_does_not_exist_yet(program: OpenFolder, emulator: Emulator) -> None:
    with program(DEFERRED) as project:
        preview = project.preview()
        assert preview.code == 0, preview.text
        assert emulator.requests == 0
        assert NODE not in preview.text
        run = project.up()
        assert run.code == 0, run.text
        wanted = [node["aiInstanceId"] for node in shipped(emulator) if node["holoInstanceId"] == HOLO_INSTANCE]
        assert project.outputs()["ids"] == sorted(map(str, wanted))


def test_every_argument_accepts_an_output_and_selects_nodes(program: OpenFolder) -> None:
    source = """
        import pulumi
        from hologres_ai import AiNodeList

        def later(value):
            return pulumi.Output.from_input(value)

        nodes = AiNodeList(
            "nodes",
            instance_id=later("hgpostcn-cn-yi34hlzdx003"),
            region=later("cn-shanghai"),
            ids=[later("hologram_aipostpay_public_cn-77a01"), "hologram_aipostpay_public_cn-77a02"],
            name_regex=later("^AI节点"),
            statuses=later(["ResourceReady"]),
            charge_types=[later("PostPaid")],
            ai_specs=["small-8core-30G-24G"],
            include_usage=later(False),
        )
        pulumi.export("ids", nodes.ids)
        pulumi.export("region", nodes.region)
    """
    with program(source) as project:
        assert project.up().code == 0
        assert project.outputs() == {"ids": ["hologram_aipostpay_public_cn-77a01", NODE], "region": "cn-shanghai"}


def test_another_stack_reads_the_outputs(simple: Project, program: OpenFolder, tmp_path: Path) -> None:
    writer = 'import pulumi\nfrom hologres_ai import AiNodeList\npulumi.export("ids", AiNodeList("nodes").ids)'
    reader = """
        import pulumi

        fleet = pulumi.StackReference("organization/writer/dev")
        pulumi.export("first", fleet.require_output("ids").apply(lambda ids: ids[0]))
    """
    backend = tmp_path / "backend"
    with program(writer, name="writer", backend=backend) as first:
        assert first.up().code == 0
        ids = first.outputs()["ids"]
    assert isinstance(ids, list)
    with program(reader, name="reader", backend=backend) as second:
        preview = second.preview()
        assert ids[0] in preview.text
        assert second.up().code == 0
        assert second.outputs() == {"first": ids[0]}


def test_settings_come_from_the_stack_configuration(program: OpenFolder, environment: dict[str, str]) -> None:
    config = {
        "alicloud:region": "cn-beijing",
        "hologres:region": "cn-shanghai",
        "alicloud:accessKey": environment["ALIBABA_CLOUD_ACCESS_KEY_ID"],
        "hologres:secretKey": Secret(EMULATOR_ACCESS_KEY_SECRET),
        "hologres:endpoint": environment["ALIBABA_CLOUD_ENDPOINT_HOLOGRAM"],
    }
    source = 'import pulumi\nfrom hologres_ai import AiNodeList\npulumi.export("region", AiNodeList("nodes").region)'
    with program(source, environment={}, config=config) as project:
        run = project.up()
        assert run.code == 0, run.text
        assert project.outputs() == {"region": "cn-shanghai"}


def test_no_secret_is_in_the_state(simple: Project, program: OpenFolder, environment: dict[str, str]) -> None:
    token = "canary-security-token"
    simple.up()
    keys = {name: value for name, value in environment.items() if "ACCESS_KEY" not in name}
    config = {
        "hologres:accessKey": Secret(environment["ALIBABA_CLOUD_ACCESS_KEY_ID"]),
        "hologres:secretKey": Secret(EMULATOR_ACCESS_KEY_SECRET),
        "hologres:securityToken": Secret(token),
    }
    source = "from hologres_ai import AiNodeList\nAiNodeList('nodes')"
    with program(source, name="configured", environment=keys, config=config) as configured:
        run = configured.up()
        assert run.code == 0, run.text
        texts = [simple.export(), configured.export()]
        for secret in (EMULATOR_ACCESS_KEY_SECRET, environment["ALIBABA_CLOUD_ACCESS_KEY_ID"], token):
            for form in forms(secret):
                assert not [form for text in texts if form in text]


def forms(secret: str) -> list[str]:
    """A secret, and its base64 form at each of the three offsets in a longer text."""
    encoded = [base64.b64encode(b"x" * shift + secret.encode()).decode() for shift in range(3)]
    return [secret, *(text[4:-4] for text in encoded)]


SECRET_OUTPUTS = """
    import pulumi
    from hologres_ai import AiNodeList

    secret = ["instance_model_list", "ids"]
    nodes = AiNodeList("nodes", opts=pulumi.ResourceOptions(additional_secret_outputs=secret))
    nodes.require(min_free_gpus=100, statuses=["ResourceReady"], mode="warn")
    nodes.export("aiNodes")
    pulumi.export("ids", nodes.ids)
    pulumi.export("names", nodes.names)
"""


def test_secret_outputs_are_in_no_state_and_no_message(program: OpenFolder) -> None:
    with program(SECRET_OUTPUTS) as project:
        run = project.up("--diff")
        assert run.code == 0, run.text
        assert "free GPUs: at least 100 required, 6 found\n" in run.text
        assert "12 of 13 match\n" in run.text
        assert "hologram_a" not in (run.text + project.export()).replace('hologram_aipostpay_public_cn"', "")
        outputs = project.outputs()
    assert (outputs["ids"], outputs["aiNodes"]) == ("[secret]", "[secret]")
    assert isinstance(outputs["names"], list)


TRANSFORMED = """
    import pulumi
    from hologres_ai import AiNodeList

    def only_ready(args):
        props = {**args.props, "statuses": ["ResourceReady"]} if args.type_.endswith(":AiNodeList") else args.props
        return pulumi.ResourceTransformationResult(props, args.opts)

    pulumi.runtime.register_stack_transformation(only_ready)
    nodes = AiNodeList("nodes")
    nodes.export("aiNodes")
    pulumi.export("ids", nodes.ids)
"""


def test_an_export_has_the_query_that_was_read(program: OpenFolder) -> None:
    with program(TRANSFORMED) as project:
        assert project.up().code == 0
        assert project.drift().code == 0
        outputs = project.outputs()
    exported = outputs["aiNodes"]
    assert isinstance(exported, dict)
    assert exported["query"] == {"includeUsage": True, "statuses": ["ResourceReady"]}
    assert exported["ids"] == outputs["ids"]
    assert read_baseline(json.dumps(outputs)).result.query.statuses == ("ResourceReady",)


def test_the_serialized_provider_captures_no_values(simple: Project) -> None:
    simple.up()
    pickled = base64.b64decode(str(inputs_of_the_list(simple)["__provider"]))
    assert len(pickled) < 100
    assert b"hologres_ai.dynamic" in pickled


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("denied", "hologram:ListInstanceModel"),
        ("throttling-user", "Wait a moment and try again"),
        ("unavailable", "The service failed: try again later"),
        ("token-expired", "Get a new security token"),
    ],
)
def test_a_refusal_is_reported_with_its_remedy(simple: Project, emulator: Emulator, fault: str, message: str) -> None:
    emulator.arm(fault, times=4)
    run = simple.preview()
    assert run.code != 0
    assert message in run.text
    assert "HTTP" in run.text
    assert run.text.count('File "') <= 2 * 3, "the trace is longer than the engine makes it"
    assert EMULATOR_ACCESS_KEY_SECRET not in run.text
    emulator.disarm()
    assert simple.preview().code == 0


def test_an_unreachable_service_is_reported_with_its_host(program: OpenFolder, environment: dict[str, str]) -> None:
    environment["ALIBABA_CLOUD_ENDPOINT_HOLOGRAM"] = "http://127.0.0.1:1"
    with program("from hologres_ai import AiNodeList\nAiNodeList('nodes')") as project:
        run = project.preview()
        assert run.code != 0
        assert "no complete response from 127.0.0.1" in run.text
        assert "region cn-hangzhou" in run.text


def test_a_missing_region_is_reported_with_every_origin(
    program: OpenFolder, environment: dict[str, str], emulator: Emulator
) -> None:
    del environment["ALIBABA_CLOUD_REGION"]
    with program("from hologres_ai import AiNodeList\nAiNodeList('nodes')") as project:
        run = project.preview()
        assert run.code != 0
        for place in ("pulumi config set hologres:region", "alicloud:region", "ALICLOUD_REGION"):
            assert place in run.text
        assert emulator.requests == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("name_regex='('", "name_regex: not a regular expression"),
        ("instance_id='../x'", "instance_id: is not the ID of a Hologres instance"),
        ("ids='not-a-list'", "ids: must be a list of strings"),
        ("nam_regex='x'", "unexpected keyword argument 'nam_regex'"),
        ("name_regex=pulumi.Output.from_input('(')", "name_regex: not a regular expression"),
        (
            "instance_id=pulumi.Output.secret('hgpostcn-cn-yi34hlzdx003')",
            "instance_id: is a secret, which the outputs would show",
        ),
        ("opts=pulumi.ResourceOptions(id='mine')", "opts: id is derived from the arguments"),
    ],
)
def test_invalid_arguments_are_refused_before_any_call(
    program: OpenFolder, emulator: Emulator, arguments: str, message: str
) -> None:
    with program(f"import pulumi\nfrom hologres_ai import AiNodeList\nAiNodeList('nodes', {arguments})") as project:
        run = project.preview()
        assert run.code != 0
        assert message in run.text
        assert emulator.requests == 0


def test_warnings_of_a_read_are_shown(program: OpenFolder, served_fleet: Fleet) -> None:
    served_fleet.change(NODE, expirationTime="soon")
    with program("from hologres_ai import AiNodeList\nAiNodeList('nodes', region='cn-hangzou')") as project:
        run = project.preview()
        assert run.code == 0, run.text
        assert 'did you mean "cn-hangzhou"?' in run.text
        assert "is not a time: 'soon'" in run.text


def the_list(project: Project) -> dict[str, dict[str, object]]:
    """The list's entry in the state."""
    resources = json.loads(project.export())["deployment"]["resources"]
    [entry] = [resource for resource in resources if resource["type"].endswith(":AiNodeList")]
    assert entry["external"] is True
    found: dict[str, dict[str, object]] = entry
    return found


def outputs_of_the_list(project: Project) -> dict[str, object]:
    """The list's outputs in the state."""
    return the_list(project)["outputs"]


def inputs_of_the_list(project: Project) -> dict[str, object]:
    """The list's inputs in the state."""
    return the_list(project)["inputs"]
