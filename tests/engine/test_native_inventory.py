"""The native resource on a real engine: one change of the AI nodes is one change in a diff, under the node's ID."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from pydantic import JsonValue

from hologres_ai.names import SIGNATURE
from tests.conftest import OpenFolder
from tests.engine.conftest import Fleet
from tools.project import Project, Run

FIRST = "hologram_aicombo_public_cn-77a03"
QUOTED = 'a"b'
READY = "ResourceReady"
ODD_IDS = (QUOTED, "ends in a backslash\\", SIGNATURE, "__internal", "a.b[0]", "*", 'a\\"b', "x\ny")

OpenNative = Callable[..., AbstractContextManager[Project]]


def program(options: dict[str, JsonValue] | None = None, **properties: JsonValue) -> str:
    """A YAML program with one list."""
    nodes = {"type": "hologres:AiNodeList", "properties": properties, "options": options or {}}
    outputs = {"ids": "${nodes.ids}"}
    return str(yaml.safe_dump({"name": "native", "runtime": "yaml", "resources": {"nodes": nodes}, "outputs": outputs}))


@pytest.fixture
def native(open_folder: OpenFolder, tmp_path: Path) -> OpenNative:
    """Opens such a program."""

    def open_(options: dict[str, JsonValue] | None = None, **properties: JsonValue) -> AbstractContextManager[Project]:
        folder = tmp_path / "native"
        folder.mkdir()
        (folder / "Pulumi.yaml").write_text(program(options, **properties))
        return open_folder(folder)

    return open_


def rewrite(project: Project, options: dict[str, JsonValue] | None = None, **properties: JsonValue) -> None:
    (project.folder / "Pulumi.yaml").write_text(program(options, **properties))


def succeeded(run: Run) -> Run:
    assert run.code == 0, run.text
    return run


def nodes_of(served_fleet: Fleet) -> list[dict[str, JsonValue]]:
    nodes: list[dict[str, JsonValue]] = json.loads(served_fleet.path.read_text())["nodes"]
    return nodes


def write_nodes(served_fleet: Fleet, nodes: list[dict[str, JsonValue]]) -> None:
    served_fleet.path.write_text(json.dumps({"nodes": nodes}))


def resource(project: Project) -> dict[str, dict[str, JsonValue]]:
    """The list in the state."""
    resources = json.loads(project.export())["deployment"]["resources"]
    [found] = [item for item in resources if item["type"] == "hologres:index:AiNodeList"]
    assert isinstance(found, dict)
    return found


def node_counts(project: Project) -> dict[str, int]:
    """The number of nodes of each AI instance in the outputs of the list."""
    nodes: Any = resource(project)["outputs"]["instanceModelList"]
    return {node["aiInstanceId"]: node["nodeCount"] for node in nodes}


def changed_lines(run: Run) -> list[str]:
    """The lines of a diff that show a change inside the list, without the outputs of the stack."""
    text = run.text.partition("--outputs:--")[0].partition("Resources:")[0]
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line.startswith(("~ ", "+ ", "- ")) and "hologres:index:AiNodeList" not in line]


def paths(project: Project, command: str = "preview") -> dict[str, str]:
    """The detailed diff of the list: each path and its kind."""
    run = project.pulumi(command, "--json", *(["--preview-only"] if command == "refresh" else []))
    document = json.loads(run.text[run.text.index("{") :])
    [step] = [step for step in document["steps"] if step["urn"].endswith("AiNodeList::nodes")]
    return {path: diff["kind"] for path, diff in (step["detailedDiff"] or {}).items()}


def test_a_removed_or_added_node_is_one_change(native: OpenNative, served_fleet: Fleet) -> None:
    before = nodes_of(served_fleet)
    first = min(before, key=lambda node: (str(node["holoInstanceId"]), str(node["aiInstanceId"])))
    with native() as project:
        succeeded(project.up())
        write_nodes(served_fleet, [node for node in before if node != first])
        assert paths(project) == {f'inventory["{first["aiInstanceId"]}"]': "delete"}
        preview = project.preview("--diff", "--expect-no-changes")
        assert preview.code != 0
        assert f"- {first['aiInstanceId']}: {{" in preview.text.replace("  ", " ").replace(" :", ":"), preview.text
        assert project.drift().code != 0
        succeeded(project.up())
        write_nodes(served_fleet, before)
        assert paths(project) == {f'inventory["{first["aiInstanceId"]}"]': "add"}
        succeeded(project.up())
        succeeded(project.up("--expect-no-changes"))
        succeeded(project.drift())


def test_a_changed_value_is_one_change_under_the_id_of_its_node(native: OpenNative, served_fleet: Fleet) -> None:
    with native() as project:
        succeeded(project.up())
        served_fleet.change(FIRST, nodeCount=9)
        assert paths(project) == {f'inventory["{FIRST}"].nodeCount': "update"}
        for run in (project.preview("--diff", "--expect-no-changes"), project.drift("--diff")):
            assert run.code != 0
            [_, node, value] = changed_lines(run)
            assert FIRST in node
            assert value == "~ nodeCount: 1 => 9"
        assert project.refresh().code == 0
        assert node_counts(project)[FIRST] == 9
        succeeded(project.up("--expect-no-changes"))


def test_the_inventory_is_an_input_and_no_output(native: OpenNative, served_fleet: Fleet) -> None:
    with native() as project:
        preview = succeeded(project.preview("--diff"))
        succeeded(project.up())
        found = resource(project)
        inventory = found["inputs"]["inventory"]
        assert isinstance(inventory, dict)
        assert sorted(inventory) == found["outputs"]["ids"]
        assert "inventory" not in found["outputs"]
        assert "instanceModelList" not in found["inputs"]
        assert FIRST in preview.text


def test_ids_with_special_characters_and_reserved_ids_are_supported(native: OpenNative, served_fleet: Fleet) -> None:
    write_nodes(served_fleet, [{"aiInstanceId": id_, "nodeCount": 1} for id_ in ODD_IDS])
    with native() as project:
        succeeded(project.up())
        assert project.outputs()["ids"] == sorted(ODD_IDS)
        succeeded(project.up("--expect-no-changes"))
        succeeded(project.drift())
        write_nodes(served_fleet, [{"aiInstanceId": id_, "nodeCount": 2} for id_ in ODD_IDS])
        assert len(paths(project)) == len(ODD_IDS)
        assert paths(project)['inventory["a\\"b"].nodeCount'] == "update"
        run = project.preview("--diff", "--expect-no-changes")
        assert run.code != 0
        assert run.text.count("~ nodeCount: 1 => 2") == len(ODD_IDS), run.text
        assert project.drift().code != 0
        succeeded(project.up())
        assert node_counts(project) == dict.fromkeys(ODD_IDS, 2)


def test_ignored_changes_of_the_inventory_leave_the_stored_nodes(native: OpenNative, served_fleet: Fleet) -> None:
    with native({"ignoreChanges": ["inventory"]}) as project:
        succeeded(project.up())
        stored = resource(project)
        served_fleet.change(FIRST, nodeCount=9)
        succeeded(project.preview("--expect-no-changes"))
        succeeded(project.up("--expect-no-changes"))
        assert resource(project)["outputs"] == stored["outputs"]
        rewrite(project)
        assert paths(project) == {f'inventory["{FIRST}"].nodeCount': "update"}


def test_an_output_in_ignore_changes_gives_a_warning_with_the_correct_name(
    native: OpenNative, served_fleet: Fleet
) -> None:
    with native({"ignoreChanges": ["instanceModelList"]}) as project:
        succeeded(project.up())
        served_fleet.change(FIRST, nodeCount=9)
        run = project.preview("--expect-no-changes")
        assert run.code != 0
        assert 'instanceModelList is an output. Write "inventory" to ignore changes to the nodes.' in run.text


def test_a_single_node_cannot_be_ignored(native: OpenNative, served_fleet: Fleet) -> None:
    with native({"ignoreChanges": [f'inventory["{FIRST}"]']}) as project:
        succeeded(project.up())
        served_fleet.change(FIRST, nodeCount=9)
        run = project.preview("--diff", "--expect-no-changes")
        assert run.code != 0
        assert "~ nodeCount: 1 => 9" in run.text


def test_a_pinned_list_does_not_change_until_it_is_unpinned(native: OpenNative, served_fleet: Fleet) -> None:
    with native(pinned=True) as project:
        succeeded(project.up())
        served_fleet.change(FIRST, nodeCount=9)
        succeeded(project.up("--expect-no-changes"))
        assert project.drift().code != 0
        rewrite(project)
        assert paths(project) == {"pinned": "delete", f'inventory["{FIRST}"].nodeCount': "update"}


def test_an_imported_list_has_no_changes(native: OpenNative, served_fleet: Fleet) -> None:
    with native({"import": "nodes"}) as project:
        succeeded(project.up())
        rewrite(project)
        succeeded(project.up("--expect-no-changes"))
        served_fleet.change(FIRST, nodeCount=9)
        assert paths(project) == {f'inventory["{FIRST}"].nodeCount': "update"}


def edited(project: Project, part: str, **values: JsonValue) -> Path:
    """The state with other values in the inputs or the outputs of the list; without any, the part is empty."""
    state = json.loads(project.export())
    [old] = [item for item in state["deployment"]["resources"] if item["type"] == "hologres:index:AiNodeList"]
    old[part] = {**old[part], **values} if values else {}
    file = project.folder / "edited.json"
    file.write_text(json.dumps(state))
    return file


@pytest.mark.parametrize(("part", "values"), [("outputs", {}), ("inputs", {"inventory": "text"})])
@pytest.mark.parametrize("command", ["up", "refresh"])
def test_an_edited_state_is_repaired_by_the_next_update(
    native: OpenNative, part: str, values: dict[str, JsonValue], command: str
) -> None:
    with native() as project:
        succeeded(project.up())
        counts = node_counts(project)
        succeeded(project.pulumi("stack", "import", "--file", str(edited(project, part, **values))))
        succeeded(getattr(project, command)())
        succeeded(project.up())
        assert node_counts(project) == counts
        succeeded(project.up("--expect-no-changes"))
        succeeded(project.drift())


def test_a_refresh_does_not_change_the_inputs_of_get(native: OpenNative, served_fleet: Fleet) -> None:
    """With additional inputs, the next preview would show a difference, and secret outputs a copy in plain."""
    with native() as project:
        got: dict[str, JsonValue] = {"type": "hologres:AiNodeList", "get": {"id": "x", "state": {"statuses": [READY]}}}
        resources: dict[str, JsonValue] = {"nodes": got}
        (project.folder / "Pulumi.yaml").write_text(
            str(yaml.safe_dump({"name": "native", "runtime": "yaml", "resources": resources}))
        )
        succeeded(project.up())
        for _ in range(2):
            assert resource(project)["inputs"] == {"statuses": [READY]}
            preview = succeeded(project.preview("--diff"))
            assert changed_lines(preview) == []
            succeeded(project.refresh())
        served_fleet.change(FIRST, nodeCount=9)
        assert project.drift().code != 0
        succeeded(project.refresh())
        assert node_counts(project)[FIRST] == 9


def test_a_state_without_an_inventory_is_updated_once(native: OpenNative, tmp_path: Path) -> None:
    """As the first builds of 0.1.0 wrote it: with the list of the nodes among the inputs."""
    with native() as project:
        succeeded(project.up())
        state = json.loads(project.export())
        [old] = [item for item in state["deployment"]["resources"] if item["type"] == "hologres:index:AiNodeList"]
        del old["inputs"]["inventory"]
        old["inputs"] |= {name: old["outputs"][name] for name in ("instanceModelList", "regionOutcomes")}
        file = tmp_path / "old.json"
        file.write_text(json.dumps(state))
        for command in (project.up, project.refresh):
            succeeded(project.pulumi("stack", "import", "--file", str(file)))
            succeeded(command())
            succeeded(project.up("--expect-no-changes"))
            succeeded(project.drift())
