"""The limits of the engine in docs/limits.md. When one of these tests fails, a section of the page is obsolete."""

import json
from pathlib import Path

from hologres_ai.emulator import Emulator
from tests.conftest import OpenFolder
from tests.engine.conftest import DYNAMIC_PROVIDER, Fleet

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
    pulumi.export("derived", nodes.totals.apply(lambda totals: f"{totals.gpu.free} free GPUs"))
"""


def test_a_combined_output_of_a_failed_read_is_the_unknown_marker(program: OpenFolder, emulator: Emulator) -> None:
    with program(JOINED) as project:
        emulator.arm("denied")
        assert project.up("--continue-on-error").code != 0
        assert project.outputs() == {"joined": UNKNOWN, "nested": {"ids": None}}


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
