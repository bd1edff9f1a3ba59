"""Write docs/licences.md: the packages that are installed with this one, and their licences.

    python -m tools.licences

It follows the requirements of the package and its extra `emulator` through the packages that are installed here.
"""

from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PAGE = Path(__file__).parents[1] / "docs" / "licences.md"
PACKAGE = "hologres_ai"
EXTRAS = ("emulator",)

# The SPDX identifiers of licence names that packages declare.
SPDX = {
    "BSD License": "BSD-3-Clause",  # Jinja2's classifier; its LICENSE.txt has the three clauses
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "MIT License": "MIT",
}
HEAD = f"""# Licences

`{PACKAGE}` itself is under Apache-2.0. With the extra `emulator` it installs the packages below. The licences are those
that each package declares, the versions those of `constraints.txt`. Written by `make licences`.

| package | version | licence |
| --- | --- | --- |
"""


def main() -> None:
    """Write the page."""
    PAGE.write_text(rendered())


def rendered() -> str:
    """Return the page for the packages in this environment."""
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows())


def rows() -> list[tuple[str, str, str]]:
    """Return name, version and licence of each package, sorted by name."""
    return sorted((name, found.version, licence(found)) for name, found in closure().items())


def closure() -> dict[str, Distribution]:
    """Return the packages that this package requires, directly or indirectly, by canonical name."""
    found: dict[str, Distribution] = {}
    waiting = list(_required(distribution(PACKAGE), EXTRAS))
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name not in found:
            found[name] = distribution(name)
            waiting += _required(found[name], tuple(requirement.extras))
    return found


def _required(package: Distribution, extras: tuple[str, ...]) -> Iterator[Requirement]:
    for text in package.requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": e}) for e in ("", *extras)):
            yield requirement


def licence(package: Distribution) -> str:
    """Return the licence that a package declares, as an SPDX identifier if one is known.

    Raises:
        ValueError: the package declares no licence.
    """
    metadata = package.metadata
    declared: list[str] = metadata.get_all("License-Expression") or metadata.get_all("License") or []
    classified = [c.rpartition(" :: ")[2] for c in metadata.get_all("Classifier") or [] if "License ::" in c]
    names: list[str] = [name for name in (*declared, *classified) if name]
    if not names:
        raise ValueError(f"{package.name} {package.version} declares no licence: find it and check it")
    return SPDX.get(names[0], names[0])


if __name__ == "__main__":
    main()
