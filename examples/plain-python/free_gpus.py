"""Print the AI instances with free GPU cards, without a Pulumi engine. The one with the most free cards is first."""

from hologres_ai import AiNode, read_ai_nodes


def free_gpus(node: AiNode) -> int:
    """Return the total number of free GPU cards of this AI instance; 0 if a value is missing."""
    if node.gpu is None or node.node_count is None or node.gpu_used is None:
        return 0
    return node.gpu * node.node_count - node.gpu_used


fleet = read_ai_nodes(statuses=["ResourceReady"])
for node in sorted(fleet.instance_model_list, key=free_gpus, reverse=True):
    if free_gpus(node) > 0:
        print(free_gpus(node), node.ai_instance_id, node.ai_spec, node.holo_instance_name)
