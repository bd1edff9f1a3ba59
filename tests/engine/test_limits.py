"""The limits of the engine in docs/limits.md. When one of these tests fails, a section of the page is obsolete."""

import json
import re
from pathlib import Path

from hologres_ai.emulator import Emulator
from tests.conftest import OpenFolder
from tests.engine.conftest import DYNAMIC_PROVIDER, Fleet, names_in_state, sdk_environment

NODE = "hologram_aipostpay_public_cn-77a02"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
LIST = "urn:pulumi:dev::program::pulumi-python:dynamic/hologres:AiNodeList::nodes"
OTHER = "urn:pulumi:dev::program::pulumi-python:dynamic:Resource::other"
PROGRAM = (
    DYNAMIC_PROVIDER
    + """
    nodes = AiNodeList("nodes", ids=None)
    Made("other", {"got": 1})
    pulumi.export("region", nodes.region)
"""
)


def test_a_list_is_read_without_being_a_target_and_its_changes_are_not_expected_changes(
    program: OpenFolder, served_fleet: Fleet
) -> None:
    with program(PROGRAM) as project:
        assert project.up().code == 0
        for option in (("--target", OTHER), ("--exclude", LIST)):
            before = served_fleet.emulator.requests
            assert project.preview(*option).code == 0
            assert served_fleet.emulator.requests == before + 1, option
        nodes = json.loads(served_fleet.path.read_text())["nodes"]
        served_fleet.path.write_text(json.dumps({"nodes": nodes[1:]}))
        preview = project.preview("--expect-no-changes")
        assert preview.code == 0, preview.text
        drift = project.drift("--diff")
        assert drift.code != 0
        changed = [line for line in drift.text.splitlines() if line.lstrip().startswith(("+", "-", "~"))]
        assert len(changed) > 100


def test_a_plan_supports_single_outputs_but_not_a_whole_list(program: OpenFolder) -> None:
    with program(PROGRAM) as project:
        source = project.folder / "__main__.py"
        assert project.up().code == 0
        source.write_text(source.read_text() + '\nnodes.export("aiNodes")\n')
        assert project.preview("--save-plan", "plan.json").code == 0
        assert project.up("--plan", "plan.json").code == 0
        source.write_text(source.read_text() + '\npulumi.export("nodes", nodes)\n')
        assert project.preview("--save-plan", "plan.json").code == 0
        assert project.up("--plan", "plan.json").code != 0


JOINED = """
    import pulumi
    from hologres_ai import AiNodeList

    nodes = AiNodeList("nodes")
    pulumi.export("joined", pulumi.Output.concat("the region ", nodes.region))
    pulumi.export("nested", {"ids": nodes.ids})
    pulumi.export("secret", pulumi.Output.secret(nodes.ids))
    pulumi.export("unsecret", pulumi.Output.unsecret(nodes.ids))
    other = pulumi.Output.from_input("in ")
    pulumi.export("inner", other.apply(lambda text: nodes.region.apply(lambda name: text + name)))
    pulumi.export("derived", nodes.totals.apply(lambda totals: f"{totals.gpu.free} free GPUs"))
"""


def test_a_combined_output_of_a_failed_read_is_the_unknown_marker(program: OpenFolder, emulator: Emulator) -> None:
    with program(JOINED) as project:
        emulator.arm("denied")
        assert project.up("--continue-on-error").code != 0
        markers = dict.fromkeys(("joined", "unsecret", "inner"), UNKNOWN)
        assert project.outputs() == {**markers, "secret": "[secret]", "nested": {"ids": None}}
        shown = project.pulumi("stack", "output", "secret", "--show-secrets").text
        assert UNKNOWN in shown


NATIVE_GET = (
    DYNAMIC_PROVIDER
    + """
    import pulumi_hologres as hologres

    nodes = hologres.AiNodeList.get("nodes", "nodes")
    Made("of-ids", {"got": nodes.ids})
"""
)


def test_outputs_of_a_failed_get_are_none(program: OpenFolder, environment: dict[str, str], emulator: Emulator) -> None:
    emulator.arm("denied", 1000)
    with program(NATIVE_GET, environment={**environment, **sdk_environment()}) as project:
        assert project.up("--continue-on-error").code != 0
        assert names_in_state(project) == ["of-ids"], "it is created"


FUNCTION_OF_LIST = (
    DYNAMIC_PROVIDER
    + """
    import pulumi_hologres as hologres

    nodes = AiNodeList("nodes")
    found = hologres.get_ai_node_list_output(ids=nodes.ids, region="cn-shanghai")
    Made("of-ids", {"got": found.ids})
    Made("of-nodes", {"got": 1}, pulumi.ResourceOptions(depends_on=[nodes]))
"""
)


def test_a_function_of_a_failed_list_does_not_prevent_its_dependents(
    program: OpenFolder, environment: dict[str, str], emulator: Emulator
) -> None:
    emulator.arm("denied", 1000)
    with program(FUNCTION_OF_LIST, environment={**environment, **sdk_environment()}) as project:
        assert project.up("--continue-on-error").code != 0
        assert names_in_state(project) == ["of-ids"], "it is created without a value"


CREATED = """
    import pulumi
    import pulumi_hologres as hologres

    opts = pulumi.ResourceOptions(additional_secret_outputs=["ids", "names", "instance_model_list"])
    hologres.AiNodeList("nodes", include_usage=USAGE, opts=opts)
"""


def test_a_plan_of_a_created_list_holds_only_without_usage(
    program: OpenFolder, environment: dict[str, str], served_fleet: Fleet
) -> None:
    for usage, works in (("True", False), ("False", True)):
        variables = {**environment, **sdk_environment()}
        with program(CREATED.replace("USAGE", usage), name=f"usage-{usage}", environment=variables) as project:
            served_fleet.change(NODE, gpuUsed=0)
            assert project.preview("--save-plan", "plan.json").code == 0
            served_fleet.change(NODE, gpuUsed=1)
            assert (project.up("--plan", "plan.json").code == 0) is works


def test_the_inputs_of_a_created_list_show_what_its_secret_outputs_hide(
    program: OpenFolder, environment: dict[str, str]
) -> None:
    variables = {**environment, **sdk_environment()}
    with program(CREATED.replace("USAGE", "True"), environment=variables) as project:
        assert NODE in project.preview("--diff").text
        assert project.up().code == 0
        assert NODE in project.export()


FIXED_ID = (
    DYNAMIC_PROVIDER
    + """
    import pulumi_hologres as hologres

    made = Made("made", {"got": 1})
    instance = made.id.apply(lambda _: "hgpostcn-cn-yi34hlzdx003")
    nodes = hologres.AiNodeList.get("nodes", "nodes", instance_id=instance)
    pulumi.export("count", nodes.ids.apply(len))
"""
)


def test_a_preview_of_a_get_with_a_fixed_id_drops_an_unknown_argument(
    program: OpenFolder, environment: dict[str, str]
) -> None:
    with program(FIXED_ID, environment={**environment, **sdk_environment()}) as project:
        preview = project.preview()
        assert re.search(r"count *: 13$", preview.text, re.MULTILINE), preview.text
        assert project.up().code == 0
        count = project.outputs()["count"]
        assert isinstance(count, int)
        assert count < 13


TYPES = """
    import pulumi
    import pulumi_hologres as hologres
    from hologres_ai import AiNodeList

    nodes = AiNodeList("nodes")
    pulumi.export("joined", pulumi.Output.all(nodes.totals).apply(lambda values: sorted(values[0])[:2]))
    pulumi.export("single", nodes.totals.apply(lambda totals: type(totals).__name__))

    def memory_names(values):
        return sorted(name for name in values[0] if name.startswith("gpu"))

    native = hologres.AiNodeList("native")
    pulumi.export("dynamicNames", pulumi.Output.all(nodes.totals).apply(memory_names))
    pulumi.export("nativeNames", pulumi.Output.all(native.totals).apply(memory_names))
"""


def test_a_joined_output_is_a_dictionary_and_a_single_one_has_its_type(
    program: OpenFolder, environment: dict[str, str]
) -> None:
    with program(TYPES, environment={**environment, **sdk_environment()}) as project:
        assert project.up().code == 0
        assert project.outputs() == {
            "joined": ["cpu", "gpu"],
            "single": "Totals",
            "dynamicNames": ["gpu", "gpuMemory"],
            "nativeNames": ["gpu", "gpu_memory"],
        }


NOT_WAITING = (
    DYNAMIC_PROVIDER
    + """
    made = Made("made", {"got": 1})

    class Platform(pulumi.ComponentResource):
        def __init__(self, name, opts):
            super().__init__("example:index:Platform", name, None, opts)
            AiNodeList("of-component", region="cn-beijing", opts=pulumi.ResourceOptions(parent=self))

    def add(args):
        opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(depends_on=[made]))
        return pulumi.ResourceTransformationResult(args.props, opts)

    Platform("platform", pulumi.ResourceOptions(depends_on=[made]))
    AiNodeList("child", region="cn-shanghai", opts=pulumi.ResourceOptions(parent=made))
    AiNodeList("transformed", region="cn-hangzhou", opts=pulumi.ResourceOptions(transformations=[add]))
    AiNodeList("own", region="cn-chengdu", opts=pulumi.ResourceOptions(depends_on=[made]))
"""
)


def test_a_list_waits_only_for_its_own_depends_on(program: OpenFolder, emulator: Emulator) -> None:
    with program(NOT_WAITING) as project:
        assert project.preview().code == 0
        assert emulator.requests == 3, "all lists but the one with its own depends_on"


TRANSFORM = """
    import pulumi
    import pulumi_hologres as hologres
    from hologres_ai import AiNodeList

    def see(args):
        print(f"transform of {args.name}")

    pulumi.runtime.register_resource_transform(see)
    AiNodeList("dynamic")
    hologres.AiNodeList.get("got", "got")
    hologres.AiNodeList("created")
"""


def test_a_transform_is_called_only_for_a_created_list(program: OpenFolder, environment: dict[str, str]) -> None:
    with program(TRANSFORM, environment={**environment, **sdk_environment()}) as project:
        run = project.preview()
    assert run.code == 0, run.text
    called = {name for name in ("dynamic", "got", "created") if f"transform of {name}" in run.text}
    assert called == {"created"}


def test_a_failed_read_of_the_dynamic_resource_prints_three_frames(program: OpenFolder, emulator: Emulator) -> None:
    emulator.arm("denied")
    with program(PROGRAM) as project:
        run = project.preview()
    assert run.text.count('File "') == 3, run.text
    assert "Grant the RAM action hologram:ListInstanceModel" in run.text


FAILED = (
    DYNAMIC_PROVIDER
    + """
    broken = Made("broken", {"got": 1}, provider=Broken)
    pulumi.export("single", broken.got)
"""
)


def test_an_output_of_any_other_failed_resource_is_a_marker(program: OpenFolder) -> None:
    with program(FAILED) as project:
        assert project.up("--continue-on-error").code != 0
        assert project.outputs() == {"single": UNKNOWN}


AUTOMATION = """
    import json, os, sys
    from pathlib import Path

    Path("ran.json").write_text(json.dumps(sys.executable))
    from hologres_ai import AiNodeList
    AiNodeList("nodes")
"""


def test_pulumi_python_cmd_selects_the_python_that_reads(program: OpenFolder, environment: dict[str, str]) -> None:
    variables = {**environment, "PULUMI_PYTHON_CMD": "/nowhere/python"}
    with program(AUTOMATION, environment=variables) as project:
        run = project.preview()
        assert run.code != 0
        assert "/nowhere/python" in run.text
        assert Path(project.folder / "ran.json").is_file(), "the program itself has run"
