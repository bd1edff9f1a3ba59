"""The details of a denied permission: cut in text, complete in `doctor` and in JSON."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from hologres_ai.emulator import Emulator
from hologres_ai.emulator.faults import REFUSALS

MESSAGE = REFUSALS["denied-explicitly"].details["AccessDeniedDetail"]["EncodedDiagnosticMessage"]


@pytest.fixture
def denying() -> Iterator[Emulator]:
    with Emulator() as emulator:
        emulator.arm("denied-explicitly")
        yield emulator


def run(emulator: Emulator, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hologres_ai.cli", *arguments]
    environment = {**os.environ, **emulator.environment, "HOME": "/nonexistent", "NO_COLOR": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def joined(text: str) -> str:
    """The text without line breaks and indentation."""
    return "".join(line.strip() for line in text.splitlines())


def test_text_output_shows_the_details_and_cuts_the_message(denying: Emulator) -> None:
    done = run(denying, "list")
    assert done.returncode == 1
    for shown in ("hologram:ListInstanceModel", "ExplicitDeny", "ControlPolicy", "hologres-ai doctor", MESSAGE[:60]):
        assert shown.replace(" ", "") in joined(done.stderr).replace(" ", "")
    assert MESSAGE not in joined(done.stderr)


def test_doctor_shows_the_complete_message(denying: Emulator) -> None:
    done = run(denying, "doctor")
    assert done.returncode == 1
    assert MESSAGE in joined(done.stdout)
    assert "(cut" not in done.stdout


def test_a_json_report_has_the_details_and_the_complete_message(denying: Emulator) -> None:
    document = json.loads(run(denying, "list", "--json").stdout)
    assert document["kind"] == "hologres-ai/Error"
    assert document["accessDeniedDetail"] == {
        "authAction": "hologram:ListInstanceModel",
        "noPermissionType": "ExplicitDeny",
        "policyType": "ControlPolicy",
        "encodedDiagnosticMessage": MESSAGE,
    }


def test_doctor_json_has_the_details(denying: Emulator) -> None:
    call = json.loads(run(denying, "doctor", "--json").stdout)["call"]
    assert call["denial"] == {
        "auth_action": "hologram:ListInstanceModel",
        "no_permission_type": "ExplicitDeny",
        "policy_type": "ControlPolicy",
        "encoded_diagnostic_message": MESSAGE,
    }
