"""Build the plugin as an archive that needs no Python: `pulumi-resource-hologres-v<version>-<os>-<arch>.tar.gz`.

    python -m tools.dist [--out dist]

PyInstaller puts the plugin, its libraries and this Python into one folder, for the system that it runs on. Each archive
is therefore built on its own system; on Linux it needs the C library of the build machine or a newer one.
"""

import gzip
import os
import platform
import re
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import click
from rich.console import Console

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "provider"
PACKAGE = "hologres_ai"
PLUGIN = "pulumi-resource-hologres"
# grpcio has no wheel for windows-arm64.
TARGETS = ("darwin-amd64", "darwin-arm64", "linux-amd64", "linux-arm64", "windows-amd64")
ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}

# PyInstaller sets the library path of the process to its own libraries. Programs that the plugin starts, such as one
# that prints credentials, are not bundled and need the libraries of the machine.
START = f"""\
import os, sys
original = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
os.environ.pop("LD_LIBRARY_PATH", None)
if original is not None:
    os.environ["LD_LIBRARY_PATH"] = original
from {PACKAGE}.plugin import main
sys.exit(main())
"""
OTHER_INTERFACES = {"__main__", "cli", "dynamic", "emulator", "outputs", "stack_outputs", "testing"}
# Other packages import these if they are installed, for their own command lines and type checks.
NOT_NEEDED = ("click", "hypothesis", "jinja2", "mypy", "pydantic.mypy", "pygments", "rich", "tkinter")

# Files that pip writes about this machine; they are left out. The licences in the same folders are part of the archive.
PIP_NOTES = {"INSTALLER", "RECORD", "REQUESTED", "direct_url.json"}
MTIME = 315532800  # 1980-01-01; with a fixed time, the same content gives the same archive
STARTING_TIMEOUT = 60.0  # seconds

console = Console(stderr=True, highlight=False)


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.option(
    "--out", type=click.Path(file_okay=False, resolve_path=True, path_type=Path), default="dist", show_default=True
)
def main(out: Path) -> None:
    """Print the archive's path on stdout; everything else goes to stderr."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".making-", dir=out) as name:
        bundle = _bundled(Path(name))
        seconds = _started(bundle)
        archive = _packed(bundle, Path(name))
        kept = archive.replace(out / archive.name)
    console.print(f"dist: {kept.stat().st_size / 1e6:.1f} MB; it starts in {seconds:.1f} s")
    click.echo(kept)


def archive_name(target: str | None = None) -> str:
    """Return the file name that Pulumi expects for this version and a target, by default this machine."""
    return f"{PLUGIN}-v{version(PACKAGE)}-{target or this_target()}.tar.gz"


def this_target() -> str:
    """Return the target of this machine in Pulumi's notation, such as linux-amd64."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}-{ARCHITECTURES.get(machine, machine)}"


def _bundled(stage: Path) -> Path:
    """Bundle the plugin, and return the folder with the executable and its files.

    Raises:
        SystemExit: PyInstaller fails, or did not find modules that the package imports; the text names them.
    """
    start = stage / f"{PLUGIN}.py"
    start.write_text(START)
    command = [sys.executable, "-m", "PyInstaller", *_options(stage), str(start)]
    # A fixed hash seed gives the same archive each time; the cache stays out of the user's home.
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYINSTALLER_CONFIG_DIR": str(stage / "cache")}
    with _telling("bundling the plugin with its Python, about 30 s"):
        done = subprocess.run(command, cwd=stage, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit("\n".join(["PyInstaller failed:", *done.stderr.splitlines()[-12:]]))
    if missing := _missing(stage / "work" / PLUGIN / f"warn-{PLUGIN}.txt"):
        sys.exit("\n".join(["the plugin imports modules that are not installed, or that NOT_NEEDED lists:", *missing]))
    return stage / "dist" / PLUGIN


def _options(stage: Path) -> Iterator[str]:
    yield from ("--onedir", "--noconfirm", "--log-level=ERROR", f"--paths={SOURCES}")
    yield from (f"--distpath={stage / 'dist'}", f"--workpath={stage / 'work'}", f"--specpath={stage}")
    yield f"--add-data={ROOT / 'schema.json'}:{PACKAGE}"
    yield f"--recursive-copy-metadata={PACKAGE}"  # the version, and the licences of all packages
    yield from (f"--hidden-import={module}" for module in _modules())  # including modules that are imported by name
    yield from (f"--exclude-module={module}" for module in NOT_NEEDED)
    if sys.platform == "linux":
        yield "--strip"  # a Python with its debugging symbols is four times as large


def _modules() -> Iterator[str]:
    """Yield the names of the package's modules, without those of the other interfaces."""
    for path in sorted((SOURCES / PACKAGE).rglob("*.py")):
        parts = path.relative_to(SOURCES).with_suffix("").parts
        if parts[1] not in OTHER_INTERFACES:
            yield ".".join(parts).removesuffix(".__init__")


def _missing(warnings: Path) -> list[str]:
    """Return PyInstaller's warnings about modules that this package imports; other missing modules are optional."""
    ours = re.compile(rf"^(missing|excluded) module named .* - imported by .*\b{PACKAGE}\b")
    return [line for line in warnings.read_text().splitlines() if ours.match(line)]


def _started(bundle: Path) -> float:
    """Return the seconds that the executable takes for `--help`, with all its imports.

    Raises:
        SystemExit: the executable fails or takes too long.
    """
    begin = time.monotonic()
    try:
        subprocess.run([bundle / PLUGIN, "--help"], check=True, capture_output=True, timeout=STARTING_TIMEOUT)
    except subprocess.CalledProcessError as error:
        sys.exit(f"the bundle does not start:\n{error.stderr.decode(errors='replace')}")
    except subprocess.TimeoutExpired:
        sys.exit(f"the bundle does not start within {STARTING_TIMEOUT:g} s")
    return time.monotonic() - begin


def _packed(bundle: Path, stage: Path) -> Path:
    archive = stage / archive_name()
    with (
        _telling("packing"),
        archive.open("wb") as file,
        gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=MTIME) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in sorted(bundle.rglob("*")):
            if path.name not in PIP_NOTES and (path.is_symlink() or path.is_file()):
                tar.add(path, path.relative_to(bundle).as_posix(), filter=_anonymous)
    return archive


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Remove the owner and the time, so that the archive does not depend on the machine."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = MTIME
    member.mode = 0o755 if member.mode & 0o100 else 0o644
    return member


@contextmanager
def _telling(what: str) -> Iterator[None]:
    """Show progress: a status on a terminal, otherwise a line."""
    if not console.is_terminal:
        console.print(f"dist: {what}")
    with console.status(what):
        yield


if __name__ == "__main__":
    main()
