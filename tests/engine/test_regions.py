"""Several regions in a program, with each interface: an unread region is named, and its nodes are kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hologres_ai.emulator import Emulator
from hologres_ai.region_data import REGIONS
from tests.conftest import OpenFolder, write_a_node_in_each
from tests.engine.conftest import Fleet
from tools.project import Project

DYNAMIC = """
    import pulumi
    from hologres_ai import AiNodeList

    nodes = AiNodeList("nodes", regions=["*"], on_region_error="partial")
    pulumi.export("ids", nodes.ids)
    pulumi.export("outcomes", nodes.region_outcomes.apply(lambda items: {item.region: item.outcome for item in items}))
"""

YAML = """
name: regions
runtime: yaml
resources:
  nodes:
    type: hologres:AiNodeList
    properties:
      regions: ["*"]
      onRegionError: partial
variables:
  found:
    fn::invoke:
      function: hologres:getAiNodeList
      arguments: {regions: ["*"], onRegionError: partial}
outputs:
  ids: ${nodes.ids}
  found: ${found.ids}
"""


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """A node in each region."""
    return write_a_node_in_each(tmp_path / "fleet.json", REGIONS)


@pytest.fixture
def environment(environment: dict[str, str], emulator: Emulator) -> dict[str, str]:
    """Each region has a separate endpoint."""
    return {**environment, "ALIBABA_CLOUD_ENDPOINT_HOLOGRAM": emulator.endpoint, "MAX_RETRY_TIMEOUT": "2"}


@pytest.fixture(params=["dynamic", "plugin"])
def project(request: pytest.FixtureRequest, program: OpenFolder, open_folder: OpenFolder) -> Iterator[Project]:
    """A program that lists every region."""
    if request.param == "dynamic":
        with program(DYNAMIC) as opened:
            yield opened
        return
    folder = request.getfixturevalue("tmp_path") / "yaml"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(YAML)
    with open_folder(folder) as opened:
        yield opened


def test_an_unread_region_is_reported_and_its_nodes_are_kept(project: Project, served_fleet: Fleet) -> None:
    everywhere = [f"ai-{region}" for region in REGIONS]
    run = project.up()
    assert run.code == 0, run.text
    assert project.outputs()["ids"] == everywhere
    assert project.drift().code == 0

    served_fleet.emulator.arm("hang", 1000, region="cn-beijing")
    run = project.drift("--diff")
    assert run.code != 0
    assert (
        "cn-beijing could not be read: unreachable: cn-beijing.localhost returned no complete response within 2 s"
        in run.text
    )
    changed = [line for line in run.text.splitlines() if line.strip().startswith(("- ", "~ ", "+ "))]
    assert any("outcome" in line and '"ok" => "unreachable"' in line for line in changed), run.text
    assert not any("ai-cn-beijing" in line for line in changed), "a node of an unread region is not removed"
    assert project.refresh().code == 0
    assert '"outcome": "unreachable"' in project.export()
    assert '"ai-cn-beijing"' in project.export()

    served_fleet.emulator.disarm()
    served_fleet.emulator.arm("denied", 4, region="us-west-1")
    run = project.preview("--diff")
    assert run.code == 0, run.text
    assert "us-west-1 could not be read: denied: " in run.text


def test_an_unread_region_fails_the_preview_by_default(program: OpenFolder, served_fleet: Fleet) -> None:
    served_fleet.emulator.arm("hang", 1000, region="cn-beijing")
    with program("from hologres_ai import AiNodeList\nAiNodeList('nodes', regions=['cn-beijing', 'me-east-1'])") as one:
        run = one.preview()
        assert run.code != 0
        assert "1 of 2 regions could not be read" in run.text
        assert "cn-beijing: unreachable: " in run.text
        assert "onRegionError" in run.text
