"""Rows about arguments: they are checked before any connection."""

from typing import Any

from tests.faults.families import Row
from tests.faults.table.wire import THE_NODES
from tests.faults.testbed import KEY_SECRET, TOKEN, Scenario


def refused(name: str, *, compared: bool = True, kind: str = "ConfigurationError", **rest: Any) -> Row:
    says = rest.pop("says")
    return Row("argument", name, Scenario(arguments=rest), kind=kind, requests=0, says=says, compared=compared)


def region(name: str, value: str, *, compared: bool = False) -> Row:
    """A region without an endpoint is part of the host name. Compared rows must stay on this machine."""
    return refused(name, compared=compared, says="region", region=value, endpoint=None)


def instance_id(name: str, value: str) -> Row:
    """The SDK has no such parameter."""
    return refused(name, compared=False, kind="InvalidArgumentError", says="instance_id", instance_id=value)


ROWS = [
    region("a region that leads to another host", "x@127.0.0.1:$port/#", compared=True),
    region("a region with a line break", "cn-hangzhou\r\nX: y"),
    refused("an empty region", compared=False, kind="InvalidArgumentError", says="region", region="", endpoint=None),
    region("a misspelt region", "cn_hangzhou"),
    region("a region in Chinese", "杭州"),
    refused("a key ID with a line break", says="access_key", access_key="id\r\nX-Injected: y"),
    refused("a key ID in Chinese", says="access_key", access_key="钥匙"),
    refused("a token with a line break", says="token", security_token=f"{TOKEN}\r\nX-Injected: y"),
    refused("a token in Chinese", says="token", security_token=f"{TOKEN}钥匙"),
    refused("a secret with a line break", says="ecret", secret_key=f"{KEY_SECRET}\n"),
    refused("no secret", says="secretKey", secret_key=None),
    refused("a token and no keys", says="accessKey", compared=False, access_key=None, secret_key=None),
    refused("http to a host that is not this machine", says="loopback", compared=False, endpoint="http://example.com"),
    refused("an endpoint with a path", says="host", endpoint="$url/x/y"),
    refused("an endpoint with a password", says="user name", endpoint=f"http://user:{KEY_SECRET}@127.0.0.1:$port"),
    refused("an endpoint with a line break", says="endpoint", endpoint="http://127.0.0.1:$port\r\nX: y"),
    refused("an endpoint with port 99999", says="endpoint", endpoint="http://127.0.0.1:99999"),
    instance_id("an instance ID with ../", "../../secrets"),
    instance_id("an instance ID with quotes", '"x"&y=1'),
    instance_id("an instance ID of 300 characters", "x" * 300),
    Row(
        "argument",
        "an endpoint without a scheme",
        Scenario(peer="trusted", arguments={"endpoint": "127.0.0.1:$port"}),
        nodes=THE_NODES,
        compared=False,  # the SDK takes scheme and host as separate settings
    ),
    Row("argument", "an endpoint with a slash behind it", Scenario(arguments={"endpoint": "$url/"}), nodes=THE_NODES),
]
