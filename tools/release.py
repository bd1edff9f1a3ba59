"""Build the parts of a release, and check whether it can be made: `python -m tools.release COMMAND`.

check    fails if this commit can't be released, and lists the reasons
sdks     packs the SDKs for PyPI and npm
sbom     writes the software bill of materials (CycloneDX)
sums     writes SHA256SUMS
list     lists the artefacts of this machine and what other machines have to build
"""

import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

import click
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from tools import licences, sdk
from tools.dist import TARGETS, archive_name
from tools.publication import publication

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
SUMS = "SHA256SUMS"
FOLDERS = (DIST, DIST / "python", DIST / "npm")


@click.group(help=(__doc__ or "").partition("\n")[0])
def main() -> None:
    """Build and check a release."""


@main.command("check")
@click.option("--tag", help="The tag of the release, such as v0.1.0.")
def check(tag: str | None) -> None:
    """Fail if this commit can't be released, and list the reasons."""
    if problems := release_problems(tag):
        sys.exit("\n".join(["this commit can't be released:", *(f"- {problem}" for problem in problems)]))


def release_problems(tag: str | None, root: Path = ROOT) -> list[str]:
    """Return the reasons why this commit can't be released, each with an instruction."""
    version, place = sdk.version(root), "[tool.hatch.metadata.hooks.custom] of pyproject.toml"
    problems = [f"{name} is empty: set it in {place}, then run `make schema sdk`" for name in publication(root).missing]
    if tag not in {None, f"v{version}"}:
        problems.append(f"the tag is {tag}, the version in pyproject.toml is {version}: tag v{version}")
    if f"\n## {version}\n" not in (root / "CHANGELOG.md").read_text(encoding="utf-8"):
        problems.append(f"CHANGELOG.md has no section for this version: add `## {version}`")
    return problems


@main.command("sdks")
def pack_sdks() -> None:
    """Pack the SDKs into dist/."""
    with tempfile.TemporaryDirectory() as name:
        pack_python(Path(name), _made(DIST / "python"))
        pack_node(Path(name), _made(DIST / "npm"))


def pack_python(work: Path, out: Path) -> None:
    """Build the wheel of the Python SDK."""
    source = shutil.copytree(sdk.SDK / "python", work / "python", ignore=shutil.ignore_patterns(*sdk.LEAVINGS))
    sdk.run(source, sys.executable, "-m", "build", "--wheel", "--outdir", str(out))


def pack_node(work: Path, out: Path) -> None:
    """Pack the Node.js SDK with compiled files and without an install script, which package managers may block."""
    ignored = shutil.ignore_patterns(*sdk.LEAVINGS, "scripts", ".git*")
    source = shutil.copytree(sdk.SDK / "nodejs", work / "nodejs", ignore=ignored)
    (source / "node_modules").symlink_to(sdk.node_packages())
    sdk.run(source, "node", "node_modules/typescript/bin/tsc")
    text = json.dumps(published_package(json.loads((source / "package.json").read_text())), indent=4) + "\n"
    for folder in (source, source / "bin"):  # the compiled SDK reads its version from this file in its folder
        (folder / "package.json").write_text(text)
    sdk.run(source, "npm", "pack", "--ignore-scripts", "--pack-destination", str(out))


def published_package(package: dict[str, object]) -> dict[str, object]:
    """Return the package.json of a package whose files are compiled."""
    dependencies = dict(package["dependencies"])  # type: ignore[call-overload]
    dependencies.pop("typescript")
    kept = {name: value for name, value in package.items() if name != "scripts"}
    return kept | {"dependencies": dependencies, "types": "bin/index.d.ts", "files": ["bin"]}


@main.command("sbom")
def write_sbom() -> None:
    """Write the bill of materials of the package and of the packages that it requires."""
    out = _made(DIST) / "sbom.cdx.json"
    out.write_text(JsonV1Dot6(bill_of_materials()).output_as_string(indent=2) + "\n", encoding="utf-8")


def bill_of_materials() -> Bom:
    """Return name, version, licence and package URL of the package and of each package that is installed with it."""
    bom, root = Bom(), _component(licences.PACKAGE, sdk.version(), "Apache-2.0")
    bom.metadata.component = root
    required = [_component(*row) for row in licences.rows()]
    bom.components.update(required)
    bom.register_dependency(root, required)
    return bom


def _component(name: str, version: str, licence: str) -> Component:
    url = PackageURL("pypi", name=name.replace("_", "-"), version=version)
    expression = LicenseExpression(licence)
    return Component(name=name, version=version, purl=url, bom_ref=str(url), licenses=[expression])


@main.command("sums")
def write_sums() -> None:
    """Write the SHA-256 of every artefact, as `sha256sum --check` reads it."""
    lines = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in artefacts())
    (DIST / SUMS).write_text("".join(lines))


@main.command("list")
def list_artefacts() -> None:
    """List the artefacts, those that are not built on this machine, and what a release still needs."""
    for path in (*artefacts(), DIST / SUMS):
        click.echo(f"{path.stat().st_size / 1e6:7.2f} MB  {path.relative_to(ROOT)}")
    for target in TARGETS:
        if archive_name(target) != archive_name():
            click.echo(f"not built here: {archive_name(target)}")
    for problem in release_problems(None):
        click.echo(f"before a release: {problem}")


def artefacts() -> list[Path]:
    """Return the files in dist/ that are published, sorted by name."""
    return sorted(
        (path for path in DIST.rglob("*") if path.is_file() and path.name != SUMS), key=lambda path: path.name
    )


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    main()
