"""`pulumi-resource-hologres`: the native plugin, which serves every Pulumi language.

    server      the process: port, signals, exit
    servicer    the protocol: each method translates a request and a response; the package schema
    provider    the function and the resource, with plain Python values
    inputs      inputs and outputs of the resource and the function
    inventory   the map of the nodes in the inputs, and the differences between two inventories
    properties  conversion between the protocol's `Struct` and plain Python values, with secrets and unknown values
    config      the provider's settings
    engine      the connection to the engine: it shows warnings, and the plugin exits after the engine

The gRPC stubs are those of `pulumi.runtime.proto`, which Pulumi's own host of dynamic resources uses too.
"""


def main() -> None:
    """Serve the engine; see `server.main`."""
    from .server import main as serve  # noqa: PLC0415 - `testing` imports parts of this package, but not the server

    serve()
