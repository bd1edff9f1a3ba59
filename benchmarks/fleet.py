"""The nodes that every subject reads. All of them differ and have every field of the API."""

from pydantic import JsonValue

Node = dict[str, JsonValue]

SAME: Node = {
    "regionId": "cn-hangzhou",
    "aiSpec": "medium-16core-60G-48G",
    "resourceType": "medium",
    "cpu": 16,
    "memory": 60,
    "gpu": 2,
    "gpuMemory": 48,
    "status": "ResourceReady",
    "chargeType": "PrePaid",
    "commodityCode": "hologram_aicombo_public_cn",
    "expirationTime": "2030-01-28T07:44:27.535Z",
    "autoRenewal": True,
}


def nodes(count: int) -> list[Node]:
    """Return `count` nodes as the API returns them, in reverse order of their IDs, five for each Hologres instance."""
    return [SAME | _own(count - index) for index in range(count)]


def _own(number: int) -> Node:
    return {
        "aiInstanceId": f"hologram_aipostpay_public_cn-{number:06x}",
        "holoInstanceId": f"hgpostcn-cn-{number // 5:011x}",
        "holoInstanceName": f"AI节点-{number // 5}",
        "nodeCount": 1 + number % 4,
        **{f"{name}Used": number % most for name, most in (("cpu", 16), ("memory", 60), ("gpu", 2), ("gpuMemory", 48))},
    }
