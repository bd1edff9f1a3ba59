"""Print the lowest version of every direct dependency that pyproject.toml allows, as constraints for pip.

`make lock` writes constraints-lowest.txt with it, for the environment of `make lowest`.
"""

import tomllib
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = ("emulator", "testing")


def lowest(requirements: Iterable[str]) -> dict[str, str]:
    """Return the lower bound of each requirement, by canonical name.

    Raises:
        ValueError: a requirement has no lower bound.
    """
    found: dict[str, str] = {}
    for text in requirements:
        requirement = Requirement(text)
        bounds = [item.version for item in requirement.specifier if item.operator in {">=", "=="}]
        if len(bounds) != 1:
            raise ValueError(f"{text} in pyproject.toml has no single lower bound: write name>=version")
        found[canonicalize_name(requirement.name)] = bounds[0]
    return found


def direct() -> dict[str, str]:
    """Return the lower bounds of the dependencies of the package and of the extras that the tests use."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    return lowest([*project["dependencies"], *(text for extra in EXTRAS for text in optional[extra])])


if __name__ == "__main__":
    print("\n".join(f"{name}=={version}" for name, version in direct().items()))
