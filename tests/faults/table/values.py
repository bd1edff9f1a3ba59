"""Rows about valid lists with unusual values."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.faults.families import Row
from tests.faults.table.replies import JSON, good
from tests.faults.table.wire import THE_NODES
from tests.faults.testbed import NODES, Scenario
from tests.support.raw_server import http

Node = Mapping[str, Any]


def listed(*nodes: Node) -> bytes:
    return good({"requestId": "R-1", "instanceModelList": nodes})


def kept(name: str, *nodes: Node, **wanted: Any) -> Row:
    """A row whose result is equal to what was sent."""
    return Row("value", name, Scenario((listed(*nodes),)), nodes=nodes, **wanted)


def read_as(name: str, sent: Sequence[Node], nodes: Sequence[Node], **wanted: Any) -> Row:
    return Row("value", name, Scenario((listed(*sent),)), nodes=nodes, **wanted)


def expiry(name: str, sent: str, read: str, **wanted: Any) -> Row:
    """A row about the conversion of a time, which is a choice of this package."""
    return read_as(name, [{"expirationTime": sent}], [{"expirationTime": read}], compared=False, **wanted)


MANY = 100_000


def many() -> list[dict[str, object]]:
    return [{"aiInstanceId": f"node-{number}", "cpu": 7, "gpuUsed": number % 3} for number in range(MANY)]


NAMES = {
    "Chinese": "AI节点List测试",
    "emoji": "GPU 🚀👩‍🔬",
    "right to left": "שרת \u202e\u200fمرحبا",
    "control characters": "a\x00\x07\x1b[31mb\r\n\t\x7f",
    "quotes and backslashes": "\\\"'`$(x)<b>",
}
FULL: Node = {
    "aiInstanceId": "hologram_aicombo_public_cn-77xxx",
    "holoInstanceId": "hgpostcn-cn-yi34hlzdx003",
    "regionId": "cn-hangzhou",
    "cpu": 7,
    "gpuMemory": 24,
    "nodeCount": 2,
    "autoRenewal": False,
    "expirationTime": "2026-01-28T07:44:27.535Z",
}

ROWS = [
    kept("an empty list", warns="no AI nodes in cn-hangzhou"),
    Row("value", "`null` for the list", Scenario((good({"instanceModelList": None}),)), nodes=(), warns="null"),
    kept("a full node", FULL),
    kept("two nodes", FULL, {**FULL, "aiInstanceId": "b"}),
    kept("an unknown status and charge type", {"status": "Melting", "chargeType": "Free"}),
    kept("a node without anything", {}),
    kept("the largest exact number", {"gpuMemory": 2**53 - 1}),
    read_as("every field null", [dict.fromkeys(FULL)], [{}]),
    read_as("an unknown field", [{"cpu": 7, "novelty": {"x": 1}}], [{"cpu": 7}], logs="novelty"),
    read_as("a number as “8”", [{"cpu": "8"}], [{"cpu": 8}]),
    read_as("a number as 8.0", [{"cpu": 8.0}], [{"cpu": 8}]),
    read_as("a boolean as “true”", [{"autoRenewal": "true"}], [{"autoRenewal": True}]),
    read_as("an empty text in place of a number", [{"cpu": 7}, {"gpu": ""}], [{"cpu": 7}, {}]),
    read_as("an empty text in place of a boolean", [{"autoRenewal": ""}], [{}]),
    Row("value", "a byte order mark", Scenario((http(200, b"\xef\xbb\xbf" + NODES, JSON),)), nodes=THE_NODES),
    Row(
        "value",
        "a name given twice: the last value counts",
        Scenario((http(200, b'{"instanceModelList": [{"cpu": 1, "cpu": 7, "aiInstanceId": "a"}]}', JSON),)),
        nodes=THE_NODES,
    ),
    read_as("the same node twice", [FULL, FULL], [FULL], compared=False),
    read_as(
        "a node twice with different values",
        [FULL, {**FULL, "cpu": 8}],
        [FULL, {**FULL, "cpu": 8}],
        warns="more than once",
    ),
    expiry("a time with +08:00", "2026-01-28T15:44:27+08:00", "2026-01-28T07:44:27.000Z"),
    expiry("a time without a zone", "2026-01-28T07:44:27.535", "2026-01-28T07:44:27.535Z"),
    expiry("a time with microseconds", "2026-01-28T15:44:27.123456+08:00", "2026-01-28T07:44:27.123456Z"),
    expiry("an invalid time", "soon", "soon", warns="is not a time"),
    *(kept(f"a name: {name}", {"holoInstanceName": text}) for name, text in NAMES.items()),
    Row(
        "value",
        "names that are not escaped in JSON",
        Scenario(
            (
                http(
                    200,
                    json.dumps({"instanceModelList": [{"holoInstanceName": NAMES["Chinese"]}]}, ensure_ascii=False),
                    JSON,
                ),
            )
        ),
        nodes=({"holoInstanceName": NAMES["Chinese"]},),
    ),
    Row("value", f"{MANY:,} nodes", Scenario((lambda: listed(*many()),), deadline=30), nodes=many()),
]
