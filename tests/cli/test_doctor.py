"""``hologres-ai doctor``: the real command as a process."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hologres_ai.credentials import Credentials
from hologres_ai.credentials.resolver import SOURCES as CREDENTIALS_SOURCES
from hologres_ai.emulator import EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET, Emulator
from tests.support import stand_ins
from tests.support.command_line import environment, on_terminal, run, run_process
from tests.support.raw_server import RawServer, http
from tests.support.stand_ins import CANARY, StandIn

KEY_VARIABLES = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET")
SOURCES = [*CREDENTIALS_SOURCES, "role to assume"]


PASSWORD = "canary-proxy-password"


def test_doctor_shows_the_settings_in_use_and_a_successful_call(emulator: Emulator) -> None:
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
    assert re.search(r"^clock: (same as the service clock|\d s )", done.stdout, re.M)
    for secret in (EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET, PASSWORD):
        assert secret not in done.stdout
    assert emulator.requests == 1


def test_doctor_counts_one_node_in_the_singular(emulator: Emulator) -> None:
    document = json.loads(emulator.fleet_path.read_text())
    document["nodes"] = [document["nodes"][0] | {"nodeCount": 1}]
    emulator.fleet_path.write_text(json.dumps(document))
    done = run("doctor", env=environment(emulator.url))
    assert "call: works: 1 node in 1 AI instance, request" in done.stdout


def test_doctor_fetches_credentials_and_hides_them(tmp_path: Path) -> None:
    issued = Credentials("uri-id-1", f"{CANARY}-uri-secret-1", f"{CANARY}-uri-token-1")
    with StandIn() as stand_in, Emulator(credentials=issued) as emulator:
        uri = f"{stand_in.url}/credentials?p={stand_ins.PASSWORD}"
        keys = {"ALIBABA_CLOUD_ACCESS_KEY_ID": None, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": None}
        env = environment(emulator.url, ALICLOUD_CREDENTIALS_URI=uri, NO_PROXY="127.0.0.1", **keys)
        good, listed = run_process("doctor", "--json", env=env), run_process("list", env=env)
        stand_in.failing = (403, f"{CANARY} {uri}".encode(), {})
        bad = run_process("doctor", env=env)

    report = json.loads(good.stdout)
    assert (good.returncode, report["call"]["ok"]) == (0, True)
    assert report["access_key"]["value"] == "uri-…, temporary"
    assert [step["source"] for step in report["credentials"]] == [*SOURCES[:3], SOURCES[-1]]
    assert [step["state"] for step in report["credentials"]] == ["not set", "not set", "used", "not set"]
    assert listed.returncode == 1  # the second key that is issued, which this emulator does not know
    assert bad.returncode == 1
    assert "  failed   credentials URI: the request was refused" in bad.stdout.splitlines()
    assert "no credentials from the credentials URI at 127.0.0.1:" in bad.stdout
    assert ": the request was refused (HTTP 403)" in bad.stdout
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
        ({"MAX_RETRY_TIMEOUT": "soon"}, "\nsettings: environment MAX_RETRY_TIMEOUT is not a number of seconds"),
        ({"ALIBABA_CLOUD_IMDSV1_DISABLED": "perhaps"}, "\nsettings: environment ALIBABA_CLOUD_IMDSV1_DISABLED is neit"),
    ],
)
def test_doctor_makes_no_call_with_an_invalid_configuration(
    emulator: Emulator, changes: dict[str, str | None], says: str
) -> None:
    done = run("doctor", env=environment(emulator.url, **changes))

    assert (done.returncode, emulator.requests) == (1, 0)
    assert says in done.stdout
    assert "call: not made" in done.stdout
    assert PASSWORD not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        (("ALIBABA_CLOUD_REGION",), "Give --region, or set ALIBABA_CLOUD_REGION in the environment"),
        (KEY_VARIABLES, "Set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET in the environment"),
        (KEY_VARIABLES[1:], "Set ALIBABA_CLOUD_ACCESS_KEY_SECRET in the environment; `hologres-ai list --help`"),
    ],
)
def test_doctor_names_the_option_or_the_variables_of_a_missing_setting(
    emulator: Emulator, missing: tuple[str, ...], says: str
) -> None:
    done = run("doctor", env=environment(emulator.url, **dict.fromkeys(missing)))
    assert done.stdout.count(says) == 2, "below the setting and in the verdict"
    assert "pulumi config" not in done.stdout
    assert "as the argument" not in done.stdout


@pytest.mark.parametrize("command", [("doctor",), ("list",), ("list", "--on-region-error", "fail")])
def test_an_error_in_an_option_names_the_option(emulator: Emulator, command: tuple[str, ...]) -> None:
    done = run(*command, "--region", "cn hangzhou", env=environment(emulator.url))
    assert "option --region is not a region: 'cn hangzhou'" in done.stdout + done.stderr
    option = ("--region", "cn-hangzhou", "--endpoint", "http://elsewhere.example.com")
    done = run(*command, *option, env=environment(emulator.url))
    assert "option --endpoint" in done.stdout + done.stderr
    assert "argument" not in done.stdout + done.stderr


def test_doctor_shows_no_request_id_if_the_response_has_none() -> None:
    with RawServer([http(200, '{"instanceModelList": []}')]) as server:
        done = run("doctor", env=environment(server.url))
    assert "\ncall: works: 0 nodes in 0 AI instances\n" in done.stdout


def test_doctor_uses_colour_on_a_terminal_unless_no_color_is_set(emulator: Emulator) -> None:
    _, screen = on_terminal("doctor", env=environment(emulator.url))
    assert "\x1b[32mused   \x1b[0m" in screen
    _, screen = on_terminal("doctor", env=environment(emulator.url, NO_COLOR="1"))
    assert "\x1b[3" not in screen


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (600, r"(600|5\d\d) s behind the service clock"),
        (-600, r"6\d\d s ahead of the service clock"),
        (1500, r"1([34]\d\d|500) s behind the service clock; correct the clock of this machine"),
    ],
)
def test_doctor_compares_the_clocks(seconds: int, says: str) -> None:
    date = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    with RawServer([http(403, "", f"Date: {date}")]) as server:
        done = run("doctor", env=environment(server.url))

    [clock] = [line for line in done.stdout.splitlines() if line.startswith("clock:")]
    assert re.fullmatch(f"clock: {says}", clock)


# --- The decision ----------------------------------------------------------------------------------------------------

KEYS_OF_TODAY = ["region", "endpoint", "credentials", "access_key", "proxies", "call"]
NO_KEYS: dict[str, str | None] = {"ALIBABA_CLOUD_ACCESS_KEY_ID": None, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": None}


def test_doctor_json_keeps_its_first_keys_and_explains_the_choice_of_credentials(emulator: Emulator) -> None:
    other = {"ALIBABACLOUD_ACCESS_KEY_ID": "other", "ALIBABACLOUD_ACCESS_KEY_SECRET": f"{CANARY}-other"}
    switches = {"ALIBABA_CLOUD_IMDSV1_DISABLED": "1", "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS": "false"}
    done = run("doctor", "--json", env=environment(emulator.url, **other, **switches))
    report = json.loads(done.stdout)
    assert list(report)[: len(KEYS_OF_TODAY)] == KEYS_OF_TODAY
    assert report["key_parts"] == {
        "accessKey": "environment ALIBABA_CLOUD_ACCESS_KEY_ID",
        "secretKey": "environment ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    }
    assert report["left_over"] == [f"environment {name}" for name in other]
    assert report["switches"] == ["environment ALIBABA_CLOUD_IMDSV1_DISABLED"]
    assert report["roles"] == []
    assert len(report["warnings"]) == 1
    assert report["verdict"].startswith("Ready: ")
    assert CANARY not in done.stdout + done.stderr


def test_doctor_text_names_unused_settings(emulator: Emulator) -> None:
    done = run("doctor", env=environment(emulator.url, ALICLOUD_SECURITY_TOKEN=f"{CANARY}-token"))
    lines = done.stdout.splitlines()
    assert lines[lines.index("set but not used:") + 1] == "  environment ALICLOUD_SECURITY_TOKEN"
    assert lines[-1].startswith("verdict: Ready: ")
    assert CANARY not in done.stdout


@pytest.mark.parametrize("keys", [{"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "wrong"}, dict.fromkeys(KEY_VARIABLES)], ids=repr)
def test_doctor_does_not_recommend_itself(emulator: Emulator, keys: dict[str, str | None]) -> None:
    done = run("doctor", env=environment(emulator.url, **keys))
    assert done.returncode == 1
    assert "hologres-ai doctor" not in done.stdout


def test_list_warns_of_unused_settings(emulator: Emulator) -> None:
    done = run("list", env=environment(emulator.url, ALICLOUD_SECURITY_TOKEN=f"{CANARY}-token"))
    assert done.returncode == 0
    assert "warning: environment ALICLOUD_SECURITY_TOKEN is set but not used" in done.stderr
    assert CANARY not in done.stderr


def test_an_unreachable_sts_host_is_named_with_its_origin_and_setting(emulator: Emulator) -> None:
    role = {"ALICLOUD_ASSUME_ROLE_ARN": stand_ins.ROLE, "ALIBABA_CLOUD_STS_ENDPOINT": "http://127.0.0.1:9"}
    done = run("doctor", env=environment(emulator.url, MAX_RETRY_TIMEOUT="5", **role))
    assert done.returncode == 1
    assert f"STS: http://127.0.0.1:9, from environment ALIBABA_CLOUD_STS_ENDPOINT, for {stand_ins.ROLE}" in done.stdout
    verdict = done.stdout.splitlines()[-1]
    assert verdict.startswith("verdict: Not ready: ")
    assert "hologres:stsEndpoint or ALIBABA_CLOUD_STS_ENDPOINT" in verdict


def test_a_switch_that_is_neither_on_nor_off_stops_before_any_call(emulator: Emulator) -> None:
    done = run("doctor", env=environment(emulator.url, ALIBABA_CLOUD_ECS_METADATA_DISABLED="perhaps"))
    assert (done.returncode, emulator.requests) == (1, 0)
    assert "ALIBABA_CLOUD_ECS_METADATA_DISABLED is neither on nor off" in done.stdout


def test_profile_comes_before_the_keys_in_the_environment(emulator: Emulator, tmp_path: Path) -> None:
    keys = {"access_key_id": EMULATOR_ACCESS_KEY_ID, "access_key_secret": EMULATOR_ACCESS_KEY_SECRET}
    profile = {"name": "second", "mode": "AK", "region_id": "cn-beijing", **keys}
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"current": "x", "profiles": [profile]}))
    broken = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "other", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": None}
    env = environment(emulator.url, ALIBABA_CLOUD_CREDENTIALS_FILE=str(file), **broken)
    done, listed = run("doctor", "--profile", "second", env=env), run("list", "--profile", "second", env=env)
    assert (done.returncode, listed.returncode) == (0, 0)
    assert "region: cn-beijing, from region_id of profile 'second'" in done.stdout
    assert "  environment ALIBABA_CLOUD_ACCESS_KEY_ID" in done.stdout.splitlines()
