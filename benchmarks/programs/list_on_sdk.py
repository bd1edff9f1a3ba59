"""Read all nodes with the vendor's SDK and settings from the environment, and print them."""

import os

from alibabacloud_hologram20220601.client import Client
from alibabacloud_hologram20220601.models import ListInstanceModelRequest
from alibabacloud_tea_openapi.utils_models import Config

keys = {name: os.environ[f"ALIBABA_CLOUD_{name.upper()}"] for name in ("access_key_id", "access_key_secret")}
endpoint = os.environ["ALIBABA_CLOUD_ENDPOINT_HOLOGRAM"].removeprefix("http://")
client = Client(Config(endpoint=endpoint, protocol="http", region_id=os.environ["ALIBABA_CLOUD_REGION"], **keys))
for node in client.list_instance_model(ListInstanceModelRequest()).body.instance_model_list:
    print(node.region_id, node.holo_instance_name, node.ai_instance_id, node.ai_spec, node.gpu, node.gpu_used, sep="\t")
