"""A later version reads the state of an earlier one and finds no change in it.

A new version adds the state that it writes, and does not change the states of earlier versions:

    python -m tests.engine.test_upgrade

The fleet in `tests/data/state-fleet.json` and the program below belong to all saved states and must not change.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from pydantic import JsonValue

from hologres_ai.emulator import EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET, Emulator
from tests.engine.conftest import Fleet
from tools import sdk
from tools.engine import Engine, find_engine
from tools.project import ROOT, Project, opened

DATA = ROOT / "tests" / "data"
FLEET = DATA / "state-fleet.json"
NODE = "hologram_aicombo_public_cn-52b01"
STATES = {path.stem.removeprefix("state-"): path for path in DATA.glob("state-[0-9]*.json")}

PROGRAM = """
import os

import pulumi
import pulumi_hologres as hologres
from hologres_ai import AiNodeList

account = hologres.Provider(
    "account",
    region="cn-shanghai",
    access_key=os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"],
    secret_key=pulumi.Output.secret(os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]),
)

dynamic = AiNodeList("dynamic", statuses=["ResourceReady"])
plugin = hologres.AiNodeList("plugin", name_regex="^AI节点|^recommendation$")
quiet = hologres.AiNodeList("quiet", include_usage=False, opts=pulumi.ResourceOptions(provider=account))
pinned = hologres.AiNodeList("pinned", pinned=True)
existing = hologres.AiNodeList.get("existing", "existing", charge_types=["PrePaid"])

pulumi.export("dynamic", dynamic.instance_model_list)
pulumi.export("plugin", plugin.instance_model_list)
"""

# Values of the machine and the time. The engine does not need them.
STRIPPED = {"sourcePosition", "stackTrace", "created", "modified", "plugins", "time"}


@contextmanager
def stack(engine: Engine, folder: Path) -> Iterator[tuple[Project, Fleet]]:
    """The program on an emulator with a copy of the fleet, both in `folder`."""
    program = folder / "upgrade"
    program.mkdir()
    (program / "Pulumi.yaml").write_text("name: upgrade\nruntime: python\n")
    (program / "__main__.py").write_text(PROGRAM)
    fleet = Path(shutil.copy(FLEET, folder))
    with Emulator(fleet=fleet) as running:
        environment = {
            "ALIBABA_CLOUD_ENDPOINT_HOLOGRAM": running.url,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": EMULATOR_ACCESS_KEY_ID,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": EMULATOR_ACCESS_KEY_SECRET,
            "ALIBABA_CLOUD_REGION": "cn-hangzhou",
            "PULUMI_CONFIG_PASSPHRASE": "for the states in tests/data",
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(sdk.python_package())]),
        }
        with opened(engine, program, environment=environment) as project:
            yield project, Fleet(fleet, running)


def write() -> None:
    """Write the state of this version."""
    with TemporaryDirectory() as folder, stack(find_engine(), Path(folder)) as (project, _):
        run = project.up()
        if run.code != 0:
            raise SystemExit(run.text)
        state = stripped(json.loads(project.export()))
    path = DATA / f"state-{sdk.version()}.json"
    path.write_text(json.dumps(state, ensure_ascii=False, indent=2) + "\n")


def stripped(value: JsonValue) -> JsonValue:
    """The state without values of the machine and the time."""
    if isinstance(value, dict):
        return {name: stripped(item) for name, item in value.items() if name not in STRIPPED}
    return [stripped(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("version", STATES)
def test_the_state_of_each_version_has_no_changes(version: str, engine: Engine, tmp_path: Path) -> None:
    with stack(engine, tmp_path) as (project, served_fleet):
        imported = project.pulumi("stack", "import", "--file", str(STATES[version]))
        assert imported.code == 0, imported.text
        for run in (project.drift("--diff"), project.preview("--diff", "--expect-no-changes")):
            assert run.code == 0, run.text
        served_fleet.change(NODE, nodeCount=5)
        assert project.drift().code != 0, "the refresh does not compare the list"


def test_every_version_has_a_saved_state() -> None:
    released = re.findall(r"^## (\d\S*)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert set(STATES) == {*released, sdk.version()}, "run `python -m tests.engine.test_upgrade`"


@pytest.mark.parametrize("version", STATES)
def test_a_saved_state_contains_no_path_no_url_and_no_secret(version: str) -> None:
    text = STATES[version].read_text()
    assert re.findall(r'"/|://|[A-Z]:\\\\', text) == []
    assert EMULATOR_ACCESS_KEY_SECRET not in text


if __name__ == "__main__":
    write()
