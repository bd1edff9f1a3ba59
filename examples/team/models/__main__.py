"""The stack of a product team. It chooses an AI instance of the platform stack for a model."""

import pulumi

from hologres_ai import AiNodes
from hologres_ai.outputs import AiNode

config = pulumi.Config()
gpu_memory = config.require_int("gpuMemory")  # in GB; the GPU memory that the model requires


def free_gpu_memory(node: AiNode) -> int:
    """Return the total free GPU memory of this AI instance, in GB; 0 if a value is missing."""
    if node.gpu_memory is None or node.node_count is None or node.gpu_memory_used is None:
        return 0
    return node.gpu_memory * node.node_count - node.gpu_memory_used


def placement(nodes: AiNodes) -> str | None:
    """Return the ID of the AI instance with the most free GPU memory."""
    return max(nodes.instance_model_list, key=free_gpu_memory).ai_instance_id


platform = pulumi.StackReference(config.require("platform"))
nodes = AiNodes.from_stack(platform, "aiNodes")

# The preview fails if there is not enough free GPU memory for the model.
fitting = nodes.apply(lambda listed: listed.require(min_free_gpu_memory=gpu_memory))

pulumi.export("placement", fitting.apply(placement))
