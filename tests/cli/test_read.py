"""What list, drift and check share: the read, and where its credentials come from."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from hologres_ai.cli import main
from hologres_ai.credentials import Credentials
from hologres_ai.emulator import Emulator
from tests.support.stand_ins import CANARY, PASSWORD, StandIn


def test_a_report_names_the_source_of_credentials_and_the_start_of_their_id(tmp_path: Path) -> None:
    issued = Credentials("uri-id-1", f"{CANARY}-uri-secret-1", f"{CANARY}-uri-token-1")
    page = tmp_path / "page.html"
    with StandIn() as stand_in, Emulator(credentials=issued) as emulator:
        env = {
            "ALIBABA_CLOUD_ENDPOINT_HOLOGRAM": emulator.url,
            "ALIBABA_CLOUD_REGION": "cn-hangzhou",
            "ALICLOUD_CREDENTIALS_URI": f"{stand_in.url}/credentials?p={PASSWORD}",
            "NO_PROXY": "127.0.0.1",
        }
        done = CliRunner().invoke(main, ["list", f"--report=html={page}"], env=env)
        asked = stand_in.asked["issued"]
    assert (done.exit_code, done.stderr, asked) == (0, "", 1)
    text = page.read_text(encoding="utf-8")
    assert "credentials URI" in text
    assert "uri-" in text
    assert "uri-id-1" not in text
    assert CANARY not in text


@pytest.mark.parametrize(
    "command", [["list"], ["check", "--min-free-gpus", "0"], ["doctor"]], ids=lambda words: words[0]
)
def test_the_profile_option_selects_a_profile(emulator: Emulator, tmp_path: Path, command: list[str]) -> None:
    file = tmp_path / "config.json"
    keys = f'"access_key_id": "{emulator.credentials.access_key_id}", '
    keys += f'"access_key_secret": "{emulator.credentials.access_key_secret}"'
    file.write_text(f'{{"profiles": [{{"name": "ci", "mode": "AK", "region_id": "cn-beijing", {keys}}}]}}')
    env = {
        "ALIBABA_CLOUD_ENDPOINT_HOLOGRAM": emulator.url,
        "ALIBABA_CLOUD_CREDENTIALS_FILE": str(file),
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "another",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "account's",
    }
    done = CliRunner().invoke(main, [*command, "--profile", "ci"], env=env)
    assert done.exit_code == 0, done.stdout + done.stderr
    missing = CliRunner().invoke(main, [*command, "--profile", "none"], env=env)
    assert (missing.exit_code, "none" in missing.stdout + missing.stderr) == (1, True)
