"""Make external text safe to show: without secrets, without control characters, and limited in length."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

SHOWN_CHARACTERS = 200
CUT = "…"


def redact(text: str, secrets: Iterable[str]) -> str:
    """Replace each of `secrets` in a text by ``***``."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


def clean(text: str, secrets: Iterable[str] = (), limit: int = SHOWN_CHARACTERS) -> str:
    """Return an external text with secrets redacted, without control characters, cut to `limit` characters."""
    printable = "".join(c for c in redact(text, secrets) if c.isprintable())
    return printable if len(printable) <= limit else printable[:limit] + CUT


class _RedactingFilter(logging.Filter):
    """A log filter that redacts secrets. Records of httpx and httpcore contain response headers."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__()
        self._secrets = secrets

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage(), self._secrets), None
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
