"""Generated bodies give the nodes that were sent, or a typed error that names the place."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hologres_ai.api.response import HttpResponse, parse_response
from hologres_ai.errors import HologresAiError
from tests.support.answer_oracle import FIELDS, LARGEST, NUMBERS, SECRETS, TEXTS, check

EXAMPLE = (Path(__file__).parents[1] / "data" / "example-response.json").read_bytes()
GENERATED = 10_000

# --- The bodies ------------------------------------------------------------------------------------------------------

TEXT = st.text(max_size=8)
WILD_TEXT = st.text(st.characters(exclude_categories=()), max_size=8)  # also lone surrogates, which have no UTF-8


def scalars(texts: st.SearchStrategy[str]) -> st.SearchStrategy[object]:
    return st.none() | st.booleans() | st.integers() | st.floats() | texts | st.sampled_from(["8", "true", "1.5", ""])


def any_json(texts: st.SearchStrategy[str]) -> st.SearchStrategy[object]:
    return st.recursive(
        scalars(texts),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=4,
    )


SCALARS = scalars(WILD_TEXT)
ANY_JSON = any_json(WILD_TEXT)
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
        optional={name: st.none() | TEXT for name in TEXTS}
        | {name: st.integers(-LARGEST, LARGEST) | st.integers(0, 9).map(float) | st.just("") for name in NUMBERS}
        | {"autoRenewal": st.booleans(), "novelty": any_json(TEXT)},
    ),
    max_size=3,
)
ODD_NODE = st.dictionaries(st.sampled_from(sorted(FIELDS)) | WILD_TEXT, SCALARS, max_size=4)
LISTS = GOOD_NODES | st.lists(ODD_NODE | ANY_JSON, max_size=3) | ANY_JSON
DOCUMENTS = ANY_JSON | st.builds(lambda top, nodes: {**top, "instanceModelList": nodes}, TOP, LISTS)
GOOD_BODIES = st.builds(lambda nodes: {"requestId": "R-1", "instanceModelList": nodes}, GOOD_NODES).map(json.dumps)

# Valid and invalid JSON tokens, most of which json.dumps never writes.
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
    """A body built from text: any token in any place, with repeated names."""
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


def test_a_generated_body_gives_its_nodes_or_a_typed_error() -> None:
    """The same bodies in every run, with many of each outcome among them."""
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
def test_any_list_of_valid_nodes_is_parsed(body: str) -> None:
    assert check(body.encode()) in ("nodes", "no nodes")


@given(st.integers(0, len(EXAMPLE) - 1))
def test_a_truncated_body_is_unreadable(length: int) -> None:
    assert check(EXAMPLE[:length].rstrip()) == "unreadable"


@given(st.sampled_from([100, 201, 204, 301, 400, 403, 404, 429, 500, 503, 600]), DOCUMENTS)
@example(503, {"instanceModelList": []})
def test_any_status_other_than_200_is_a_typed_error_with_the_status(status: int, document: Any) -> None:
    try:
        parse_response(HttpResponse(status, {}, json.dumps(document).encode()), SECRETS)
    except HologresAiError as error:
        assert error.status == status  # noqa: PT017 - the other branch fails
    else:
        raise AssertionError("a refusal was parsed as a list")
