"""Find a Pulumi engine for the tests and the examples, and build one if there is none.

These are tried in order: the `pulumi` on PATH, the engine cached in `.engine/`, the vendor's own installer, a build
from the Go module in `tools/go`. `python -m tools.engine` prints the path of the binary that was found.

POSIX only, because of process groups. On Windows use the vendor's installer.
"""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Literal

from filelock import FileLock, Timeout
from rich.console import Console
from semver import Version

PINNED = Version(3, 259, 0)  # the version that is installed or built here, as in tools/go/go.mod
MINIMUM = Version(3, 200, 0)  # the oldest version on PATH that is used
GO_MODULE = Path(__file__).with_name("go")
STORE = Path(__file__).resolve().parents[1] / ".engine"

PATIENCE = 10.0  # seconds without progress after which the installer is stopped
ANSWER = 256 * 1024  # bytes that count as progress: more than the installer's script, a small part of the archive
PROGRESS_EVERY = 30.0  # seconds between two lines about the build

SHIM = "pulumi-resource-pulumi-python"
PROGRAMS = ("pulumi", "pulumi-language-yaml", SHIM)
SHIM_TEXT = """#!/bin/sh
# Hosts dynamic resources written in Python; the vendor's CLI ships its own.
exec "${PULUMI_PYTHON_CMD:-python3}" -u -m pulumi.dynamic "$@"
"""
INSTALLER = (
    sys.executable,
    "-c",
    "import sys; from semver import VersionInfo; from pulumi.automation import PulumiCommand; "
    "PulumiCommand.install(root=sys.argv[1], version=VersionInfo.parse(sys.argv[2]))",
)

Origin = Literal["PATH", "cache", "installer", "go build"]
Say = Callable[[str], None]
Tick = Callable[[float], None]


class EngineUnavailableError(RuntimeError):
    """No engine was found and none could be built; the message says what to do."""


@dataclass(frozen=True)
class Engine:
    """A Pulumi CLI that runs: its path, its version without the `v`, and its origin."""

    pulumi: Path
    version: str
    origin: Origin
    store: Path = STORE

    def environment(self, home: Path | None = None) -> dict[str, str]:
        """Return the variables to add to `os.environ`.

        `home` is the folder for the engine's plugins, credentials and workspaces; by default `.engine/home`, so that
        nothing is written into the user's home. The caller must set the passphrase of the stack and the backend.
        """
        # The engine comes first: the interpreter's folder may contain a CLI that was rejected. The interpreter's
        # path is not resolved, because in a virtual environment it is a link.
        folders = (self.pulumi.parent, Path(sys.executable).parent, self.store / "bin")
        return {
            "PATH": os.pathsep.join([*map(str, folders), os.environ.get("PATH", os.defpath)]),
            "PULUMI_HOME": str(home or self.store / "home"),
            "PULUMI_PYTHON_CMD": sys.executable,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }


def has_host(engine: Engine, runtime: str) -> bool:
    """Return whether `pulumi up` can run a program in this language; only the vendor's CLI has all language hosts."""
    return _which(f"pulumi-language-{runtime}", engine.environment()["PATH"]) is not None


def say(line: str) -> None:
    """Print a line of progress on stderr, because stdout is for the result."""
    print(f"engine: {line}", file=sys.stderr, flush=True)


def find_engine(
    *,
    store: Path = STORE,
    search_path: str | None = None,
    installer: Sequence[str] = INSTALLER,
    patience: float = PATIENCE,
    progress_every: float = PROGRESS_EVERY,
    say: Say = say,
) -> Engine:
    """Return the first engine that runs; build one in `store` if there is none. Print which one it is.

    `search_path` replaces PATH; `installer` is called with a root folder and a version; `patience` and
    `progress_every` are seconds. Raises `EngineUnavailableError`.
    """
    path = search_path if search_path is not None else os.environ.get("PATH", os.defpath)
    engine = _on_path(path, store, say) or _cached(store)
    if engine is None:
        with _locked(store, say):
            engine = (
                _cached(store)  # another process may have made it while this one waited
                or _installed(store, installer, patience, say)
                or _built(store, _go(path), progress_every, say)
            )
    _ensure_shim(engine)
    say(f"pulumi {engine.version} from {engine.origin}: {engine.pulumi}")
    return engine


def _on_path(path: str, store: Path, say: Say) -> Engine | None:
    program = _which("pulumi", path)
    if program is None:
        return None
    version = _version(program, store)
    if version is None:
        say(f"skipping {program}: it does not print its version")
        return None
    if version < MINIMUM or version.major != MINIMUM.major:
        say(f"skipping {program}: version {version}, wanted {MINIMUM} to {MINIMUM.major}.x")
        return None
    return Engine(program, str(version), "PATH", store)


def _cached(store: Path) -> Engine | None:
    folder = store / "bin"
    if not all(os.access(folder / name, os.X_OK) for name in PROGRAMS):
        return None
    if _version(folder / "pulumi", store) != PINNED:
        return None
    return Engine(folder / "pulumi", str(PINNED), "cache", store)


def _installed(store: Path, installer: Sequence[str], patience: float, say: Say) -> Engine | None:
    """Run the vendor's installer into a new folder, and use that folder only if it is complete."""
    say(f"trying the vendor's installer for pulumi {PINNED}, {patience:g} s for an answer")
    with _stage(store) as stage:
        command = [*installer, str(stage), str(PINNED)]
        try:
            status = _run(command, stage, cwd=stage, env=_private(store), tick=_giving_up(stage, patience))
        except (TimeoutError, OSError) as error:
            say(f"the installer was stopped: {error}")
            return None
        if status != 0 or _version(stage / "bin" / "pulumi", store) != PINNED:
            say(f"the installer failed: {_last_lines(stage, 1) or f'exit status {status}'}")
            return None
        return _published(stage, store, "installer")


def _giving_up(stage: Path, patience: float) -> Tick:
    """Return a function that raises `TimeoutError` if the folder does not grow for `patience` seconds."""
    size, since = 0, 0.0

    def tick(elapsed: float) -> None:
        nonlocal size, since
        now = _size(stage)
        if now >= size + ANSWER:
            size, since = now, elapsed
        if elapsed - since >= patience:
            raise TimeoutError(f"no answer within {patience:g} s")

    return tick


def _go(path: str) -> Path:
    program = _which("go", path)
    if program is None:
        raise EngineUnavailableError(_remedies("Go is not installed to build one"))
    return program


def _built(store: Path, go: Path, progress_every: float, say: Say) -> Engine:
    """Build the pinned engine with the user's Go caches and settings, which are not changed."""
    linker = f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={PINNED}"
    with _stage(store) as stage, _progress(progress_every, say) as tick:
        command = [str(go), "build", "-mod=readonly", "-trimpath", "-ldflags", linker]
        command += ["-o", f"{stage / 'bin'}{os.sep}", "tool"]
        status = _run(command, stage, cwd=GO_MODULE, env=os.environ, tick=tick)
        if status != 0:
            reason = _last_lines(stage, 8) or f"exit status {status}"
            raise EngineUnavailableError(_remedies(f"`{shlex.join(command[:2])}` failed:\n{reason}\n"))
        if _version(stage / "bin" / "pulumi", store) != PINNED:
            raise EngineUnavailableError(_remedies(f"the build does not run as pulumi {PINNED}"))
        return _published(stage, store, "go build")


def _published(stage: Path, store: Path, origin: Origin) -> Engine:
    """Move the finished programs with one rename, so that no other process finds a partial engine."""
    _write_shim(stage / "bin")
    folder = store / "bin"
    shutil.rmtree(folder, ignore_errors=True)
    (stage / "bin").rename(folder)
    return Engine(folder / "pulumi", str(PINNED), origin, store)


def _ensure_shim(engine: Engine) -> None:
    if _which(SHIM, engine.environment()["PATH"]) is None:
        _write_shim(engine.store / "bin")


def _write_shim(folder: Path) -> None:
    shim = folder / SHIM
    if shim.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{SHIM}.{os.getpid()}"
    draft.write_text(SHIM_TEXT)
    draft.chmod(0o755)
    draft.rename(shim)


def _run(command: Sequence[str], stage: Path, *, cwd: Path, env: Mapping[str, str], tick: Tick) -> int:
    """Run `command` in its own process group; the whole group is killed when this function ends.

    Output goes to the stage's log and temporary files stay inside the stage, so that both are removed with it.
    `tick` is called several times a second with the elapsed seconds and may raise to stop the run.
    """
    scratch = stage / "tmp"
    scratch.mkdir(exist_ok=True)
    surroundings = {**env, "TMPDIR": str(scratch)}
    started = time.monotonic()
    with (
        (stage / "log").open("wb") as log,
        subprocess.Popen(
            command,
            cwd=cwd,
            env=surroundings,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as child,
    ):
        try:
            while True:
                with suppress(subprocess.TimeoutExpired):
                    return child.wait(timeout=0.2)
                tick(time.monotonic() - started)
        finally:
            if child.returncode is None:
                os.killpg(child.pid, signal.SIGKILL)


@contextmanager
def _progress(every: float, say: Say) -> Iterator[Tick]:
    """Show the progress of the build: a status on a terminal, otherwise a line every `every` seconds."""
    say(f"building pulumi {PINNED} with Go: about 4 minutes, once")
    if sys.stderr.isatty():
        with Console(stderr=True).status("building") as status:
            yield lambda elapsed: status.update(f"building, {elapsed:.0f} s so far")
        return
    due = every

    def tick(elapsed: float) -> None:
        nonlocal due
        if elapsed >= due:
            say(f"still building, {elapsed:.0f} s so far")
            due += every

    yield tick


@contextmanager
def _locked(store: Path, say: Say) -> Iterator[None]:
    """Let one process at a time build an engine; the operating system releases the lock of a process that ends."""
    store.mkdir(parents=True, exist_ok=True)
    lock = FileLock(store / "lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        say("waiting for another process that is building the engine")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _stage(store: Path) -> Iterator[Path]:
    """Create a temporary folder to build in, and remove those of killed runs; the caller must hold the lock."""
    for leftover in store.glob("stage-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    # Errors are ignored because a process that was just killed may still be closing its files.
    with tempfile.TemporaryDirectory(prefix="stage-", dir=store, ignore_cleanup_errors=True) as name:
        yield Path(name)


def _version(program: Path, store: Path) -> Version | None:
    """Return the version that `pulumi version` prints, or None if it does not run or prints something else."""
    try:
        answer = subprocess.run(
            [program, "version"],
            env=_private(store),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
        return Version.parse(answer.stdout.strip().removeprefix("v"))
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def _private(store: Path) -> dict[str, str]:
    """Return an environment in which vendor programs use a home inside the store, not the user's home."""
    home = str(store / "home")
    return {**os.environ, "HOME": home, "PULUMI_HOME": home, "PULUMI_SKIP_UPDATE_CHECK": "true"}


def _which(program: str, path: str) -> Path | None:
    found = shutil.which(program, path=path)
    return Path(found).absolute() if found else None


def _size(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # temporary files can disappear
                total += Path(parent, name).stat().st_size
    return total


def _last_lines(stage: Path, count: int) -> str:
    return "\n".join((stage / "log").read_text(errors="replace").strip().splitlines()[-count:])


def _remedies(reason: str) -> str:
    words = (line.split() for line in (GO_MODULE / "go.mod").read_text().splitlines())
    go = next(parts[1] for parts in words if parts[:1] == ["go"])
    return (
        f"no Pulumi engine, and {reason}. Do one of these and try again:\n"
        f"  - install the Pulumi CLI, {MINIMUM} or newer, and put it on PATH\n"
        "  - let this machine reach get.pulumi.com and github.com, for the vendor's installer\n"
        f"  - install Go {go} or newer and put it on PATH"
    )


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Print the path of the pulumi binary on stdout; everything else goes to stderr."""
    signal.signal(signal.SIGTERM, _stop)  # a terminated run must also end the processes of the build
    try:
        print(find_engine().pulumi)
    except EngineUnavailableError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("stopped; no partial engine remains")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
