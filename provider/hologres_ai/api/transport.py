"""httpx as it is used here: without its own command line, with one TLS context for all calls of a process, and with
no secret in its log."""

import logging
import os
import re
import ssl
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote
from urllib.request import getproxies

# httpx imports its command line wherever click and rich are installed, as they are here: a fifth of all that a script
# imports, for a program that nobody runs in this process. Without it httpx does as it does where they are not.
_COMMAND_LINE = "httpx._main"
if "httpx" not in sys.modules:
    sys.modules[_COMMAND_LINE] = None  # type: ignore[assignment]  # how an import is made to fail
try:
    import httpx
finally:
    if sys.modules.get(_COMMAND_LINE, ...) is None:
        del sys.modules[_COMMAND_LINE]

__all__ = ["httpx", "proxy_passwords", "redact_logs", "tls_context"]


def tls_context(scheme: str) -> ssl.SSLContext:
    """What connections are trusted with; making one costs more than a call, so those of a process share it.

    Raises:
        OSError: the file or folder in the environment can't be read.
    """
    if scheme == "http":
        return _trusting_nobody()
    file = os.environ.get("SSL_CERT_FILE")
    return _trusting(file, os.environ.get("SSL_CERT_DIR"), Path(file).stat().st_mtime_ns if file else None)


@lru_cache(maxsize=1)
def _trusting_nobody() -> ssl.SSLContext:
    """httpx wants one for plain http too; nothing that would begin TLS gets through with it."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@lru_cache(maxsize=1)
def _trusting(_file: str | None, _folder: str | None, _written: int | None) -> ssl.SSLContext:
    """Made anew when the environment names another file, or the file has another content."""
    return httpx.create_ssl_context()


class RedactingFilter(logging.Filter):
    """Blots secrets out of the HTTP libraries' lines: they show what a peer sends back in its headers."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__()
        self._secrets = secrets

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        for secret in self._secrets:
            text = text.replace(secret, "***")
        record.msg, record.args = text, None
        return True


@contextmanager
def redact_logs(secrets: Sequence[str]) -> Iterator[None]:
    """No secret in the lines of httpx and httpcore while the block runs."""
    names = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy")
    loggers, blotter = [logging.getLogger(name) for name in names], RedactingFilter(secrets)
    for logger in loggers:
        logger.addFilter(blotter)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(blotter)


def proxy_passwords() -> list[str]:
    """Those in the proxies' addresses, as they are written there and as they are meant."""
    found = [re.search(r"//[^/@:]*:(.+)@", address) for address in getproxies().values()]
    return [text for match in found if match for text in (match[1], unquote(match[1]))]
