"""The engine resolver, step by step, with small executables: no network and no long build."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import engine as resolver
from tools.engine import PINNED, PROGRAMS, SHIM, Engine, EngineUnavailableError, find_engine, has_host

FAILING_INSTALLER = ("/bin/sh", "-c", "echo 'no route to the installer'; exit 1")


def write_program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def write_engine(folder: Path, version: object = PINNED) -> None:
    for name in PROGRAMS:
        write_program(folder / name, f"echo v{version}")


def write_go(path: Path, build: str) -> Path:
    """A `go` that runs `build` with $out set to the folder that `-o` names."""
    return write_program(path / "go", f'while [ "$1" != -o ]; do shift; done\nout=$2; mkdir -p "$out"\n{build}')


def build_script(version: object = PINNED) -> str:
    programs = '"$out/pulumi" "$out/pulumi-language-yaml"'
    return f'for p in {programs}; do printf "#!/bin/sh\\necho {version}\\n" >"$p"; chmod +x "$p"; done'


class EngineSearch:
    """A search for the engine with its own store and PATH; keeps the progress lines."""

    def __init__(self, root: Path) -> None:
        self.store = root / "store"
        self.path = root / "path"
        self.lines: list[str] = []

    def find(
        self,
        installer: tuple[str, ...] = FAILING_INSTALLER,
        patience: float = 10.0,
        progress_every: float = 30.0,
    ) -> Engine:
        return find_engine(
            store=self.store,
            search_path=str(self.path),
            installer=installer,
            patience=patience,
            progress_every=progress_every,
            say=self.lines.append,
        )

    def said(self, words: str) -> bool:
        return any(words in line for line in self.lines)

    def leftovers(self) -> list[Path]:
        return list(self.store.glob("stage-*"))


@pytest.fixture
def search(tmp_path: Path) -> EngineSearch:
    return EngineSearch(tmp_path)


def eventually(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def gone(pid: int) -> bool:
    """Whether a process has ended; a zombie counts as ended."""
    try:
        state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("needs ps")
    return state.stdout.strip()[:1] in {"", "Z"}


@pytest.mark.parametrize("version", ["3.200.0", "v3.259.0", "v3.300.1-alpha.1+abc"])
def test_recent_cli_on_path_comes_first(search: EngineSearch, version: str) -> None:
    write_engine(search.store / "bin")
    program = write_program(search.path / "pulumi", f"echo {version}")
    found = search.find()
    assert (found.pulumi, found.version, found.origin) == (program, version.removeprefix("v"), "PATH")
    assert len(search.lines) == 1
    assert search.said(str(program))


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo v3.199.9", "version 3.199.9"),
        ("echo v3.200.0-alpha.1", "version 3.200.0-alpha.1"),
        ("echo v4.0.0", "version 4.0.0"),
        ("echo no version is set", "does not print its version"),
        ("echo v3.259.0; exit 1", "does not print its version"),
    ],
)
def test_unusable_cli_on_path_is_skipped_and_the_cached_one_used(
    search: EngineSearch, script: str, reason: str
) -> None:
    write_program(search.path / "pulumi", script)
    write_engine(search.store / "bin")
    assert search.find().origin == "cache"
    assert search.said(f"skipping {search.path / 'pulumi'}")
    assert search.said(reason)


def test_cached_engine_is_used_without_the_installer(search: EngineSearch) -> None:
    write_engine(search.store / "bin")
    found = search.find()
    assert (found.pulumi, found.origin) == (search.store / "bin" / "pulumi", "cache")
    assert not search.said("installer")


@pytest.mark.parametrize("flaw", ["other version", "a program missing", "truncated", "not executable"])
def test_invalid_cache_is_not_used(search: EngineSearch, flaw: str) -> None:
    folder = search.store / "bin"
    write_engine(folder, PINNED.bump_patch() if flaw == "other version" else PINNED)
    if flaw == "a program missing":
        (folder / "pulumi-language-yaml").unlink()
    if flaw == "truncated":
        (folder / "pulumi").write_bytes(b"\x7fELF\x02\x01\x01")
    if flaw == "not executable":
        (folder / "pulumi").chmod(0o644)
    write_go(search.path, build_script())
    assert search.find().origin == "go build"
    assert search.find().origin == "cache"


def test_installer_fills_the_cache(search: EngineSearch) -> None:
    script = f'mkdir -p "$1/bin"; out="$1/bin"; test "$2" = {PINNED} && {build_script(f"v{PINNED}")}'
    installer = str(write_program(search.path / "installer", script))
    found = search.find((installer,))
    assert (found.pulumi, found.origin) == (search.store / "bin" / "pulumi", "installer")
    assert search.find().origin == "cache"
    assert search.leftovers() == []


def test_installer_does_not_write_to_the_home_folder(search: EngineSearch, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    installer = write_program(search.path / "installer", f'echo "$HOME $PULUMI_HOME $TMPDIR" >{seen}; exit 1')
    write_go(search.path, build_script())
    search.find((str(installer),))
    assert all(word.startswith(f"{search.store}/") for word in seen.read_text().split())


def test_hanging_installer_is_killed_with_its_children(search: EngineSearch, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f'mkdir -p "$1/bin"; echo half >"$1/bin/pulumi"; sleep 60 & echo $$ $! >{pids}; wait'
    installer = str(write_program(search.path / "installer", script))
    with pytest.raises(EngineUnavailableError):
        search.find((installer,), patience=0.5)
    assert search.said("no answer within 0.5 s")
    assert all(eventually(lambda pid=pid: gone(int(pid))) for pid in pids.read_text().split())  # type: ignore[misc]
    assert search.leftovers() == []
    assert not (search.store / "bin").exists()


def test_slow_download_is_not_interrupted(search: EngineSearch) -> None:
    grow = 'for i in 1 2 3 4 5 6; do head -c 400000 /dev/zero >>"$TMPDIR/archive"; sleep 0.3; done'
    script = f'{grow}; mkdir -p "$1/bin"; out="$1/bin"; {build_script()}'
    installer = str(write_program(search.path / "installer", script))
    assert search.find((installer,), patience=1.0).origin == "installer"


def test_failing_installer_shows_its_reason(search: EngineSearch) -> None:
    write_go(search.path, build_script())
    assert search.find().origin == "go build"
    assert search.said("no route to the installer")


def test_engine_of_another_version_from_the_installer_is_not_used(search: EngineSearch) -> None:
    script = f'mkdir -p "$1/bin"; out="$1/bin"; {build_script("3.258.0")}'
    installer = str(write_program(search.path / "installer", script))
    write_go(search.path, build_script())
    assert search.find((installer,)).origin == "go build"


def test_without_go_the_error_names_the_three_remedies(search: EngineSearch) -> None:
    with pytest.raises(EngineUnavailableError) as raised:
        search.find()
    message = str(raised.value)
    for remedy in ("install the Pulumi CLI, 3.200.0 or newer", "get.pulumi.com", "install Go 1."):
        assert remedy in message


def test_failed_build_shows_its_reason_and_leaves_no_files(search: EngineSearch) -> None:
    write_go(search.path, 'echo half >"$out/pulumi"; echo "missing go.sum entry"; exit 1')
    with pytest.raises(EngineUnavailableError, match=r"missing go\.sum entry"):
        search.find()
    assert search.leftovers() == []
    assert not (search.store / "bin").exists()


def test_build_shows_its_progress(search: EngineSearch) -> None:
    write_go(search.path, f"sleep 1; {build_script()}")
    search.find(progress_every=0.3)
    assert search.said("about 4 minutes")
    assert search.said("still building")


def test_build_asks_for_the_pinned_module_unchanged(search: EngineSearch, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    search.path.mkdir()
    write_program(search.path / "go", f'echo "$PWD $*" >{seen}; exit 1')
    with pytest.raises(EngineUnavailableError):
        search.find()
    command = seen.read_text()
    assert command.startswith(f"{resolver.GO_MODULE} build -mod=readonly -trimpath")
    assert f"version.Version={PINNED}" in command


def test_go_module_pins_the_same_engine() -> None:
    module = (resolver.GO_MODULE / "go.mod").read_text()
    assert re.search(rf"pulumi/pkg/v3 v{re.escape(str(PINNED))}\s", module)
    assert (resolver.GO_MODULE / "go.sum").exists()


def test_concurrent_searches_build_once(search: EngineSearch, tmp_path: Path) -> None:
    builds = tmp_path / "builds"
    write_go(search.path, f"echo build >>{builds}; sleep 1; {build_script()}")
    program = (
        "import sys, pathlib; from tools.engine import find_engine; "
        "print(find_engine(store=pathlib.Path(sys.argv[1]), search_path=sys.argv[2], "
        "installer=('/bin/false',)).origin)"
    )
    command = [sys.executable, "-c", program, str(search.store), str(search.path)]
    root = Path(resolver.__file__).parents[1]
    both = [subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    origins = sorted(process.communicate(timeout=30)[0].strip() for process in both)
    assert origins == ["cache", "go build"]
    assert builds.read_text().split() == ["build"]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_build_ends_its_child_processes(tmp_path: Path, ending: signal.Signals) -> None:
    pids = tmp_path / "pids"
    search = EngineSearch(tmp_path)
    write_go(search.path, f'echo half >"$out/pulumi"; sleep 60 & echo $$ $! >{pids}; wait')
    program = (
        "import sys, pathlib, functools; from tools import engine; "
        "engine.find_engine = functools.partial(engine.find_engine, store=pathlib.Path(sys.argv[1]), "
        "search_path=sys.argv[2], installer=('/bin/false',)); sys.exit(engine.main())"
    )
    command = [sys.executable, "-c", program, str(search.store), str(search.path)]
    root = Path(resolver.__file__).parents[1]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert eventually(lambda: pids.exists() and len(pids.read_text().split()) == 2, 15)
        process.send_signal(ending)
        stdout, stderr = process.communicate(timeout=5)
    assert (process.returncode, stdout) == (130, b"")
    assert b"Traceback" not in stderr
    assert all(eventually(lambda pid=pid: gone(int(pid))) for pid in pids.read_text().split())  # type: ignore[misc]
    assert search.leftovers() == []


def test_temporary_folders_of_a_killed_run_are_removed(search: EngineSearch) -> None:
    write_program(search.store / "stage-killed" / "bin" / "pulumi", f"echo {PINNED}")
    write_go(search.path, build_script())
    assert search.find().origin == "go build"
    assert search.leftovers() == []


def test_missing_shim_is_created_and_runs_the_right_interpreter(search: EngineSearch) -> None:
    write_program(search.path / "pulumi", "echo v3.259.0")
    environment = {**os.environ, **search.find().environment()}
    marker = write_program(search.path / "interpreter", 'echo "$@"')
    answer = subprocess.run(
        [search.store / "bin" / SHIM, "127.0.0.1:1", "two words"],
        env={**environment, "PULUMI_PYTHON_CMD": str(marker)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout == "-u -m pulumi.dynamic 127.0.0.1:1 two words\n"
    assert environment["PULUMI_PYTHON_CMD"] == sys.executable


def test_environment_puts_the_engine_first_on_path(search: EngineSearch, tmp_path: Path) -> None:
    engine = Engine(tmp_path / "cli" / "pulumi", "3.259.0", "PATH", search.store)
    variables = engine.environment()
    assert variables["PATH"].split(os.pathsep)[:2] == [str(tmp_path / "cli"), str(Path(sys.executable).parent)]
    assert variables["PATH"].endswith(os.environ["PATH"])
    assert variables["PULUMI_HOME"] == str(search.store / "home")
    assert engine.environment(tmp_path)["PULUMI_HOME"] == str(tmp_path)
    assert "PULUMI_CONFIG_PASSPHRASE" not in variables


def test_python_host_is_found_beside_the_engine(
    search: EngineSearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    engine = Engine(tmp_path / "cli" / "pulumi", "3.259.0", "PATH", search.store)
    assert not has_host(engine, "python")
    write_program(tmp_path / "cli" / "pulumi-language-python", "exit 0")
    assert has_host(engine, "python")
