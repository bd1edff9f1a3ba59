"""httpx as it is used here: without its own command line, and with one TLS context for all calls of a process."""

import os
import ssl
import sys
from functools import lru_cache
from pathlib import Path

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

__all__ = ["httpx", "tls_context"]


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
