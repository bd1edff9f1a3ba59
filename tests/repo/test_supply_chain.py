"""Installed packages are pinned, come from wheels, and have known licences."""

import re
from pathlib import Path

from packaging.utils import canonicalize_name

from tools import licences

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
SECURITY = (ROOT / "SECURITY.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()

# Permissive licences; the conditions of MPL-2.0 apply only to changes of certifi itself.
GOOD = {
    *("Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "PSF-2.0", "MPL-2.0"),
    *("Apache-2.0 AND MIT", "Apache-2.0 OR BSD-2-Clause"),
}


def pins() -> dict[str, str]:
    lines = [line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines()]
    return {canonicalize_name(name): version for name, version in lines}


def test_dependencies_are_pinned_to_the_installed_versions() -> None:
    installed = {name: found.version for name, found in licences.closure().items()}
    assert len(installed) > 30
    assert {name: pins().get(name) for name in installed} == installed


def test_the_page_of_licences_is_that_of_this_environment() -> None:
    """On another Python there may be fewer; the installed ones have the pinned versions."""
    page = licences.PAGE.read_text()
    assert page.startswith(licences.HEAD)
    assert [row for row in licences.rows() if f"| {' | '.join(row)} |\n" not in page] == [], "run `make licences`"
    listed = re.findall(r"^\| ([a-z0-9-]+) \| [0-9]", page, re.MULTILINE)
    assert set(listed) <= set(pins())


def test_every_licence_is_an_expected_one() -> None:
    assert {licence for *_, licence in licences.rows()} <= GOOD


def test_only_wheels_are_installed_except_for_named_packages() -> None:
    """pip refuses the rest: a source archive, which could run code, can't be installed unnoticed."""
    [wheels] = re.findall(r"^WHEELS := --only-binary :all: --no-binary (\S+)$", MAKEFILE, re.MULTILINE)
    installs = re.findall(r"^\t.*/pip install (?!--quiet --upgrade 'pip>=)(.*)$", MAKEFILE, re.MULTILINE)
    assert [options.split(" --editable")[0] for options in installs] == [
        "--quiet $(WHEELS) --constraint constraints.txt",
        "--quiet $(WHEELS) --constraint constraints-lowest.txt",
    ]
    for name in wheels.split(","):
        assert name in pins()
        assert f"`{name}`" in SECURITY


def test_every_target_is_documented() -> None:
    targets = re.findall(r"^([a-z-]+): .*## ", MAKEFILE, re.MULTILINE)
    assert len(targets) > 12
    assert [name for name in targets if not re.search(rf"^make {name} +#", CONTRIBUTING, re.MULTILINE)] == []


def test_the_audit_looks_up_every_pinned_version_and_fails_where_it_cannot() -> None:
    [recipe] = re.findall(r"^audit: .*\n\t(.*)$", MAKEFILE, re.MULTILINE)
    assert recipe == "$(BIN)/pip-audit --strict --no-deps --disable-pip -r constraints.txt"


def test_every_path_in_security_md_exists() -> None:
    paths = re.findall(r"`((?:tests|docs)/[^`]+)`|\]\(([^)]+)\)", SECURITY)
    assert paths
    assert [path for pair in paths for path in pair if path and not (ROOT / path).exists()] == []
