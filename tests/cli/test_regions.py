"""`hologres-ai list` and `drift` over several regions."""

import json
from pathlib import Path

import pytest

from hologres_ai import region_data
from hologres_ai.emulator import Emulator
from tests.conftest import write_a_node_in_each
from tests.support.command_line import environment, on_terminal, run

REGIONS = ("cn-beijing", "cn-hangzhou", "cn-shanghai")
ALL = [option for region in REGIONS for option in ("--region", region)]
PARTIAL = ("--on-region-error", "partial")


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """A node in each of three regions."""
    return write_a_node_in_each(tmp_path / "fleet.json", REGIONS)


@pytest.fixture
def env(emulator: Emulator) -> dict[str, str]:
    """Each region has a separate endpoint, and none is preferred."""
    return environment(emulator.endpoint, ALIBABA_CLOUD_REGION=None, MAX_RETRY_TIMEOUT="3")


def test_list_prints_the_nodes_of_each_region(env: dict[str, str]) -> None:
    done = run("list", *ALL, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == list(REGIONS)
    every = run("list", "--region", "*", env=env)
    assert len(every.stdout.splitlines()) == 3
    assert (
        f"note: * read the {len(region_data.REGIONS)} regions that were known on {region_data.AS_OF}"
        in every.stderr.splitlines()
    )


def test_list_json_has_the_outcome_of_each_region(env: dict[str, str]) -> None:
    wire = json.loads(run("list", *ALL, "--region", "us-west-1", "--json", env=env).stdout)
    assert [item["outcome"] for item in wire["regionOutcomes"]] == ["ok", "ok", "ok", "empty"]


def test_an_unread_region_fails_list_unless_partial_is_given(env: dict[str, str], emulator: Emulator) -> None:
    emulator.arm("denied", 2, region="cn-beijing")
    done = run("list", *ALL, env=env)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: 1 of 3 regions could not be read\ncn-beijing: denied: the API refused")
    assert "--on-region-error" in done.stderr.splitlines()[-1]

    done = run("list", *ALL, *PARTIAL, env=env)
    assert done.returncode == 0
    assert done.stderr.startswith("warning: cn-beijing could not be read: denied: ")
    assert len(done.stdout.splitlines()) == 2


def test_progress_names_the_regions_that_are_waited_for(env: dict[str, str], emulator: Emulator) -> None:
    emulator.arm("hang", 20, region="cn-beijing")
    code, shown = on_terminal("list", *ALL, *PARTIAL, env=env, width=120, with_progress=True)
    assert code == 0
    assert "reading 3 regions: 2 done, waiting for cn-beijing" in shown
    assert "in cn-shanghai" in shown
    assert "Total in 2 regions" in shown


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--region", "*", "--region", "cn-beijing"), "--region: * means all known regions"),
        (("--on-region-error", "partial"), "--on-region-error: requires --region"),
        (("--region", "cn-beijing", "--region", "x@y"), "not a region: 'x@y'"),
    ],
)
def test_invalid_region_options_are_refused_before_any_call(
    env: dict[str, str], emulator: Emulator, arguments: tuple[str, ...], says: str
) -> None:
    done = run("list", *arguments, env=env)
    assert done.returncode == 1
    assert says in done.stderr
    assert emulator.requests == 0


def test_drift_compares_several_regions_and_reports_unread_ones(
    env: dict[str, str], emulator: Emulator, fleet: Path, tmp_path: Path
) -> None:
    baseline = str(tmp_path / "baseline.json")
    compare = ("drift", "--baseline", baseline)
    assert run(*compare, "--accept", *ALL, env=env).returncode == 0
    done = run(*compare, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("No drift in 3 regions: 3 AI instances as in the baseline")

    emulator.arm("denied", 100, region="cn-beijing")
    assert run(*compare, env=env).returncode == 1
    done = run(*compare, *PARTIAL, "--json", env=env)
    assert done.returncode == 1, "no event in the regions that were read; the others are unknown"
    assert (json.loads(done.stdout)["events"], json.loads(done.stdout)["unread"]) == ([], ["cn-beijing"])

    fleet.write_text(fleet.read_text().replace("ai-cn-shanghai", "ai-other"))
    done = run(*compare, *PARTIAL, env=env)
    assert done.returncode == 2
    assert "\ncould not be read\n  ? cn-beijing: denied: " in done.stdout
    assert "- removed  ai-cn-shanghai in cn-shanghai" in done.stdout

    before = Path(baseline).read_text()
    done = run(*compare, *PARTIAL, "--accept", env=env)
    assert done.returncode == 1
    assert "no new baseline: cn-beijing could not be read" in done.stderr
    assert Path(baseline).read_text() == before


def test_a_saved_list_of_several_regions_is_a_baseline(env: dict[str, str], tmp_path: Path) -> None:
    saved = tmp_path / "list.json"
    saved.write_text(run("list", *ALL, "--json", env=env).stdout)
    assert run("drift", "--baseline", str(saved), env=env).returncode == 0
