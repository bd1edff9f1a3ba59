"""A program whose types mypy, pyright and the run time have to agree on; see tests/test_outputs.py."""

from collections.abc import Sequence
from pathlib import Path
from typing import assert_never, assert_type

import pulumi

from hologres_ai import AiNode, AiNodeList, AiNodeListResult, AiNodes, outputs


def look_at_node(nodes: Sequence[outputs.AiNode]) -> list[str]:
    """Every kind of access to a node that a program has."""
    node = nodes[0]
    seen: list[str] = []
    assert_type(node, outputs.AiNode)
    assert_type(node.gpu_memory, int | None)
    if isinstance(node, outputs.AiNode):
        seen.append("isinstance")
    else:
        assert_never(node)
    match node:
        case outputs.AiNode() if node.status == "ResourceReady":
            seen.append("match")
        case _:
            pass
    if isinstance(node.gpu_memory, int) and node["gpuMemory"] == node.gpu_memory:
        seen.append("attribute")
    return seen


def look_at_totals(totals: outputs.Totals) -> list[str]:
    """The same for totals."""
    assert_type(totals.gpu, outputs.Usage)
    assert_type(totals.gpu.free, int | None)
    known = [
        isinstance(totals, outputs.Totals),
        isinstance(totals.gpu, outputs.Usage),
        isinstance(totals.gpu.free, int),
    ]
    return [f"isinstance {all(known)}"]


def look_at_outcomes(outcomes: Sequence[outputs.RegionOutcome]) -> list[str]:
    """The same for the outcomes of regions."""
    assert_type(outcomes[0].outcome, str)
    return [f"isinstance {isinstance(outcomes[0], outputs.RegionOutcome)}"]


def look_at_stack(nodes: AiNodes) -> list[str]:
    """The nodes of another stack are of the same types."""
    assert_type(nodes.instance_model_list, Sequence[outputs.AiNode])
    return [*look_at_node(nodes.instance_model_list), *look_at_totals(nodes.totals)]


def look_at_result(result: AiNodeListResult) -> list[str]:
    """Without an engine a node is a plain `hologres_ai.AiNode`."""
    node = result.instance_model_list[0]
    assert_type(node, AiNode)
    match node:
        case AiNode(status="ResourceReady"):
            return [f"match {isinstance(node, AiNode)}"]
        case _:
            return []


def program() -> None:
    """Look at the outputs of a list, and at those of another stack."""
    nodes = AiNodeList("nodes", statuses=["ResourceReady"])
    assert_type(nodes.instance_model_list, pulumi.Output[Sequence[outputs.AiNode]])
    pulumi.export("node", nodes.instance_model_list.apply(look_at_node))
    pulumi.export("totals", nodes.totals.apply(look_at_totals))
    pulumi.export("outcomes", nodes.region_outcomes.apply(look_at_outcomes))
    other = AiNodes.from_stack(pulumi.StackReference("organization/fleet/dev"), "aiNodes")
    pulumi.export("stack", other.apply(look_at_stack))
    pulumi.export("file", look_at_stack(AiNodes.from_json(Path("nodes.json").read_text())))
