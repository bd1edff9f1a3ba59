"""docs/credentials.md and docs/regions.md: their commands run here and print the output beside them."""

import json
import re
from pathlib import Path

import pytest

from hologres_ai.credentials.profile import MODES
from hologres_ai.emulator import EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET, Emulator
from hologres_ai.errors.codes import RAM_ACTION, SYSTEM_POLICY
from hologres_ai.region_data import AS_OF, NAMED_BY_THE_VENDOR, REGIONS
from hologres_ai.settings import ENVIRONMENT_SETTINGS, SWITCHES
from tests.repo.test_docs import shell
from tests.repo.test_docs_pages import DOCS, blocks, commands

DOCTOR, WITH_PROFILE = "hologres-ai doctor", "hologres-ai doctor --profile other"
ONE, TWO, EVERY, UNKNOWN = (
    "hologres-ai list --region cn-hangzhou",
    "hologres-ai list --region cn-hangzhou --region cn-beijing",
    "hologres-ai list --region '*'",
    "hologres-ai list --region cn-newtown",
)


def test_every_command_is_run_by_a_test() -> None:
    assert commands("credentials.md") == [DOCTOR, WITH_PROFILE]
    assert commands("regions.md") == [ONE, TWO, EVERY, UNKNOWN]


def test_the_doctor_prints_what_the_page_shows(environment: dict[str, str], tmp_path: Path) -> None:
    done = shell(DOCTOR, environment | {"HOME": str(tmp_path)})
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:8090", done.stdout)
    text = re.sub(r"request [0-9A-F-]+", "request 00000000-0000-0000-0000-000000000000", text)
    text = re.sub(r"clock: .*", "clock: same as the service clock", text)
    assert (done.returncode, [text]) == (0, blocks("credentials.md", "text"))


def test_a_profile_is_used_by_its_name(environment: dict[str, str], tmp_path: Path) -> None:
    keys = {"access_key_id": EMULATOR_ACCESS_KEY_ID, "access_key_secret": EMULATOR_ACCESS_KEY_SECRET}
    profile = {"name": "other", "mode": "AK", "region_id": "cn-beijing", **keys}
    (tmp_path / ".aliyun").mkdir()
    (tmp_path / ".aliyun" / "config.json").write_text(json.dumps({"current": "", "profiles": [profile]}))
    done = shell(WITH_PROFILE, environment | {"HOME": str(tmp_path)})
    assert done.returncode == 0, done.stdout
    assert "region: cn-beijing, from region_id of profile 'other'" in done.stdout


def test_the_regions_are_read_as_the_page_says(emulator: Emulator) -> None:
    environment = emulator.environment | {
        "ALIBABA_CLOUD_ENDPOINT_HOLOGRAM": emulator.url.replace("127.0.0.1", "{region}.localhost")
    }
    for command in (ONE, TWO, EVERY):
        done = shell(command, environment)
        assert done.returncode == 0, done.stderr
    done = shell(UNKNOWN, environment)
    [notice] = blocks("regions.md", "text")
    assert done.stderr.startswith(notice)  # and a warning about the empty list follows


def test_the_pages_name_every_setting_mode_and_region() -> None:
    credentials, regions = ((DOCS / page).read_text(encoding="utf-8") for page in ("credentials.md", "regions.md"))
    names = [name for setting in (*SWITCHES, *ENVIRONMENT_SETTINGS) for name in setting.environment[:1]]
    assert [name for name in names if name not in credentials + regions] == []
    assert [mode for mode in MODES if mode not in credentials] == []
    assert [region for region in (*REGIONS, *NAMED_BY_THE_VENDOR, AS_OF) if region not in regions] == []


def test_the_policy_allows_only_the_needed_action() -> None:
    [policy] = blocks("credentials.md", "json")
    [statement] = json.loads(policy)["Statement"]
    assert statement == {"Effect": "Allow", "Action": RAM_ACTION, "Resource": "*"}
    assert SYSTEM_POLICY in (DOCS / "credentials.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["credentials.md", "regions.md"])
def test_a_link_leads_to_a_page(page: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (DOCS / page).read_text(encoding="utf-8"))
    assert [link for link in links if not (DOCS / link).exists()] == []
