"""Choose an AI instance for a model, or fail if none has enough free GPU memory. test_program.py tests both cases."""

import pulumi
from placement import choose

from hologres_ai import AiNodeList

config = pulumi.Config()
gpu_memory = config.require_int("gpuMemory")

nodes = AiNodeList("nodes", statuses=["ResourceReady"])

pulumi.export("placement", nodes.instance_model_list.apply(lambda listed: choose(listed, gpu_memory)))
