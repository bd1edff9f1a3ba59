"""The choice of the AI nodes, in a module that can be tested without Pulumi."""

from collections.abc import Sequence

import pulumi

from hologres_ai import AiNode, outputs

Node = AiNode | outputs.AiNode
"""A node that a script has read, or a node in an `apply` of the program."""


def free_gpu_memory(node: Node) -> int:
    """Return the free GPU memory over all nodes of this AI instance, in GB; 0 if a figure is missing."""
    if node.gpu_memory is None or node.node_count is None or node.gpu_memory_used is None:
        return 0
    return node.gpu_memory * node.node_count - node.gpu_memory_used


def choose(listed: Sequence[Node], gpu_memory: int) -> str | None:
    """Return the ID of the AI instance with the least free GPU memory that is enough for a model; sizes are in GB."""
    fitting = [node for node in listed if free_gpu_memory(node) >= gpu_memory]
    if not fitting:
        raise pulumi.RunError(f"no AI nodes have {gpu_memory} GB of GPU memory free")
    return min(fitting, key=free_gpu_memory).ai_instance_id
