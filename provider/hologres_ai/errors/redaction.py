"""Text from outside, made safe to show: no secret, no control character, and not too long."""

from collections.abc import Iterable

SHOWN_CHARACTERS = 200
CUT = "…"


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text with ``***`` in place of each of `secrets`."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


def clean(text: str, secrets: Iterable[str] = (), limit: int = SHOWN_CHARACTERS) -> str:
    """Return the part of an external text that may be shown: redacted, printable, at most `limit` characters."""
    printable = "".join(c for c in redact(text, secrets) if c.isprintable())
    return printable if len(printable) <= limit else printable[:limit] + CUT
