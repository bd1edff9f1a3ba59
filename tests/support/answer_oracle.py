"""An oracle for response bodies, in plain Python with the JSON reader of the standard library.

It shares no code with `response`. Where the two disagree about a body, one of them is wrong.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hologres_ai.api.response import HttpResponse, parse_response
from hologres_ai.errors import ApiError, ResponseError
from hologres_ai.models import AiNode, NodeList

SECRETS = ("canary-key-secret-5eRz", "canary-token-9fQx")

# The fields on the vendor's page, in the spelling of the API and of Python.
TEXTS = {
    "aiInstanceId": "ai_instance_id",
    "regionId": "region_id",
    "holoInstanceId": "holo_instance_id",
    "holoInstanceName": "holo_instance_name",
    "aiSpec": "ai_spec",
    "resourceType": "resource_type",
    "status": "status",
    "chargeType": "charge_type",
    "commodityCode": "commodity_code",
    "expirationTime": "expiration_time",
}
NUMBERS = {
    "nodeCount": "node_count",
    "cpu": "cpu",
    "memory": "memory",
    "gpu": "gpu",
    "gpuMemory": "gpu_memory",
    "cpuUsed": "cpu_used",
    "memoryUsed": "memory_used",
    "gpuUsed": "gpu_used",
    "gpuMemoryUsed": "gpu_memory_used",
}
FIELDS = TEXTS | NUMBERS | {"autoRenewal": "auto_renewal"}
LARGEST = 2**53 - 1  # the largest integer up to which every integer is exact as a double


class Pairs(list[tuple[str, Any]]):
    """A JSON object as it was written, with repeated names."""

    def named(self, name: str) -> list[Any]:
        """Every value of the name, in order."""
        return [value for key, value in self if key == name]


@dataclass
class Expected:
    """The expected result: the nodes, an error at one of `places`, or a refusal."""

    nodes: list[dict[str, object]] = field(default_factory=list)
    places: set[str] = field(default_factory=set)
    null: bool = False
    refusal: bool = False
    request_id: str | None = None


def expect(body: bytes) -> Expected:
    try:
        document = json.loads(body.decode("utf-8").removeprefix("\ufeff"), object_pairs_hook=Pairs)
    except (ValueError, RecursionError):
        return Expected(places={"body"})
    # A lone surrogate is valid JSON, but has no UTF-8 encoding, and Pulumi's protocol cannot carry it.
    if not isinstance(document, Pairs) or any("\ud800" <= c <= "\udfff" for text in texts(document) for c in text):
        return Expected(places={"body"})
    lists = document.named("instanceModelList")
    expected = Expected(request_id=request_id(document))
    expected.places |= set() if lists else {"instanceModelList"}
    expected.refusal = reports_failure(document) and not (lists and lists[-1])
    if lists:
        read_list(lists[-1], expected)
    return expected


def texts(value: object) -> Iterator[str]:
    """Every text in a document, names too."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, (list, tuple)):
            waiting += item


def reports_failure(document: Pairs) -> bool:
    fields = named(document)
    if not has_failure(fields) and isinstance(fields.get("error"), Pairs):
        fields |= named(fields["error"])
    return has_failure(fields)


def named(document: Pairs) -> dict[str, Any]:
    """The fields by their names in lower case without ``_`` and ``-``."""
    return {re.sub("[_-]", "", name.lower()): value for name, value in document}


def has_failure(fields: dict[str, Any]) -> bool:
    code = fields.get("code") or fields.get("errorcode")
    fine = not code or str(code).strip().lower() in {"0", "200", "ok", "success", "null"}
    return not fine or str(fields.get("success")).lower() == "false"


def request_id(document: Pairs) -> str | None:
    """The request id as it is shown: printable and cut."""
    given = document.named("requestId") or document.named("RequestId") or [None]
    if isinstance(given[-1], bool) or not isinstance(given[-1], (str, int)):
        return None
    shown = "".join(c for c in str(given[-1]).strip() if c.isprintable())
    return (shown[:200] + "…" if len(shown) > 200 else shown) or None


def read_list(listed: object, expected: Expected) -> None:
    expected.null = listed is None
    if isinstance(listed, Pairs) or not isinstance(listed, list | None):
        expected.places.add("instanceModelList")
    for number, item in enumerate(listed if isinstance(listed, list) else ()):
        place = f"instanceModelList[{number}]"
        if isinstance(item, Pairs):
            expected.nodes.append(read_node(item, place, expected.places))
        else:
            expected.places.add(place)


def read_node(item: Pairs, place: str, places: set[str]) -> dict[str, object]:
    node: dict[str, object] = {}
    for name, attribute in FIELDS.items():
        values = item.named(name) or [None]
        node[attribute], good = read_value(name, values[-1])
        if not good:
            places.add(f"{place}.{name}")
    return node


def read_value(name: str, value: Any) -> tuple[object, bool]:
    """The expected value of the field, and whether the value is valid."""
    if value is None or (name not in TEXTS and isinstance(value, str) and not value.strip()):
        return None, True
    if name in TEXTS:
        return value, type(value) is str
    if name == "autoRenewal":
        return value in (True, "true"), value is True or value is False or value in ("true", "false")
    return whole_number(value)


def whole_number(value: Any) -> tuple[object, bool]:
    if type(value) is str and not re.fullmatch("-?[0-9]{1,16}", value):
        return None, False
    if type(value) is float and (math.isnan(value) or math.isinf(value)):
        return None, False
    if type(value) not in (str, float, int) or int(value) != (value if type(value) is float else int(value)):
        return None, False
    return int(value), -LARGEST <= int(value) <= LARGEST


def check(body: bytes) -> str:
    """Compare the result of a body with the expected one; return its kind."""
    wanted = expect(body)
    try:
        reply = parse_response(HttpResponse(200, {"content-type": "application/json"}, body), SECRETS)
    except ApiError:
        assert wanted.refusal
        return "refusal"
    except ResponseError as error:
        return misplaced(error, wanted, body)
    assert not wanted.places
    assert not wanted.refusal
    return compared(reply, wanted)


def misplaced(error: ResponseError, wanted: Expected, body: bytes) -> str:
    place = re.match(r"the response does not match the API documentation: ([^ ]*): ", error.title)
    assert place is not None, error.title
    assert place[1] in wanted.places or too_deep(body), (error.title, wanted)
    return "misplaced" if place[1] != "body" else "unreadable"


def compared(reply: NodeList, wanted: Expected) -> str:
    assert [attributes(node) for node in reply.nodes] == wanted.nodes
    assert [kinds(attributes(node)) for node in reply.nodes] == [kinds(node) for node in wanted.nodes]  # 1 is not True
    assert reply.request_id == wanted.request_id
    assert bool(reply.warnings) == wanted.null
    return "nodes" if reply.nodes else "no nodes"


def attributes(node: AiNode) -> dict[str, object]:
    return {attribute: getattr(node, attribute) for attribute in AiNode.__dataclass_fields__}


def kinds(node: dict[str, object]) -> dict[str, type]:
    return {name: type(value) for name, value in node.items()}


def too_deep(body: bytes) -> bool:
    """Readers of JSON stop at some depth; the library that is used here stops at 200."""
    return body.count(b"[") + body.count(b"{") > 190
