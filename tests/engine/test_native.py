"""The native resource and function on a real engine: secrets, names, accounts, failed reads, and dependencies."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from hologres_ai.emulator import Emulator
from tests.conftest import OpenFolder
from tests.engine.conftest import DYNAMIC_PROVIDER, Fleet, names_in_state, sdk_environment
from tools.project import Project, Run

NODE = "hologram_aipostpay_public_cn-77a02"
LIST = "hologres:AiNodeList"
SECRET_FILTER = {"instanceId": {"fn::secret": "hgpostcn-cn-yi34hlzdx003"}}

OpenYaml = Callable[..., AbstractContextManager[Project]]


@pytest.fixture
def open_yaml(open_folder: OpenFolder, tmp_path: Path) -> OpenYaml:
    """Opens a YAML program that is given as a document."""

    def open_(document: dict[str, Any], *, name: str = "native", **options: Any) -> AbstractContextManager[Project]:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "Pulumi.yaml").write_text(yaml.safe_dump({"name": name, "runtime": "yaml", **document}))
        return open_folder(folder, **options)

    return open_


def rewrite(project: Project, **document: Any) -> None:
    """Give the program other parts."""
    path = project.folder / "Pulumi.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **document}))


def succeeded(run: Run) -> Run:
    assert run.code == 0, run.text
    return run


def names(project: Project) -> list[str]:
    """The names of the resources in the state, without the stack and its default providers."""
    resources = json.loads(project.export())["deployment"].get("resources", [])
    found = [str(resource["urn"]).split("::", 3)[3] for resource in resources]
    return sorted(name for name in found if not name.startswith(("native-", "default")))


# --- Secrets ----------------------------------------------------------------------------------------------------------


def test_a_secret_argument_makes_inputs_outputs_and_diffs_secret(open_yaml: OpenYaml, served_fleet: Fleet) -> None:
    nodes = {"type": LIST, "properties": SECRET_FILTER}
    with open_yaml({"resources": {"nodes": nodes}, "outputs": {"ids": "${nodes.ids}"}}) as project:
        runs = [succeeded(project.preview("--diff")), succeeded(project.up())]
        assert NODE not in project.export()
        served_fleet.change(NODE, nodeCount=77)
        runs += [project.preview("--diff"), project.pulumi("preview", "--json"), project.drift("--diff")]
        [diff] = [step["detailedDiff"] for step in steps(runs[3]) if step["op"] == "update"]
        assert diff == {"inventory": {"kind": "update", "inputDiff": True}}
        required = {**SECRET_FILTER, "requirements": {"minFreeGpus": 99}}
        rewrite(project, resources={"nodes": {"type": LIST, "properties": required}})
        runs.append(project.preview("--diff"))
        assert "minFreeGpus: not met" in runs[-1].text
        assert not [run.text for run in runs if "hologram_" in run.text or "=> 77" in run.text]
        assert '"hgpostcn-cn-yi34hlzdx003"' not in "".join(run.text for run in runs)


def steps(run: Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run.text[run.text.index("{") :])["steps"]
    return found


# --- Names ------------------------------------------------------------------------------------------------------------


def test_a_resource_name_may_contain_a_double_colon(open_yaml: OpenYaml, served_fleet: Fleet) -> None:
    resources = {
        "a::b": {"type": "pulumi:providers:hologres", "properties": {"region": "cn-hangzhou"}},
        "c::d": {"type": LIST, "options": {"provider": "${a::b}"}},
        "e::f": {"type": LIST, "get": {"id": "x::y", "state": {"statuses": ["ResourceReady"]}}},
    }
    with open_yaml({"resources": resources}) as project:
        succeeded(project.up())
        assert names(project) == ["a::b", "c::d", "e::f"]
        succeeded(project.up("--expect-no-changes"))
        served_fleet.change(NODE, nodeCount=77)
        assert project.drift().code != 0
        succeeded(project.refresh())
        succeeded(project.destroy())


def test_a_project_named_hologres_gets_an_error_about_the_shared_namespace(open_yaml: OpenYaml) -> None:
    with open_yaml(
        {"resources": {"nodes": {"type": LIST}}}, name="hologres", config={"hologres:team": "search"}
    ) as one:
        run = one.preview()
        assert run.code != 0
        assert "hologres:team is not a setting of the provider" in run.text
        assert "rename the project" in run.text
        one.pulumi("config", "rm", "hologres:team")
        one.pulumi("config", "set", "app:team", "search")
        succeeded(one.preview())


# --- Failed reads -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", ["output", "dependsOn"])
def test_dependents_of_a_failed_read_are_not_created(
    open_yaml: OpenYaml, environment: dict[str, str], served_fleet: Fleet, after: str
) -> None:
    uses = {"properties": {"ids": "${nodes.ids}"}} if after == "output" else {"options": {"dependsOn": ["${nodes}"]}}
    resources = {
        # After the unrelated one: the YAML host stops at the first failure.
        "nodes": {"type": LIST, "properties": {"region": "cn-shanghai"}, "options": {"dependsOn": ["${unrelated}"]}},
        "after": {"type": LIST, **uses},
        "unrelated": {"type": LIST, "properties": {"pinned": True}},
    }
    outputs = {"ids": "${nodes.ids}", "after": "${after.ids}", "unrelated": "${unrelated.region}"}
    served_fleet.emulator.arm("denied", 1000, region="cn-shanghai")
    regional = {**environment, "ALIBABA_CLOUD_ENDPOINT_HOLOGRAM": served_fleet.emulator.endpoint}
    with open_yaml({"resources": resources, "outputs": outputs}, environment=regional) as project:
        run = project.up("--continue-on-error")
        assert run.code != 0
        assert "hologram:ListInstanceModel" in run.text
        assert names(project) == ["unrelated"]
        assert set(project.outputs().values()) <= {"cn-hangzhou"}
        served_fleet.emulator.disarm()
        succeeded(project.up("--continue-on-error"))
        assert names(project) == ["after", "nodes", "unrelated"]


CREATED = (
    DYNAMIC_PROVIDER
    + """
    import pulumi_hologres as hologres

    nodes = hologres.AiNodeList("nodes")
    Made("of-ids", {"got": nodes.ids})
    Made("after", {"got": 1}, pulumi.ResourceOptions(depends_on=[nodes]))
"""
)
GOT = (
    DYNAMIC_PROVIDER
    + """
    import pulumi_hologres as hologres

    nodes = hologres.AiNodeList.get("nodes", "nodes")
    Made("of-ids", {"got": nodes.ids}, pulumi.ResourceOptions(depends_on=[nodes]))
    Made("unrelated", {"got": 1})
"""
)


@pytest.mark.parametrize(("source", "left"), [(CREATED, []), (GOT, ["unrelated"])], ids=["created", "get"])
def test_python_programs_create_no_dependents_of_a_failed_read(
    program: OpenFolder, environment: dict[str, str], emulator: Emulator, source: str, left: list[str]
) -> None:
    """With `get`, only `depends_on` makes the engine skip it: the SDK gives None for outputs that were not read."""
    emulator.arm("denied", 1000)
    with program(source, environment={**environment, **sdk_environment()}) as project:
        run = project.up("--continue-on-error")
        assert run.code != 0
        assert "hologram:ListInstanceModel" in run.text
        assert names_in_state(project) == left


# --- Dependencies -----------------------------------------------------------------------------------------------------

FUNCTION_FORM = (
    DYNAMIC_PROVIDER
    + """
    import pulumi_hologres as hologres

    endpoint = Made("endpoint", {"got": 1})
    nodes = hologres.get_ai_node_list_output(
        requirements={"min_free_gpus": 6}, opts=pulumi.InvokeOutputOptions(depends_on=[endpoint])
    )
    Made("deployment", {"got": nodes.ids})
    pulumi.export("ids", nodes.ids)
"""
)
RESOURCE_FORM = (
    DYNAMIC_PROVIDER
    + """
    import pulumi_hologres as hologres

    endpoint = Made("endpoint", {"got": 1})
    hologres.AiNodeList(
        "nodes", requirements={"min_free_gpus": 99}, opts=pulumi.ResourceOptions(depends_on=[endpoint])
    )
"""
)


def test_the_function_waits_for_its_dependencies(
    program: OpenFolder, environment: dict[str, str], served_fleet: Fleet
) -> None:
    with program(FUNCTION_FORM, environment={**environment, **sdk_environment()}) as project:
        succeeded(project.preview())
        assert served_fleet.emulator.requests == 0
        succeeded(project.up())
        assert served_fleet.emulator.requests == 1
        assert names_in_state(project) == ["deployment", "endpoint"]
        served_fleet.change("hologram_aipostpay_public_cn-90c04", nodeCount=0)
        run = project.preview()
        assert run.code != 0, "existing dependencies are not waited for"
        assert "at least 6 required" in run.text


def test_the_resource_does_not_wait_for_its_dependencies(program: OpenFolder, environment: dict[str, str]) -> None:
    """The engine does not pass the dependencies of a resource to a provider: docs/guards.md names the function form."""
    with program(RESOURCE_FORM, environment={**environment, **sdk_environment()}) as project:
        run = project.preview()
        assert run.code != 0
        assert "at least 99 required" in run.text
