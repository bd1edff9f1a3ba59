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

    def __init__(self, resource_name: str, provider: BareProvider | None = None) -> None:
        names = ("region", "instanceModelList", "ids", "names", "totals", "fingerprint")
        options = pulumi.ResourceOptions(id="constant")
        super().__init__(provider or BareProvider(), resource_name, dict.fromkeys(names), options)


class LoadedProvider(BareProvider):
    """Returns the constant, once it has imported what a read by way of httpx and pydantic imports."""

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """The outputs."""
        from benchmarks.child import import_libraries  # noqa: PLC0415 - as above

        import_libraries()
        return super().read(id_, props)


class LoadedList(BareList):
    """`BareList` by way of `LoadedProvider`."""

    def __init__(self, resource_name: str) -> None:
        super().__init__(resource_name, LoadedProvider())
