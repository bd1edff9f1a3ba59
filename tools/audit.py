"""Looks the pinned versions up among the known vulnerabilities: `python -m tools.audit` (`make audit`).

0 is a verdict: each version was looked up, and nothing is known. 1 is one too: something is. 2 is none: pip-audit
itself ends well when it could not ask, and that must not be taken for a clean bill.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PINS = ROOT / "constraints.txt"
AUDIT = (sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "--progress-spinner=off", "--format=json")

VULNERABLE = 1
NO_VERDICT = 2
REMEDY = (
    "This is no verdict. Run `make audit` where the vulnerability data of the Python package index can be reached; "
    "behind a proxy, set HTTPS_PROXY."
)


@dataclass(frozen=True)
class Verdict:
    """An exit code, and the words for it."""

    code: int
    text: str


def main() -> int:
    """Ask, and say what came of it."""
    done = subprocess.run([*AUDIT, "--requirement", str(PINS)], capture_output=True, text=True, check=False)
    verdict = judge(done.stdout, done.stderr)
    print(verdict.text, file=sys.stderr if verdict.code else sys.stdout)
    return verdict.code


def judge(report: str, complaints: str) -> Verdict:
    """What pip-audit's report says; a report that leaves out a single pin is none."""
    try:
        found: list[dict[str, Any]] = json.loads(report)["dependencies"]
    except (ValueError, KeyError):
        last = (complaints.strip().splitlines() or ["no word from pip-audit"])[-1]
        return Verdict(NO_VERDICT, f"the vulnerability service could not be asked: {last[:300]}\n{REMEDY}")
    known = [line for entry in found for line in _vulnerabilities(entry)]
    if known:
        return Verdict(VULNERABLE, "\n".join(["known vulnerabilities among the pinned versions:", *known]))
    missing = pinned() - {canonicalize_name(entry["name"]) for entry in found if "vulns" in entry}
    if missing:
        names = f"{', '.join(sorted(missing)[:5])}{', …' if len(missing) > 5 else ''}"
        return Verdict(NO_VERDICT, f"{len(missing)} pinned versions could not be looked up: {names}\n{REMEDY}")
    return Verdict(0, f"{len(found)} pinned versions, none with a known vulnerability")


def _vulnerabilities(entry: Mapping[str, Any]) -> Iterable[str]:
    for vulnerability in entry.get("vulns", ()):
        fixed = ", ".join(vulnerability["fix_versions"]) or "no version yet"
        yield f"  {entry['name']} {entry['version']}: {vulnerability['id']}, fixed in {fixed}"


def pinned() -> set[str]:
    """The names in constraints.txt, as pip-audit spells them."""
    return {canonicalize_name(line.partition("==")[0]) for line in PINS.read_text().splitlines() if "==" in line}


if __name__ == "__main__":
    sys.exit(main())
