"""httpx as it is used here."""

import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from hologres_ai.network import tls_context


def imported(script: str) -> set[str]:
    """The modules that a script has imported in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", f"{script}\nimport sys\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(done.stdout.split())


def test_a_program_that_declares_a_list_imports_nothing_that_reads() -> None:
    modules = imported("from hologres_ai import AiNodeList")
    assert "hologres_ai.dynamic" in modules
    assert modules.isdisjoint({"httpx", "tenacity", "hologres_ai.core.read", "hologres_ai.api.client"})


def test_plain_http_trusts_nobody() -> None:
    context = tls_context("http")
    assert context is tls_context("http")
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.get_ca_certs() == []


def test_https_has_one_context_until_the_environment_or_the_file_changes(
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
    with pytest.raises(OSError):
        tls_context("https")


def test_a_file_that_is_not_there_is_told_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent/ca.pem")
    for _ in range(2):
        with pytest.raises(OSError):
            tls_context("https")
