"""Face 2: `pulumi-resource-hologres`, the native plugin that serves every Pulumi language.

    configuration   the provider's own settings, checked by name
    wire            inventories between the wire and property values, whole
    values          between Pulumi's property values and plain ones; what differs, path by path
    guarding        what is required of the nodes, kept apart from what is asked
    provider        the function and the resource
    servicer        the SDK's services, on `wire`
    services        the schema at once, and the rest once it is asked for
    server          the process: port, signals, and errors without a trace

The gRPC is Pulumi's own, `pulumi.provider.experimental`.
"""

from ..collecting import never_collected


def main() -> None:
    """Serve the engine; see `server.main`."""
    # Only here: `testing` uses parts of this package in processes of somebody else's.
    with never_collected():
        from .server import main as serve  # noqa: PLC0415

    serve()
