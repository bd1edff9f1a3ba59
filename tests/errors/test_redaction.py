"""Text from outside is redacted, printable and short before it is shown."""

import pytest

from hologres_ai.errors.redaction import clean, redact

SECRET = "canary-key-secret-5eRz"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("节点", "节点"),
        (f"you sent {SECRET}, {SECRET}", "you sent ***, ***"),
        ("a\x1b[31mb\x00\r\n\u202ec", "a[31mbc"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 200 + "…"),
        ("x" * 190 + SECRET, "x" * 190 + "***"),
    ],
)
def test_clean_redacts_secrets_and_control_characters_and_cuts_long_text(text: str, shown: str) -> None:
    assert clean(text, [SECRET]) == shown


def test_clean_accepts_another_limit() -> None:
    assert clean("abcdef", limit=3) == "abc…"


def test_every_secret_is_redacted() -> None:
    assert redact("a-b-c", ["a", "c"]) == "***-b-***"
