"""The command line, in this process, as a process and on a terminal."""

import json
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner

from hologres_ai.cli import main
from hologres_ai.core.result import build_result
from hologres_ai.emulator import EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET
from hologres_ai.models import AiNode, AiNodeListResult, NodeList, build_query
from hologres_ai.settings import environment_names

COMMAND = [sys.executable, "-m", "hologres_ai.cli"]


NOW = datetime(2026, 1, 19, 12, tzinfo=UTC)


NODE = AiNode(
    ai_instance_id="hologram_aicombo_public_cn-77xxx",
    region_id="cn-hangzhou",
    holo_instance_id="hgpostcn-cn-yi34hlzdx003",
    holo_instance_name="AI节点List测试",
    ai_spec="small-8core-30G-24G",
    node_count=2,
    cpu=8,
    memory=30,
    gpu=1,
    gpu_memory=24,
    cpu_used=4,
    memory_used=60,
    gpu_used=1,
    gpu_memory_used=36,
    status="ResourceReady",
    charge_type="PrePaid",
    expiration_time="2026-01-28T07:44:27.535Z",
    auto_renewal=False,
)


OTHER = replace(NODE, ai_instance_id="hologram_aipostpay_public_cn-88yyy", holo_instance_id="hgpostcn-cn-other")


def environment(url: str, **changes: str | None) -> dict[str, str]:
    """An environment with the emulator's settings and no other setting of this package."""
    hidden = environment_names() | {
        "NO_COLOR",
        "FORCE_COLOR",
        "COLUMNS",
        "TTY_COMPATIBLE",
        "PYTHONIOENCODING",
        "PYTHONUNBUFFERED",
    }
    bare = {name: value for name, value in os.environ.items() if name not in hidden}
    settings: dict[str, str | None] = {
        "ALIBABA_CLOUD_ENDPOINT_HOLOGRAM": url,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": EMULATOR_ACCESS_KEY_ID,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": EMULATOR_ACCESS_KEY_SECRET,
        "ALIBABA_CLOUD_REGION": "cn-hangzhou",
        "PYTHONUTF8": "1",
        "TERM": "xterm-256color",
        "HOME": "/nonexistent",  # hides the profile of the user of this machine
    }
    return bare | {name: value for name, value in (settings | changes).items() if value is not None}


def run(*arguments: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command in this process, with this environment; a separate process takes half a second longer."""
    changes = dict.fromkeys(os.environ) | dict(env)
    result = CliRunner().invoke(main, arguments, env=changes, prog_name="hologres-ai")
    return subprocess.CompletedProcess(arguments, result.exit_code, result.stdout, result.stderr)


def run_process(*arguments: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command as a process, for what depends on its streams."""
    return subprocess.run([*COMMAND, *arguments], env=env, capture_output=True, text=True, timeout=60, check=False)


def on_terminal(
    *arguments: str, env: Mapping[str, str], width: int = 80, with_progress: bool = False
) -> tuple[int, str]:
    """Return the exit code and what a terminal of that width shows; progress, which is cleared, only on request."""
    controller, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (50, width))
    process = subprocess.Popen([*COMMAND, *arguments], env=env, stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    received = b"".join(_received(controller))
    os.close(controller)
    shown = received.decode().replace("\r\n", "\n")
    return process.wait(timeout=60), shown if with_progress else re.sub(r"\r[^\r\n]*\x1b\[K", "", shown)


def _received(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # on Linux: the other end is closed
            return
        if not chunk:
            return
        yield chunk


def first_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    assert select.select([process.stdout], [], [], 20)[0], "no first line came"
    return process.stdout.readline()


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition was not met in time"
        time.sleep(0.01)


def write_fleet(path: Path, *nodes: Mapping[str, object]) -> Path:
    file = path / "fleet.json"
    file.write_text(json.dumps({"nodes": nodes}), encoding="utf-8")
    return file


def result_of(*nodes: AiNode, **arguments: object) -> AiNodeListResult:
    return build_result("cn-hangzhou", build_query(arguments), NodeList(nodes=nodes, request_id=None))


def plain_lines(screen: str) -> list[str]:
    return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in screen.splitlines()]
