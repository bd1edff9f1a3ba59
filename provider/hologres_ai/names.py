"""Names, on the wire and in Python, and of regions; and the nearest known one, for messages about an unknown one.

Pydantic spells them in the same way. A program that only declares a list does without it.
"""

import re
from collections.abc import Iterable, Sequence

EVERY_REGION = "*"

# Where both resources keep what was asked, in users' states: it must stay as it is. A refresh or a diff is given the
# old outputs alone, and `ids` is both asked and answered. Pulumi takes two underscores for internal: it is not shown.
QUERY_KEY = "__query"


def to_camel(name: str) -> str:
    """``instanceModelList``, of ``instance_model_list``."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def to_snake(name: str) -> str:
    """``instance_model_list``, of ``instanceModelList``."""
    return re.sub(r"(?<=[a-z0-9])[A-Z]", lambda capital: "_" + capital[0].lower(), name)


def region_label(region: str | None, regions: Sequence[str] | None) -> str:
    """What a result and an ID call the region that was asked for: several joined by commas; empty where none was."""
    return region or ",".join(regions or ())


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``; did you mean "region"?``, or nothing when no known name is near."""
    import difflib  # noqa: PLC0415 - only what is misspelt needs it

    near = difflib.get_close_matches(name, list(known), n=1)
    return f'; did you mean "{near[0]}"?' if near else ""
