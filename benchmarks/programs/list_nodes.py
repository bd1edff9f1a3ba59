"""Read all nodes with hologres_ai and settings from the environment, and print them."""

from hologres_ai import read_ai_nodes

for node in read_ai_nodes().instance_model_list:
    print(node.region_id, node.holo_instance_name, node.ai_instance_id, node.ai_spec, node.gpu, node.gpu_used, sep="\t")
