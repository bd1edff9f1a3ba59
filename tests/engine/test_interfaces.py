"""Every interface returns the same result: dynamic resource, plugin (function, resource), plain Python, command line.

One fleet with all kinds of nodes, one table of arguments.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import JsonValue
from pydantic.alias_generators import to_snake

from hologres_ai.core.read import read_sync
from hologres_ai.emulator import Emulator
from hologres_ai.models import build_query, to_wire
from tests.conftest import OpenFolder
from tools.project import Project

Arguments = dict[str, JsonValue]
Wire = dict[str, JsonValue]

ROWS: dict[str, Arguments] = {
    "everything": {},
    "instance": {"instanceId": "hgpostcn-cn-yi34hlzdx003"},
    "region": {"region": "cn-shanghai"},
    "two-ids": {"ids": ["hologram_aipostpay_public_cn-77a01", "hologram_aipostpay_public_cn-77a02"]},
    "no-ids": {"ids": []},
    "name": {"nameRegex": "^AI节点"},
    "statuses": {"statuses": ["ResourceCreating", "Nowhere"]},
    "charge-types": {"chargeTypes": ["PrePaid"]},
    "specs": {"aiSpecs": ["large-32core-120G-96G"]},
    "without-usage": {"includeUsage": False},
    "joined": {"chargeTypes": ["PostPaid"], "statuses": ["ResourceReady"], "includeUsage": False},
    "nothing": {"nameRegex": "^no such name$"},
    "regions": {"regions": ["cn-hangzhou"], "onRegionError": "partial"},
}

SEVERAL_CALLS = "regions"  # several calls have no common request ID

ODD_NODES: list[Wire] = [
    {},
    {
        "aiInstanceId": "odd-1",
        "holoInstanceName": "模型 🚀 \u202eשלום\u202c \x1b[31m\t\\n\"'",
        "cpu": 0,
        "autoRenewal": False,
    },
    {"aiInstanceId": "odd-2", "nodeCount": 2, "gpu": 1, "gpuUsed": 32, "memory": 2**53 - 1, "status": "Something new"},
    {"aiInstanceId": "odd-3", "expirationTime": "2026-01-28T15:44:27+08:00", "holoInstanceName": ""},
]

DYNAMIC = """
    import json
    from pathlib import Path
    from hologres_ai import AiNodeList
    from pydantic.alias_generators import to_snake

    for name, arguments in json.loads(Path("rows.json").read_text()).items():
        AiNodeList(name, **{to_snake(argument): value for argument, value in arguments.items()})
"""


@pytest.fixture(params=["odd", "empty"])
def odd_fleet(request: pytest.FixtureRequest, fleet: Path, emulator: Emulator) -> str:
    """The shipped fleet and some odd nodes, or none at all."""
    document = json.loads(fleet.read_text())
    document["nodes"] = [*document["nodes"], *ODD_NODES] if request.param == "odd" else []
    fleet.write_text(json.dumps(document))
    return str(request.param)


@pytest.fixture
def expected(odd_fleet: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Wire]:
    """The result of plain Python for each row of the table."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return {row: to_wire(read_sync(build_query(arguments))) for row, arguments in ROWS.items()}


def test_the_rows_of_the_table_are_distinct(expected: dict[str, Wire], odd_fleet: str) -> None:
    sizes = {row: len(wire["ids"]) if isinstance(wire["ids"], list) else -1 for row, wire in expected.items()}
    if odd_fleet == "empty":
        assert set(sizes.values()) == {0}
    else:
        assert sizes["everything"] == sizes["without-usage"] == 16
        assert sizes["no-ids"] == sizes["nothing"] == 0
        assert all(0 < size < 16 for row, size in sizes.items() if row in ("instance", "two-ids", "name", "joined"))


def test_the_dynamic_resource_gives_the_result_of_plain_python(program: OpenFolder, expected: dict[str, Wire]) -> None:
    with program(DYNAMIC) as project:
        (project.folder / "rows.json").write_text(json.dumps(ROWS))
        run = project.up()
        assert run.code == 0, run.text
        assert_same(outputs_by_name(project), expected)
        assert_empty_lists_explained(run.text)


def test_the_resource_and_function_of_the_plugin_give_the_result_of_plain_python(
    tmp_path: Path, open_folder: OpenFolder, expected: dict[str, Wire]
) -> None:
    folder = tmp_path / "interfaces"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(json.dumps(yaml_program()))
    with open_folder(folder) as project:
        run = project.up()
        assert run.code == 0, run.text
        assert_same(outputs_by_name(project), expected)
        assert_empty_lists_explained(run.text)
        invoked = {name: result for name, result in project.outputs().items() if isinstance(result, dict)}
        assert {name for name, result in invoked.items() if not result.pop("requestId", None)} == {SEVERAL_CALLS}
        assert_same(invoked, expected)


def yaml_program() -> dict[str, object]:
    """A YAML program, in JSON, with a resource and a function call for each row."""
    return {
        "name": "interfaces",
        "runtime": "yaml",
        "resources": {row: {"type": "hologres:AiNodeList", "properties": arguments} for row, arguments in ROWS.items()},
        "outputs": {
            row: {"fn::invoke": {"function": "hologres:getAiNodeList", "arguments": arguments}}
            for row, arguments in ROWS.items()
        },
    }


@pytest.mark.parametrize("row", [row for row in ROWS if row != "no-ids"])
def test_the_command_line_gives_the_result_of_plain_python(row: str, expected: dict[str, Wire]) -> None:
    """The command line can't express an empty list of ids."""
    command = [sys.executable, "-m", "hologres_ai.cli", "list", "--json", *options(ROWS[row])]
    run = subprocess.run(command, capture_output=True, check=True, timeout=60)
    printed = json.loads(run.stdout)
    assert bool(printed.pop("requestId", None)) == (row != SEVERAL_CALLS)
    assert bool(printed.pop("warnings", None)) == (not printed["ids"])  # an empty result is explained
    assert printed == expected[row]


def options(arguments: Arguments) -> list[str]:
    """The command line's options for a row of the table."""
    names = {
        "ids": "--id",
        "regions": "--region",
        "statuses": "--status",
        "chargeTypes": "--charge-type",
        "aiSpecs": "--ai-spec",
    }
    given: list[str] = []
    for name, value in arguments.items():
        option = names.get(name, "--" + to_snake(name).replace("_", "-"))
        if name == "includeUsage":
            given.append("--no-usage")
        else:
            given += [part for item in (value if isinstance(value, list) else [value]) for part in (option, str(item))]
    return given


def outputs_by_name(project: Project) -> dict[str, Wire]:
    """The outputs of each list in the state, by the resource's name."""
    resources = json.loads(project.export())["deployment"]["resources"]
    lists = [resource for resource in resources if resource["type"].endswith(":AiNodeList")]
    return {resource["urn"].rpartition("::")[2]: resource["outputs"] for resource in lists}


def assert_same(found: dict[str, Wire], expected: dict[str, Wire]) -> None:
    """Equal in every output that plain Python gives. On the engine's wire null and absent are one."""
    assert found.keys() == expected.keys()
    for row, wire in expected.items():
        shown = {name: value for name, value in found[row].items() if name in wire}
        assert without_null(shown) == without_null(wire), row


def assert_empty_lists_explained(log: str) -> None:
    """The warnings for lists that are always empty, in the engine's log."""
    for filters in ("ids", "nameRegex"):
        assert re.search(
            f"warning: no AI nodes in cn-hangzhou: the service listed (none|17, {filters} left none)\\.", log
        )
    assert re.search(r"called with credentials from static keys \(environment \w+\), request [0-9A-F-]{36}\.", log)
    assert "hologram:ListInstanceModel" in log


def without_null(value: JsonValue) -> JsonValue:
    """The value without what is null, at any depth."""
    if isinstance(value, dict):
        return {name: without_null(item) for name, item in value.items() if item is not None}
    return [without_null(item) for item in value] if isinstance(value, list) else value
