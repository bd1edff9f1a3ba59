"""The command line: the real command as a process against the real emulator, and what it draws."""

import io
import json
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from rich.cells import cell_len
from rich.console import Console

from hologres_ai.cli import errors, main, progress, table, text
from hologres_ai.cli.cells import NEAR, SLIM, WIDE, Look, utilisation
from hologres_ai.cli.columns import COLUMNS
from hologres_ai.core.result import build_result
from hologres_ai.credentials import Credentials
from hologres_ai.credentials.resolver import SOURCES as CREDENTIALS_SOURCES
from hologres_ai.emulator import EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET, Emulator
from hologres_ai.models import AiNode, AiNodeListResult, NodeList, Usage, build_query
from hologres_ai.settings import SETTINGS
from tests.support import stand_ins
from tests.support.raw_server import RawServer, http
from tests.support.stand_ins import CANARY, StandIn

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
    """An environment with the emulator's settings and no other of ours."""
    ours = {name for setting in SETTINGS for name in setting.environment}
    ours |= {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE", "PYTHONIOENCODING"}
    bare = {name: value for name, value in os.environ.items() if name not in ours}
    settings: dict[str, str | None] = {
        "ALIBABA_CLOUD_ENDPOINT_HOLOGRAM": url,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": EMULATOR_ACCESS_KEY_ID,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": EMULATOR_ACCESS_KEY_SECRET,
        "ALIBABA_CLOUD_REGION": "cn-hangzhou",
        "PYTHONUTF8": "1",
        "TERM": "xterm-256color",
        "HOME": "/nonexistent",  # where a profile of this machine's user may be
    }
    return bare | {name: value for name, value in (settings | changes).items() if value is not None}


def run(*arguments: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], env=env, capture_output=True, text=True, timeout=60, check=False)


def on_terminal(*arguments: str, env: Mapping[str, str], width: int = 80) -> tuple[int, str]:
    """The exit code and all that a terminal of that width receives on stdout and stderr together."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (50, width))
    process = subprocess.Popen([*COMMAND, *arguments], env=env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    received = b"".join(_received(ours))
    os.close(ours)
    return process.wait(timeout=60), received.decode().replace("\r\n", "\n")


def _received(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # Linux's way to say that nobody writes any more
            return
        if not chunk:
            return
        yield chunk


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


def fleet(path: Path, *nodes: Mapping[str, object]) -> Path:
    file = path / "fleet.json"
    file.write_text(json.dumps({"nodes": nodes}), encoding="utf-8")
    return file


def result_of(*nodes: AiNode, **arguments: object) -> AiNodeListResult:
    return build_result("cn-hangzhou", build_query(arguments), NodeList(nodes=nodes, request_id=None))


def drawn(result: AiNodeListResult, width: int = 80, encoding: str = "utf-8", colour: bool = False) -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")
    console = Console(
        file=file,
        width=width,
        color_system="standard" if colour else None,
        force_terminal=colour,
        highlight=False,
    )
    console.print(table.render(result, console, NOW))
    file.seek(0)
    return file.read()


# ------------------------------------------------------------------------------------------------ list, in a pipe


def test_a_pipe_gets_one_line_a_node(emulator: Emulator) -> None:
    done = run("list", env=environment(emulator.url, COLUMNS="20", FORCE_COLOR="1"))

    nodes = json.loads(emulator.fleet_path.read_text(encoding="utf-8"))["nodes"]
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (0, "")
    assert len(rows) == len(nodes)
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert sorted(row[3] for row in rows) == sorted(node["aiInstanceId"] for node in nodes)
    assert "\x1b" not in done.stdout


def test_columns_of_a_pipe(tmp_path: Path) -> None:
    node = {"aiInstanceId": "a", "holoInstanceId": "h", "holoInstanceName": "a\tb\n\x1b[31m\u202e", "nodeCount": 2}
    figures = {"gpu": 4, "gpuUsed": 3, "gpuMemory": 24, "cpu": 8, "cpuUsed": 99, "autoRenewal": True}
    with Emulator(fleet(tmp_path, node | figures)) as emulator:
        done = run("list", env=environment(emulator.url))

    shown = dict(zip((title for title, _ in COLUMNS), done.stdout.removesuffix("\n").split("\t"), strict=True))
    assert shown == dict.fromkeys(shown, "?") | {
        "Hologres instance ID": "h",
        "Hologres instance name": r"a\x09b\x0a\x1b[31m\u202e",
        "AI instance ID": "a",
        "number of nodes": "2",
        "GPU cards used": "3",
        "GPU cards": "8",
        "free GPU cards": "5",
        "GPU memory, GB": "48",
        "CPU cores used": "99",
        "CPU cores": "16",
        "auto renewal": "true",
    }


def test_no_usage_marks_what_was_left_out(emulator: Emulator) -> None:
    done = run("list", "--no-usage", env=environment(emulator.url))

    left_out = {title for title, _ in COLUMNS if "used" in title or "free" in title}
    for line in done.stdout.splitlines():
        values = dict(zip((title for title, _ in COLUMNS), line.split("\t"), strict=True))
        assert {title for title, value in values.items() if value == "-"} == left_out


def test_filters_reach_the_core(emulator: Emulator) -> None:
    everything = run("list", "--json", env=environment(emulator.url))
    nodes = json.loads(everything.stdout)["instanceModelList"]
    one = nodes[0]
    filters = {
        "--instance-id": "holoInstanceId",
        "--id": "aiInstanceId",
        "--status": "status",
        "--charge-type": "chargeType",
        "--ai-spec": "aiSpec",
        "--name-regex": "holoInstanceName",
    }
    for option, field in filters.items():
        done = run("list", "--json", option, one[field], env=environment(emulator.url))
        wanted = [node["aiInstanceId"] for node in nodes if node[field] == one[field]]
        assert json.loads(done.stdout)["ids"] == sorted(wanted), option
        assert len(wanted) < len(nodes), option

    both = run("list", "--json", "--id", nodes[0]["aiInstanceId"], "--id", nodes[1]["aiInstanceId"],
               env=environment(emulator.url))  # fmt: skip
    assert len(json.loads(both.stdout)["ids"]) == 2


def test_json_is_the_wire_form_with_the_request_id(emulator: Emulator) -> None:
    done = run("list", "--json", env=environment(emulator.url))

    wire = json.loads(done.stdout)
    always = {"region", "instanceModelList", "ids", "names", "totals", "fingerprint", "regionOutcomes"}
    assert set(wire) == always | {"requestId"}
    assert "AI节点List测试" in done.stdout
    assert done.stdout == json.dumps(wire, ensure_ascii=False, indent=2) + "\n"


def test_json_stays_json_where_the_encoding_lacks_characters(emulator: Emulator) -> None:
    done = run("list", "--json", env=environment(emulator.url, PYTHONUTF8="0", PYTHONIOENCODING="ascii"))

    assert "AI节点List测试" in json.loads(done.stdout)["names"]
    assert done.stdout.isascii()


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_pipe_gets_codes_for_characters_that_its_encoding_lacks(emulator: Emulator, unbuffered: str) -> None:
    env = environment(emulator.url, PYTHONUTF8="0", PYTHONIOENCODING="ascii", PYTHONUNBUFFERED=unbuffered)
    done = run("list", env=env)

    assert done.returncode == 0
    assert r"AI\u8282\u70b9List\u6d4b\u8bd5" in done.stdout


def test_endpoint_and_region_beat_the_environment(emulator: Emulator) -> None:
    env = environment("http://127.0.0.1:1", ALIBABA_CLOUD_REGION="cn-beijing")
    done = run("list", "--json", "--endpoint", emulator.url, "--region", "cn-shanghai", env=env)

    assert json.loads(done.stdout)["region"] == "cn-shanghai"


def test_warnings_go_to_stderr_a_line_each(tmp_path: Path) -> None:
    broken = {"aiInstanceId": "a", "expirationTime": "soon\x1b[2J"}
    with Emulator(fleet(tmp_path, broken, {"aiInstanceId": "a"})) as emulator:
        done = run("list", "--region", "cn-nowhere", env=environment(emulator.url))

    assert done.returncode == 0
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["warning"] * 3
    assert "\x1b" not in done.stderr
    assert len(done.stdout.splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["--status", "ResourceReady", "--id", "x"], "the service listed 13, ids left none. "),
        (["--status", "ResourceReady", "--name-regex", "^x"], "listed 13, statuses left 12, nameRegex left none. "),
        (["--instance-id", "hgpostcn-cn-nowhere"], "the service listed none. "),
    ],
)
def test_an_empty_answer_is_explained(emulator: Emulator, arguments: list[str], hint: str) -> None:
    done = run("list", *arguments, env=environment(emulator.url))

    assert (done.returncode, done.stdout) == (0, "")
    assert "warning: no AI nodes in cn-hangzhou: " in done.stderr
    assert hint in done.stderr
    assert f"{emulator.url} was asked with credentials from static keys (environment ALIBABA_CLOUD_" in done.stderr
    assert re.search(r"ACCESS_KEY_ID\), request [0-9A-F-]{36}\.", done.stderr)
    assert "hologram:ListInstanceModel" in done.stderr
    assert EMULATOR_ACCESS_KEY_SECRET not in done.stderr


# --------------------------------------------------------------------------------------------------- how it ends


@pytest.mark.parametrize(
    ("arguments", "changes", "code", "says"),
    [
        (["list", "--bogus"], {}, 2, "No such option '--bogus'"),
        (["list", "--name-regex", "("], {}, 2, "--name-regex: not a regular expression"),
        (["list", "--id", "", "--status", ""], {}, 2, "--id: must not be empty; --status: must not be empty"),
        (["list", "--region", "x@127.0.0.1"], {}, 2, "A region looks like"),
        (["list"], {"ALIBABA_CLOUD_REGION": None}, 2, "Give --region, or set ALIBABA_CLOUD_REGION"),
        (["list"], {"ALIBABA_CLOUD_ACCESS_KEY_SECRET": None}, 2, "Set ALIBABA_CLOUD_ACCESS_KEY_SECRET in the"),
        (["list"], {"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "canary-1"}, 1, "SignatureDoesNotMatch"),
        (["emulate", "--fault", "nope"], {}, 2, "--fault: "),
        (["emulate", "--port", "65536"], {}, 2, "--port"),
        (["emulate", "--fleet", "does-not-exist.json"], {}, 2, "--fleet"),
    ],
)
def test_failures_are_a_message_and_a_code(
    emulator: Emulator, arguments: list[str], changes: dict[str, str | None], code: int, says: str
) -> None:
    done = run(*arguments, env=environment(emulator.url, **changes))

    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert "canary" not in done.stderr
    assert emulator.requests == (1 if code == 1 else 0)


def test_a_refusal_shows_the_facts_and_the_remedy(emulator: Emulator) -> None:
    emulator.arm("denied")
    done = run("list", env=environment(emulator.url))

    title, remedy = done.stderr.splitlines()
    assert done.returncode == 1
    assert re.fullmatch(r"error: .*\(HTTP 403, Forbidden\.RAM, request [0-9A-F-]+\)", title)
    assert "hologram:ListInstanceModel" in remedy


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_the_reader_may_go_away(tmp_path: Path, unbuffered: str) -> None:
    many = ({"aiInstanceId": f"{number:0500}"} for number in range(2000))
    with Emulator(fleet(tmp_path, *many)) as emulator:
        for arguments in (["list"], ["list", "--json"]):
            process = subprocess.Popen(
                [*COMMAND, *arguments],
                env=environment(emulator.url, PYTHONUNBUFFERED=unbuffered),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            assert process.stdout
            assert process.stderr
            process.stdout.readline()
            process.stdout.close()
            assert process.stderr.read() == b""
            assert process.wait(timeout=30) == errors.READER_GONE
            process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_no_success(emulator: Emulator) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "list"],
            env=environment(emulator.url),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert (done.returncode, done.stderr) == (1, "error: No space left on device\n")


def test_a_closed_stdout_is_no_success(emulator: Emulator) -> None:
    done = subprocess.run(
        ["sh", "-c", f"exec {shlex.join([*COMMAND, 'list'])} >&-"],
        env=environment(emulator.url),
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (1, "error: stdout is closed: what is read has nowhere to go\n")


def test_an_interrupt_ends_a_read_promptly(emulator: Emulator) -> None:
    emulator.arm("hang")
    process = subprocess.Popen(
        [*COMMAND, "list"], env=environment(emulator.url), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: emulator.requests == 1)
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)

    assert (process.returncode, stdout, stderr) == (130, "", "interrupted\n")
    assert time.monotonic() - asked < 2


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.01)


class SurpriseError(RuntimeError):
    """Something nobody thought of."""


@click.group(cls=errors.GuardedGroup)
def guarded() -> None:
    """A group like `main`."""


@guarded.command()
def surprise() -> None:
    """Fail in a way that nobody thought of."""
    raise SurpriseError("with a secret in it")


@pytest.mark.parametrize("debug", [False, True])
def test_a_bug_asks_to_be_reported(monkeypatch: pytest.MonkeyPatch, debug: bool) -> None:
    monkeypatch.setenv(errors.DEBUG, "1" if debug else "")
    done = CliRunner().invoke(guarded, ["surprise"])

    assert done.exit_code == 1
    assert "SurpriseError: this is a bug in hologres-ai; please report it" in done.stderr
    assert ("Traceback" in done.stderr) == debug
    assert ("secret" in done.stderr) == debug


# ---------------------------------------------------------------------------------------------- list, on a terminal


def test_a_terminal_gets_a_table_in_colour(emulator: Emulator) -> None:
    code, screen = on_terminal("list", env=environment(emulator.url))

    assert code == 0
    assert "\x1b[1;36mAI节点List测试\x1b[0m" in screen
    assert "\x1b[31m█████\x1b[0m 100%" in screen
    assert "Total in cn-hangzhou" in screen
    assert "reading" not in screen


@pytest.mark.parametrize("changes", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_colour_can_be_switched_off(emulator: Emulator, changes: dict[str, str]) -> None:
    emulator.arm("denied")
    for expected in (1, 0):
        code, screen = on_terminal("list", env=environment(emulator.url, **changes))
        assert code == expected
        assert not re.search(r"\x1b\[(\d+;)*(3\d|9\d)", screen)


def test_an_error_on_a_terminal_is_red(emulator: Emulator) -> None:
    emulator.arm("denied")
    _, screen = on_terminal("list", env=environment(emulator.url))

    assert "\x1b[31m\x1b[1merror:" in screen


def test_it_says_that_it_waits_when_it_takes_long(emulator: Emulator) -> None:
    emulator.arm("slow", seconds=progress.PATIENCE + 1)
    _, screen = on_terminal("list", env=environment(emulator.url))
    assert "reading the AI nodes of cn-hangzhou" in screen
    assert re.search(r"1 s", screen)

    emulator.arm("slow", seconds=progress.PATIENCE + 1)
    assert run("list", env=environment(emulator.url)).stderr == ""


def test_a_terminal_without_blocks_gets_ascii(emulator: Emulator) -> None:
    env = environment(emulator.url, PYTHONUTF8="0", PYTHONIOENCODING="ascii", NO_COLOR="1")
    code, screen = on_terminal("list", env=env)

    assert code == 0
    assert screen.isascii()
    assert "##### 100%" in screen
    assert max(map(len, plain_lines(screen))) <= 80


def plain_lines(screen: str) -> list[str]:
    return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in screen.splitlines()]


# ------------------------------------------------------------------------------------------------------ the table


def test_the_table_at_80_columns() -> None:
    unknown = replace(OTHER, gpu_used=None, cpu_used=17, node_count=2, status="Odd", charge_type="PostPaid")
    paid_as_it_goes = replace(unknown, expiration_time=None, auto_renewal=None)

    assert [line.rstrip() for line in drawn(result_of(NODE, paid_as_it_goes)).splitlines()] == [
        "AI instance                        GPU        CPU         Free Status",
        "Nodes x specification              GPU memory Memory           Billing",
        "Expiry (UTC)                                                   Renewal",
        "─" * 76,
        "AI节点List测试",
        "hgpostcn-cn-other",
        "hologram_aipostpay_public_cn-88yyy ?/2        17/16      ? GPU Odd",
        "2 x small-8core-30G-24G            ████░  75% █████ 100% 12 GB PostPaid",
        "",
        "AI节点List测试",
        "hgpostcn-cn-yi34hlzdx003",
        "hologram_aicombo_public_cn-77xxx   ██░░░  50% █░░░░  25% 1 GPU ResourceReady",
        "2 x small-8core-30G-24G            ████░  75% █████ 100% 12 GB PrePaid",
        "2026-01-28, in 9 days                                          no renewal",
        "─" * 76,
        "Total in cn-hangzhou               ?/4        21/32      ? GPU",
        "4 nodes                            ████░  75% █████ 100% 24 GB",
    ]


def test_the_table_at_160_columns_has_a_column_for_each_figure() -> None:
    lines = drawn(result_of(NODE), width=160).splitlines()
    row = next(line for line in lines if NODE.ai_instance_id and NODE.ai_instance_id in line)

    assert row.split() == [
        "hologram_aicombo_public_cn-77xxx",
        "2",
        *("████░░░░", "50%"),
        *("██████░░", "75%"),
        *("██░░░░░░", "25%"),
        *("████████", "100%"),
        "1",
        "12",
        "ResourceReady",
        "2026-01-28",
    ]


@pytest.mark.parametrize("width", [60, SLIM, 80, 99, 100, 120, WIDE, 160, 240])
@pytest.mark.parametrize("usage", [True, False])
def test_nothing_is_cut_at_any_width(width: int, usage: bool) -> None:
    long = replace(NODE, ai_instance_id="hologram_aicombo_public_cn-" + "0123456789" * 5, ai_spec="s" * 70)
    text = drawn(result_of(NODE, long, include_usage=usage), width)
    squeezed = re.sub(r"\s", "", "".join(line[: column_end(text)] for line in text.splitlines()))

    assert max(map(cell_len, text.splitlines())) <= width
    assert "…" not in text
    for value in (long.ai_instance_id, long.ai_spec, NODE.ai_instance_id, NODE.holo_instance_id):
        assert value
        assert value in squeezed
    assert ("Free" in text) == usage


def column_end(text: str) -> int:
    """Where the first column ends: the heading's first line tells."""
    heading = next(line for line in text.splitlines() if "GPU" in line)
    return heading.index("Nodes") if "Nodes  " in heading else heading.index("GPU")


def test_columns_stay_aligned_whatever_the_name() -> None:
    names = ["AI节点List测试", "שלום עולם", "مرحبا", "🇨🇳👍🏽", "e\u0301", "\x1b[2J\x07\u202e\u200d", "a\nb\tc", ""]
    spoilt = [replace(NODE, ai_instance_id=name, holo_instance_id=str(i)) for i, name in enumerate(names)]
    text = drawn(result_of(*spoilt))

    rows = [line for line in text.splitlines() if "ResourceReady" in line]
    assert len(rows) == len(names)
    assert len({cell_len(row[: row.index("ResourceReady")]) for row in rows}) == 1
    assert r"\x1b[2J\x07\u202e\u200d" in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]", text)


@pytest.mark.parametrize("encoding", ["ascii", "gbk"])
def test_encodings_without_blocks(encoding: str) -> None:
    text = drawn(result_of(NODE), encoding=encoding)

    assert ("AI节点List测试" if encoding == "gbk" else r"AI\u8282\u70b9List\u6d4b\u8bd5") in text
    assert "##... " in text
    assert not set(text) & set("█░─")


@pytest.mark.parametrize(
    ("used", "capacity", "free", "shown"),
    [
        (0, 4, 4, "░░░░░   0%"),
        (1, 1000, 999, "█░░░░   0%"),
        (2, 4, 2, "██░░░  50%"),
        (999, 1000, 1, "████░  99%"),
        (29, 100, 71, "█░░░░  29%"),
        (4, 4, 0, "█████ 100%"),
        (0, 0, 0, "0/0"),
        (None, 4, None, "?/4"),
        (4, None, None, "4/?"),
        (None, None, None, "?/?"),
        (32, 2, None, "32/2"),
        (-1, 2, 3, "-1/2"),
    ],
)
def test_bars(used: int | None, capacity: int | None, free: int | None, shown: str) -> None:
    usage = Usage(used=used, capacity=capacity, free=free)

    assert utilisation(usage, Look(80, "utf-8", NOW)).plain == shown


@pytest.mark.parametrize(("used", "colour"), [(0, "green"), (69, "green"), (70, "yellow"), (89, "yellow"), (90, "red")])
def test_bars_are_coloured_by_fullness(used: int, colour: str) -> None:
    bar = utilisation(Usage(used=used, capacity=100, free=100 - used), Look(80, "utf-8", NOW))

    assert [str(span.style) for span in bar.spans] == [colour]


@pytest.mark.parametrize(
    ("expiry", "renews", "shown", "red"),
    [
        ("2026-01-28T07:44:27.535Z", False, "2026-01-28, in 9 days", True),
        ("2026-01-28T07:44:27.535Z", None, "2026-01-28, in 9 days", True),
        ("2026-01-28T07:44:27.535Z", True, "2026-01-28, in 9 days", False),
        ("2026-01-20T00:00:00.000Z", False, "2026-01-20, in 1 day", True),
        ("2026-01-19T23:00:00.000Z", False, "2026-01-19, today", True),
        ("2026-01-17T23:00:00.000Z", False, "2026-01-17, 2 days ago", True),
        ("2026-02-18T00:00:00.000Z", False, "2026-02-18, in 30 days", True),
        ("2026-02-19T00:00:00.000Z", False, "2026-02-19, in 31 days", False),
        ("never\x1b", False, r"never\x1b", False),
    ],
)
def test_expiry(expiry: str, renews: bool | None, shown: str, red: bool) -> None:
    node = replace(NODE, expiration_time=expiry, auto_renewal=renews)
    coloured = drawn(result_of(node), colour=True)
    line = next(line for line in coloured.splitlines() if shown.split(",", maxsplit=1)[0] in line)

    assert shown in plain_lines(line)[0]
    assert ("\x1b[1;31m" in line) == red


def test_another_region_than_the_one_read_is_told() -> None:
    text = drawn(result_of(NODE, replace(OTHER, region_id="cn-beijing")))

    assert text.count("in cn-beijing") == 1
    assert "in cn-hangzhou" in text


def test_printable_keeps_what_is_visible() -> None:
    visible = "AI节点\u3000שלום é ñ 👍"
    assert text.printable(visible) == visible
    assert text.printable("\x00\x7f\x9b\u2028\U000e0001") == r"\x00\x7f\x9b\u2028\U000e0001"


# --------------------------------------------------------------------------------------------------------- emulate


@pytest.fixture
def served() -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [*COMMAND, "emulate", "--fault", "denied:1", "--access-key-secret", "a b"],
        env=environment("", ALICLOUD_ACCESS_KEY="another"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def first_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    assert select.select([process.stdout], [], [], 20)[0], "no first line came"
    return process.stdout.readline()


def test_emulate_says_where_it_is_and_how_to_use_it(served: "subprocess.Popen[str]") -> None:
    url = first_line(served).removesuffix("\n")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)

    secret = environment(url, ALIBABA_CLOUD_ACCESS_KEY_SECRET="a-b")
    assert "SignatureDoesNotMatch" in run("list", env=secret).stderr

    served.send_signal(signal.SIGINT)
    asked = time.monotonic()
    stdout, stderr = served.communicate(timeout=20)
    assert time.monotonic() - asked < 2
    assert (served.returncode, stdout) == (0, "")
    assert f"export ALIBABA_CLOUD_ENDPOINT_HOLOGRAM={url}\n" in stderr
    assert "export ALIBABA_CLOUD_ACCESS_KEY_SECRET='a b'\n" in stderr
    assert "unset ALICLOUD_ACCESS_KEY\n" in stderr


def test_what_emulate_prints_can_be_pasted() -> None:
    process = subprocess.Popen(
        [*COMMAND, "emulate", "--fault", "denied:1"],
        env=environment("", ALIBABA_CLOUD_REGION=None, ALICLOUD_ACCESS_KEY="another"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    first_line(process)
    assert process.stderr
    lines = [process.stderr.readline().strip() for _ in range(6)][1:]
    paste = "\n".join(
        [*lines, f"{sys.executable} -m hologres_ai.cli list", f"{sys.executable} -m hologres_ai.cli list"]
    )
    pasted = subprocess.run(
        ["sh", "-c", paste],
        env=environment("", ALICLOUD_ACCESS_KEY="another"),
        capture_output=True,
        text=True,
        check=False,
    )
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)

    assert process.returncode == 0
    assert (pasted.returncode, "Forbidden.RAM" in pasted.stderr) == (0, True)
    assert "AI节点List测试" in pasted.stdout


def test_a_port_in_use_is_told(emulator: Emulator) -> None:
    done = run("emulate", "--port", emulator.url.rsplit(":", 1)[1], env=environment(""))

    assert (done.returncode, done.stdout) == (2, "")
    assert "can't listen on" in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_listening_beyond_loopback_is_warned_of() -> None:
    process = subprocess.Popen(
        [*COMMAND, "emulate", "--host", "0.0.0.0"],
        env=environment(""),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    port = first_line(process).strip().rsplit(":", 1)[1]
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=20)

    assert stderr.startswith("warning: ")
    assert f"export ALIBABA_CLOUD_ENDPOINT_HOLOGRAM=http://127.0.0.1:{port}\n" in stderr


WITHOUT_AIOHTTP = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "aiohttp":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
from hologres_ai.cli import main
main(["emulate"])
"""


def test_emulate_without_aiohttp_says_how_to_get_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_AIOHTTP], env=environment(""), capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'hologres_ai[emulator]'" in done.stderr
    assert "Traceback" not in done.stderr


# ---------------------------------------------------------------------------------------------------------- doctor


SOURCES = [*CREDENTIALS_SOURCES, "role to assume"]
PASSWORD = "canary-proxy-password"


def test_doctor_says_what_is_used_and_that_it_works(emulator: Emulator) -> None:
    done = run("doctor", env=environment(emulator.url, HTTPS_PROXY=f"http://user:{PASSWORD}@127.0.0.1:9"))

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[:5] == [
        "region: cn-hangzhou, from environment ALIBABA_CLOUD_REGION",
        f"endpoint: {emulator.url}, from environment ALIBABA_CLOUD_ENDPOINT_HOLOGRAM",
        "credentials:",
        "  used     static keys: environment ALIBABA_CLOUD_ACCESS_KEY_ID",
        "  not set  role to assume",
    ]
    assert f"AccessKey: {EMULATOR_ACCESS_KEY_ID[:4]}…, permanent" in lines
    assert "  HTTPS_PROXY  http://127.0.0.1:9 (with a user name)" in lines
    assert re.search(r"^call: works: \d+ nodes in 13 AI instances, request [0-9A-F-]+$", done.stdout, re.M)
    assert re.search(r"^clock: (as the service's|\d s )", done.stdout, re.M)
    for secret in (EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET, PASSWORD):
        assert secret not in done.stdout
    assert emulator.requests == 1


def test_doctor_fetches_credentials_and_shows_none(tmp_path: Path) -> None:
    issued = Credentials("uri-id-1", f"{CANARY}-uri-secret-1", f"{CANARY}-uri-token-1")
    with StandIn() as stand_in, Emulator(credentials=issued) as emulator:
        uri = f"{stand_in.url}/credentials?p={stand_ins.PASSWORD}"
        keys = {"ALIBABA_CLOUD_ACCESS_KEY_ID": None, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": None}
        env = environment(emulator.url, ALICLOUD_CREDENTIALS_URI=uri, NO_PROXY="127.0.0.1", **keys)
        good, listed = run("doctor", "--json", env=env), run("list", env=env)
        stand_in.failing = (403, f"{CANARY} {uri}".encode(), {})
        bad = run("doctor", env=env)

    report = json.loads(good.stdout)
    assert (good.returncode, report["call"]["ok"]) == (0, True)
    assert report["access_key"]["value"] == "uri-…, temporary"
    assert [step["source"] for step in report["credentials"]] == [*SOURCES[:3], SOURCES[-1]]
    assert [step["state"] for step in report["credentials"]] == ["not set", "not set", "used", "not set"]
    assert listed.returncode == 1  # the second key that is issued, which this emulator does not know
    assert bad.returncode == 1
    assert "  failed   credentials URI: it refuses" in bad.stdout.splitlines()
    assert "no credentials from the credentials URI: it refuses (HTTP 403)" in bad.stdout
    assert CANARY not in "".join((good.stdout, good.stderr, bad.stdout, bad.stderr, listed.stdout, listed.stderr))


def test_doctor_names_the_ram_action_of_a_denial(emulator: Emulator) -> None:
    emulator.arm("denied", times=2)
    plain_, as_json = (
        run("doctor", env=environment(emulator.url)),
        run("doctor", "--json", env=environment(emulator.url)),
    )

    assert (plain_.returncode, as_json.returncode) == (1, 1)
    assert "  RAM action: hologram:ListInstanceModel" in plain_.stdout.splitlines()
    assert "Forbidden.RAM" in plain_.stdout
    call = json.loads(as_json.stdout)["call"]
    assert (call["ok"], call["ram_action"]) == (False, "hologram:ListInstanceModel")
    assert call["request_id"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"ALIBABA_CLOUD_REGION": None}, "region: no region is set"),
        ({"ALIBABA_CLOUD_ENDPOINT_HOLOGRAM": f"https://u:{PASSWORD}@h"}, "endpoint: environment ALIBABA_CLOUD_ENDP"),
        ({"ALIBABA_CLOUD_ACCESS_KEY_SECRET": None}, "  failed   static keys: no secretKey is set"),
        ({"ALICLOUD_ASSUME_ROLE_ARN": PASSWORD}, "  failed   role to assume: environment ALICLOUD_ASSUME_ROLE_ARN"),
        (
            {"ALIBABA_CLOUD_ACCESS_KEY_ID": None, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": None},
            "  not set  default profile of the CLI",
        ),
        ({"MAX_RETRY_TIMEOUT": "soon"}, "environment MAX_RETRY_TIMEOUT is not a number of seconds"),
    ],
)
def test_doctor_makes_no_call_where_the_configuration_is_bad(
    emulator: Emulator, changes: dict[str, str | None], says: str
) -> None:
    done = run("doctor", env=environment(emulator.url, **changes))

    assert (done.returncode, emulator.requests) == (2, 0)
    assert says in done.stdout
    assert "call: not made" in done.stdout
    assert PASSWORD not in done.stdout + done.stderr


def test_doctor_in_colour_on_a_terminal(emulator: Emulator) -> None:
    _, screen = on_terminal("doctor", env=environment(emulator.url))
    assert "\x1b[32mused   \x1b[0m" in screen
    _, screen = on_terminal("doctor", env=environment(emulator.url, NO_COLOR="1"))
    assert "\x1b[3" not in screen


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (0, "as the service's"),
        (60, "60 s behind the service's"),
        (-60, "60 s ahead of the service's"),
        (1200, "set it"),
    ],
)
def test_doctor_compares_the_clocks(seconds: int, says: str) -> None:
    date = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    with RawServer([http(403, "", f"Date: {date}")]) as server:
        done = run("doctor", env=environment(server.url))

    [clock] = [line for line in done.stdout.splitlines() if line.startswith("clock:")]
    assert re.sub(r"(59|61) s", "60 s", clock).startswith("clock: ")
    assert says in re.sub(r"(59|61) s", "60 s", clock)


def test_list_takes_credentials_of_every_kind(emulator: Emulator, tmp_path: Path) -> None:
    keys = {"access_key_id": EMULATOR_ACCESS_KEY_ID, "access_key_secret": EMULATOR_ACCESS_KEY_SECRET}
    profile = {"name": "ci", "mode": "AK", "region_id": "cn-beijing", **keys}
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"profiles": [profile]}))
    unset = dict.fromkeys(
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_REGION"), None
    )
    env = environment(emulator.url, ALICLOUD_PROFILE="ci", ALIBABA_CLOUD_CREDENTIALS_FILE=str(file), **unset)
    done = run("list", "--json", env=env)

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["region"] == "cn-beijing"


# ------------------------------------------------------------------------------------------------------------ help


@pytest.mark.parametrize("command", [[], ["list"], ["check"], ["doctor"], ["emulate"]], ids=str)
def test_help_is_whole(command: list[str]) -> None:
    shown = CliRunner().invoke(main, [*command, "--help"])

    assert shown.exit_code == 0
    assert "Examples:" in shown.stdout
    assert all(re.search(rf"^ +{code}  ", shown.stdout, re.M) for code in (0, 1, 2, 130, 141))
    assert max(map(len, shown.stdout.splitlines())) <= 80


def test_help_of_list_names_columns_and_settings() -> None:
    shown = CliRunner().invoke(main, ["list", "--help"]).stdout

    assert all(
        re.search(rf"^ +{number}  {re.escape(title)}$", shown, re.M) for number, (title, _) in enumerate(COLUMNS, 1)
    )
    assert all(name in shown for setting in SETTINGS for name in setting.environment)
    assert f"within {NEAR} days" in " ".join(shown.split())


def test_keys_are_no_options() -> None:
    options = {option for parameter in main.commands["list"].params for option in parameter.opts}

    assert not {option for option in options if re.search("key|secret|token", option)}


IMPORTED = """
import sys
from hologres_ai.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print(*sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--help"], {"pulumi", "httpx", "aiohttp", "rich", "pydantic"}),
        (["list", "--help"], {"pulumi", "httpx", "aiohttp", "rich", "pydantic"}),
        (["check", "--help"], {"pulumi", "httpx", "aiohttp", "rich", "pydantic"}),
        (["doctor", "--help"], {"pulumi", "httpx", "aiohttp", "rich", "pydantic"}),
        (["emulate", "--help"], {"pulumi", "httpx", "aiohttp", "rich", "pydantic"}),
        (["doctor"], {"pulumi", "aiohttp", "alibabacloud_credentials", "requests"}),
        (["list"], {"pulumi", "aiohttp", "hologres_ai.cli.table", "hologres_ai.cli.progress"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_only_what_is_needed_is_imported(emulator: Emulator, arguments: list[str], absent: set[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, *arguments],
        env=environment(emulator.url),
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout
    assert not absent & set(done.stderr.split())


def test_version() -> None:
    shown = CliRunner().invoke(main, ["--version"])

    assert re.fullmatch(r"hologres-ai \d+\.\d+\.\d+\n", shown.stdout)
