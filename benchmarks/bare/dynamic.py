"""Dynamic resources that return constant outputs; the engine reads them as it reads `AiNodeList`."""

# Only the process of the provider imports the modules that a read needs; the program does not.
# ruff: noqa: PLC0415

from typing import Any

import pulumi
from pulumi.dynamic import ReadResult, Resource, ResourceProvider


class BareProvider(ResourceProvider):
    """A provider that returns the constant outputs."""

    serialize_as_secret_always = False

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:  # noqa: ARG002
        """Return the outputs."""
        from benchmarks.bare.outputs import OUTPUTS

        return ReadResult(id_, dict(OUTPUTS))


class ImportingProvider(BareProvider):
    """A provider that imports httpx and pydantic, defines a model, and returns the constant outputs."""

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Return the outputs."""
        import httpx  # noqa: F401
        from pydantic.dataclasses import dataclass

        @dataclass
        class Nothing:
            """A model, because pydantic imports most of its modules when the first model is defined."""

        return super().read(id_, props)


class BareList(Resource, module="benchmarks", name="BareList"):
    """A resource with the outputs of `AiNodeList`, without types."""

    instanceModelList: pulumi.Output[list[dict[str, Any]]]  # noqa: N815 - the API's name

    def __init__(self, resource_name: str, provider: BareProvider | None = None) -> None:
        names = ("region", "instanceModelList", "ids", "names", "totals", "fingerprint")
        options = pulumi.ResourceOptions(id="constant")
        super().__init__(provider or BareProvider(), resource_name, dict.fromkeys(names), options)
