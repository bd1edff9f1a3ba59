"""Connections to services: proxies and NO_PROXY for STS and the API, TLS contexts, logs without secrets."""

import asyncio
import logging
import ssl
from importlib.util import find_spec
from pathlib import Path

import pytest

from hologres_ai.api.client import Client
from hologres_ai.api.transport import Connections
from hologres_ai.config import resolve
from hologres_ai.credentials import cache
from hologres_ai.credentials.http import FetchError, send
from hologres_ai.credentials.types import Limits
from hologres_ai.errors import ConfigurationError, HologresAiError, TransportError
from hologres_ai.errors.redaction import redact_logs
from hologres_ai.settings.network import parse_endpoint, proxy_for, proxy_passwords, tls_context
from tests.support.raw_server import RawServer, http

PROXY = "http://127.0.0.1:9"
HOST = "sts.cn-hangzhou.aliyuncs.com"


def route(url: str, no_proxy: str) -> str | None:
    return address({"HTTPS_PROXY": PROXY, "HTTP_PROXY": PROXY, "NO_PROXY": no_proxy}, url)


def address(environ: dict[str, str], url: str = f"https://{HOST}") -> str | None:
    proxy = proxy_for(url, environ)
    return proxy.address if proxy else None


@pytest.mark.parametrize(
    "no_proxy",
    [
        "*",
        HOST,
        "aliyuncs.com",
        ".aliyuncs.com",
        "*.aliyuncs.com",
        "*aliyuncs.com",
        "example.com, *.ALIYUNCS.com",
        f"{HOST}:443",
        "*.aliyuncs.com:443",
        "https://aliyuncs.com",
        ",,aliyuncs.com,",
        "example.com aliyuncs.com",
        "aliyuncs.com.",
    ],
)
def test_no_proxy_matches_a_host(no_proxy: str) -> None:
    assert route(f"https://{HOST}/", no_proxy) is None


@pytest.mark.parametrize(
    "no_proxy",
    [
        "",
        "example.com",
        "liyuncs.com",
        f"{HOST}:80",
        f"{HOST}:8443",
        "x.sts.cn-hangzhou.aliyuncs.com",
        "*.com.cn",
        ":443",
    ],
)
def test_no_proxy_does_not_match_another_host(no_proxy: str) -> None:
    assert route(f"https://{HOST}/", no_proxy) == PROXY


@pytest.mark.parametrize(
    ("url", "no_proxy", "direct"),
    [
        ("https://h.example:8443/", "h.example:8443", True),
        ("https://h.example:8443/", "h.example", True),
        ("https://h.example:8443/", "h.example:443", False),
        ("https://127.0.0.1/", "127.0.0.1", True),
        ("https://127.0.0.1:8443/", "127.0.0.1:8443", True),
        ("https://127.0.0.2/", "127.0.0.1", False),
        ("https://[::1]/", "::1", True),
        ("https://[::1]:8443/", "[::1]:8443", True),
        ("http://h.example/", "h.example:80", True),
        ("https://10.0.0.1/", "10.0.0.0/8", True),
        ("https://10.0.0.1:8443/", "10.0.0.1/32", True),
        ("https://11.0.0.1/", "10.0.0.0/8", False),
        ("https://[::1]/", "10.0.0.0/8", False),
        ("https://ten.example/", "10.0.0.0/8", False),
    ],
)
def test_no_proxy_matches_ports_and_addresses(url: str, no_proxy: str, direct: bool) -> None:
    assert (route(url, no_proxy) is None) == direct


def test_the_lower_case_variable_wins_and_the_scheme_is_optional() -> None:
    assert address({"https_proxy": "a:1", "HTTPS_PROXY": "b:2"}) == "http://a:1"
    assert address({"ALL_PROXY": "http://a:1"}) == "http://a:1"
    assert address({"HTTP_PROXY": "a:1"}) is None
    assert address({}) is None


def test_a_proxy_is_shown_with_its_variable_and_without_its_password() -> None:
    environ = {"https_proxy": "http://user:password@proxy.example:3128"}
    assert str(proxy_for(f"https://{HOST}", environ)) == "proxy.example:3128 (https_proxy)"


@pytest.mark.parametrize(
    "value", [" http://p:1 ", '"http://p:1"', "'http://p:1'", "http://p p:1", "http://p:99999", "http://", "ftp://p:1"]
)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "all_proxy"])
def test_an_invalid_proxy_is_an_error_with_the_name_of_its_variable(value: str, variable: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^the proxy in {variable} is not a valid URL") as caught:
        address({variable: value})
    assert f"Set {variable} to" in caught.value.remedy
    assert address({variable: value, "NO_PROXY": HOST}) is None


@pytest.mark.skipif(find_spec("socksio") is not None, reason="SOCKS proxies are supported here")
def test_a_socks_proxy_without_its_package_is_an_error_with_the_name_of_its_variable() -> None:
    with pytest.raises(ConfigurationError, match="the proxy in ALL_PROXY is a SOCKS proxy"):
        address({"ALL_PROXY": "socks5://a:1"})


@pytest.mark.parametrize("proxy", ["nohost.invalid:1", "127.0.0.1:9"])
def test_a_proxy_that_cannot_be_reached_is_named_for_sts_and_for_the_api(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    cache.forget()
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.setenv("NO_PROXY", "")
    with pytest.raises(FetchError) as by_sts:
        send("https://sts.aliyuncs.invalid/", Limits(1, 1, 2))
    keys = {"access_key": "a", "secret_key": "b", "region": "cn-hangzhou", "max_retry_timeout": "20"}
    client = Client(resolve({**keys, "endpoint": "h.aliyuncs.invalid"}, None, {}), wait=lambda _state: 0.0)
    with pytest.raises(TransportError) as by_api:
        asyncio.run(client.list_instance_model())
    assert not by_api.value.no_such_host
    for error in (by_sts.value, by_api.value):
        assert f"through the proxy {proxy} (HTTPS_PROXY)" in error.title
        assert "the proxy in HTTPS_PROXY" in error.remedy


@pytest.mark.parametrize(("no_proxy", "seen"), [("*.aliyuncs.invalid", 0), ("sts.aliyuncs.invalid:443", 0), ("x", 1)])
def test_sts_and_the_api_follow_the_same_proxy_rules(monkeypatch: pytest.MonkeyPatch, no_proxy: str, seen: int) -> None:
    cache.forget()
    with RawServer([http(403)]) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", no_proxy)
        with pytest.raises(FetchError):
            send("https://sts.aliyuncs.invalid/", Limits(1, 1, 2))
        by_sts = len(proxy.requests)
        keys = {"access_key": "a", "secret_key": "b", "region": "cn-hangzhou", "max_retry_timeout": "2"}
        config = resolve({**keys, "endpoint": "sts.aliyuncs.invalid"}, None, {})
        with pytest.raises(HologresAiError):
            asyncio.run(Client(config).list_instance_model())
        by_api = len(proxy.requests) - by_sts
    assert (by_sts, by_api) == (seen, seen)


def test_the_http_client_does_not_read_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    async def trusts() -> bool:
        async with Connections() as connections:
            return connections.client(parse_endpoint(HOST)).trust_env

    assert not asyncio.run(trusts())


def test_proxy_passwords_are_found_encoded_and_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:p%40ss@127.0.0.1:9")
    assert proxy_passwords() == ["p%40ss", "p@ss"]


def test_secrets_are_redacted_while_a_block_runs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    log = logging.getLogger("httpx")
    with redact_logs(["secret"]):
        log.debug("sent %s", "secret")
    log.debug("sent %s", "other")
    assert [record.getMessage() for record in caplog.records] == ["sent ***", "sent other"]


# --- Trust -----------------------------------------------------------------------------------------------------------


def test_the_context_of_plain_http_trusts_no_certificate() -> None:
    context = tls_context("http")
    assert context is tls_context("http")
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.get_ca_certs() == []


def test_the_tls_context_is_reused_until_the_environment_or_the_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    first = tls_context("https")
    assert first is tls_context("https")
    assert first.verify_mode is ssl.CERT_REQUIRED
    assert first.get_ca_certs()
    bundle = tmp_path / "ca.pem"
    bundle.write_text(ssl.DER_cert_to_PEM_cert(first.get_ca_certs(binary_form=True)[0]))
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    second = tls_context("https")
    assert second is not first
    bundle.write_text("no certificate any more")
    with pytest.raises(ConfigurationError, match="the file in SSL_CERT_FILE can't be read"):
        tls_context("https")


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_missing_certificates_are_an_error_each_time_with_the_name_of_the_variable(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv(name, "/nonexistent/ca.pem")
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=f"in {name} can't be read: /nonexistent/ca.pem"):
            tls_context("https")
