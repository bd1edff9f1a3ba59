"""The wheel, the sdist and the SDK packages: complete, clean, and installed from an empty home."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from tools import dist, release, sdk

ROOT = Path(__file__).parents[2]
VERSION = sdk.version()
FILLED = {
    'home = ""': 'home = "https://example.com/hologres-ai"',
    'contact = ""': 'contact = "authors@example.com"',
    'logo = ""': 'logo = "https://example.com/logo.png"',
}

# One worker builds the packages for all tests of this file.
pytestmark = pytest.mark.xdist_group("packages")


def run(*command: str, folder: Path = ROOT, environment: dict[str, str] | None = None) -> str:
    """What a command prints; it must succeed."""
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(source: Path, out: Path) -> Path:
    """Build the sdist, and the wheel from it, as `make packages` does; this environment has the build backend."""
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(source))
    return out


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel."""
    return build(ROOT, tmp_path_factory.mktemp("packages"))


@pytest.fixture(scope="session")
def wheel(packages: Path) -> Path:
    return packages / f"hologres_ai-{VERSION}-py3-none-any.whl"


@pytest.fixture(scope="session")
def unpacked(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist in a folder."""
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(packages / f"hologres_ai-{VERSION}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder / f"hologres_ai-{VERSION}"


def test_an_index_accepts_the_packages(packages: Path, wheel: Path) -> None:
    files = sorted(map(str, packages.iterdir()))
    run(sys.executable, "-m", "twine", "check", "--strict", *files)
    run(sys.executable, "-m", "check_wheel_contents", str(wheel))
    run(sys.executable, "-m", "validate_pyproject", "pyproject.toml")


def test_the_wheel_has_only_the_package_and_its_schema(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        assert archive.read("hologres_ai/schema.json") == (ROOT / "schema.json").read_bytes()
    assert {name.partition("/")[0] for name in names} == {"hologres_ai", f"hologres_ai-{VERSION}.dist-info"}
    assert f"hologres_ai-{VERSION}.dist-info/licenses/LICENSE" in names


def test_the_sdist_has_the_files_of_its_tests_and_no_others(unpacked: Path) -> None:
    names = {path.name for path in unpacked.iterdir()}
    assert names >= {"tests", "docs", "tools", "constraints.txt", "constraints-lowest.txt", "Makefile", "README.md"}
    included = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["sdist"]
    assert {f"/{name}" for name in names - {"PKG-INFO"}} == set(included["include"])
    assert list(unpacked.rglob("__pycache__")) == []


def test_the_tests_run_from_the_sdist(unpacked: Path) -> None:
    tests = ("tests/test_names.py", "tests/tools/test_publication.py", "tests/tools/test_lowest.py")
    environment = {**os.environ, "PYTHONPATH": str(unpacked / "provider")}
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests)
    assert " passed" in run(*command, folder=unpacked, environment=environment)


def test_without_a_home_the_metadata_has_no_links(wheel: Path) -> None:
    metadata = metadata_of(wheel)
    assert metadata["Author"] == "The hologres_ai authors"
    assert metadata.get_all("Project-URL") is None
    assert "](docs/" not in str(metadata.get_payload())


def test_a_home_makes_the_metadata_complete(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns(".*", "node_modules", "__pycache__", "dist", "examples", "tests", "benchmarks")
    source = Path(shutil.copytree(ROOT, tmp_path / "source", ignore=ignored))
    text = (source / "pyproject.toml").read_text()
    for empty, value in FILLED.items():
        assert empty in text
        text = text.replace(empty, value)
    (source / "pyproject.toml").write_text(text)
    out = build(source, tmp_path / "out")
    metadata = metadata_of(out / f"hologres_ai-{VERSION}-py3-none-any.whl")
    assert "Homepage, https://example.com/hologres-ai" in (metadata.get_all("Project-URL") or [])
    assert f"](https://example.com/hologres-ai/blob/v{VERSION}/docs/" in str(metadata.get_payload())
    rating = run(sys.executable, "-m", "pyroma", "--min=10", str(out / f"hologres_ai-{VERSION}.tar.gz"))
    assert "10/10" in rating


def metadata_of(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        return message_from_bytes(archive.read(f"hologres_ai-{VERSION}.dist-info/METADATA"))


def test_a_wheel_in_a_new_environment_gives_both_programs_and_their_versions(
    tmp_path: Path, wheel: Path, environment: dict[str, str]
) -> None:
    fresh, home = tmp_path / "fresh", tmp_path / "home"
    home.mkdir()
    venv.create(fresh, with_pip=True)
    options = ("--quiet", "--disable-pip-version-check", "--constraint", str(ROOT / "constraints.txt"))
    run(str(fresh / "bin" / "pip"), "install", *options, f"{wheel}[emulator]")
    bare = {"PATH": f"{fresh / 'bin'}:{os.defpath}", "HOME": str(home), **environment}
    for command in ("hologres-ai", "python -m hologres_ai.cli", "pulumi-resource-hologres", "python -m hologres_ai"):
        assert VERSION in run("sh", "-c", f"{command} --version", folder=tmp_path, environment=bare), command
    script = "import hologres_ai; print(hologres_ai.__version__); from hologres_ai import AiNodeList"
    assert run(str(fresh / "bin" / "python"), "-c", script, folder=tmp_path, environment=bare).strip() == VERSION
    assert "hologram_" in run("sh", "-c", "hologres-ai list", folder=tmp_path, environment=bare)
    assert list(home.iterdir()) == []


def test_the_node_package_works_where_install_scripts_are_blocked(tmp_path: Path) -> None:
    release.pack_node(tmp_path, tmp_path)
    with tarfile.open(tmp_path / f"pulumi-hologres-{VERSION}.tgz") as archive:
        archive.extractall(tmp_path, filter="data")
    modules = tmp_path / "node_modules"
    modules.mkdir()
    for name in ("@pulumi", "semver"):
        (modules / name).symlink_to(sdk.node_packages() / name)
    (tmp_path / "package").rename(modules / "pulumi-hologres")
    script = "const h = require('pulumi-hologres'); console.log(typeof h.AiNodeList, h.NodeStatus.ResourceReady)"
    environment = {**os.environ, "NODE_PATH": str(sdk.node_packages())}
    assert sdk_output(tmp_path, script, environment) == "function ResourceReady"
    package = json.loads((modules / "pulumi-hologres" / "package.json").read_text())
    assert "scripts" not in package


def sdk_output(folder: Path, script: str, environment: dict[str, str]) -> str:
    node = shutil.which("node") or "node"
    return run(node, "-e", script, folder=folder, environment=environment).strip()


def test_the_python_sdk_is_a_wheel_with_its_types(tmp_path: Path) -> None:
    release.pack_python(tmp_path, tmp_path)
    [built] = tmp_path.glob(f"pulumi_hologres-{VERSION}-*.whl")
    with zipfile.ZipFile(built) as archive:
        assert {"pulumi_hologres/py.typed", "pulumi_hologres/pulumi-plugin.json"} <= set(archive.namelist())
    run(sys.executable, "-m", "twine", "check", "--strict", str(built))


def test_the_bill_of_materials_names_every_installed_requirement() -> None:
    bom = release.bill_of_materials()
    names = {component.name for component in bom.components}
    assert {"httpx", "pulumi", "pydantic"} <= names
    assert all(component.purl and component.licenses for component in bom.components)


def test_the_archives_have_the_names_that_the_engine_asks_for() -> None:
    names = [dist.archive_name(target) for target in dist.TARGETS]
    assert f"pulumi-resource-hologres-v{VERSION}-linux-arm64.tar.gz" in names
    assert dist.archive_name() in names
