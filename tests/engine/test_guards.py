"""Requirements on a real engine: resources that depend on AI nodes are not changed until they are met."""

import json
from pathlib import Path

import yaml  # type: ignore[import-untyped]

from hologres_ai.emulator import Emulator
from tests.conftest import OpenFolder
from tests.engine.conftest import Fleet
from tools.project import Project, Run

CREATING = "hologram_aipostpay_public_cn-90c04"  # the only one that is not ready; has one of the six free cards
MISSED = "the AI nodes of cn-hangzhou do not meet the requirements"
FREE = "- free GPUs: at least 7 required, 6 found; most free: "

# --- AiNodeList of Python ---------------------------------------------------------------------------------------------

DEPENDENT = """
    import pulumi
    from pulumi.dynamic import CreateResult, Resource, ResourceProvider
    from hologres_ai import AiNodeList

    class Provider(ResourceProvider):
        def create(self, props):
            return CreateResult("created", {{"instance_id": "hgpostcn-cn-yi34hlzdx003"}})

    class Deployment(Resource):
        instance_id: pulumi.Output[str]

        def __init__(self, name, opts=None):
            super().__init__(Provider(), name, {{"instance_id": None}}, opts)

    {program}
"""
REQUIRED = """
    ready = AiNodeList("nodes").require({requirements})
    Deployment("deployment", pulumi.ResourceOptions(depends_on=[ready]))
    pulumi.export("freeGpus", ready.totals.gpu.free)
    pulumi.export("types", ready.instance_model_list.apply(lambda nodes: [type(node).__name__ for node in nodes[:1]]))
"""


def dependent(program: str, requirements: str = "") -> str:
    return DEPENDENT.format(program=program.format(requirements=requirements).strip())


def deployed(project: Project) -> list[str]:
    """The resources in the state other than the list."""
    resources = json.loads(project.export())["deployment"].get("resources", [])
    names = [str(resource["urn"]).rpartition("::")[2] for resource in resources]
    return [name for name in names if name in ("deployment", "instance", "after")]


def assert_failed_with(run: Run, *lines: str) -> None:
    """The run failed with the message, without a trace."""
    assert run.code != 0
    for line in (f"error: {MISSED}", *lines):
        assert line in run.text, run.text
    assert "Traceback" not in run.text
    assert 'File "' not in run.text


def test_dependents_are_not_created_until_the_requirements_are_met(program: OpenFolder, served_fleet: Fleet) -> None:
    with program(dependent(REQUIRED, "min_free_gpus=7, statuses=['ResourceReady']")) as project:
        status = f"12 of 13 match; not matching: {CREATING} (ResourceCreating)"
        assert_failed_with(project.up(), FREE, status)
        assert deployed(project) == []
        served_fleet.change(CREATING, status="ResourceReady", nodeCount=2)
        run = project.up()
        assert run.code == 0, run.text
        assert deployed(project) == ["deployment"]
        assert project.outputs() == {"freeGpus": 7, "types": ["AiNode"]}


ALONE = """
    import pulumi
    from hologres_ai import AiNodeList
    from hologres_ai.dynamic import ArgumentError

    nodes = AiNodeList("nodes")
    for listed, required in [
        (nodes, {"min_free_gpu": 1}),
        (nodes, {"min_free_gpus": nodes.totals.gpu.free}),
        (AiNodeList("counted", include_usage=False), {"min_free_gpus": 1}),
    ]:
        try:
            listed.require(**required)
        except ArgumentError as error:
            pulumi.log.info(str(error))
    nodes.require(min_free_gpus=7)
"""


def test_an_unmet_requirement_fails_a_preview_even_if_its_output_is_unused(program: OpenFolder) -> None:
    with program(ALONE) as project:
        run = project.preview()
        assert_failed_with(run, FREE)
        for message in (
            'min_free_gpu: no such argument; did you mean "min_free_gpus"?',
            "min_free_gpus: not a whole number",
            "min_free_gpus: requires usage values, but includeUsage is false",
        ):
            assert f"invalid argument {message}" in run.text


def test_mode_warn_shows_a_warning_and_continues(program: OpenFolder) -> None:
    with program(dependent(REQUIRED, "min_free_gpus=7, mode='warn'")) as project:
        run = project.preview()
        assert run.code == 0, run.text
        assert f"warning: {MISSED}\n    {FREE}" in run.text
        assert "hologres:AiNodeList (nodes):\n    warning" in run.text
        assert "dynamic:Resource deployment create" in run.text


NOT_YET = """
    instance = Deployment("instance")
    ready = AiNodeList("nodes", instance_id=instance.instance_id).require(min_free_gpus=77)
    Deployment("deployment", pulumi.ResourceOptions(depends_on=[ready]))
"""


def test_requirements_of_unknown_nodes_are_checked_at_the_update(program: OpenFolder, emulator: Emulator) -> None:
    with program(dependent(NOT_YET)) as project:
        preview = project.preview()
        assert (preview.code, emulator.requests) == (0, 0), preview.text
        assert_failed_with(project.up(), "- free GPUs: at least 77 required, 2 found")
        assert deployed(project) == ["instance"]


# --- The plugin -------------------------------------------------------------------------------------------------------


def native(**properties: object) -> str:
    """A YAML program with a list and a resource that depends on it."""
    after = {"type": "pulumi:providers:hologres", "options": {"dependsOn": ["${nodes}"]}}
    resources = {"nodes": {"type": "hologres:AiNodeList", "properties": properties}, "after": after}
    return str(yaml.safe_dump({"name": "native", "runtime": "yaml", "resources": resources}))


def test_dependents_of_the_native_resource_are_not_created_until_the_requirements_are_met(
    open_folder: OpenFolder, tmp_path: Path, served_fleet: Fleet
) -> None:
    folder = tmp_path / "native"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(native(requirements={"minFreeGpus": 7}))
    with open_folder(folder) as project:
        for run in (project.preview(), project.up()):
            assert run.code != 0
            assert f"resource 'nodes' has a problem: {MISSED}\n    {FREE}" in run.text
            assert 'File "' not in run.text
        assert deployed(project) == []
        served_fleet.change(CREATING, nodeCount=2)
        run = project.up()
        assert run.code == 0, run.text
        assert deployed(project) == ["after"]
        assert_no_change(project)


def assert_no_change(project: Project) -> None:
    """A changed requirement is not a change of the nodes, and a refresh ignores requirements."""
    (project.folder / "Pulumi.yaml").write_text(native(requirements={"minFreeGpus": 8, "mode": "warn"}))
    preview = project.preview("--diff", "--expect-no-changes")
    assert preview.code == 0, preview.text
    assert f"warning: {MISSED}" in preview.text
    drift = project.drift()
    assert (drift.code, MISSED in drift.text) == (0, False), drift.text
