"""The nodes that every subject reads: distinct, with every field of the API."""

from pydantic import JsonValue

Node = dict[str, JsonValue]

INSTANCE_SIZE = 5  # AI instances of one Hologres instance


def nodes(count: int) -> list[Node]:
    """Return `count` nodes in the API's spelling, in reverse order of their ids."""
    return [_node(count - index) for index in range(count)]


def _node(number: int) -> Node:
    owner = number // INSTANCE_SIZE
    prepaid = number % 3 == 0
    return {
        "aiInstanceId": f"hologram_aipostpay_public_cn-{number:06x}",
        "regionId": "cn-hangzhou",
        "holoInstanceId": f"hgpostcn-cn-{owner:011x}",
        "holoInstanceName": f"AI节点-{owner}",
        "aiSpec": "medium-16core-60G-48G",
        "resourceType": "medium",
        "nodeCount": 1 + number % 4,
        "cpu": 16,
        "memory": 60,
        "gpu": 2,
        "gpuMemory": 48,
        "cpuUsed": number % 16,
        "memoryUsed": number % 60,
        "gpuUsed": number % 2,
        "gpuMemoryUsed": number % 48,
        "status": "ResourceReady",
        "chargeType": "PrePaid" if prepaid else "PostPaid",
        "commodityCode": "hologram_aicombo_public_cn" if prepaid else "hologram_aipostpay_public_cn",
        "expirationTime": "2030-01-28T07:44:27.535Z",
        "autoRenewal": prepaid,
    }
