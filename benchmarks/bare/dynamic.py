"""Dynamic resources that the engine reads, as it reads `AiNodeList`, and that return the constant outputs."""

# The provider's process imports what a read needs; the program does not.
# ruff: noqa: PLC0415

from typing import Any

import pulumi
from pulumi.dynamic import ReadResult, Resource, ResourceProvider


class BareProvider(ResourceProvider):
    """Returns the outputs."""

    serialize_as_secret_always = False

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:  # noqa: ARG002
        """The outputs."""
        from benchmarks.bare.outputs import OUTPUTS

        return ReadResult(id_, dict(OUTPUTS))


class ImportingProvider(BareProvider):
    """Imports httpx and pydantic, defines a model, and returns the outputs."""

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """The outputs."""
        import httpx  # noqa: F401
        from pydantic.dataclasses import dataclass

        @dataclass
        class Nothing:
            """Pydantic imports the rest of itself for the first model."""

        return super().read(id_, props)


class BareList(Resource, module="benchmarks", name="BareList"):
    """The outputs of `AiNodeList`, without types."""

    instanceModelList: pulumi.Output[list[dict[str, Any]]]  # noqa: N815 - the API's name

    def __init__(self, resource_name: str, provider: BareProvider | None = None) -> None:
        names = ("region", "instanceModelList", "ids", "names", "totals", "fingerprint")
        options = pulumi.ResourceOptions(id="constant")
        super().__init__(provider or BareProvider(), resource_name, dict.fromkeys(names), options)
