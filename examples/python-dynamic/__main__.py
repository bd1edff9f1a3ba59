"""Where can the next model go? Reads the AI nodes of a region and picks the ones with a free GPU."""

import pulumi

from hologres_ai import AiNode, AiNodeList

nodes = AiNodeList("nodes", statuses=["ResourceReady"])

# Where nothing is free, the preview fails, and what uses `ready` is not touched.
ready = nodes.require(min_free_gpus=1)


def with_free_gpus(listed: list[AiNode]) -> list[str]:
    """The ids of the nodes that have a GPU card left. Specifications are per node, used is over all nodes."""
    return [
        node.ai_instance_id
        for node in listed
        if node.ai_instance_id and (node.gpu or 0) * (node.node_count or 0) > (node.gpu_used or 0)
    ]


pulumi.export("ids", nodes.ids)
pulumi.export("freeGpuMemory", nodes.totals.apply(lambda totals: totals.gpu_memory.free))
pulumi.export("withFreeGpus", ready.instance_model_list.apply(with_free_gpus))
