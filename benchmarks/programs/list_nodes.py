"""hologres_ai: read all nodes with settings from the environment, print and exit."""

from hologres_ai import read_ai_nodes

for node in read_ai_nodes().instance_model_list:
    print(node.region_id, node.holo_instance_name, node.ai_instance_id, node.ai_spec, node.gpu, node.gpu_used, sep="\t")
