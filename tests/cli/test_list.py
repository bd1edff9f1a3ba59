"""``hologres-ai list``: the real command as a process against the real emulator."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from hologres_ai.cli import output
from hologres_ai.cli.reports.text import COLUMNS
from hologres_ai.emulator import EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET, Emulator
from tests.support.command_line import COMMAND, environment, on_terminal, plain_lines, run, write_fleet


def test_a_pipe_gets_a_line_for_each_node(emulator: Emulator) -> None:
    done = run("list", env=environment(emulator.url, COLUMNS="20", FORCE_COLOR="1"))

    nodes = json.loads(emulator.fleet_path.read_text(encoding="utf-8"))["nodes"]
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (0, "")
    assert len(rows) == len(nodes)
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert sorted(row[3] for row in rows) == sorted(node["aiInstanceId"] for node in nodes)
    assert "\x1b" not in done.stdout


def test_a_pipe_gets_every_column_with_escaped_values(tmp_path: Path) -> None:
    node = {"aiInstanceId": "a", "holoInstanceId": "h", "holoInstanceName": "a\tb\n\x1b[31m\u202e", "nodeCount": 2}
    figures = {"gpu": 4, "gpuUsed": 3, "gpuMemory": 24, "cpu": 8, "cpuUsed": 99, "autoRenewal": True}
    with Emulator(write_fleet(tmp_path, node | figures)) as emulator:
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


def test_no_usage_marks_the_columns_that_are_left_out(emulator: Emulator) -> None:
    done = run("list", "--no-usage", env=environment(emulator.url))

    left_out = {title for title, _ in COLUMNS if "used" in title or "free" in title}
    for line in done.stdout.splitlines():
        values = dict(zip((title for title, _ in COLUMNS), line.split("\t"), strict=True))
        assert {title for title, value in values.items() if value == "-"} == left_out


def test_each_filter_option_selects_nodes(emulator: Emulator) -> None:
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


def test_list_json_has_the_fields_of_the_result_and_the_request_id(emulator: Emulator) -> None:
    done = run("list", "--json", env=environment(emulator.url))

    wire = json.loads(done.stdout)
    always = {"region", "instanceModelList", "ids", "names", "totals", "fingerprint", "regionOutcomes"}
    assert set(wire) == always | {"requestId"}
    assert "AI节点List测试" in done.stdout
    assert done.stdout == json.dumps(wire, ensure_ascii=False, indent=2) + "\n"


@pytest.mark.parametrize(
    ("encoding", "unbuffered"), [("ascii", ""), ("ascii", "1"), ("cp1252", ""), ("gbk", ""), ("utf-16", "")]
)
def test_a_pipe_gets_utf_8_in_every_locale(emulator: Emulator, encoding: str, unbuffered: str) -> None:
    env = environment(emulator.url, PYTHONUTF8="0", PYTHONIOENCODING=encoding, PYTHONUNBUFFERED=unbuffered)

    def printed(*arguments: str) -> str:
        done = subprocess.run([*COMMAND, "list", *arguments], env=env, capture_output=True, check=True)
        return done.stdout.decode("utf-8")

    assert "AI节点List测试" in printed()
    assert "AI节点List测试" in json.loads(printed("--json"))["names"]


def test_endpoint_and_region_options_override_the_environment(emulator: Emulator) -> None:
    env = environment("http://127.0.0.1:1", ALIBABA_CLOUD_REGION="cn-beijing")
    done = run("list", "--json", "--endpoint", emulator.url, "--region", "cn-shanghai", env=env)

    assert json.loads(done.stdout)["region"] == "cn-shanghai"


def test_each_warning_is_a_line_on_stderr(tmp_path: Path) -> None:
    broken = {"aiInstanceId": "a", "expirationTime": "soon\x1b[2J"}
    with Emulator(write_fleet(tmp_path, broken, {"aiInstanceId": "a"})) as emulator:
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
def test_an_empty_list_is_explained_on_stderr(emulator: Emulator, arguments: list[str], hint: str) -> None:
    done = run("list", *arguments, env=environment(emulator.url))

    assert (done.returncode, done.stdout) == (0, "")
    assert "warning: no AI nodes in cn-hangzhou: " in done.stderr
    assert hint in done.stderr
    assert f"{emulator.url} was called with credentials from static keys (environment ALIBABA_CLOUD_" in done.stderr
    assert re.search(r"ACCESS_KEY_ID\), request [0-9A-F-]{36}\.", done.stderr)
    assert "hologram:ListInstanceModel" in done.stderr
    assert EMULATOR_ACCESS_KEY_SECRET not in done.stderr


def test_a_terminal_gets_a_table_in_colour(emulator: Emulator) -> None:
    code, screen = on_terminal("list", env=environment(emulator.url))

    assert code == 0
    assert "\x1b[1;36mAI节点List测试\x1b[0m" in screen
    assert "\x1b[31m█████\x1b[0m 100%" in screen
    assert "Total in cn-hangzhou" in screen


@pytest.mark.parametrize("changes", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_colour_can_be_switched_off(emulator: Emulator, changes: dict[str, str]) -> None:
    emulator.arm("denied")
    for expected in (1, 0):
        code, screen = on_terminal("list", env=environment(emulator.url, **changes))
        assert code == expected
        assert not re.search(r"\x1b\[(\d+;)*(3\d|9\d)", screen)


def test_progress_is_shown_when_a_read_takes_long(emulator: Emulator) -> None:
    emulator.arm("slow", seconds=output.PROGRESS_AFTER + 0.5)
    _, screen = on_terminal("list", env=environment(emulator.url), with_progress=True)
    assert "reading the AI nodes of cn-hangzhou" in screen
    assert re.search(r"\d s", screen)

    emulator.arm("slow", seconds=output.PROGRESS_AFTER + 0.5)
    assert run("list", env=environment(emulator.url)).stderr == ""


def test_a_terminal_without_blocks_gets_ascii(emulator: Emulator) -> None:
    env = environment(emulator.url, PYTHONUTF8="0", PYTHONIOENCODING="ascii", NO_COLOR="1")
    code, screen = on_terminal("list", env=env)

    assert code == 0
    assert screen.isascii()
    assert "##### 100%" in screen
    assert max(map(len, plain_lines(screen))) <= 80


@pytest.mark.parametrize(("width", "is_table"), [(20, False), (39, False), (40, True)])
def test_a_narrow_terminal_gets_a_line_for_each_value(tmp_path: Path, width: int, is_table: bool) -> None:
    nodes = ({"aiInstanceId": name, "status": "ResourceReady"} for name in ("a", "b"))
    with Emulator(write_fleet(tmp_path, *nodes)) as emulator:
        code, screen = on_terminal("list", env=environment(emulator.url), width=width)
        empty = on_terminal("list", "--id", "none", env=environment(emulator.url), width=width)[1]

    assert code == 0
    assert ("AI instance ID: a" in screen) != is_table
    if not is_table:
        values = [line.split(": ")[0] for line in screen.split("\n\n")[1].splitlines()]
        assert values == [title for title, _ in COLUMNS]
        assert "\nstatus: ResourceReady\n" in screen
    assert not empty.startswith("\n")


def test_list_uses_a_profile_of_the_credentials_file(emulator: Emulator, tmp_path: Path) -> None:
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
