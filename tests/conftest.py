"""What tests of every kind share: a real emulator with a fleet of its own, and the environment that points to it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hologres_ai import emulator as emulators
from hologres_ai.config import SETTINGS
from hologres_ai.emulator import EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET, Emulator

SHIPPED_FLEET = Path(emulators.__file__).with_name("fleet.json")


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """A copy of the shipped fleet, to edit."""
    return Path(shutil.copy(SHIPPED_FLEET, tmp_path / "fleet.json"))


@pytest.fixture
def emulator(fleet: Path) -> Iterator[Emulator]:
    """An emulator that serves `fleet`."""
    with Emulator(fleet=fleet) as running:
        yield running


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own keys and region must not reach a test."""
    for setting in SETTINGS:
        for name in setting.environment:
            monkeypatch.delenv(name, raising=False)


@pytest.fixture
def environment(emulator: Emulator) -> dict[str, str]:
    """The settings of a person who tries the emulator."""
    return {
        "ALIBABA_CLOUD_ENDPOINT_HOLOGRAM": emulator.url,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": EMULATOR_ACCESS_KEY_ID,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": EMULATOR_ACCESS_KEY_SECRET,
        "ALIBABA_CLOUD_REGION": "cn-hangzhou",
    }
