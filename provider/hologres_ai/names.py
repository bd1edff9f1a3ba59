"""Names: conversion between the spelling of Python and the spelling of the API, suggestions, and shared constants.

This module imports only the standard library, so that ``--help`` and programs that only declare a list start fast.
"""

import re
from collections.abc import Iterable, Sequence

EVERY_REGION = "*"

# The output that contains the query. Existing Pulumi states contain this name, so it must not change. The output is
# needed because a refresh or a diff receives only the old outputs, and `ids` is both a filter and an output. Pulumi
# does not display names that begin with two underscores.
QUERY_KEY = "__query"

# The output in which the dynamic resource stores the profile that was used for the read; absent without a profile.
PROFILE_KEY = "__profile"

# The key that marks a special value in states and in the protocol of Pulumi, and its value for a secret. Source: the
# constants of sdk/go/common/resource/sig in pulumi/pulumi.
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a constant of Pulumi, not a secret

DRIFT_CLASSES = ("inventory", "lifecycle", "usage")
# The drift class of each kind of event; the most severe kind first.
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
DEFAULT_DRIFT_CLASSES = ("inventory", "lifecycle")  # without usage, which changes frequently


def to_camel(name: str) -> str:
    """Convert a name from snake case to camel case: ``instance_model_list`` becomes ``instanceModelList``."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def to_snake(name: str) -> str:
    """Convert a name from camel case to snake case: ``instanceModelList`` becomes ``instance_model_list``."""
    return re.sub(r"(?<=[a-z0-9])[A-Z]", lambda capital: "_" + capital[0].lower(), name)


def plural(number: int, noun: str) -> str:
    """Return a number and its noun, which is plural unless the number is 1: ``1 AI instance``, ``13 AI instances``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def region_label(region: str | None, regions: Sequence[str] | None) -> str:
    """Return the requested regions, joined by commas, or an empty string if no region was requested."""
    return region or ",".join(regions or ())


# If a program requests a version of the plugin, the name of the default provider contains it, such as default_0_1_0.
# Source: ProviderRequest.DefaultName in pkg/resource/deploy/providers of pulumi/pulumi.
_DEFAULT_PROVIDER = r"urn:pulumi:[^:]*::[^:]*::[^:]*:[^:]*:[^:]*::default(_\d+_\d+_\d+.*)?"


def is_default_provider(urn: str) -> bool:
    """Return True if the provider in a URN has the name of a default provider, which the engine creates."""
    return re.fullmatch(_DEFAULT_PROVIDER, urn) is not None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a suggestion such as ``; did you mean "region"?``, or an empty string if no known name is similar."""
    import difflib  # noqa: PLC0415 - imported only for unknown names

    near = difflib.get_close_matches(name, list(known), n=1)
    return f'; did you mean "{near[0]}"?' if near else ""
