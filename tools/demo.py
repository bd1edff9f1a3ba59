"""`make demo`: a real engine reads a fleet of AI nodes and shows a change. Nothing remains afterwards.

The demo fails if a step fails or does not find the expected change.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from types import FrameType

from rich.console import Console
from rich.rule import Rule

from tools.engine import EngineUnavailableError, find_engine
from tools.project import ROOT, Project, Run, opened

EXAMPLE = ROOT / "examples" / "python-dynamic"
FLEET = ROOT / "provider" / "hologres_ai" / "emulator" / "fleet.json"
CLI = (sys.executable, "-m", "hologres_ai.cli")
NODE = "hologram_aipostpay_public_cn-77a02"

console = Console(highlight=False)


class StepFailedError(Exception):
    """A step of the demo did not show the expected output."""


def main() -> int:
    """Run the demo; return 0, 1 if a step failed, or 130 if it was interrupted."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with TemporaryDirectory(prefix="hologres-ai-demo-") as folder:
            _show(Path(shutil.copy(FLEET, folder)))
    except (StepFailedError, EngineUnavailableError, subprocess.CalledProcessError) as error:
        console.print(f"[bold red]demo failed:[/] {error}")
        return 1
    except KeyboardInterrupt:
        console.print("interrupted; no process or file remains")
        return 130
    return 0


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _show(fleet: Path) -> None:
    engine = find_engine()
    key, secret = token_hex(8), token_hex(16)
    with _emulator(fleet, key, secret) as url:
        environment = {
            "ALIBABA_CLOUD_ENDPOINT_HOLOGRAM": url,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": key,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": secret,
            "ALIBABA_CLOUD_REGION": "cn-hangzhou",
        }
        _title("hologres-ai list", "The AI nodes of the emulator.")
        subprocess.run([*CLI, "list"], env={**os.environ, **environment}, check=True)
        with opened(engine, EXAMPLE, environment=environment, write=_print) as project:
            _steps(project, fleet, url)


def _steps(project: Project, fleet: Path, url: str) -> None:
    _title("pulumi preview", "The nodes are read, and the outputs are known before anything is deployed.")
    _expect(NODE in _good(project.preview()).text, "the preview does not show the nodes")

    _title("pulumi up", "The outputs are now stored in the stack.")
    _good(project.up())

    _title("The fleet changes", f"{NODE} grows from 1 node to 3, outside Pulumi.")
    _grow(fleet)

    _title("pulumi refresh --preview-only --expect-no-changes --diff", "It fails and shows what changed.")
    run = _quietly(project).drift("--diff")
    _print_moved(run)
    _expect(run.code != 0 and "1 => 3" in run.text, "the change was not found")

    _title("pulumi destroy", "The list is removed from the state. The service is not called.")
    before = _requests(url)
    _good(project.destroy())
    _expect(_requests(url) == before, "destroy called the service")
    console.print("\n[bold green]Done.[/] No process, file or login remains.")


@contextmanager
def _emulator(fleet: Path, key: str, secret: str) -> Iterator[str]:
    """Run `hologres-ai emulate`, as a user starts it, until the block ends."""
    keys = ["--access-key-id", key, "--access-key-secret", secret]
    command = [*CLI, "emulate", "--fleet", str(fleet), *keys]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            url = process.stdout.readline().strip() if process.stdout else ""
            _expect(url.startswith("http://"), "the emulator did not start")
            console.print(f"emulator: {url}")
            yield url
        finally:
            process.terminate()


def _requests(url: str) -> int:
    with urllib.request.urlopen(f"{url}/_emulator/requests", timeout=10) as response:  # noqa: S310 - loopback
        count: int = json.load(response)["count"]
    return count


def _grow(fleet: Path) -> None:
    document = json.loads(fleet.read_text())
    for node in document["nodes"]:
        if node["aiInstanceId"] == NODE:
            node["nodeCount"] = 3
    fleet.write_text(json.dumps(document, ensure_ascii=False, indent=2))


def _good(run: Run) -> Run:
    _expect(run.code == 0, f"the engine exited with {run.code}")
    return run


def _expect(held: bool, complaint: str) -> None:
    if not held:
        raise StepFailedError(complaint)


def _quietly(project: Project) -> Project:
    return Project(project.engine, project.folder, project.stack, project.environment, lambda _line: None)


def _print_moved(run: Run) -> None:
    moved = [line for line in run.text.splitlines() if "=>" in line or "error:" in line or "to update" in line]
    for line in moved:
        _print(line)
    console.print(f"(exit code {run.code}; lines without a change are omitted)")


def _title(command: str, meaning: str) -> None:
    console.print()
    console.print(Rule(f"[bold]{command}[/]", align="left", characters="-"))
    console.print(meaning, style="dim")


def _print(line: str) -> None:
    console.print(line, markup=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
