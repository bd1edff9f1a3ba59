"""Create a Hologres instance with pulumi-alicloud, and read its AI nodes.

Before the instance exists, the nodes are unknown during a preview. The update reads them after it has created the
instance.
"""

import pulumi
import pulumi_alicloud as alicloud

from hologres_ai import AiNodeList

config = pulumi.Config()

warehouse = alicloud.hologram.Instance(
    "warehouse",
    instance_name="warehouse",
    instance_type="Standard",
    payment_type="PayAsYouGo",
    pricing_cycle="Hour",
    cpu=32,
    zone_id=config.require("zone"),
    endpoints=[
        {"type": "Intranet"},
        {"type": "VPCSingleTunnel", "vpc_id": config.require("vpc"), "vswitch_id": config.require("vswitch")},
    ],
)

nodes = AiNodeList("nodes", instance_id=warehouse.id)

pulumi.export("warehouse", warehouse.id)
pulumi.export("aiNodes", nodes.ids)
pulumi.export("freeGpus", nodes.totals.apply(lambda totals: totals.gpu.free))
