"""Read the AI nodes of a region and select the AI instances with free GPUs."""

from collections.abc import Sequence

import pulumi

from hologres_ai import AiNodeList
from hologres_ai.outputs import AiNode

nodes = AiNodeList("nodes", statuses=["ResourceReady"])

# If no GPU is free, the preview fails, and resources that depend on `ready` are not changed.
ready = nodes.require(min_free_gpus=1)


def with_free_gpus(listed: Sequence[AiNode]) -> list[str]:
    """Return the IDs of the AI instances with free GPUs. `gpu` is per node, `gpu_used` is the total of all nodes."""
    return [
        node.ai_instance_id
        for node in listed
        if node.ai_instance_id and (node.gpu or 0) * (node.node_count or 0) > (node.gpu_used or 0)
    ]


pulumi.export("ids", nodes.ids)
pulumi.export("freeGpuMemory", nodes.totals.apply(lambda totals: totals.gpu_memory.free))
pulumi.export("withFreeGpus", ready.instance_model_list.apply(with_free_gpus))
