"""ACS3 by vectors, stage by stage, and as httpx applies it."""

import dataclasses
import hashlib
import itertools
import json
import pickle
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hologres_ai.api import signing
from hologres_ai.credentials import Credentials

VECTORS = sorted((Path(__file__).parents[1] / "signing_vectors").glob("*.json"))
KEY_SECRET = "canary-key-secret-5eRz"
TOKEN = "canary-token-9fQx"


def load(path: Path) -> dict[str, Any]:
    vector: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return vector


def stages(vector: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Each stage of the specification in its order: its name, the actual result, the expected result."""
    request, expected = vector["request"], vector["expected"]
    signed = signing.headers_to_sign(request["headers"])
    canonical = signing.canonical_request(
        request["method"],
        signing.canonical_uri(request["path"]),
        signing.canonical_query(map(tuple, request["query"])),
        signed,
        signing.EMPTY_PAYLOAD_HASH,
    )
    yield "canonical request", canonical, "\n".join(expected["canonicalRequest"])
    yield "hashed canonical request", hashlib.sha256(canonical.encode()).hexdigest(), expected["hashedCanonicalRequest"]
    text = signing.string_to_sign(canonical)
    yield "string to sign", text, "\n".join(expected["stringToSign"])
    sign = signing.signature(vector["accessKeySecret"], text)
    yield "signature", sign, expected["signature"]
    yield "authorization", signing.authorization(vector["accessKeyId"], signed, sign), expected["authorization"]


def make_auth(vector: dict[str, Any]) -> signing.Acs3Auth:
    request = vector["request"]
    return signing.Acs3Auth(
        Credentials(vector["accessKeyId"], vector["accessKeySecret"], vector["securityToken"]),
        action=request["action"],
        version=request["version"],
        clock=lambda: datetime.fromisoformat(request["date"]),
        nonce=lambda: request["nonce"],
    )


def sign_once(auth: signing.Acs3Auth, request: httpx.Request) -> httpx.Request:
    return next(auth.auth_flow(request))


def test_vectors_of_each_source_are_present() -> None:
    assert {path.stem.split("-")[0] for path in VECTORS} == {"h1", "h2", "v1"}


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_each_stage_of_a_vector_is_as_expected(path: Path) -> None:
    for stage, made, expected in stages(load(path)):
        assert made == expected, f"{path.stem} diverges first at the stage: {stage}"


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_acs3_auth_signs_the_request_of_a_vector(path: Path) -> None:
    vector = load(path)
    asked = vector["request"]
    url = httpx.URL(f"https://{asked['headers']['host']}{asked['path']}", params=dict(asked["query"]))
    request = sign_once(make_auth(vector), httpx.Request(asked["method"], url))
    assert request.headers["authorization"] == vector["expected"]["authorization"]
    sent = {name: value for name, value in request.headers.items() if name == "host" or name.startswith("x-acs-")}
    assert sent == asked["headers"]


def test_headers_of_the_http_client_are_not_signed() -> None:
    vector = load(next(path for path in VECTORS if path.stem.startswith("h1")))
    asked = vector["request"]
    url = f"https://{asked['headers']['host']}{asked['path']}"
    request = sign_once(make_auth(vector), httpx.Request("GET", url, headers={"accept": "*/*", "user-agent": "x"}))
    assert request.headers["authorization"] == vector["expected"]["authorization"]


def test_each_signature_has_a_new_nonce_and_date() -> None:
    ticks = itertools.count(1)
    auth = signing.Acs3Auth(
        Credentials("id", KEY_SECRET),
        action="A",
        version="V",
        clock=lambda: datetime(2026, 1, 2, 3, 4, next(ticks), 999_999, tzinfo=UTC),
    )
    request = httpx.Request("GET", "https://127.0.0.1/")
    seen = [dict(sign_once(auth, request).headers) for _ in range(20)]
    assert len({headers["x-acs-signature-nonce"] for headers in seen}) == 20
    assert len({headers["authorization"] for headers in seen}) == 20
    assert [headers["x-acs-date"] for headers in seen] == [f"2026-01-02T03:04:{tick:02}Z" for tick in range(1, 21)]
    assert all(re.fullmatch("[0-9a-f]{32}", headers["x-acs-signature-nonce"]) for headers in seen)


def test_without_a_security_token_no_token_header_is_sent() -> None:
    auth = signing.Acs3Auth(Credentials("id", KEY_SECRET), action="A", version="V")
    request = sign_once(auth, httpx.Request("GET", "https://127.0.0.1/"))
    assert not {"x-acs-security-token", "x-acs-accesskey-id"} & set(request.headers)


def test_host_is_signed_with_its_port() -> None:
    request = httpx.Request("GET", "http://127.0.0.1:8123/")
    assert signing.headers_to_sign(request.headers) == {"host": "127.0.0.1:8123"}


@pytest.mark.parametrize(
    ("text", "encoded"),
    [("a b", "a%20b"), ("*", "%2A"), ("~-_.", "~-_."), ("+", "%2B"), ("/", "%2F"), ("节", "%E8%8A%82"), ("%", "%25")],
)
def test_percent_encoding(text: str, encoded: str) -> None:
    assert signing.canonical_query([("k", text)]) == f"k={encoded}"


def test_the_canonical_uri_keeps_slashes_and_is_never_empty() -> None:
    assert signing.canonical_uri("/a b/*") == "/a%20b/%2A"
    assert signing.canonical_uri("") == "/"


def test_an_empty_value_keeps_its_equals_sign() -> None:
    assert signing.canonical_query([("b", ""), ("a", "1")]) == "a=1&b="


@given(st.permutations([("b", "1"), ("a", "2"), ("a", "1"), ("C", "x y"), ("ä", "")]))
def test_the_order_of_parameters_does_not_matter(pairs: list[tuple[str, str]]) -> None:
    assert signing.canonical_query(pairs) == "%C3%A4=&C=x%20y&a=1&a=2&b=1"


def test_signed_headers_are_selected_trimmed_sorted_and_in_lower_case() -> None:
    headers = {"X-Acs-Version": " 1 ", "Host": "h", "Accept": "no", "Content-Type": "t\t", "X-Other": "no"}
    signed = signing.headers_to_sign(headers)
    assert list(signed.items()) == [("content-type", "t"), ("host", "h"), ("x-acs-version", "1")]


def test_credentials_and_auth_hide_secrets_in_their_text() -> None:
    credentials = Credentials("the-id", KEY_SECRET, TOKEN)
    auth = signing.Acs3Auth(credentials, action="A", version="V")
    texts = [repr(credentials), str(credentials), f"{credentials}", repr(auth), str(auth), repr([credentials])]
    assert "the-id" in texts[0]
    assert not [text for text in texts if KEY_SECRET in text or TOKEN in text]
    assert pickle.loads(pickle.dumps(credentials)) == credentials
    assert credentials.secrets() == (KEY_SECRET, TOKEN)
    assert dataclasses.replace(credentials, security_token=None).secrets() == (KEY_SECRET,)
