"""The decision, apart from Pulumi."""

from collections.abc import Sequence

import pulumi

from hologres_ai import AiNode


def free_gpu_memory(node: AiNode) -> int:
    """GPU memory left over all nodes of this entry, in GB; none where a figure is missing."""
    if node.gpu_memory is None or node.node_count is None or node.gpu_memory_used is None:
        return 0
    return node.gpu_memory * node.node_count - node.gpu_memory_used


def choose(listed: Sequence[AiNode], gpu_memory: int) -> str | None:
    """The id of the fullest nodes where a model of this size, in GB, still has room."""
    fitting = [node for node in listed if free_gpu_memory(node) >= gpu_memory]
    if not fitting:
        raise pulumi.RunError(f"no AI nodes have {gpu_memory} GB of GPU memory free")
    return min(fitting, key=free_gpu_memory).ai_instance_id
