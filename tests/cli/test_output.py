"""Text that a terminal shows as it is, and colour."""

from hologres_ai.cli import output


def test_printable_keeps_what_is_visible() -> None:
    visible = "AI节点\u3000שלום é ñ 👍"
    assert output.printable(visible) == visible
    assert output.printable("\x00\x7f\x9b\u2028\U000e0001") == r"\x00\x7f\x9b\u2028\U000e0001"
