"""AssumeRole and AssumeRoleWithOIDC: the request beside the vendor's library, refusals, clocks, tokens, hosts."""

import asyncio
import json
import string
from collections.abc import Callable
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hologres_ai.api.client import Client
from hologres_ai.clock import utc_now
from hologres_ai.credentials import Credentials, Limits, sts
from hologres_ai.credentials.http import HOSTS, FetchError
from hologres_ai.credentials.sts import rpc_signature
from hologres_ai.credentials.types import Oidc, Role, StsHost
from hologres_ai.errors import CredentialsError, DeadlineExceededError
from tests.support import vendor_hosts
from tests.support.credentials_setups import KEYS, NODES, SSO, SourceSetup, get, oidc, settings_of, shown
from tests.support.raw_server import RawServer, http
from tests.support.stand_ins import CANARY, OIDC_TOKEN, PROVIDER, ROLE, signature_of

ASSUME = {**KEYS, "ALICLOUD_ASSUME_ROLE_ARN": ROLE}


def xml(code: str) -> bytes:
    return f"<?xml version='1.0'?><Error><RequestId>R-XML</RequestId><Code>{code}</Code></Error>".encode()


def as_json(code: str) -> bytes:
    return json.dumps({"RequestId": "R-JSON", "Code": code, "Message": f"{CANARY} echoed"}).encode()


def refused(setup: SourceSetup, status: int, body: bytes) -> CredentialsError:
    settings = settings_of(setup, ASSUME)
    setup.stand_in.failing = (status, body, {})
    with pytest.raises(CredentialsError) as caught:
        get(settings)
    assert CANARY not in shown(caught.value)
    return caught.value


# --- Refusals --------------------------------------------------------------------------------------------------------

REFUSALS = [
    # HTTP status, code, whether it may succeed later, words of the remedy
    (400, "Throttling.User", True, "Wait"),
    (400, "Throttling", True, "Wait"),
    (429, "TooManyRequests", True, "Wait"),
    (503, "ServiceUnavailable", True, "later"),
    (500, "InternalError", True, "later"),
    (400, "InvalidTimeStamp.Expired", False, "clock"),
    (400, "InvalidParameter.DurationSeconds", False, "assumeRole.sessionExpiration"),
    (400, "InvalidParameter.RoleSessionName", False, "assumeRole.sessionName"),
    (400, "InvalidParameter.PolicyGrammar", False, "assumeRole.policy"),
    (403, "NoPermission", False, "sts:AssumeRole"),
    (404, "EntityNotExist.Role", False, "roleArn"),
    (404, "InvalidAccessKeyId.NotFound", False, "AccessKey"),
    (400, "SignatureDoesNotMatch", False, "AccessKey"),
    (400, "InvalidSecurityToken.Expired", False, "security token"),
    (400, "SomethingNew.Unknown", False, "SomethingNew.Unknown"),
]


@pytest.mark.parametrize("body", [as_json, xml])
@pytest.mark.parametrize(("status", "code", "transient", "remedy"), REFUSALS, ids=[row[1] for row in REFUSALS])
def test_a_refusal_has_code_request_id_and_remedy(
    setup: SourceSetup, status: int, code: str, transient: bool, remedy: str, body: Callable[[str], bytes]
) -> None:
    error = refused(setup, status, body(code))
    assert (error.status, error.code, error.transient) == (status, code, transient)
    assert error.request_id in ("R-JSON", "R-XML")
    assert remedy in error.remedy


def test_an_unknown_code_has_no_specific_remedy(setup: SourceSetup) -> None:
    assert "roleArn" not in refused(setup, 400, as_json("SomethingNew")).remedy


def test_the_wait_that_sts_requests_is_on_the_error(setup: SourceSetup) -> None:
    settings = settings_of(setup, ASSUME)
    setup.stand_in.failing = (429, as_json("Throttling.User"), {"Retry-After": "7"})
    with pytest.raises(CredentialsError) as caught:
        get(settings)
    assert caught.value.retry_after == 7


def test_throttling_until_the_deadline_is_an_error_about_throttling(setup: SourceSetup) -> None:
    setup.stand_in.failing = (429, as_json("Throttling.User"), {"Retry-After": "100"})
    settings = settings_of(setup, ASSUME | {"MAX_RETRY_TIMEOUT": "1"})
    with pytest.raises(
        DeadlineExceededError, match="the request was refused; retried until the limit of 1 s"
    ) as caught:
        asyncio.run(Client(settings).list_instance_model())
    assert (caught.value.status, caught.value.code) == (429, "Throttling.User")
    assert caught.value.remedy.startswith("Wait")


def test_throttling_is_retried_in_the_call(setup: SourceSetup) -> None:
    with RawServer([NODES]) as api:
        settings = settings_of(setup, ASSUME, endpoint=api.url)
        setup.stand_in.failing = (400, as_json("Throttling.User"), {})

        async def recover() -> str | None:
            task = asyncio.create_task(Client(settings).list_instance_model())
            while not setup.stand_in.asked["failed"]:  # noqa: ASYNC110 - another thread counts
                await asyncio.sleep(0.01)
            setup.stand_in.failing = None
            return (await task).request_id

        assert asyncio.run(recover()) == "R-1"


# --- Clock and nonce -------------------------------------------------------------------------------------------------


def session() -> bytes:
    issued = {"AccessKeyId": "k", "AccessKeySecret": "s", "SecurityToken": "t", "Expiration": "2099-01-01T00:00:00Z"}
    return http(200, json.dumps({"Credentials": issued}))


def queries(server: RawServer) -> list[dict[str, str]]:
    return [dict(parse_qsl(urlsplit(request.target).query)) for request in server.requests]


def assume(server: RawServer, setup: SourceSetup) -> list[dict[str, str]]:
    get(settings_of(setup, ASSUME, sts_endpoint=server.url))
    return queries(server)


def test_a_refused_timestamp_is_retried_with_the_time_of_sts(setup: SourceSetup) -> None:
    date = utc_now().replace(year=2030)
    with RawServer(
        [http(400, as_json("InvalidTimeStamp.Expired"), f"Date: {format_datetime(date)}"), session()]
    ) as server:
        first, second = assume(server, setup)
    assert second["Timestamp"][:4] == "2030"
    assert first["SignatureNonce"] != second["SignatureNonce"]


def test_a_refused_nonce_is_retried_with_a_new_nonce(setup: SourceSetup) -> None:
    with RawServer([http(400, as_json("SignatureNonceUsed")), session()]) as server:
        first, second = assume(server, setup)
    assert first["SignatureNonce"] != second["SignatureNonce"]


# --- The request, compared with the vendor's library ------------------------------------------------------------------

UNIQUE = {"SignatureNonce", "Signature", "Timestamp"}


def asked_by_the_library(build: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The query that the vendor's library sends; it uses only https, so its URL is rewritten."""
    from Tea.core import TeaCore  # noqa: PLC0415 - the library takes a second to import

    compose = TeaCore.compose_url
    with RawServer([session()]) as server:
        monkeypatch.setattr(
            TeaCore, "compose_url", staticmethod(lambda request: compose(request).replace("https://", "http://", 1))
        )
        build(server.url.removeprefix("http://")).get_credentials()
    return queries(server)[0]


@pytest.mark.parametrize("token", [None, "a/token+with=signs"])
@pytest.mark.parametrize("policy", [None, '{"Statement":["*","中文~"]}'])  # the library signs spaces differently
def test_assume_role_sends_the_same_query_as_the_library_of_the_vendor(
    monkeypatch: pytest.MonkeyPatch, token: str | None, policy: str | None
) -> None:
    from alibabacloud_credentials.provider import RamRoleArnCredentialsProvider  # noqa: PLC0415

    def build(host: str) -> Any:
        return RamRoleArnCredentialsProvider(
            **{"access_key_id": "id", "access_key_secret": "secret", "security_token": token, "policy": policy},
            **{"role_arn": ROLE, "role_session_name": "night", "duration_seconds": 900, "external_id": "x"},
            sts_endpoint=host,
        )

    expected = asked_by_the_library(build, monkeypatch)
    with RawServer([session()]) as server:
        role = Role(ROLE, "night", 900, policy, "x")
        sts.assume_role(role, Credentials("id", "secret", token), StsHost(server.url, "test"), Limits())
    [sent] = queries(server)
    assert {name: sent[name] for name in sent.keys() - UNIQUE} == {
        name: expected[name] for name in expected.keys() - UNIQUE
    }
    signature = expected.pop("Signature")
    assert rpc_signature("GET", expected, "secret") == signature == signature_of(expected, "secret")


@settings(deadline=None)  # the first call imports the SDK
@given(st.dictionaries(st.text(min_size=1), st.text()), st.text(string.printable, min_size=1))
def test_any_query_has_the_same_signature_as_with_the_sdk_of_the_vendor(query: dict[str, str], secret: str) -> None:
    from alibabacloud_tea_openapi.utils import Utils  # noqa: PLC0415 - the SDK takes a second to import

    expected = Utils.get_rpcsignature(query, "GET", secret)
    assert rpc_signature("GET", query, secret) == expected == signature_of(query, secret)


def test_assume_role_with_oidc_sends_the_same_query_as_the_library_of_the_vendor(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from alibabacloud_credentials.provider import OIDCRoleArnCredentialsProvider  # noqa: PLC0415

    file = tmp_path / "token"
    file.write_text(OIDC_TOKEN)

    def build(host: str) -> Any:
        return OIDCRoleArnCredentialsProvider(
            **{"role_arn": ROLE, "oidc_provider_arn": PROVIDER, "oidc_token_file_path": str(file)},
            **{"role_session_name": "night", "duration_seconds": 900},
            sts_endpoint=host,
        )

    expected = asked_by_the_library(build, monkeypatch)
    with RawServer([session()]) as server:
        pod = Oidc(PROVIDER, ROLE, str(file), session_name="night", seconds=900)
        sts.assume_role_with_oidc(pod, StsHost(server.url, "test"), Limits())
    [sent] = queries(server)
    assert {name: sent[name] for name in sent.keys() - UNIQUE} == {
        name: expected[name] for name in expected.keys() - UNIQUE
    }


# --- Token files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [f"{OIDC_TOKEN}\n", f"{OIDC_TOKEN}\r\n", f"  {OIDC_TOKEN}  ", f"\ufeff{OIDC_TOKEN}"])
def test_a_token_is_sent_without_surrounding_whitespace(setup: SourceSetup, text: str) -> None:
    settings = settings_of(setup, oidc(setup))
    setup.file("token", text)
    get(settings)
    assert [query["OIDCToken"] for query in setup.stand_in.queries] == [OIDC_TOKEN]


@pytest.mark.parametrize("text", ["", "\n", "   \r\n", "\ufeff"])
def test_an_empty_token_file_is_refused_before_any_call(setup: SourceSetup, text: str) -> None:
    settings = settings_of(setup, oidc(setup))
    setup.file("token", text)
    with pytest.raises(CredentialsError, match="is empty"):
        get(settings)
    assert setup.stand_in.queries == []


OTHER_CONTENT = [
    b"\xff\xfe",
    "t".encode("utf-16"),
    b"two words",
    b"two\nlines",
    "密".encode(),
    b"t" * 70_000,
    b"",
    None,
]


@pytest.mark.parametrize("content", OTHER_CONTENT, ids=lambda content: repr(content)[:20])
def test_a_token_file_with_other_content_is_refused_before_any_call(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(FetchError, match=r"assumeRoleWithOidc\.oidcTokenFile, ALIBABA_CLOUD_OIDC_TOKEN_FILE"):
        sts.assume_role_with_oidc(Oidc(PROVIDER, ROLE, str(file)), StsHost("sts.invalid", "test"), Limits())


# --- Hosts -----------------------------------------------------------------------------------------------------------


def test_an_unreachable_host_is_named_with_its_origin_and_setting(setup: SourceSetup) -> None:
    settings = settings_of(setup, {**ASSUME, "ALIBABA_CLOUD_STS_ENDPOINT": "http://127.0.0.1:9"})
    with pytest.raises(CredentialsError) as caught:
        get(settings)
    assert "127.0.0.1:9 (from environment ALIBABA_CLOUD_STS_ENDPOINT)" in caught.value.title
    assert "hologres:stsEndpoint or ALIBABA_CLOUD_STS_ENDPOINT" in caught.value.remedy
    assert "roleArn" not in caught.value.remedy


FOREIGN = [
    http(200, "<html>login</html>"),
    http(302, "", "Location: https://login.invalid/"),
    http(200, "{}", "Content-Encoding: gzip"),
    http(200, " " * 2**21),
    http(200, "{}"),
    http(200, json.dumps({"Credentials": {"AccessKeyId": "k"}})),
]


@pytest.mark.parametrize("response", FOREIGN, ids=lambda response: repr(response)[:60])
def test_the_error_of_a_response_from_a_different_server_is_about_the_host(setup: SourceSetup, response: bytes) -> None:
    with RawServer([response]) as server, pytest.raises(CredentialsError) as caught:
        get(settings_of(setup, ASSUME, sts_endpoint=server.url))
    assert "no proxy or login page responds" in caught.value.remedy
    assert "roleArn" not in caught.value.remedy


def test_the_error_of_expired_credentials_is_about_the_clock(setup: SourceSetup) -> None:
    old = {"AccessKeyId": "k", "AccessKeySecret": "s", "SecurityToken": "t", "Expiration": "2001-01-01T00:00:00Z"}
    with RawServer([http(200, json.dumps({"Credentials": old}))]) as server, pytest.raises(CredentialsError) as caught:
        get(settings_of(setup, ASSUME, sts_endpoint=server.url))
    assert "Check the clock of this machine" in caught.value.remedy
    assert "roleArn" not in caught.value.remedy


@pytest.mark.parametrize("way", ["uri", "OAuth", "CloudSSO"])
def test_the_host_of_every_source_is_named(setup: SourceSetup, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    monkeypatch.setitem(HOSTS, "oauth CN", "http://127.0.0.1:9")
    login = {"cloud_sso_sign_in_url": "http://127.0.0.1:9/x", "cloud_sso_access_token_expire": 4102444800}
    environ = {"ALICLOUD_CREDENTIALS_URI": "http://127.0.0.1:9/c"}
    if way != "uri":
        fields = {**SSO, **login} if way == "CloudSSO" else {"oauth_access_token": "t", "oauth_refresh_token": "r"}
        environ = setup.profile(way, **fields)
    with pytest.raises(CredentialsError, match=r" at 127\.0\.0\.1:9: the connection was refused"):
        get(settings_of(setup, environ))


def test_the_error_of_an_untrusted_host_names_the_certificate_file(
    setup: SourceSetup, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with vendor_hosts.connected(setup.stand_in, tmp_path, monkeypatch):
        monkeypatch.delenv("SSL_CERT_FILE")
        with pytest.raises(CredentialsError) as caught:
            get(settings_of(setup, ASSUME, sts_endpoint="sts.cn-hangzhou.aliyuncs.com"))
    assert "sts.cn-hangzhou.aliyuncs.com" in caught.value.title
    assert "SSL_CERT_FILE" in caught.value.remedy
    assert "roleArn" not in caught.value.remedy
    assert not caught.value.transient


def test_the_error_of_a_timeout_names_the_host(setup: SourceSetup) -> None:
    setup.stand_in.delay = 3
    settings = settings_of(setup, ASSUME | {"MAX_RETRY_TIMEOUT": "1"})
    with pytest.raises(DeadlineExceededError) as caught:
        asyncio.run(Client(settings).list_instance_model())
    assert f"STS is called at {setup.stand_in.url} (from environment STS_ENDPOINT)" in caught.value.title
    assert "hologres:stsEndpoint" in caught.value.remedy
