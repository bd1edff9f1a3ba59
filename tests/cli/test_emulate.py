"""``hologres-ai emulate``: the real command as a process."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from hologres_ai.cli import main
from hologres_ai.emulator import Emulator
from tests.support.command_line import COMMAND, environment, first_line, run_process


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


def test_emulate_prints_its_url_and_the_variables_to_set(served: "subprocess.Popen[str]") -> None:
    url = first_line(served).removesuffix("\n")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)

    secret = environment(url, ALIBABA_CLOUD_ACCESS_KEY_SECRET="a-b")
    assert "SignatureDoesNotMatch" in run_process("list", env=secret).stderr

    served.send_signal(signal.SIGINT)
    stdout, stderr = served.communicate(timeout=20)
    assert (served.returncode, stdout) == (0, "")
    assert f"export ALIBABA_CLOUD_ENDPOINT_HOLOGRAM={url}\n" in stderr
    assert "export ALIBABA_CLOUD_ACCESS_KEY_SECRET='a b'\n" in stderr
    assert "unset ALICLOUD_ACCESS_KEY\n" in stderr


def test_the_output_of_emulate_can_be_pasted_into_a_shell() -> None:
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


def test_a_port_in_use_is_an_error(emulator: Emulator) -> None:
    done = run_process("emulate", "--port", emulator.url.rsplit(":", 1)[1], env=environment(""))

    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot listen on" in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_an_invalid_host_is_an_error_that_names_the_host() -> None:
    done = run_process("emulate", "--host", "999.1.1.1", env=environment(""))
    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot listen on 999.1.1.1:0: " in done.stderr
    assert "Correct the host, or choose a different port" in done.stderr


def test_listening_beyond_loopback_is_a_warning() -> None:
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


def test_emulate_without_aiohttp_names_the_extra_to_install() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_AIOHTTP], env=environment(""), capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert "pip install 'hologres_ai[emulator]'" in done.stderr
    assert "Traceback" not in done.stderr


def documents(emulator: Emulator, folder: Path) -> dict[str, str]:
    """What a fleet can be emulated from, each as a text."""
    env = environment(emulator.url)
    baseline = folder / "baseline.json"
    assert CliRunner().invoke(main, ["drift", "--baseline", str(baseline), "--accept"], env=env).exit_code == 0
    listed = CliRunner().invoke(main, ["list", "--json"], env=env).stdout
    nodes = json.loads(listed)["instanceModelList"]
    return {
        "a fleet": json.dumps({"nodes": nodes}),
        "a saved list": listed,
        "a response of the API": json.dumps({"requestId": "1", "instanceModelList": nodes}),
        "an envelope": baseline.read_text(),
    }


@pytest.mark.parametrize("name", ["a fleet", "a saved list", "a response of the API", "an envelope"])
def test_a_fleet_is_emulated_from_each_form_of_a_saved_list(emulator: Emulator, tmp_path: Path, name: str) -> None:
    file = tmp_path / "saved.json"
    file.write_text(documents(emulator, tmp_path)[name])
    arguments = ["drift", "--baseline", str(tmp_path / "baseline.json")]
    with Emulator(file) as another:
        done = CliRunner().invoke(main, arguments, env=environment(another.url))
    assert (done.exit_code, done.stdout.startswith("No drift in cn-hangzhou: 13 AI instances")) == (0, True)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"kind": "hologres-ai/Error", "title": "x"}', "it is a hologres-ai/Error, which has no AI nodes"),
        ('{"kind": "hologres-ai/Drift", "events": []}', "it is a hologres-ai/Drift, which has no AI nodes"),
        ("[]", "it is not a JSON object with a list"),
        ("{", "Expecting property name"),
    ],
)
def test_a_file_that_is_not_a_fleet_is_refused_with_the_reason(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "fleet.json"
    file.write_text(text)
    done = CliRunner().invoke(main, ["emulate", "--fleet", str(file)])
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"the fleet file {file} is invalid: {says}" in done.stderr
