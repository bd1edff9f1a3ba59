"""A plugin on `pulumi.provider.experimental` whose function and resource return the constant outputs."""

import json
import sys

from google.protobuf.struct_pb2 import Struct
from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.server import main

from benchmarks.bare.outputs import OUTPUTS

_ANYTHING = {"type": "object", "properties": {name: {"$ref": "pulumi.json#/Any"} for name in OUTPUTS}}
SCHEMA = {
    "name": "bare",
    "version": "0.1.0",
    "functions": {"bare:index:getNodes": {"outputs": _ANYTHING}},
    "resources": {"bare:index:Nodes": _ANYTHING},
}


_STRUCT = Struct()
_STRUCT.update(OUTPUTS)
READY = PropertyValue.unmarshal_map(_STRUCT)


class BareProvider(sdk.Provider):
    """A provider that returns the constant outputs."""

    async def get_schema(self, request: sdk.GetSchemaRequest) -> sdk.GetSchemaResponse:  # noqa: ARG002
        """Return the smallest schema."""
        return sdk.GetSchemaResponse(json.dumps(SCHEMA))

    async def check_config(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        """Accept everything."""
        return sdk.CheckResponse(inputs=request.new_inputs)

    async def configure(self, request: sdk.ConfigureRequest) -> sdk.ConfigureResponse:  # noqa: ARG002
        """Report that previews are supported."""
        return sdk.ConfigureResponse(accept_secrets=True, supports_preview=True)

    async def invoke(self, request: sdk.InvokeRequest) -> sdk.InvokeResponse:  # noqa: ARG002
        """Return the outputs."""
        return sdk.InvokeResponse(READY)

    async def check(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        """Accept everything."""
        return sdk.CheckResponse(inputs=request.new_inputs)

    async def diff(self, request: sdk.DiffRequest) -> sdk.DiffResponse:  # noqa: ARG002
        """Report no difference."""
        return sdk.DiffResponse(changes=False)

    async def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse:
        """Return the outputs."""
        return sdk.CreateResponse(request.name, READY)


if __name__ == "__main__":
    main(sys.argv[1:], "0.1.0", BareProvider())
