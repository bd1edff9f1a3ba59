"""`pulumi-resource-hologres`: the native plugin, which serves every Pulumi language.

    server      the process: port, signals, end
    servicer    the protocol: each method translates a request and a response
    provider    the function and the resource, on plain values
    inputs      inputs and outputs of the resource and the function
    inventory   the map of the nodes among the inputs, and where two of them differ
    properties  between the protocol's `Struct` and plain Python values, with secrets and unknown values
    config      the provider's settings
    engine      the engine: shows warnings; the plugin ends when the engine has ended
    schema      the package schema

The stubs are those of `pulumi.runtime.proto`, on which Pulumi's own host of dynamic resources is built.
"""


def main() -> None:
    """Serve the engine; see `server.main`."""
    from .server import main as serve  # noqa: PLC0415 - `testing` imports parts of this package, without a server

    serve()
