"""A plugin as `pulumi.provider.experimental` wants it: its function and its resources return the constant."""

import json
import sys

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import (
    CheckRequest,
    CheckResponse,
    ConfigureRequest,
    ConfigureResponse,
    CreateRequest,
    CreateResponse,
    DiffRequest,
    DiffResponse,
    GetSchemaRequest,
    GetSchemaResponse,
    InvokeRequest,
    InvokeResponse,
    Provider,
)
from pulumi.provider.experimental.server import main

from benchmarks.floor.constant import OUTPUTS

TWICE = "floor:index:NodesTwice"
_ANYTHING = {"type": "object", "properties": {name: {"$ref": "pulumi.json#/Any"} for name in OUTPUTS}}
SCHEMA = {
    "name": "floor",
    "version": "0.1.0",
    "functions": {"floor:index:getNodes": {"outputs": _ANYTHING}},
    "resources": {"floor:index:Nodes": _ANYTHING, TWICE: _ANYTHING},
}


def property_value(plain: object) -> PropertyValue:
    """The SDK's own form of a value."""
    if isinstance(plain, dict):
        return PropertyValue({name: property_value(item) for name, item in plain.items()})
    if isinstance(plain, list):
        return PropertyValue([property_value(item) for item in plain])
    if isinstance(plain, int) and not isinstance(plain, bool):
        return PropertyValue(float(plain))
    if plain is None or isinstance(plain, bool | str):
        return PropertyValue(plain)
    raise TypeError(type(plain).__name__)


READY = {name: property_value(value) for name, value in OUTPUTS.items()}


class BareProvider(Provider):
    """Nothing but the constant."""

    async def get_schema(self, request: GetSchemaRequest) -> GetSchemaResponse:  # noqa: ARG002
        """The smallest there is."""
        return GetSchemaResponse(json.dumps(SCHEMA))

    async def check_config(self, request: CheckRequest) -> CheckResponse:
        """Whatever was given."""
        return CheckResponse(inputs=request.new_inputs)

    async def configure(self, request: ConfigureRequest) -> ConfigureResponse:  # noqa: ARG002
        """Previews are answered too."""
        return ConfigureResponse(accept_secrets=True, supports_preview=True)

    async def invoke(self, request: InvokeRequest) -> InvokeResponse:  # noqa: ARG002
        """The constant."""
        return InvokeResponse(READY)

    async def check(self, request: CheckRequest) -> CheckResponse:
        """Whatever was given or, of the one that keeps the nodes twice, the constant."""
        return CheckResponse(inputs=READY if request.type == TWICE else request.new_inputs)

    async def diff(self, request: DiffRequest) -> DiffResponse:  # noqa: ARG002
        """No difference."""
        return DiffResponse(changes=False)

    async def create(self, request: CreateRequest) -> CreateResponse:
        """The constant."""
        return CreateResponse(request.name, READY)


if __name__ == "__main__":
    main(sys.argv[1:], "0.1.0", BareProvider())
