"""Names: their spelling in Python and in the API, the nearest known name, and names that several interfaces share.

Imports nothing but the standard library: ``--help`` and a program that only declares a list need it.
"""

import re
from collections.abc import Iterable, Sequence

EVERY_REGION = "*"

# Both resources keep the query under this name in the states of users: it must not change. A refresh or a diff gets
# only the old outputs, and `ids` is both a filter and an output. Pulumi hides names that begin with two underscores.
QUERY_KEY = "__query"

# Where the dynamic resource keeps the profile that it was read with; absent where none was given.
PROFILE_KEY = "__profile"

# The mark of a special value in Pulumi's states and protocol, and the value that it has for a secret: constants of
# sdk/go/common/resource/sig in pulumi/pulumi.
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a mark, not a secret

DRIFT_CLASSES = ("inventory", "lifecycle", "usage")
# The class of each kind of event, the worst kind first.
DRIFT_EVENTS = {
    "removed": "inventory",
    "renewal-turned-off": "lifecycle",
    "expiry-moved-backward": "lifecycle",
    "status-changed": "lifecycle",
    "resized": "inventory",
    "owner-changed": "inventory",
    "expiry-changed": "lifecycle",
    "renewal-changed": "lifecycle",
    "billing-changed": "lifecycle",
    "renamed": "lifecycle",
    "added": "inventory",
    "expiry-moved-forward": "lifecycle",
    "renewal-turned-on": "lifecycle",
    "usage": "usage",
}
DEFAULT_DRIFT_CLASSES = ("inventory", "lifecycle")  # usage changes all the time


def to_camel(name: str) -> str:
    """Return ``instanceModelList`` for ``instance_model_list``."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def to_snake(name: str) -> str:
    """Return ``instance_model_list`` for ``instanceModelList``."""
    return re.sub(r"(?<=[a-z0-9])[A-Z]", lambda capital: "_" + capital[0].lower(), name)


def plural(number: int, noun: str) -> str:
    """Return ``1 AI instance``, ``13 AI instances``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def region_label(region: str | None, regions: Sequence[str] | None) -> str:
    """Return the requested regions as a result and an ID name them, joined by commas; empty for none."""
    return region or ",".join(regions or ())


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean "region"?``, or an empty text if no known name is near."""
    import difflib  # noqa: PLC0415 - only an unknown name needs it

    near = difflib.get_close_matches(name, list(known), n=1)
    return f'; did you mean "{near[0]}"?' if near else ""
