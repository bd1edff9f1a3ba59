"""The plugin installed in each way, from an empty home, and used by a YAML program."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path

import grpc  # type: ignore[import-untyped]
import pytest
import yaml  # type: ignore[import-untyped]
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2_grpc

from hologres_ai.emulator import EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET, Emulator
from tests.conftest import OpenFolder
from tools.dist import PLUGIN, archive_name
from tools.engine import Engine
from tools.project import ROOT, Project

# One worker makes the archive for all tests of this file.
pytestmark = pytest.mark.xdist_group("archive")

VERSION = version("hologres_ai")
TIMEOUT = 300  # seconds for one test; the same again for the archive

PROGRAM = """\
name: installed
runtime: yaml
resources:
  kept:
    type: hologres:AiNodeList
variables:
  asked:
    fn::invoke:
      function: hologres:getAiNodeList
      arguments: {}
outputs:
  kept: ${kept.ids}
  asked: ${asked.ids}
"""
IN_A_FOLDER = """\
plugins:
  providers:
    - name: hologres
      path: PATH
"""


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive that `make dist` writes; the folder is relative, which is supported too."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "tools.dist", "--out", os.path.relpath(out, ROOT)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


@pytest.fixture(scope="session")
def unpacked(archive: Path) -> Path:
    """The archive's content in a folder."""
    folder = archive.parent / "unpacked"
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder


@pytest.fixture
def bare(tmp_path: Path, engine: Engine, environment: dict[str, str]) -> dict[str, str]:
    """The environment of a machine with the engine's own programs, without Python and without settings."""
    folders = {name: tmp_path / name for name in ("bin", "home", "pulumi-home")}
    for folder in folders.values():
        folder.mkdir()
    for name in ("pulumi", "pulumi-language-yaml"):
        program = shutil.which(name, path=engine.environment()["PATH"])
        assert program is not None
        (folders["bin"] / name).symlink_to(program)
    return {
        **environment,
        "PATH": str(folders["bin"]),
        "HOME": str(folders["home"]),
        "PULUMI_HOME": str(folders["pulumi-home"]),
        "PULUMI_PYTHON_CMD": "",
        "PYTHONPATH": "",
        "VIRTUAL_ENV": "",
    }


@pytest.fixture(autouse=True)
def _in_time() -> Iterator[None]:
    """End a test whose engine hangs; a `Project` then interrupts the command that it waits for."""

    def give_up(_signal: int, _frame: object) -> None:
        raise TimeoutError(f"not done within {TIMEOUT} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(TIMEOUT)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def write_program(folder: Path, *, plugins: str = "") -> Path:
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(PROGRAM + plugins)
    return folder


def assert_it_works(project: Project, emulator: Emulator) -> str:
    """Preview, up, up again, destroy; returns what the preview said."""
    fleet = json.loads(emulator.fleet_path.read_text())["nodes"]
    ids = sorted(node["aiInstanceId"] for node in fleet)
    assert len(ids) == 13
    preview = project.preview()
    assert preview.code == 0, preview.text
    assert all(preview.text.count(f'"{id_}"') == 2 for id_ in ids), preview.text
    assert project.up().code == 0
    assert project.outputs() == {"kept": ids, "asked": ids}
    again = project.up("--expect-no-changes")
    assert again.code == 0, again.text
    destroy = project.destroy()
    assert destroy.code == 0, destroy.text
    return preview.text


def run(
    command: list[str], environment: dict[str, str], folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=False
    )


def install(project: Project, *source: str) -> None:
    command = ["plugin", "install", "resource", "hologres", VERSION, *source]
    installed = run([str(project.engine.pulumi), *command], dict(project.environment))
    assert installed.returncode == 0, installed.stderr


def test_the_archive_is_named_for_its_machine_and_holds_the_executable(archive: Path) -> None:
    assert archive.name == archive_name()
    assert archive.name.startswith(f"pulumi-resource-hologres-v{VERSION}-")
    assert [path.name for path in archive.parent.iterdir() if path.is_file()] == [archive.name]
    with tarfile.open(archive) as tar:
        members = {member.name: member for member in tar}
    assert members[PLUGIN].mode == 0o755
    assert not [name for name in members if Path(name).name == "direct_url.json"]  # it names a folder of this machine
    licences = [name for name in members if "/licenses/" in name]
    assert {name.partition("/licenses/")[0] for name in licences} >= {f"_internal/hologres_ai-{VERSION}.dist-info"}


@pytest.fixture
def server(archive: Path) -> Iterator[str]:
    """A web server with the archive, as a plugin download URL names one."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(archive.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()
        thread.join()


@pytest.mark.parametrize("source", ["file", "server"])
def test_the_archive_is_installed_and_works_without_python(
    tmp_path: Path,
    archive: Path,
    server: str,
    bare: dict[str, str],
    open_folder: OpenFolder,
    emulator: Emulator,
    source: str,
) -> None:
    assert run([shutil.which("env") or "", "python3", "--version"], bare).returncode == 127
    with open_folder(write_program(tmp_path / "program"), environment=bare) as project:
        before = project.preview()
        assert before.code != 0
        assert f"no resource plugin '{PLUGIN}' found" in before.text
        option = {"file": str(archive), "server": server}[source]
        install(project, f"--{source}", option)
        assert "$PATH" not in assert_it_works(project, emulator)
    assert list((tmp_path / "home").iterdir()) == []


def test_a_package_is_added_to_a_project(
    tmp_path: Path, archive: Path, unpacked: Path, bare: dict[str, str], open_folder: OpenFolder, emulator: Emulator
) -> None:
    """The executable gives its schema; the plugin itself is installed as usual.

    A folder is taken as a source-based plugin only, which needs the host of its language.
    """
    with open_folder(write_program(tmp_path / "program"), environment=bare) as project:
        command = [str(project.engine.pulumi), "package", "add", str(unpacked / PLUGIN)]
        added = run(command, dict(project.environment), folder=project.folder)
        assert added.returncode == 0, added.stderr
        packages = yaml.safe_load((project.folder / "Pulumi.yaml").read_text())["packages"]
        assert packages == {"hologres": f"hologres@{VERSION}"}
        assert [path.name for path in (project.folder / "sdks" / "hologres").iterdir()] == [f"hologres-{VERSION}.yaml"]
        install(project, "--file", str(archive))
        assert "$PATH" not in assert_it_works(project, emulator)


def test_a_source_based_plugin_starts_with_the_command_of_the_python_host(tmp_path: Path, bare: dict[str, str]) -> None:
    """The engine's host for `PulumiPlugin.yaml` is not in every installation; this is the command that it runs."""
    assert yaml.safe_load((ROOT / "PulumiPlugin.yaml").read_text()) == {"runtime": "python"}
    command = [sys.executable, "-u", "-m", "pulumi.run.plugin", "hologres_ai"]
    with subprocess.Popen(command, cwd=tmp_path, env=bare, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
                stub = provider_pb2_grpc.ResourceProviderStub(channel)
                assert stub.GetPluginInfo(Empty(), timeout=TIMEOUT).version == VERSION
        finally:
            process.terminate()


def test_programs_that_the_archive_starts_use_the_libraries_of_the_machine(
    tmp_path: Path, unpacked: Path, bare: dict[str, str], open_folder: OpenFolder, emulator: Emulator
) -> None:
    """With a profile that starts a program; this also needs the code for profiles in the archive."""
    seen = tmp_path / "seen"
    keys = {"mode": "AK", "access_key_id": EMULATOR_ACCESS_KEY_ID, "access_key_secret": EMULATOR_ACCESS_KEY_SECRET}
    script = tmp_path / "keys"
    script.write_text(f"#!/bin/sh\necho \"$LD_LIBRARY_PATH\" >'{seen}'\necho '{json.dumps(keys)}'\n")
    script.chmod(0o755)
    profile = {"name": "default", "mode": "External", "process_command": str(script)}
    folder = tmp_path / "home" / ".aliyun"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"current": "default", "profiles": [profile]}))
    without_keys = {name: value for name, value in bare.items() if "ACCESS_KEY" not in name}
    program = write_program(tmp_path / "program", plugins=IN_A_FOLDER.replace("PATH", str(unpacked)))
    with open_folder(program, environment={**without_keys, "LD_LIBRARY_PATH": "/of/this/machine"}) as project:
        preview = project.preview()
        assert preview.code == 0, preview.text
    assert seen.read_text() == "/of/this/machine\n"


def test_a_plugin_folder_named_in_the_project_is_used(
    tmp_path: Path, unpacked: Path, bare: dict[str, str], open_folder: OpenFolder, emulator: Emulator
) -> None:
    program = write_program(tmp_path / "program", plugins=IN_A_FOLDER.replace("PATH", str(unpacked)))
    with open_folder(program, environment=bare) as project:
        assert "$PATH" not in assert_it_works(project, emulator)


def test_pip_puts_the_plugin_on_path(tmp_path: Path, open_folder: OpenFolder, emulator: Emulator) -> None:
    """The engine uses it, and says that no version was asked for."""
    with open_folder(write_program(tmp_path / "program")) as project:
        script = shutil.which(PLUGIN, path=project.environment["PATH"])
        assert script == os.fspath(Path(sys.executable).parent / PLUGIN)
        assert f"using {PLUGIN} from $PATH at {script}" in assert_it_works(project, emulator)
