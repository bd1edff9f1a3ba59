"""What is installed: pinned, from wheels, under known licences, and audited or said not to be."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from tools import audit, licences

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
SECURITY = (ROOT / "SECURITY.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()

# Each leaves a user of this package free to do as they like; MPL-2.0 is about changes of certifi itself.
GOOD = {
    *("Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "PSF-2.0", "MPL-2.0"),
    *("Apache-2.0 AND MIT", "Apache-2.0 OR BSD-2-Clause"),
}


def pins() -> dict[str, str]:
    lines = [line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines()]
    return {canonicalize_name(name): version for name, version in lines}


def test_what_the_package_brings_is_pinned_to_what_is_installed() -> None:
    installed = {name: found.version for name, found in licences.closure().items()}
    assert len(installed) > 30
    assert {name: pins().get(name) for name in installed} == installed


def test_the_page_of_licences_is_that_of_this_environment() -> None:
    """On another Python there may be fewer; those that are here stand in it as they are."""
    page = licences.PAGE.read_text()
    assert page.startswith(licences.HEAD)
    assert [row for row in licences.rows() if f"| {' | '.join(row)} |\n" not in page] == [], "run `make licences`"
    listed = re.findall(r"^\| ([a-z0-9-]+) \| [0-9]", page, re.MULTILINE)
    assert set(listed) <= set(pins())


def test_no_licence_is_a_surprise() -> None:
    assert {licence for *_, licence in licences.rows()} <= GOOD


def test_wheels_alone_are_installed_but_for_named_exceptions() -> None:
    """pip itself refuses the rest: no source archive, which would run code, can get in unnoticed."""
    [wheels] = re.findall(r"^WHEELS := --only-binary :all: --no-binary (\S+)$", MAKEFILE, re.MULTILINE)
    installs = re.findall(r"^\t.*/pip install (?!--quiet --upgrade 'pip>=)(.*)$", MAKEFILE, re.MULTILINE)
    assert installs == ["--quiet $(WHEELS) --constraint constraints.txt --editable '.[emulator]' --group dev"]
    for name in wheels.split(","):
        assert name in licences.closure()
        assert f"`{name}`" in SECURITY


@pytest.mark.parametrize("target", ["fuzz", "audit", "licences"])
def test_a_target_is_documented_and_runs_its_tool(target: str) -> None:
    module = "tests.fuzz" if target == "fuzz" else f"tools.{target}"
    assert re.search(rf"^{target}: .*\n(\t.*\n)*?\t.*/python -m {module}\b", MAKEFILE, re.MULTILINE)
    assert re.search(rf"^make {target} +#", CONTRIBUTING, re.MULTILINE)


def test_what_security_points_to_is_there() -> None:
    paths = re.findall(r"`((?:tests|docs)/[^`]+)`|\]\(([^)]+)\)", SECURITY)
    assert paths
    assert [path for pair in paths for path in pair if path and not (ROOT / path).exists()] == []


# --- The audit -------------------------------------------------------------------------------------------------------


def report(**changes: object) -> str:
    """As pip-audit writes it, of every pin; `changes` are laid over the entry of click."""
    entries: list[dict[str, object]] = [
        {"name": name, "version": version, "vulns": []} for name, version in pins().items()
    ]
    entries = [{**entry, **changes} if entry["name"] == "click" else entry for entry in entries]
    return json.dumps({"dependencies": entries, "fixes": []})


def test_nothing_known_is_a_clean_bill() -> None:
    assert audit.judge(report(), "").code == 0


def test_a_vulnerability_is_told_with_its_remedy() -> None:
    vulnerability = {"id": "PYSEC-2026-1", "fix_versions": ["9.0"], "aliases": [], "description": ""}
    verdict = audit.judge(report(vulns=[vulnerability]), "")
    assert verdict.code == audit.VULNERABLE
    assert f"click {pins()['click']}: PYSEC-2026-1, fixed in 9.0" in verdict.text


def test_a_version_that_was_not_looked_up_is_no_clean_bill() -> None:
    skipped = json.loads(report())
    skipped["dependencies"] = [
        {"name": "click", "skip_reason": "not found"} if entry["name"] == "click" else entry
        for entry in skipped["dependencies"]
    ]
    verdict = audit.judge(json.dumps(skipped), "")
    assert verdict.code == audit.NO_VERDICT
    assert "1 pinned versions could not be looked up: click" in verdict.text


def test_without_a_way_to_the_service_the_audit_fails_in_words() -> None:
    """Through a proxy that is not there: the same on every machine."""
    nowhere = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"), "http://127.0.0.1:9")
    done = subprocess.run(
        [sys.executable, "-m", "tools.audit"],
        cwd=ROOT,
        env={**os.environ, **nowhere, "NO_PROXY": "", "no_proxy": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (audit.NO_VERDICT, "")
    assert "This is no verdict. Run `make audit` where" in done.stderr
    assert "Traceback" not in done.stderr
