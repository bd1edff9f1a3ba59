"""Names: the one that stands for every region, and the nearest known one, for messages about an unknown one."""

import difflib
from collections.abc import Iterable

EVERY_REGION = "*"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``; did you mean "region"?``, or nothing when no known name is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f'; did you mean "{near[0]}"?' if near else ""
