"""A temporary certificate authority, and TLS contexts of servers with valid and invalid certificates."""

import ssl
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory

from trustme import CA, LeafCert

DAY = timedelta(days=1)
LOCAL = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Authority:
    """The authority's certificate as a file, and the contexts of the servers by name."""

    file: Path
    servers: dict[str, ssl.SSLContext]


@cache
def authority() -> Authority:
    """Issue all certificates, once in a process."""
    issuer, now = CA(), datetime.now(UTC)
    trusted = issuer.issue_cert(*LOCAL)
    servers = {
        "trusted": _context(trusted),
        "self-signed": _self_signed(CA()),
        "unknown authority": _context(CA().issue_cert(*LOCAL)),
        "wrong host": _context(issuer.issue_cert("hologram.cn-nowhere.invalid")),
        "expired": _context(issuer.issue_cert(*LOCAL, not_before=now - 2 * DAY, not_after=now - DAY)),
        "not valid yet": _context(issuer.issue_cert(*LOCAL, not_before=now + DAY, not_after=now + 2 * DAY)),
        "old TLS version": _old(_context(trusted)),
    }
    file = Path(_folder().name) / "authority.pem"
    issuer.cert_pem.write_to_path(str(file))
    return Authority(file, servers)


def _context(leaf: LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    return context


def _self_signed(issuer: CA) -> ssl.SSLContext:
    """A server that presents an authority's own certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with NamedTemporaryFile() as file:
        file.write(issuer.private_key_pem.bytes() + issuer.cert_pem.bytes())
        file.flush()
        context.load_cert_chain(file.name)
    return context


def _old(context: ssl.SSLContext) -> ssl.SSLContext:
    """Restrict a server to TLS 1.1."""
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the old version is the purpose
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


@cache
def _folder() -> TemporaryDirectory[str]:
    """A folder that is removed when the process ends."""
    return TemporaryDirectory(prefix="hologres-ai-faults-")
