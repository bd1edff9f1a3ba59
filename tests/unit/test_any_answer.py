"""Any body at all: what was sent, or a typed error that names the place; judged by an oracle of plain Python.

The oracle reads the body with the standard library and knows the rules of a field; it shares no code with `answers`.
Where the two disagree about a body, one of them is wrong.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hologres_ai.answers import Answer, read_answer
from hologres_ai.errors import ApiError, HologresAiError, ResponseError
from hologres_ai.models import AiNode, Reply

EXAMPLE = (Path(__file__).parents[1] / "data" / "example-response.json").read_bytes()
SECRETS = ("canary-key-secret-5eRz", "canary-token-9fQx")
GENERATED = 10_000

# The vendor's page, in the spelling of the wire and of Python.
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
LARGEST = 2**53 - 1  # a double holds every whole number up to here, and no two in one

# --- The oracle ------------------------------------------------------------------------------------------------------


class Pairs(list[tuple[str, Any]]):
    """A JSON object as it was written, repeated names and all."""

    def named(self, name: str) -> list[Any]:
        """Every value that was given under the name."""
        return [value for key, value in self if key == name]


@dataclass
class Verdict:
    """What has to come of a body: the nodes, or an error at one of `places`, or the refusal that the body tells."""

    nodes: list[dict[str, object]] = field(default_factory=list)
    places: set[str] = field(default_factory=set)
    null: bool = False
    refusal: bool = False
    request_id: str | None = None


def judge(body: bytes) -> Verdict:
    try:
        document = json.loads(body.decode("utf-8"), object_pairs_hook=Pairs)
    except (ValueError, RecursionError):
        return Verdict(places={"body"})
    # Half a surrogate pair is JSON and no text: it has no UTF-8, and Pulumi's wire can't carry it.
    if not isinstance(document, Pairs) or any("\ud800" <= c <= "\udfff" for text in texts(document) for c in text):
        return Verdict(places={"body"})
    lists = document.named("instanceModelList")
    verdict = Verdict(request_id=request_id(document))
    verdict.places |= {"instanceModelList"} if len(lists) != 1 else set()
    verdict.refusal = tells_failure(document) and not (lists and lists[-1])
    if lists:
        read_list(lists[-1], verdict)
    return verdict


def texts(value: object) -> Iterator[str]:
    """Every text in a document, names too."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, (list, tuple)):
            waiting += item


def tells_failure(document: Pairs) -> bool:
    told = {name.lower(): value for name, value in document}
    code = told.get("code") or told.get("errorcode")
    fine = not code or str(code).lower() in {"0", "200", "ok", "success", "null"}
    return not fine or told.get("success") is False or told.get("success") == "false"


def request_id(document: Pairs) -> str | None:
    """Shown to people: printable, and no longer than fits a line."""
    given = document.named("requestId") or document.named("RequestId") or [None]
    if isinstance(given[-1], bool) or not isinstance(given[-1], (str, int)):
        return None
    return "".join(c for c in str(given[-1]) if c.isprintable())[:200] or None


def read_list(listed: object, verdict: Verdict) -> None:
    verdict.null = listed is None
    if isinstance(listed, Pairs) or not isinstance(listed, list | None):
        verdict.places.add("instanceModelList")
    for number, item in enumerate(listed if isinstance(listed, list) else ()):
        place = f"instanceModelList[{number}]"
        if isinstance(item, Pairs):
            verdict.nodes.append(read_node(item, place, verdict.places))
        else:
            verdict.places.add(place)


def read_node(item: Pairs, place: str, places: set[str]) -> dict[str, object]:
    node: dict[str, object] = {}
    for name, attribute in FIELDS.items():
        values = item.named(name) or [None]
        node[attribute], good = read_value(name, values[-1])
        if len(values) > 1 or not good:
            places.add(f"{place}.{name}")
    return node


def read_value(name: str, value: Any) -> tuple[object, bool]:
    """The value that the field has to have, and whether it can have one."""
    if value is None:
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
    """Hold what comes of a body against the oracle, and say what it was."""
    wanted = judge(body)
    try:
        reply = read_answer(Answer(200, {"content-type": "application/json"}, body), SECRETS)
    except ApiError:
        assert wanted.refusal
        return "refusal"
    except ResponseError as error:
        return misplaced(error, wanted, body)
    assert not wanted.places
    assert not wanted.refusal
    return compared(reply, wanted)


def misplaced(error: ResponseError, wanted: Verdict, body: bytes) -> str:
    place = re.match(r"the answer is not what the API describes: ([^ ]*): ", error.title)
    assert place is not None, error.title
    assert place[1] in wanted.places or too_deep(body), (error.title, wanted)
    return "misplaced" if place[1] != "body" else "unreadable"


def compared(reply: Reply, wanted: Verdict) -> str:
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


# --- The bodies ------------------------------------------------------------------------------------------------------

WILD_TEXT = st.text(st.characters(exclude_categories=()), max_size=8)  # surrogates and control characters too
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | WILD_TEXT | st.sampled_from(["8", "true", "1.5"])
ANY_JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WILD_TEXT, inner, max_size=3), max_leaves=8
)
TOP = st.fixed_dictionaries(
    {},
    optional={
        "requestId": SCALARS,
        "RequestId": WILD_TEXT,
        "Code": st.sampled_from([None, "", "200", "Throttling", "null", 0, 17]),
        "success": st.sampled_from([True, False, "true", "false"]),
        "more": ANY_JSON,
    },
)
GOOD_NODES = st.lists(
    st.fixed_dictionaries(
        {},
        optional={name: st.none() | st.text(max_size=8) for name in TEXTS}
        | {name: st.integers(-LARGEST, LARGEST) | st.integers(0, 9).map(float) for name in NUMBERS}
        | {"autoRenewal": st.booleans(), "novelty": ANY_JSON},
    ),
    max_size=3,
)
ODD_NODE = st.dictionaries(st.sampled_from(sorted(FIELDS)) | WILD_TEXT, SCALARS, max_size=4)
LISTS = GOOD_NODES | st.lists(ODD_NODE | ANY_JSON, max_size=3) | ANY_JSON
DOCUMENTS = ANY_JSON | st.builds(lambda top, nodes: {**top, "instanceModelList": nodes}, TOP, LISTS)
GOOD_BODIES = st.builds(lambda nodes: {"requestId": "R-1", "instanceModelList": nodes}, GOOD_NODES).map(json.dumps)

# As it may stand in a body, legal or not: json.dumps would never write most of these.
TOKENS = (
    *("7.0", "1.5", "-0.0", "1e2", "1e400", "-1e400", "NaN", "Infinity", "-Infinity", "01", "+1", "0x8", ".5", "1."),
    *("9" * 400, "-" + "9" * 4_300, "9" * 4_301, str(2**53 - 1), str(2**53), str(-(2**53)), "9007199254740992.0"),
    *('"8"', '"-8"', '"007"', '"8.0"', '" 8"', '"1_0"', '"\u0663"', '"9007199254740993"', '"true"', '"yes"', "true"),
    *("null", "{}", "[]", "[[[]]]", '{"cpu":1}', "[" * 50 + "]" * 50, "[" * 500 + "]" * 500, "[" * 500, '"', ""),
    *('"\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"', '"\\u0000"', '"\x00"', '"\n"', '"\\x"', '"节点 \u202e"'),
)
SITES = ('"more":', '"requestId":', '"instanceModelList":', *(f'"{name}":' for name in FIELDS))
WRITTEN_NAMES = (*FIELDS, "novelty", "cp\\u0075", "\\ud800")


@st.composite
def written(draw: st.DrawFn) -> bytes:
    """A body put together by hand: any token in any place, names repeated."""
    nodes = draw(st.lists(pairs(), max_size=3))
    members = [f'"instanceModelList":[{",".join(nodes)}]']
    members += draw(
        st.lists(st.builds("".join, st.tuples(st.sampled_from(SITES), st.sampled_from(TOKENS))), max_size=1)
    )
    return f"{{{','.join(draw(st.permutations(members)))}}}".encode("utf-8", "surrogatepass")


def pairs() -> st.SearchStrategy[str]:
    pair = st.builds('"{}":{}'.format, st.sampled_from(WRITTEN_NAMES), st.sampled_from(TOKENS))
    plain = st.builds('"{}":{}'.format, st.sampled_from(sorted(NUMBERS)), st.integers(-9, 99))
    return st.lists(plain | pair, max_size=3).map(lambda members: "{" + ",".join(members) + "}")


def cut(body: bytes, at: int, _byte: int) -> bytes:
    return body[: at % (len(body) + 1)]


def changed(body: bytes, at: int, byte: int) -> bytes:
    at %= len(body) + 1
    return body[:at] + bytes([byte]) + body[at + 1 :]


def inserted(body: bytes, at: int, byte: int) -> bytes:
    at %= len(body) + 1
    return body[:at] + bytes([byte]) + body[at:]


def marked(body: bytes, at: int, _byte: int) -> bytes:
    return (b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"\x00")[at % 4] + body


def recoded(body: bytes, at: int, _byte: int) -> bytes:
    return body.decode("utf-8", "replace").encode(("utf-16", "utf-32", "utf-8-sig", "cp037")[at % 4], "replace")


WHOLE = st.just(EXAMPLE) | GOOD_BODIES.map(str.encode)
DAMAGED = st.builds(
    lambda damage, body, at, byte: damage(body, at, byte),
    st.sampled_from([cut, changed, inserted, marked, recoded]),
    WHOLE,
    st.integers(0, 2_000),
    st.integers(0, 255),
)
BODIES = st.one_of(
    DOCUMENTS.map(json.dumps).map(str.encode),
    GOOD_BODIES.map(str.encode),
    written(),
    written(),
    DAMAGED,
    st.binary(max_size=200),
)


def test_ten_thousand_bodies_are_what_was_sent_or_a_typed_error() -> None:
    """The same ones in every run; each kind of outcome is among them by the hundred."""
    seen: Counter[str] = Counter()

    @settings(
        max_examples=GENERATED, derandomize=True, database=None, deadline=None, suppress_health_check=[*HealthCheck]
    )
    @given(BODIES)
    def hold(body: bytes) -> None:
        seen[check(body)] += 1

    hold()
    assert seen.total() >= GENERATED
    for kind in ("nodes", "no nodes", "misplaced", "unreadable", "refusal"):
        assert seen[kind] >= 100, seen


@given(GOOD_BODIES)
def test_any_list_of_good_nodes_is_a_reply(body: str) -> None:
    assert check(body.encode()) in ("nodes", "no nodes")


@given(st.integers(0, len(EXAMPLE) - 1))
def test_a_cut_answer_is_never_a_reply(length: int) -> None:
    assert check(EXAMPLE[:length].rstrip()) == "unreadable"


@given(st.sampled_from([100, 201, 204, 301, 400, 403, 404, 429, 500, 503, 600]), DOCUMENTS)
@example(503, {"instanceModelList": []})
def test_any_other_status_is_a_typed_error_that_keeps_it(status: int, document: Any) -> None:
    try:
        read_answer(Answer(status, {}, json.dumps(document).encode()), SECRETS)
    except HologresAiError as error:
        assert error.status == status  # noqa: PT017 - the other branch fails
    else:
        raise AssertionError("a refusal was taken for a list")
