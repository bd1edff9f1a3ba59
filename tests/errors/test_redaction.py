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


MIXED = "aB+c/d=eFgHiJkLmNoPq"


@pytest.mark.parametrize(
    "sent",
    [
        MIXED,
        "aB%2Bc%2Fd%3DeFgHiJkLmNoPq",
        "aB%2bc%2fd%3deFgHiJkLmNoPq",
        "aB%252Bc%252Fd%253DeFgHiJkLmNoPq",
        "aB&#43;c&#47;d&#61;eFgHiJkLmNoPq",
        "aB&#x2B;c&#x2f;d&#x3D;eFgHiJkLmNoPq",
        r"aB+c\/d=eFgHiJkLmNoPq",
        r"aB\u002Bc\u002fd\u003DeFgHiJkLmNoPq",
        r"aB+c/d=eFg\nHiJkLmNoPq",
        "aB+c/d=eFg\nHiJkLmNoPq",
        "aB+c/d=eFg \r\n HiJkLmNoPq",
        "aB+c/d=e\x00F\u200bg\x1bHiJkLmNoPq",
    ],
    ids=ascii,
)
def test_a_secret_is_redacted_in_every_encoding_and_with_line_breaks_in_it(sent: str) -> None:
    assert clean(f"token {sent} refused", [MIXED]) == "token *** refused"


@pytest.mark.parametrize("sent", ["p%C3%A9&lt;&amp;&quot;", 'pé<&\\"', "p%c3%a9%3C%26%22"])
def test_any_character_of_a_secret_may_be_encoded(sent: str) -> None:
    assert redact(f"({sent})", ['pé<&"']) == "(***)"


@pytest.mark.parametrize("text", ["AB+c/d=eFgHiJkLmNoPq", "aB c/d=eFgHiJkLmNoPq", "aB+c/d=eFgHiJkLmNoP"])
def test_a_different_text_is_not_redacted(text: str) -> None:
    assert redact(text, [MIXED, ""]) == text
