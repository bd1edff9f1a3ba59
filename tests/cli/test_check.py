"""``hologres-ai check``: the real command against the real emulator."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from hologres_ai.emulator import Emulator
from tests.support.command_line import environment, on_terminal, run

CREATING = "hologram_aipostpay_public_cn-90c04"  # the only one that is not ready
SUBSCRIBED = "hologram_aicombo_public_cn-77a03"  # nine days from the midnight before the start
NEAREST = (
    "hologram_aicombo_public_cn-90c03 (1), hologram_aipostpay_public_cn-90c04 (1), "
    "hologram_aipostpay_public_cn-77a01 (1) and 3 more"
)

Edit = Callable[..., None]


@pytest.fixture
def edit(emulator: Emulator) -> Edit:
    """Gives one node of the fleet other values."""

    def edit_(ai_instance_id: str, **fields: object) -> None:
        document = json.loads(emulator.fleet_path.read_text())
        [node] = [node for node in document["nodes"] if node["aiInstanceId"] == ai_instance_id]
        node.update(fields)
        emulator.fleet_path.write_text(json.dumps(document))

    return edit_


def test_check_prints_a_line_for_each_requirement(emulator: Emulator) -> None:
    done = run(
        "check", "--min-free-gpus", "7", "--min-free-gpu-memory=502", "--min-nodes-ready", "22",
        "--require-ai-spec", "small-8core-30G-24G", "--require-status", "ResourceReady",
        env=environment(emulator.url),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout.splitlines() == [
        "3 of 5 requirements met in cn-hangzhou: 13 AI instances",
        f"  ✗ free GPUs: at least 7 required, 6 found; most free: {NEAREST}",
        "  ✓ free GPU memory: at least 502 GB required, 502 GB found",
        "  ✓ ready nodes: at least 22 required, 22 found",
        "  ✗ status: ResourceReady required for every AI instance, 12 of 13 match; "
        f"not matching: {CREATING} (ResourceCreating)",
        "  ✓ specifications: small-8core-30G-24G required, all are listed",
    ]


def test_met_and_tolerated_requirements_exit_with_0(emulator: Emulator, edit: Edit) -> None:
    env = environment(emulator.url)
    edit(SUBSCRIBED, expirationTime="2020-01-01T00:00:00Z")
    assert run("check", "--min-free-gpus", "6", env=env).returncode == 0
    of_subscriptions = ("check", "--charge-type", "PrePaid", "--not-expiring-within", "0")
    missed = run(*of_subscriptions, env=env)
    assert (missed.returncode, f"{SUBSCRIBED} (expired, 2020-01-01T00:00:00Z)" in missed.stdout) == (2, True)
    warned = run(*of_subscriptions, "--warn", env=env)
    assert (warned.returncode, "\n  ! subscriptions: " in warned.stdout) == (0, True)
    edit(SUBSCRIBED, autoRenewal=True)  # the renewal did not happen
    assert run(*of_subscriptions, env=env).returncode == 2
    edit(SUBSCRIBED, expirationTime="now+9d")
    assert run(*of_subscriptions, env=env).returncode == 0


def test_filters_select_the_nodes_that_are_checked(emulator: Emulator) -> None:
    env = environment(emulator.url)
    done = run("check", "--id", CREATING, "--min-free-gpus", "2", env=env)
    assert f"1 AI instance\n  ✗ free GPUs: at least 2 required, 1 found; most free: {CREATING} (1)" in done.stdout
    none = run("check", "--id", "none", "--min-nodes-ready", "1", env=env)
    assert (none.returncode, none.stdout.splitlines()[1:]) == (
        2,
        ["  ✗ ready nodes: at least 1 required, no AI nodes are listed"],
    )
    assert "no AI nodes in cn-hangzhou" in none.stderr


def test_check_json_has_figures_and_nearest_nodes(emulator: Emulator, edit: Edit) -> None:
    edit(CREATING, gpuUsed=None)
    done = run(
        "check", "--json", "--min-free-gpus=1", "--require-status=Paused", "--min-nodes-ready=1",
        env=environment(emulator.url),
    )  # fmt: skip
    report: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == 2
    assert (report["met"], report["region"]) == (False, "cn-hangzhou")
    gpus, ready, statuses = report["requirements"]
    assert gpus == {
        "requirement": "minFreeGpus",
        "met": False,
        "asked": 1,
        "found": None,
        "text": f"free GPUs: at least 1 required, unknown because of: {CREATING} (no gpuUsed)",
        "nearest": [f"{CREATING} (no gpuUsed)"],
        "more": 0,
        "unread": [],
    }
    assert (ready["met"], ready["asked"], ready["found"]) == (True, 1, 22)
    assert (statuses["asked"], statuses["found"]) == (["Paused"], ["ResourceCreating", "ResourceReady"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Specify at least one requirement, such as --min-free-gpus 2."),
        (["--min-free-gpus", "some"], "--min-free-gpus: not a whole number"),
        (["--not-expiring-within", "-1"], "--not-expiring-within: must not be less than 0"),
        (["--require-ai-spec", ""], "invalid argument --require-ai-spec: must not be empty\n"),
        (["--require-status", ""], "'--require-status': must not be empty"),
        (["--min-free-gpus", "1", "--status", ""], "'--status': must not be empty"),
        (["--min-free-gpus"], "requires an argument"),
    ],
)
def test_invalid_options_exit_with_1_before_any_call(emulator: Emulator, arguments: list[str], says: str) -> None:
    done = run("check", *arguments, env=environment(emulator.url))
    assert (done.returncode, done.stdout, emulator.requests) == (1, "", 0)
    assert says in done.stderr


def test_a_failed_read_exits_with_1_and_not_2(emulator: Emulator) -> None:
    emulator.arm("denied")
    done = run("check", "--min-free-gpus", "1", "--warn", env=environment(emulator.url))
    assert (done.returncode, done.stdout) == (1, "")
    assert "hologram:ListInstanceModel" in done.stderr


def test_a_terminal_gets_colour_and_escaped_control_characters(emulator: Emulator, edit: Edit) -> None:
    edit(CREATING, status="\x1b]0;odd\x07")
    code, shown = on_terminal(
        "check", "--min-free-gpus=6", "--require-status=ResourceReady", env=environment(emulator.url)
    )
    assert code == 2
    assert "\x1b[32m  ✓\x1b[0m free GPUs: at least 6 required, 6 found\n" in shown
    assert "\x1b[31m  ✗\x1b[0m status: " in shown
    assert r"(\x1b]0;odd\x07)" in shown


def test_an_ascii_terminal_gets_words_instead_of_symbols(emulator: Emulator) -> None:
    env = environment(emulator.url, PYTHONUTF8="0", PYTHONIOENCODING="ascii", NO_COLOR="1")
    _, shown = on_terminal("check", "--min-free-gpus=6", "--min-nodes-ready=99", env=env)
    assert [line[:7] for line in shown.splitlines()[1:]] == ["  ok fr", "  no re"]


def test_a_requirement_that_an_unread_region_could_change_exits_with_1(emulator: Emulator) -> None:
    regions = ("--region", "cn-hangzhou", "--region", "cn-shanghai", "--on-region-error", "partial")

    def code(*required: str) -> int:
        emulator.arm("denied", region="cn-shanghai")
        done = run("check", *regions, *required, env=environment(emulator.endpoint))
        assert ("could not be read: cn-shanghai (denied)" in done.stdout) is (done.returncode == 1), done.stdout
        return done.returncode

    assert code("--min-free-gpus", "6") == 0
    assert code("--min-free-gpus", "7") == 1
    assert code("--require-status", "ResourceReady") == 2
    assert code("--require-status", "ResourceReady", "--require-status", "ResourceCreating") == 1
