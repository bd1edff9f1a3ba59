"""Endpoints, TLS certificates, proxies, and the causes of failed connections.

STS calls and API calls follow the same rules. The environment is read at each use and is never changed.
"""

import ipaddress
import os
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..errors import ConfigurationError

# --- Endpoints -------------------------------------------------------------------------------------------------------

_NETLOC = r"([A-Za-z0-9][A-Za-z0-9.-]{0,252}|\[[0-9A-Fa-f:]{2,39}\])(:[0-9]{1,5})?"


@dataclass(frozen=True)
class Endpoint:
    """Scheme, host and port of a service. The port is None if it is the default port of the scheme."""

    scheme: str
    host: str
    port: int | None = None

    @property
    def url(self) -> str:
        """The URL, such as ``https://hologram.cn-hangzhou.aliyuncs.com``."""
        return f"{self.scheme}://{self.authority}"

    @property
    def authority(self) -> str:
        """The host and the port, as in the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host + (f":{self.port}" if self.port else "")

    @property
    def address(self) -> str:
        """The URL to connect to.

        Names under ``.localhost`` are replaced by the loopback address (RFC 6761), because not every resolver does so.
        """
        return replace(self, host=LOOPBACK).url if self.host.endswith(".localhost") else self.url


def parse_endpoint(text: str) -> Endpoint:
    """Parse ``host`` or ``host:port``, optionally after ``https://``, or after ``http://`` for loopback only.

    Raises:
        ValueError: the text is not such an endpoint. The message gives the reason but not the text, which may
            contain a password.
    """
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        port = parts.port
    except ValueError:  # its message quotes the text
        raise ValueError("its host or port is invalid") from None
    if parts.scheme not in ("https", "http"):
        raise ValueError("the scheme is neither https nor http")
    if parts.username is not None or parts.password is not None:
        raise ValueError("it contains a user name")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("it has more than a host and a port")
    host = parts.hostname or ""
    if not re.fullmatch(_NETLOC, parts.netloc) or not text.isprintable() or port == 0:
        raise ValueError("it is not a host name with a port from 1 to 65535")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("http is for loopback only, because others could read the signature")
    return Endpoint(parts.scheme, host, port)


LOOPBACK = "127.0.0.1"


def is_loopback(host: str) -> bool:
    """Return True if a host is a loopback address or a localhost name."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


# --- Trust -----------------------------------------------------------------------------------------------------------


def tls_context(scheme: str) -> ssl.SSLContext:
    """Return the TLS context that all connections of the process share, because creating one takes longer than a call.

    Raises:
        ConfigurationError: the certificates in ``SSL_CERT_FILE`` or ``SSL_CERT_DIR`` can't be read.
    """
    if scheme == "http":
        return _no_authorities()
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    named = file or folder
    try:
        return _authorities(file, folder, Path(named).stat().st_mtime_ns if named else None)
    except OSError as error:
        name, kind = ("SSL_CERT_FILE", "file") if file else ("SSL_CERT_DIR", "folder")
        reason = "no valid certificate" if isinstance(error, ssl.SSLError) else error.strerror
        raise ConfigurationError(
            f"the {kind} in {name} can't be read: {named} ({reason})",
            f"Set {name} to a {kind} with certificates in PEM format, or unset it.",
        ) from None


@lru_cache(maxsize=1)
def _no_authorities() -> ssl.SSLContext:
    """Return a context without trusted certificates, because httpx requires a context even for plain http."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@lru_cache(maxsize=1)
def _authorities(_file: str | None, _folder: str | None, _written: int | None) -> ssl.SSLContext:
    """Return the context. The arguments are the cache key, so a changed variable or file leads to a new context."""
    import httpx  # noqa: PLC0415 - slow to import, and not needed to resolve settings

    return httpx.create_ssl_context()


# --- Proxies ---------------------------------------------------------------------------------------------------------

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Proxy:
    """A proxy and the environment variable that sets it. The address may contain a password; `str(proxy)` does not."""

    address: str = field(repr=False)
    variable: str

    def __str__(self) -> str:
        parts = urlsplit(self.address)
        return f"{parts.hostname}{f':{parts.port}' if parts.port else ''} ({self.variable})"

    @property
    def remedy(self) -> str:
        """The next step if the proxy failed."""
        return (
            f"Check the address, the user name and the password of the proxy in {self.variable}; "
            "list the hosts to reach without a proxy in NO_PROXY."
        )


def proxy_for(url: str, environ: Mapping[str, str] | None = None) -> Proxy | None:
    """Return the proxy for a URL, or None for a direct connection.

    The address comes from ``HTTPS_PROXY`` or ``HTTP_PROXY``, depending on the scheme. If that variable is not set, the
    address comes from ``ALL_PROXY``. Hosts in ``NO_PROXY`` are reached directly. The lower-case form of each variable
    is also read, and takes precedence.

    Raises:
        ConfigurationError: the variable that applies does not contain the address of a supported proxy.
    """
    environ = os.environ if environ is None else environ
    parts = urlsplit(url)
    variable = _variable(environ, f"{parts.scheme}_proxy") or _variable(environ, "all_proxy")
    host, port = (parts.hostname or "").rstrip("."), parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    entries = re.split(r"[,\s]+", environ.get(_variable(environ, "no_proxy"), "").lower())
    if not variable or any(_names(entry, host, port) for entry in entries if entry):
        return None
    address = environ[variable]
    return _checked_proxy(Proxy(address if "://" in address else f"http://{address}", variable))


def _variable(environ: Mapping[str, str], name: str) -> str:
    """Return the name of the variable in the case in which it is set, or an empty text if it is not set."""
    return next((spelling for spelling in (name, name.upper()) if environ.get(spelling)), "")


def _checked_proxy(proxy: Proxy) -> Proxy:
    if not _is_proxy_url(proxy.address):
        raise ConfigurationError(
            f"the proxy in {proxy.variable} is not a valid URL",
            f"Set {proxy.variable} to a URL such as http://proxy.example.com:3128, without quotes, or unset it.",
        )
    if proxy.address.lower().startswith("socks") and find_spec("socksio") is None:
        raise ConfigurationError(
            f"the proxy in {proxy.variable} is a SOCKS proxy, which requires a package that is not installed",
            f"Install it with `pip install 'httpx[socks]'`, or set {proxy.variable} to an HTTP proxy.",
        )
    return proxy


def _is_proxy_url(address: str) -> bool:
    import httpx  # noqa: PLC0415 - see `_authorities`

    try:
        httpx.Proxy(address)
        parts = urlsplit(address)
        return parts.port != 0 and re.fullmatch(r"[^\s\"'%]+", parts.hostname or "") is not None
    except (httpx.InvalidURL, ValueError):
        return False


def _names(entry: str, host: str, port: int) -> bool:
    """Return True if an entry of ``NO_PROXY`` matches a host and a port.

    An entry is one of the following: ``*``, which matches all hosts; a domain name, written as ``name``, ``.name`` or
    ``*.name``, which also matches its subdomains; an IP address; a range of addresses, such as ``10.0.0.0/8``. A name
    or an address may have a port.
    """
    if entry == "*":
        return True
    named, only_port = _host_and_port(entry.partition("://")[2] or entry)
    if only_port and only_port != str(port):
        return False
    network = _network(named)
    if network is not None:
        address = _network(host)
        return address is not None and address.version == network.version and address.subnet_of(network)  # type: ignore[arg-type]
    name = named.removeprefix("*").removeprefix(".").rstrip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _host_and_port(entry: str) -> tuple[str, str]:
    if _network(entry) is not None:
        return entry, ""
    host, colon, port = entry.rstrip("/").rpartition(":")
    if not colon or not port.isdecimal():
        host, port = entry.rstrip("/"), ""
    return host.removeprefix("[").removesuffix("]"), port


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def proxy_passwords() -> list[str]:
    """Return the passwords in the proxy addresses. Each password is returned as written and percent-decoded."""
    names = [spelling for kind in ("https", "http", "all") for spelling in (f"{kind}_proxy", f"{kind}_proxy".upper())]
    addresses = [os.environ.get(name, "") for name in names]
    found = [re.match(r"(?:[a-z0-9+.-]+://)?[^/@:]*:(.+)@", address, re.IGNORECASE) for address in addresses]
    return [text for match in found if match for text in (match[1], unquote(match[1]))]


def describe_proxies() -> dict[str, str]:
    """Return the proxy variables that are set. A proxy is shown without user name and password."""
    names = [f"{kind}_proxy" for kind in ("https", "http", "all", "no")]
    found = {name: os.environ.get(name) for lower in names for name in (lower.upper(), lower)}
    return {name: _without_password(name, value) for name, value in found.items() if value}


def _without_password(name: str, value: str) -> str:
    if name.lower() == "no_proxy":
        return value
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "can't be read"
    return f"{parts.scheme}://{parts.hostname or '?'}{port}" + (" (with a user name)" if parts.username else "")


# --- Failures --------------------------------------------------------------------------------------------------------


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and all its causes, because httpx and httpcore wrap each failure in their own exceptions."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def has_cause(error: BaseException, kind: type[BaseException]) -> bool:
    """Return True if an exception or one of its causes is an instance of `kind`."""
    return any(isinstance(cause, kind) for cause in causes(error))


def is_tls_failure(error: BaseException) -> bool:
    """Return True if TLS failed. A connection that the peer closed early is not a TLS failure."""
    return any(isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError) for cause in causes(error))


def proxy_status(error: Exception) -> int | None:
    """Return the HTTP status in an `httpx.ProxyError`, or None."""
    found = re.match(r"[1-5][0-9]{2}\b", str(error))
    return int(found[0]) if found else None
