"""Read the AI nodes of two accounts. Each account has an explicit provider with its own keys and region.

`pip install ../.. ../../sdk/python` installs the plugin and its SDK. For each account, set
`<account>AccessKey`, and set `<account>SecretKey` with --secret. `<account>Endpoint` is optional.
"""

import pulumi
import pulumi_hologres as hologres

REGIONS = {"research": "cn-hangzhou", "production": "cn-shanghai"}

config = pulumi.Config()


def ready_nodes(account: str, region: str) -> hologres.AiNodeList:
    """Return the nodes that are ready. Usage is excluded, because it changes continuously."""
    provider = hologres.Provider(
        account,
        region=region,
        access_key=config.require(f"{account}AccessKey"),
        secret_key=config.require_secret(f"{account}SecretKey"),
        endpoint=config.get(f"{account}Endpoint"),
    )
    return hologres.AiNodeList(
        account,
        statuses=[hologres.NodeStatus.RESOURCE_READY],
        include_usage=False,
        opts=pulumi.ResourceOptions(provider=provider),
    )


for account, region in REGIONS.items():
    nodes = ready_nodes(account, region)
    pulumi.export(f"{account}Ids", nodes.ids)
    pulumi.export(f"{account}Gpus", nodes.totals.gpu.capacity)
