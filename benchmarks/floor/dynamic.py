"""A dynamic resource that the engine reads, as it reads `AiNodeList`, and that has its outputs ready."""

from typing import Any

import pulumi
from pulumi.dynamic import ReadResult, Resource, ResourceProvider


class BareProvider(ResourceProvider):
    """Returns the constant."""

    serialize_as_secret_always = False

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:  # noqa: ARG002
        """The outputs."""
        # Imported here, in the process that returns it: the program has no constant to make.
        from benchmarks.floor.constant import OUTPUTS  # noqa: PLC0415

        return ReadResult(id_, dict(OUTPUTS))


class BareList(Resource, module="benchmarks", name="BareList"):
    """The outputs of `AiNodeList`, without types."""

    instanceModelList: pulumi.Output[list[dict[str, Any]]]  # noqa: N815 - the wire's name

    def __init__(self, resource_name: str) -> None:
        names = ("region", "instanceModelList", "ids", "names", "totals", "fingerprint")
        options = pulumi.ResourceOptions(id="constant")
        super().__init__(BareProvider(), resource_name, dict.fromkeys(names), options)
