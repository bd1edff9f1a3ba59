"""Make external text safe to show: without secrets, without control characters, and limited in length."""

from collections.abc import Iterable

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
