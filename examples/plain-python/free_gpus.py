"""Print the AI nodes that have a free GPU card, the emptiest first, without a Pulumi engine."""

from hologres_ai import AiNode, read_ai_nodes


def free_gpus(node: AiNode) -> int:
    """Cards left over all nodes of this entry; none where a figure is missing."""
    if node.gpu is None or node.node_count is None or node.gpu_used is None:
        return 0
    return node.gpu * node.node_count - node.gpu_used


fleet = read_ai_nodes(statuses=["ResourceReady"])
for node in sorted(fleet.instance_model_list, key=free_gpus, reverse=True):
    if free_gpus(node) > 0:
        print(free_gpus(node), node.ai_instance_id, node.ai_spec, node.holo_instance_name)
