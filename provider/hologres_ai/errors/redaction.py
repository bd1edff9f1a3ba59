"""Make external text safe to show: without secrets, without control characters, and limited in length."""

import html
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache

SHOWN_CHARACTERS = 200
CUT = "…"
_BETWEEN = r"(?:[\s\x00-\x1f\x7f]|\\[bfnrt])*"
"""The pattern of what may be between the characters of a value: white space and control characters, raw or escaped."""


def redact(text: str, secrets: Iterable[str]) -> str:
    """Replace each of `secrets` in a text by ``***``, even if it is encoded for JSON, HTML or a URL."""
    for secret in filter(None, secrets):
        text = _pattern(secret).sub("***", text)
    return text


def clean(text: str, secrets: Iterable[str] = (), limit: int = SHOWN_CHARACTERS) -> str:
    """Return an external text with secrets redacted, without control characters, cut to `limit` characters."""
    printable = redact("".join(c for c in text if c.isprintable()), secrets)
    return printable if len(printable) <= limit else printable[:limit] + CUT


@lru_cache(maxsize=32)
def _pattern(secret: str) -> re.Pattern[str]:
    return re.compile(_BETWEEN.join(map(_forms, secret)))


def _forms(char: str) -> str:
    """Return a pattern for a character as written, escaped in JSON or HTML, or percent-encoded once or several times.

    Encoders do not change ASCII letters and digits.
    """
    if char.isascii() and char.isalnum():
        return char
    code, percent = ord(char), "".join(f"%(?:25)*{byte:02x}" for byte in char.encode("utf-8", "replace"))
    encoded = (
        re.escape(html.escape(char)),
        rf"\\?{re.escape(char)}",
        rf"\\u{code:04x}",
        rf"&#0*{code};",
        rf"&#x0*{code:x};",
    )
    return f"(?i:{'|'.join((*encoded, percent))})"


class _RedactingFilter(logging.Filter):
    """A log filter that redacts secrets in unencoded form. httpx and httpcore write response headers to their logs.

    The filter searches for the plain text of each secret. A secret may be a URL with several thousand characters, for
    which a regular expression would be too slow.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__()
        self._secrets = secrets

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        for secret in filter(None, self._secrets):
            text = text.replace(secret, "***")
        record.msg, record.args = text, None
        return True


@contextmanager
def redact_logs(secrets: Sequence[str]) -> Iterator[None]:
    """Redact `secrets` in the log records of httpx and httpcore while the block runs."""
    names = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy")
    loggers, redacting = [logging.getLogger(name) for name in names], _RedactingFilter(secrets)
    for logger in loggers:
        logger.addFilter(redacting)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(redacting)
