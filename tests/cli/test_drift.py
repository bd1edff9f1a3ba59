"""``hologres-ai drift``: the real command against the real emulator, whose fleet is edited between two reads."""

import json
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from hologres_ai.emulator import Emulator
from tests.support.command_line import COMMAND, environment, on_terminal, run, wait_until

Nodes = list[dict[str, Any]]
Edit = Callable[[Nodes], object]

GROWN = "hologram_aipostpay_public_cn-77a02"


class Scenario:
    """An emulator with an editable fleet, and a baseline of the original."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self.emulator = emulator
        self.env = environment(emulator.url)
        self.baseline = folder / "baseline.json"

    def edit(self, change: Edit) -> None:
        document = json.loads(self.emulator.fleet_path.read_text())
        change(document["nodes"])
        self.emulator.fleet_path.write_text(json.dumps(document))

    def drift(self, *options: str) -> "subprocess.CompletedProcess[str]":
        return run("drift", "--baseline", str(self.baseline), *options, env=self.env)


@pytest.fixture
def scenario(emulator: Emulator, tmp_path: Path) -> Scenario:
    """An emulator and a new baseline, usage included."""
    made = Scenario(emulator, tmp_path)
    done = made.drift("--accept", "--classes", "inventory,lifecycle,usage")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "is the first baseline: 13 AI instances" in done.stderr
    return made


def put(number: int, **fields: object) -> Edit:
    return lambda nodes: nodes[number].update(fields)


TEN: dict[str, tuple[Edit, str, str]] = {
    "a new one": (lambda nodes: nodes.append({**nodes[0], "aiInstanceId": "new"}), "inventory", "added"),
    "one less": (lambda nodes: nodes.pop(0), "inventory", "removed"),
    "more nodes": (put(1, nodeCount=3), "inventory", "resized"),
    "another owner": (put(1, holoInstanceId="hgpostcn-cn-other"), "inventory", "owner-changed"),
    "another status": (put(1, status="Paused"), "lifecycle", "status-changed"),
    "another billing": (put(1, chargeType="PrePaid"), "lifecycle", "billing-changed"),
    "another name": (put(1, holoInstanceName="renamed"), "lifecycle", "renamed"),
    "no renewal": (put(3, autoRenewal=False), "lifecycle", "renewal-turned-off"),
    "renewed": (put(3, expirationTime="now+400d"), "lifecycle", "expiry-moved-forward"),
    "busier": (put(1, gpuUsed=1), "usage", "usage"),
}


@pytest.mark.parametrize("name", TEN)
def test_each_edit_is_an_event_of_its_kind_with_its_exit_code(scenario: Scenario, name: str) -> None:
    edit, category, kind = TEN[name]
    scenario.edit(edit)
    found = scenario.drift("--json", "--classes", "inventory,lifecycle,usage")
    assert [(event["class"], event["kind"]) for event in json.loads(found.stdout)["events"]] == [(category, kind)]
    assert (found.returncode, found.stderr) == (2, "")
    assert scenario.drift().returncode == (0 if category == "usage" else 2)


def test_several_edits_are_reported_together(scenario: Scenario) -> None:
    for name in ("more nodes", "another status", "another name", "no renewal", "renewed", "busier", "a new one"):
        scenario.edit(TEN[name][0])
    scenario.edit(lambda nodes: nodes.pop(6))
    found = scenario.drift("--json", "--classes", "usage,inventory,lifecycle")
    kinds = {kind for _, _, kind in TEN.values()}
    assert {event["kind"] for event in json.loads(found.stdout)["events"]} == kinds - {
        "owner-changed",
        "billing-changed",
    }


NO_DRIFT: dict[str, Edit] = {
    "another order": lambda nodes: nodes.reverse(),
    "a repeat": lambda nodes: nodes.append(dict(nodes[2])),
    "doubles": lambda nodes: [node.update(gpu=float(node["gpu"]), nodeCount=str(node["nodeCount"])) for node in nodes],
    "another zone": put(2, expirationTime="2030-01-01T08:00:00+08:00"),
    "nothing": lambda nodes: None,
}


@pytest.mark.parametrize("name", NO_DRIFT)
def test_another_order_a_repeat_and_another_notation_are_not_drift(scenario: Scenario, name: str) -> None:
    if name == "another zone":
        scenario.edit(put(2, expirationTime="2030-01-01T00:00:00Z"))
        assert scenario.drift("--accept").returncode == 0
    scenario.edit(NO_DRIFT[name])
    done = scenario.drift("--classes", "inventory,lifecycle,usage")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "No drift in cn-hangzhou: 13 AI instances as in the baseline (inventory, lifecycle, usage)\n"


@pytest.mark.parametrize("fault", ["denied", "hang"])
def test_a_failed_read_is_not_drift(scenario: Scenario, fault: str) -> None:
    scenario.emulator.arm(fault, times=9)
    scenario.env["MAX_RETRY_TIMEOUT"] = "1"
    done = scenario.drift("--accept")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ")
    scenario.emulator.disarm()
    del scenario.env["MAX_RETRY_TIMEOUT"]
    assert scenario.drift().returncode == 0


def test_when_all_nodes_are_gone_a_note_names_the_likely_cause(scenario: Scenario) -> None:
    scenario.edit(lambda nodes: nodes.clear())
    done = scenario.drift()
    assert (done.returncode, done.stdout.count("removed")) == (2, 13)
    note = "Check that the AccessKey belongs to the account of the baseline."
    assert note in done.stderr
    assert json.loads(scenario.drift("--json").stdout)["warnings"][0].endswith(note)


def test_when_all_nodes_were_replaced_a_note_names_the_likely_cause(scenario: Scenario) -> None:
    scenario.edit(lambda nodes: [node.update(aiInstanceId=f"other-{at}") for at, node in enumerate(nodes)])
    done = scenario.drift("--classes", "lifecycle")
    assert (done.returncode, "none of the AI instances in the baseline exists any more" in done.stderr) == (0, True)
    scenario.edit(lambda nodes: nodes.append({**nodes[0], "aiInstanceId": GROWN}))
    assert scenario.drift("--classes", "lifecycle").stderr == ""


# --------------------------------------------------------------------------------------------- no comparison possible

USAGE = [
    ([], "Give either --baseline or --stack."),
    (["--baseline", "x", "--stack", "y"], "Give either --baseline or --stack."),
    (["--bogus"], "No such option"),
    (["--baseline", "-", "--accept"], "--accept requires --baseline FILE"),
    (["--stack", "x", "--accept"], "--accept requires --baseline FILE"),
    (["--baseline", "x", "--classes", "usge"], "'usge' is not one of inventory, lifecycle, usage"),
    (["--baseline", "x", "--classes", ""], "must not be empty"),
    (["--baseline"], "requires an argument"),
    (["--baseline", "x", "extra"], "unexpected extra argument"),
    (["--baseline", "does-not-exist"], "hologres-ai drift --baseline does-not-exist --accept"),
    (["--baseline", "/"], "cannot read /: Is a directory\nCheck the file, or correct --baseline."),
    (["--baseline", "/dev/zero"], "cannot read /dev/zero: it is larger than 256 MiB"),
    (["--baseline", "/dev/zero", "--accept"], "it is larger than 256 MiB\nCorrect --baseline."),
    (["--baseline", "x", "--ignore-file", "/dev/zero"], "cannot read /dev/zero: it is larger than 256 MiB"),
    (["--baseline", "/nowhere/x", "--ignore-file", "/"], "cannot read /: Is a directory\nCheck the file, or correct"),
    (["--baseline", "/dev/null"], "there is no baseline /dev/null, the file is empty\nCreate it with: "),
    (["--baseline", "x", "--name-regex", "("], "--name-regex: not a regular expression"),
    (["--stack", "x"], "--stack requires the command `pulumi`"),
]


@pytest.mark.parametrize(("options", "says"), USAGE, ids=str)
def test_invalid_options_exit_with_1_and_not_2(emulator: Emulator, options: list[str], says: str) -> None:
    env = {**environment(emulator.url), "PATH": "/nowhere"}
    done = run("drift", *options, env=env)
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert emulator.requests == 0


@pytest.mark.parametrize("name", ["ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_REGION"])
def test_a_missing_setting_exits_with_1_and_not_2(scenario: Scenario, name: str) -> None:
    del scenario.env[name]
    if name == "ALIBABA_CLOUD_REGION":  # it is in the baseline
        assert scenario.drift().returncode == 0
        scenario.baseline.unlink()
    done = scenario.drift("--accept")
    assert done.returncode == 1
    assert f"Set {name}" in done.stderr or f"set {name}" in done.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--status", "Paused"], "--status: the baseline was read without this option"),
        (["--region", "cn-beijing"], "--region: the baseline was read in region cn-hangzhou"),
    ],
)
def test_a_query_that_differs_from_the_baseline_is_refused(scenario: Scenario, options: list[str], says: str) -> None:
    before = scenario.emulator.requests
    for more in ([], ["--accept"]):
        done = scenario.drift(*options, *more)
        assert (done.returncode, done.stdout) == (1, "")
        assert says in done.stderr
    assert scenario.emulator.requests == before


def accept_with_profile(scenario: Scenario, folder: Path, **fields: str) -> Path:
    """Replace the baseline by one that was read with a profile; return the credentials file."""
    credentials = scenario.emulator.credentials
    keys = {"access_key_id": credentials.access_key_id, "access_key_secret": credentials.access_key_secret}
    file = folder / "config.json"
    file.write_text(json.dumps({"profiles": [{"name": "prod", "mode": "AK", **keys, **fields}]}))
    scenario.env["ALIBABA_CLOUD_CREDENTIALS_FILE"] = str(file)
    scenario.baseline.unlink()
    assert scenario.drift("--accept", "--profile", "prod").returncode == 0
    return file


def test_an_error_in_the_profile_of_the_baseline_names_the_baseline(scenario: Scenario, tmp_path: Path) -> None:
    accept_with_profile(scenario, tmp_path).unlink()
    for more in ([], ["--accept"]):
        done = scenario.drift(*more)
        assert done.returncode == 1
        assert 'in the baseline, which was read with the profile "prod". Set --profile to a profile' in done.stderr
    assert "in the baseline" not in scenario.drift("--profile", "prod").stderr
    scenario.env["MAX_RETRY_TIMEOUT"] = "soon"
    assert "in the baseline" not in scenario.drift("--profile", "").stderr


def test_an_invalid_setting_is_not_an_error_in_the_profile_of_the_baseline(scenario: Scenario, tmp_path: Path) -> None:
    accept_with_profile(scenario, tmp_path)
    scenario.env["MAX_RETRY_TIMEOUT"] = "soon"
    done = scenario.drift()
    assert ("MAX_RETRY_TIMEOUT" in done.stderr, "in the baseline" in done.stderr) == (True, False)


@pytest.mark.parametrize("form", ["envelope", "list"])
def test_an_invalid_region_in_the_baseline_is_an_error_of_the_document(scenario: Scenario, form: str) -> None:
    document = {**json.loads(scenario.baseline.read_text()), "region": "cn hangzhou"}
    if form == "list":
        document = {name: value for name, value in document.items() if name not in ("kind", "version", "query")}
    scenario.baseline.write_text(json.dumps(document))
    done = scenario.drift()
    assert (done.returncode, "argument" in done.stderr) == (1, False)
    assert "error: the baseline contains 'cn hangzhou', which is not a region\n" in done.stderr


@pytest.mark.parametrize(
    ("ending", "title"), [("exit 3", "failed with exit code 3"), ("kill -9 $$", "failed with signal 9")]
)
def test_a_failed_stack_export_shows_its_last_lines(
    emulator: Emulator, tmp_path: Path, ending: str, title: str
) -> None:
    pulumi = tmp_path / "pulumi"
    pulumi.write_text(f"#!/bin/sh\nprintf 'error: no credentials\\n\\n  Please run pulumi login\\n' >&2\n{ending}\n")
    pulumi.chmod(0o755)
    done = run("drift", "--stack", "dev", env={**environment(emulator.url), "PATH": f"{tmp_path}:/usr/bin:/bin"})
    assert (done.returncode, done.stderr.splitlines()) == (
        1,
        [
            f"error: `pulumi stack export` {title}: no credentials Please run pulumi login",
            "Run it in the project's folder, or give the stack as ORGANIZATION/PROJECT/STACK.",
        ],
    )


def test_drift_uses_the_query_of_the_baseline(scenario: Scenario) -> None:
    scenario.baseline.unlink()
    assert scenario.drift("--accept", "--status", "ResourceReady", "--region", "cn-shanghai").returncode == 0
    scenario.edit(lambda nodes: nodes.append({"aiInstanceId": "paused", "status": "Paused"}))
    assert scenario.drift().returncode == 0
    assert scenario.drift("--status", "ResourceReady", "--region", "cn-shanghai").returncode == 0
    assert scenario.drift("--classes", "usage").returncode == 1


def test_a_saved_list_is_compared_with_the_filters_that_are_given(scenario: Scenario) -> None:
    saved = run("list", "--json", "--status", "ResourceReady", env=scenario.env)
    scenario.baseline.write_text(saved.stdout)
    assert scenario.drift("--status", "ResourceReady").returncode == 0
    assert "added" in scenario.drift().stdout
    mismatched = scenario.drift("--status", "Paused")
    assert mismatched.returncode == 1
    assert "its query does not select" in mismatched.stderr


def test_the_baseline_may_come_from_stdin(scenario: Scenario) -> None:
    scenario.edit(put(1, nodeCount=3))
    for text in (
        scenario.baseline.read_text(),
        json.dumps({"x": 1, "aiNodes": json.loads(scenario.baseline.read_text())}),
    ):
        done = subprocess.run(
            [*COMMAND, "drift", "--baseline", "-"],
            env=scenario.env,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert "nodeCount 1 -> 3" in done.stdout


# ------------------------------------------------------------------------------------------------------- --accept


@pytest.mark.parametrize("option", [(), ("--profile", "default")])
def test_a_list_with_a_profile_and_a_role_is_compared_with_a_warning(
    scenario: Scenario, option: tuple[str, ...]
) -> None:
    inputs = {"profile": "default", "assumeRole": '{"roleArn": "acs:ram::1:role/reader"}'}
    store_state_of_a_provider(scenario, inputs)
    is_warned = 'the credentials of the provider "far"' in scenario.drift(*option).stderr
    assert is_warned == (not option), "the profile that the user gives is the answer to the warning"


def store_state_of_a_provider(scenario: Scenario, inputs: dict[str, str]) -> None:
    """Replace the baseline by the state of a list with the provider "far"."""
    provider = "urn:pulumi:dev::fleet::pulumi:providers:hologres::far"
    nodes = json.loads(scenario.baseline.read_text())
    entry = {"urn": "urn:pulumi:dev::fleet::hologres:index:AiNodeList::nodes", "type": "hologres:index:AiNodeList"}
    declared = {"urn": provider, "type": "pulumi:providers:hologres", "inputs": inputs}
    resources = [declared, {**entry, "provider": f"{provider}::an-id", "outputs": {**nodes, "__query": nodes["query"]}}]
    scenario.baseline.write_text(json.dumps({"version": 3, "deployment": {"resources": resources}}))


def test_a_list_with_the_credentials_of_a_provider_is_compared_with_a_warning(scenario: Scenario) -> None:
    store_state_of_a_provider(scenario, {"accessKey": "id"})
    done = scenario.drift()
    assert done.returncode == 0, done.stderr
    assert 'warning: the list was read with the credentials of the provider "far"' in done.stderr
    assert "--profile" in done.stderr


def test_accept_writes_the_present_nodes_as_the_baseline(scenario: Scenario) -> None:
    scenario.edit(put(1, nodeCount=3))
    accepted = scenario.drift("--accept")
    assert (accepted.returncode, "nodeCount 1 -> 3" in accepted.stdout) == (0, True)
    assert "is the new baseline" in accepted.stderr
    assert scenario.drift().returncode == 0
    assert json.loads(scenario.baseline.read_text())["query"] == {"includeUsage": True}
    assert sorted(path.name for path in scenario.baseline.parent.iterdir()) == ["baseline.json", "fleet.json"]


def test_accept_writes_the_first_baseline_to_an_empty_file(scenario: Scenario) -> None:
    scenario.baseline.write_text("")
    assert "the file is empty" in scenario.drift().stderr
    done = scenario.drift("--accept")
    assert (done.returncode, "is the first baseline: 13 AI instances" in done.stderr) == (0, True)
    assert scenario.drift().returncode == 0


def test_accept_does_not_replace_a_file_of_stack_outputs(scenario: Scenario) -> None:
    text = json.dumps({"aiNodes": json.loads(scenario.baseline.read_text())})
    scenario.baseline.write_text(text)
    done = scenario.drift("--accept")
    assert done.returncode == 1
    assert "which --accept would replace" in done.stderr
    assert scenario.baseline.read_text() == text


def test_an_interrupt_leaves_the_old_baseline_unchanged(scenario: Scenario) -> None:
    before, requests = scenario.baseline.read_bytes(), scenario.emulator.requests
    scenario.emulator.arm("hang")
    process = subprocess.Popen(
        [*COMMAND, "drift", "--baseline", str(scenario.baseline), "--accept"], env=scenario.env, stderr=subprocess.PIPE
    )
    wait_until(lambda: scenario.emulator.requests > requests)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert (process.returncode, stderr) == (130, b"interrupted\n")
    assert scenario.baseline.read_bytes() == before


# ------------------------------------------------------------------------------------------------------- output formats


def test_a_terminal_gets_colour_and_a_sign_for_each_kind(scenario: Scenario) -> None:
    scenario.edit(TEN["renewed"][0])
    scenario.edit(put(11, autoRenewal=False))
    code, screen = on_terminal("drift", "--baseline", str(scenario.baseline), env=scenario.env)
    assert code == 2
    assert re.search(r"\x1b\[32m  > expiry-moved-forward *\x1b\[0m", screen)
    assert re.search(r"\x1b\[31m  ! renewal-turned-off *\x1b\[0m", screen)
    assert "days later)" in screen
    plain = scenario.drift().stdout
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", screen) == plain
    _, colourless = on_terminal("drift", "--baseline", str(scenario.baseline), env={**scenario.env, "NO_COLOR": "1"})
    assert not re.search(r"\x1b\[(\d+;)*3\d", colourless)


def test_junit_counts_events_of_each_class(scenario: Scenario) -> None:
    scenario.edit(put(1, nodeCount=3, gpu=4))
    scenario.edit(lambda nodes: nodes.pop(0))
    done = scenario.drift("--junit")
    assert done.returncode == 2
    assert done.stdout.isascii()
    suites = {suite.get("name"): suite for suite in ElementTree.fromstring(done.stdout)}
    assert [(name, suite.get("tests"), suite.get("failures")) for name, suite in suites.items()] == [
        ("inventory", "2", "2"),
        ("lifecycle", "1", "0"),
    ]
    assert [case.get("name") for case in suites["lifecycle"].iter("testcase")] == ["no drift in cn-hangzhou"]
    assert [len(case) for suite in suites.values() for case in suite.iter("testcase")] == [1, 1, 0]


def test_markdown_is_a_table(scenario: Scenario) -> None:
    scenario.edit(put(1, nodeCount=3))
    head, _, kinds, _, _, _, row, _, fingerprint = scenario.drift("--markdown").stdout.splitlines()
    assert kinds == "1 resized"
    assert re.fullmatch("Fingerprint: `[0-9a-f]{64}`", fingerprint)
    assert head == "### Drift in cn-hangzhou: 1 event at 1 of 13 AI instances"
    assert row == f"| `~` | resized | `{GROWN}` | `AI节点List测试` | nodeCount `1` → `3` |"
