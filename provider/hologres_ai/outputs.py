"""The outputs of `AiNodeList` in a Pulumi program: dicts with the API's field names and typed attributes.

GENERATED from `models` by `make schema`, so that a program that only declares a list does not import pydantic.
"""

import pulumi


class _Output(dict[str, object]):
    """A dict that keeps the field names of the API."""

    def _translate_property(self, prop: str) -> str:
        return prop


@pulumi.output_type
class Usage(_Output):
    """Capacity and usage of a resource across all listed nodes. A sum is null if a value of any node is missing."""

    capacity: int | None = pulumi.property("capacity", default=None)
    """Sum of specification x nodeCount; null if one of these values is missing for any AI instance."""

    used: int | None = pulumi.property("used", default=None)
    """Sum of the usage; null if the usage is missing for any AI instance."""

    free: int | None = pulumi.property("free", default=None)
    """Capacity minus used; null if one of these values is unknown, or if used exceeds capacity."""


@pulumi.output_type
class AiNode(_Output):
    """An AI instance: GPU nodes with the same specification that belong to a Hologres instance and serve AI models."""

    ai_instance_id: str | None = pulumi.property("aiInstanceId", default=None)
    """ID of the AI instance."""

    region_id: str | None = pulumi.property("regionId", default=None)
    """Region, such as cn-hangzhou."""

    holo_instance_id: str | None = pulumi.property("holoInstanceId", default=None)
    """ID of the Hologres instance that the nodes belong to."""

    holo_instance_name: str | None = pulumi.property("holoInstanceName", default=None)
    """Name of the Hologres instance."""

    ai_spec: str | None = pulumi.property("aiSpec", default=None)
    """AI specification, such as small-8core-30G-24G."""

    resource_type: str | None = pulumi.property("resourceType", default=None)
    """Resource type, such as small."""

    node_count: int | None = pulumi.property("nodeCount", default=None)
    """Number of nodes."""

    cpu: int | None = pulumi.property("cpu", default=None)
    """CPU specification of one node, in cores."""

    memory: int | None = pulumi.property("memory", default=None)
    """Memory of one node, in GiB."""

    gpu: int | None = pulumi.property("gpu", default=None)
    """Number of GPU cards of one node."""

    gpu_memory: int | None = pulumi.property("gpuMemory", default=None)
    """GPU memory of one node, in GB."""

    cpu_used: int | None = pulumi.property("cpuUsed", default=None)
    """CPU in use across all nodes, in cores."""

    memory_used: int | None = pulumi.property("memoryUsed", default=None)
    """Memory in use across all nodes, in GiB."""

    gpu_used: int | None = pulumi.property("gpuUsed", default=None)
    """Number of GPU cards in use across all nodes."""

    gpu_memory_used: int | None = pulumi.property("gpuMemoryUsed", default=None)
    """GPU memory in use across all nodes, in GB."""

    status: str | None = pulumi.property("status", default=None)
    """Status. The only documented value is ResourceReady. Other values are returned unchanged."""

    charge_type: str | None = pulumi.property("chargeType", default=None)
    """Billing method: PostPaid (pay-as-you-go) or PrePaid (subscription). Other values are returned unchanged."""

    commodity_code: str | None = pulumi.property("commodityCode", default=None)
    """Commodity code for billing."""

    expiration_time: str | None = pulumi.property("expirationTime", default=None)
    """Time at which the subscription expires, in UTC, such as 2026-01-28T07:44:27.535Z. Missing if the API returns an
    empty string or a time in the year 1."""

    auto_renewal: bool | None = pulumi.property("autoRenewal", default=None)
    """Whether the subscription renews automatically."""


@pulumi.output_type
class RegionOutcome(_Output):
    """The outcome of reading a region."""

    region: str = pulumi.property("region", default=None)
    """The region."""

    outcome: str = pulumi.property("outcome", default=None)
    """ok: the region has AI nodes. empty: it has no AI nodes. denied: the AccessKey has no permission to read it.
    unreachable: there was no valid response. not-a-region: the region does not exist."""

    reason: str | None = pulumi.property("reason", default=None)
    """The reason why the region could not be read."""


@pulumi.output_type
class Totals(_Output):
    """Totals across all listed nodes."""

    node_count: int | None = pulumi.property("nodeCount", default=None)
    """Total number of nodes; null if nodeCount is missing for any AI instance."""

    cpu: Usage = pulumi.property("cpu", default=None)
    """CPU, in cores."""

    memory: Usage = pulumi.property("memory", default=None)
    """Memory, in GiB."""

    gpu: Usage = pulumi.property("gpu", default=None)
    """GPU cards."""

    gpu_memory: Usage = pulumi.property("gpuMemory", default=None)
    """GPU memory, in GB."""
