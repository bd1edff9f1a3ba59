"""The fleet that a test gives to mocks and fixtures."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pulumi
import pytest
from pydantic import JsonValue

from hologres_ai import AiNode, AiNodeList
from hologres_ai.errors import ConfigurationError
from hologres_ai.testing import Fleet, HologresMocks, run_program


def test_nodes_and_a_file_are_the_same_fleet(tmp_path: Path) -> None:
    nodes = [AiNode(ai_instance_id="a", gpu=2, node_count=3, gpu_used=1, expiration_time="now+2d")]
    document: dict[str, list[dict[str, JsonValue]]] = {
        "nodes": [{"aiInstanceId": "a", "gpu": 2, "nodeCount": 3, "gpuUsed": 1, "expirationTime": "now+2d"}]
    }
    path = tmp_path / "fleet.json"
    path.write_text(json.dumps(document))
    clock = lambda: datetime(2030, 1, 30, 15, tzinfo=UTC)  # noqa: E731
    fleets: list[Fleet] = [nodes, document["nodes"], path, str(path)]
    [once] = {HologresMocks(fleet, clock=clock).nodes for fleet in fleets}
    assert once[0].expiration_time == "2030-02-01T00:00:00.000Z"
    outputs = run_program(lambda: pulumi.export("free", AiNodeList("n").totals.gpu.free), HologresMocks(nodes))
    assert outputs == {"free": 5}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "fleet.json can't be used: Expecting property name"),
        ('{"nodes": {}}', 'it is not a JSON object with a list "nodes" or "instanceModelList"'),
        ('{"nodes": [{}, {"cpu": "eight"}]}', "can't be used: nodes[1].cpu: not a whole number"),
        ('{"nodes": [{"gpuUsd": 1}]}', 'nodes[0].gpuUsd: no such field; did you mean "gpuUsed"?'),
        ('{"nodes": [{"node_count": 1}]}', 'nodes[0].node_count: no such field; did you mean "nodeCount"?'),
        ('{"nodes": [7]}', "can't be used: nodes[0]: "),
        (None, "fleet.json can't be used: [Errno 2] No such file or directory"),
    ],
)
def test_a_fleet_that_cannot_be_used_is_reported_with_its_path(tmp_path: Path, content: str | None, says: str) -> None:
    path = tmp_path / "fleet.json"
    if content is not None:
        path.write_text(content)
    for fleet in (path, str(path)):
        with pytest.raises(ConfigurationError) as raised:
            HologresMocks(fleet)
        assert says in raised.value.title
        assert '{"nodes": [...]}' in raised.value.remedy
