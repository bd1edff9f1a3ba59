"""The vendor's own SDK as a reference for the emulator's verification and for the signer of this package."""

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from alibabacloud_hologram20220601.client import Client
from alibabacloud_hologram20220601.models import ListInstanceModelRequest
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException, ClientException
from alibabacloud_tea_openapi.utils import Utils
from alibabacloud_tea_openapi.utils_models import Config
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hologres_ai.api import signing
from hologres_ai.api.client import Client as ApiClient
from hologres_ai.api.retry import RetryQuota
from hologres_ai.config import resolve
from hologres_ai.core.read import read_ai_nodes
from hologres_ai.credentials import Credentials
from hologres_ai.emulator import EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET, Emulator
from hologres_ai.emulator.responses import BodyFormat
from hologres_ai.errors import ApiError

PATH = "/api/v1/instances/rpc/listInstanceModel"
TOKEN = "CAIS+token/with*signs~and=="
KEYS = {"access_key": EMULATOR_ACCESS_KEY_ID, "secret_key": EMULATOR_ACCESS_KEY_SECRET}
WITH_TOKEN = Credentials(EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET, TOKEN)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as started:
        yield started


def official(emulator: Emulator, *, secret: str = EMULATOR_ACCESS_KEY_SECRET, token: str | None = None) -> Client:
    config = Config(
        endpoint=emulator.url.removeprefix("http://"),
        protocol="http",
        region_id="cn-hangzhou",
        access_key_id=EMULATOR_ACCESS_KEY_ID,
        access_key_secret=secret,
        security_token=token,
    )
    return Client(config)


def test_the_official_sdk_lists_the_same_nodes_as_this_package(emulator: Emulator) -> None:
    body = official(emulator).list_instance_model(ListInstanceModelRequest()).body
    official_result = {node.ai_instance_id: node.to_map() for node in body.instance_model_list}
    own_result = read_ai_nodes(
        region="cn-hangzhou",
        access_key=EMULATOR_ACCESS_KEY_ID,
        secret_key=EMULATOR_ACCESS_KEY_SECRET,
        endpoint=emulator.url,
    )
    assert len(body.instance_model_list) == len(official_result) >= 12
    assert tuple(sorted(official_result)) == own_result.ids
    for node in own_result.instance_model_list:
        assert official_result[node.ai_instance_id]["holoInstanceName"] == node.holo_instance_name
        assert official_result[node.ai_instance_id].get("expirationTime") == node.expiration_time
        assert official_result[node.ai_instance_id]["gpuMemoryUsed"] == node.gpu_memory_used


def test_a_security_token_is_required_and_compared() -> None:
    with Emulator(credentials=WITH_TOKEN) as emulator:
        body = official(emulator, token=TOKEN).list_instance_model(ListInstanceModelRequest()).body
        assert len(body.instance_model_list) >= 12
        assert refused(official(emulator)) == "MissingSecurityToken"
        assert refused(official(emulator, token="another")) == "InvalidSecurityToken.MismatchWithAccessKey"


def test_a_wrong_secret_is_refused(emulator: Emulator) -> None:
    assert refused(official(emulator, secret="wrong-secret")) == "SignatureDoesNotMatch"


@pytest.mark.parametrize("body_format", ["json", "xml"])
@pytest.mark.parametrize("kind", ["denied", "denied-explicitly", "throttling", "throttling-user", "unavailable"])
def test_the_official_sdk_reads_the_same_code_and_status_of_a_refusal(
    emulator: Emulator, kind: str, body_format: BodyFormat
) -> None:
    emulator.arm(kind, format=body_format)
    with pytest.raises(AlibabaCloudException) as official_result:
        official(emulator).list_instance_model(ListInstanceModelRequest())
    emulator.disarm()
    emulator.arm(kind, format=body_format)
    settings = {"region": "cn-hangzhou", "endpoint": emulator.url, **KEYS}
    with pytest.raises(ApiError) as own_result:
        asyncio.run(ApiClient(resolve(settings, None, {}), quota=RetryQuota(0)).list_instance_model())
    assert (official_result.value.code, official_result.value.status_code) == (
        own_result.value.code,
        own_result.value.status,
    )


def refused(client: Client) -> str:
    with pytest.raises(ClientException) as caught:
        client.list_instance_model(ListInstanceModelRequest())
    return str(caught.value.code)


# Differences between the official signer and the one of this package, and how the generated values avoid them:
# - The official signer signs all headers; this one selects host, content-type and x-acs-*. Only such names are
#   generated, each in one case: the official signer joins the values of two spellings, which HTTP clients never have.
# - The official signer does not encode the names of query parameters, as the specification requires. Only names that
#   need no encoding are generated. The only name of this API is instanceId.
# - The official signer takes a dict, so a query name is unique. It takes an encoded path, as generated clients pass it.
UNRESERVED = st.text(st.sampled_from("abcXYZ019-_.~"), min_size=1, max_size=8)
VALUES = st.text(max_size=12) | st.text(st.sampled_from(" *~+/%&=:,;\t節点é😀"), max_size=8)
HEADER_NAMES = st.sampled_from(["Host", "content-type"]) | st.text(
    st.sampled_from("abcyz019-"), min_size=1, max_size=8
).map("x-acs-".__add__)


@settings(max_examples=400, deadline=None)
@example("GET", PATH, {}, {"host": "hologram.cn-hangzhou.aliyuncs.com"}, "secret")
@example("GET", "", {"instanceId": ""}, {}, "secret")
@example("GET", "/a b*~/%2F/節点", {"instanceId": "a b*~+%20/節点"}, {"x-acs-a": " * ~  x ", "Host": ""}, "ключ")
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD"]),
    path=VALUES.map("/".__add__),
    query=st.dictionaries(UNRESERVED, VALUES, max_size=5),
    headers=st.dictionaries(HEADER_NAMES, VALUES, max_size=6),
    secret=st.text(min_size=1, max_size=12),
)
def test_both_signers_give_the_same_authorization(
    method: str, path: str, query: dict[str, str], headers: dict[str, str], secret: str
) -> None:
    payload_hash = signing.EMPTY_PAYLOAD_HASH
    request = SimpleNamespace(method=method, pathname=Utils.get_encode_path(path), query=query, headers=headers)
    official_result = Utils.get_authorization(request, signing.ALGORITHM, payload_hash, "key", secret)

    signed = signing.headers_to_sign(headers)
    uri, pairs = signing.canonical_uri(path), signing.canonical_query(query.items())
    text = signing.string_to_sign(signing.canonical_request(method, uri, pairs, signed, payload_hash))
    assert signing.authorization("key", signed, signing.signature(secret, text)) == official_result


def test_only_the_signer_of_this_package_encodes_query_names() -> None:
    """The reason for the restriction of query names above: fails if the official signer changes."""
    request = SimpleNamespace(method="GET", pathname="/", query={"a b": "1"}, headers={})
    official_result = Utils.get_authorization(request, signing.ALGORITHM, signing.EMPTY_PAYLOAD_HASH, "key", "secret")
    canonical = signing.canonical_request("GET", "/", "a b=1", {}, signing.EMPTY_PAYLOAD_HASH)
    as_it_stands = signing.signature("secret", signing.string_to_sign(canonical))
    assert official_result.endswith(f"Signature={as_it_stands}")
    assert signing.canonical_query([("a b", "1")]) == "a%20b=1"
