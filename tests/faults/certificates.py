"""A throw-away certificate authority, and servers' certificates of which one is good."""

import ssl
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)
LOCAL = (x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1")))
ELSEWHERE = (x509.DNSName("hologram.cn-nowhere.invalid"),)


@dataclass(frozen=True)
class Signed:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def write(self, path: Path) -> Path:
        """Both in one PEM file."""
        pem = serialization.Encoding.PEM
        key = self.key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        path.write_bytes(key + self.certificate.public_bytes(pem))
        return path


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _sign(
    name: str,
    names: tuple[x509.GeneralName, ...],
    *,
    issuer: Signed | None = None,
    start: timedelta = -DAY,
    end: timedelta = DAY,
) -> Signed:
    """A certificate for `names`, by `issuer` or by itself, good from `start` to `end` as seen from now."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(issuer.certificate.subject if issuer else _named(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + start)
        .not_valid_after(now + end)
        .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return Signed(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


@dataclass(frozen=True)
class Authority:
    """The authority's certificate as a file, and the contexts of the servers by the name of what they are."""

    file: Path
    servers: dict[str, ssl.SSLContext]


@cache
def authority() -> Authority:
    """Made once in a process."""
    ours, theirs = _sign("the authority", ()), _sign("another authority", ())
    leaves = {
        "trusted": _sign("good", LOCAL, issuer=ours),
        "self-signed": _sign("self-signed", LOCAL),
        "unknown authority": _sign("unknown", LOCAL, issuer=theirs),
        "wrong host": _sign("wrong", ELSEWHERE, issuer=ours),
        "expired": _sign("expired", LOCAL, issuer=ours, start=-2 * DAY, end=-DAY),
        "not valid yet": _sign("early", LOCAL, issuer=ours, start=DAY, end=2 * DAY),
    }
    with TemporaryDirectory() as temporary:
        servers = {name: _context(leaf, Path(temporary)) for name, leaf in leaves.items()}
        servers["old TLS version"] = _old(_context(leaves["trusted"], Path(temporary)))
    return Authority(_written(ours), servers)


def _context(leaf: Signed, folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf.write(folder / "leaf.pem"))
    return context


def _old(context: ssl.SSLContext) -> ssl.SSLContext:
    """A server that speaks TLS 1.1 and nothing newer."""
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that is what it is for
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


@cache
def _folder() -> TemporaryDirectory[str]:
    """Gone with the process; the workers, which end without a last word, never ask for it."""
    return TemporaryDirectory(prefix="hologres-ai-faults-")


def _written(authority: Signed) -> Path:
    path = Path(_folder().name) / "authority.pem"
    path.write_bytes(authority.certificate.public_bytes(serialization.Encoding.PEM))
    return path
