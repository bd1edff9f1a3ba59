"""The AccessKey in the settings that is used: a key pair has one origin, with the token of that origin only."""

import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

import pytest

from hologres_ai.credentials.key_pair import KeyPair, find_key_pair
from hologres_ai.errors import ConfigurationError
from hologres_ai.settings.lookup import ResolvedSettings, look_up

CANARY = "canary"

# Each origin, the highest first, with the names of the id, of the secret and of the token.
ORIGINS: dict[str, tuple[str, str, str]] = {
    "argument": ("access_key", "secret_key", "security_token"),
    "hologres": ("hologres:accessKey", "hologres:secretKey", "hologres:securityToken"),
    "alicloud": ("alicloud:accessKey", "alicloud:secretKey", "alicloud:securityToken"),
    "ALICLOUD": ("ALICLOUD_ACCESS_KEY", "ALICLOUD_SECRET_KEY", "ALICLOUD_SECURITY_TOKEN"),
    "ALICLOUD long": ("ALICLOUD_ACCESS_KEY_ID", "ALICLOUD_ACCESS_KEY_SECRET", "ALICLOUD_SECURITY_TOKEN"),
    "ALIBABA_CLOUD": (
        *("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"),
    ),
    "ALIBABACLOUD": (*("ALIBABACLOUD_ACCESS_KEY_ID", "ALIBABACLOUD_ACCESS_KEY_SECRET", "ALIBABACLOUD_SECURITY_TOKEN"),),
}
NAMES = list(ORIGINS)
DISTINCT = [name for name in NAMES if name != "ALICLOUD long"]
ENVIRONMENT = NAMES[3:]
PARTS = ("id", "secret", "token")


@dataclass(frozen=True)
class Row:
    """What is set, as ``origin part``; and the origin of each part that is used, or the error."""

    sets: tuple[str, ...]
    id_from: str | None = None
    secret_from: str | None = None
    token_from: str | None = None
    left_over: int = 0
    error: str | None = None

    def __str__(self) -> str:
        return " + ".join(self.sets)


def row(
    *sets: str, pair: str | None = None, token: str | None = None, left_over: int = 0, error: str | None = None
) -> Row:
    """A row whose id and secret come from one origin."""
    return Row(sets, pair, pair, token, left_over, error)


PAIR, WHOLE = ("id", "secret"), PARTS


def at(origin: str, parts: Iterable[str]) -> list[str]:
    return [f"{origin} {part}" for part in parts]


ROWS = [
    # one origin alone, without and with its token
    *(row(*at(name, PAIR), pair=name) for name in NAMES),
    *(row(*at(name, WHOLE), pair=name, token=name) for name in NAMES),
    # two complete origins: the higher one, and only its token
    *(
        row(*at(high, PAIR), *at(low, WHOLE), pair=high, left_over=3)
        for high, low in product(DISTINCT, DISTINCT)
        if DISTINCT.index(high) < DISTINCT.index(low)
    ),
    # the two spellings of ALICLOUD_*: one origin, one token; a pair in one spelling comes first
    row(*at("ALICLOUD", PAIR), *at("ALICLOUD long", PAIR), pair="ALICLOUD", left_over=2),
    row("ALICLOUD id", "ALICLOUD long id", "ALICLOUD long secret", pair="ALICLOUD long", left_over=1),
    Row(("ALICLOUD id", "ALICLOUD long secret"), "ALICLOUD", "ALICLOUD long"),
    Row(("ALICLOUD long id", "ALICLOUD secret", "ALICLOUD token"), "ALICLOUD long", "ALICLOUD", "ALICLOUD"),
    # an incomplete origin above a complete one: an error in arguments and configuration, a warning in the environment
    *(
        row(f"{high} {part}", *at("ALIBABACLOUD", PAIR), error="is incomplete")
        for high, part in product(NAMES[:3], PARTS)
    ),
    *(
        row(f"{high} {part}", *at("ALIBABACLOUD", PAIR), pair="ALIBABACLOUD", left_over=1)
        for high, part in product(NAMES[3:-1], PARTS)
    ),
    # an incomplete origin below a complete one is unused
    *(
        row(*at("hologres", PAIR), f"{low} {part}", pair="hologres", left_over=1)
        for low, part in product(("alicloud", "ALICLOUD", "ALIBABA_CLOUD"), PARTS)
    ),
    # no complete origin: exactly one id, one secret and at most one token are the pair, wherever they are
    *(Row((f"{a} id", f"{b} secret"), a, b) for a, b in product(DISTINCT, DISTINCT) if a != b),
    Row(("hologres id", "ALICLOUD secret", "ALIBABA_CLOUD token"), "hologres", "ALICLOUD", "ALIBABA_CLOUD"),
    # anything else is an error
    row("hologres id", "alicloud id", "ALICLOUD secret", error="ambiguous"),
    row("ALICLOUD id", "ALIBABA_CLOUD id", "ALIBABACLOUD secret", error="ambiguous"),
    row("ALICLOUD id", "ALIBABA_CLOUD secret", "ALIBABACLOUD secret", error="ambiguous"),
    row("ALICLOUD id", "ALIBABA_CLOUD secret", "ALIBABACLOUD token", "hologres token", error="ambiguous"),
    *(row(f"{name} id", error="no secretKey is set") for name in NAMES),
    *(row(f"{name} secret", error="no accessKey is set") for name in NAMES),
    *(row(f"{name} token", error="no accessKey and no secretKey is set") for name in NAMES),
]


def looked_up(sets: Iterable[str]) -> ResolvedSettings:
    """The settings with a different value from each origin."""
    places: dict[str, dict[str, str]] = {"argument": {}, "stack": {}, "environment": {}}
    for place in sets:
        origin, _, part = place.rpartition(" ")
        name = ORIGINS[origin][PARTS.index(part)]
        kind = "argument" if origin == "argument" else "stack" if ":" in name else "environment"
        places[kind][name] = value_at(place)
    return look_up(places["argument"], places["stack"].get, places["environment"])


def value_at(place: str) -> str:
    return f"{CANARY}-{place.replace(' ', '-')}"


@pytest.mark.parametrize("decision", ROWS, ids=str)
def test_the_key_pair_of_the_row_is_used(decision: Row) -> None:
    if decision.error:
        with pytest.raises(ConfigurationError) as caught:
            find_key_pair(looked_up(decision.sets))
        assert decision.error in caught.value.title
        assert caught.value.remedy
        assert CANARY not in "".join(traceback.format_exception(caught.value))
        return
    found = find_key_pair(looked_up(decision.sets))
    assert found is not None
    used = found.credentials
    assert used.access_key_id == value_at(f"{decision.id_from} id")
    assert used.access_key_secret == value_at(f"{decision.secret_from} secret")
    assert used.security_token == (value_at(f"{decision.token_from} token") if decision.token_from else None)
    assert len(found.left_over) == decision.left_over


@pytest.mark.parametrize("decision", [one for one in ROWS if not one.error], ids=str)
def test_each_part_is_reported_with_its_origin_and_no_value(decision: Row) -> None:
    found = find_key_pair(looked_up(decision.sets))
    assert found is not None
    names = [name for name, _ in found.parts]
    assert names == ["accessKey", "secretKey", "securityToken"][: 3 if decision.token_from else 2]
    assert not set(found.left_over) & {origin for _, origin in found.parts}
    assert value_at(f"{decision.secret_from} secret") not in repr(found)


def test_without_settings_there_is_no_key_pair() -> None:
    assert find_key_pair(look_up({}, None, {})) is None


def test_the_same_key_pair_under_other_names_is_not_reported_as_unused() -> None:
    environ = dict.fromkeys((ORIGINS[origin][0] for origin in ENVIRONMENT), "same-id")
    environ |= dict.fromkeys((ORIGINS[origin][1] for origin in ENVIRONMENT), "same-secret")
    found = find_key_pair(look_up({}, None, environ))
    assert isinstance(found, KeyPair)
    assert found.left_over == ()


def test_an_id_that_is_set_twice_with_one_value_is_not_ambiguous() -> None:
    environ = {"ALICLOUD_ACCESS_KEY": "a", "ALIBABA_CLOUD_ACCESS_KEY_ID": "a", "ALIBABACLOUD_ACCESS_KEY_SECRET": "s"}
    found = find_key_pair(look_up({}, None, environ))
    assert found
    assert (found.credentials.access_key_id, found.credentials.access_key_secret) == ("a", "s")
