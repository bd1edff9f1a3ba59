"""Selection of an AI instance, in a module that can be tested without a Pulumi engine."""

from collections.abc import Sequence

import pulumi

from hologres_ai import AiNode, outputs

Node = AiNode | outputs.AiNode
"""A node that a script read, or a node in an `apply` of a Pulumi program."""


def free_gpu_memory(node: Node) -> int:
    """Return the total free GPU memory of this AI instance, in GB; 0 if a value is missing."""
    if node.gpu_memory is None or node.node_count is None or node.gpu_memory_used is None:
        return 0
    return node.gpu_memory * node.node_count - node.gpu_memory_used


def choose(listed: Sequence[Node], gpu_memory: int) -> str | None:
    """Return the ID of the AI instance with the least free GPU memory that is enough for a model. Sizes are in GB."""
    fitting = [node for node in listed if free_gpu_memory(node) >= gpu_memory]
    if not fitting:
        raise pulumi.RunError(f"no AI nodes have {gpu_memory} GB of GPU memory free")
    return min(fitting, key=free_gpu_memory).ai_instance_id
