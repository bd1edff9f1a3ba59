"""The lowest allowed versions of the dependencies, which `make lowest` installs."""

from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools.lowest import direct, lowest

PINS = (Path(__file__).parents[2] / "constraints-lowest.txt").read_text().splitlines()


def test_a_lower_bound_is_read() -> None:
    assert lowest(["pulumi>=3.200,<4", "Click==8.1", "httpx[socks]>=0.27"]) == {
        "pulumi": "3.200",
        "click": "8.1",
        "httpx": "0.27",
    }


@pytest.mark.parametrize("requirement", ["httpx", "httpx<1", "httpx>0.27"])
def test_a_requirement_without_a_lower_bound_is_refused(requirement: str) -> None:
    with pytest.raises(ValueError, match="write name>=version"):
        lowest([requirement])


def test_the_lowest_environment_has_exactly_the_lower_bounds() -> None:
    pinned = {canonicalize_name(name): Version(version) for name, _, version in (line.partition("==") for line in PINS)}
    bounds = {name: Version(version) for name, version in direct().items()}
    assert {name: pinned.get(canonicalize_name(name)) for name in bounds} == bounds
