"""The stack of the platform team: a Hologres instance, its AI nodes, a requirement, and an export for other stacks."""

import pulumi
import pulumi_alicloud as alicloud

from hologres_ai import AiNodeList

config = pulumi.Config()


def instance_id() -> pulumi.Input[str]:
    """Return the ID of the existing Hologres instance in the configuration, or the ID of a new instance."""
    existing = config.get("instanceId")
    return existing or new_instance().id


def new_instance() -> alicloud.hologram.Instance:
    """Declare a small Hologres instance in the network of the configuration."""
    network = {"vpc_id": config.require("vpc"), "vswitch_id": config.require("vswitch")}
    return alicloud.hologram.Instance(
        "warehouse",
        instance_name="warehouse",
        instance_type="Standard",
        payment_type="PayAsYouGo",
        pricing_cycle="Hour",
        cpu=32,
        zone_id=config.require("zone"),
        endpoints=[{"type": "Intranet"}, {"type": "VPCSingleTunnel", **network}],
    )


nodes = AiNodeList("nodes", instance_id=instance_id())

# The preview fails if no node is ready, or if a subscription expires within 7 days.
lasting = nodes.require(min_nodes_ready=1, not_expiring_within_days=7)

nodes.export("aiNodes")
pulumi.export("ids", lasting.ids)
