"""The examples that need no engine. `examples/hologres-instance` runs on Pulumi's mocks, as pulumi-alicloud's plugin
comes from the vendor's servers alone."""

import subprocess
import sys
from pathlib import Path

from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks

from hologres_ai.core.read import read_ai_nodes
from hologres_ai.emulator import Emulator
from hologres_ai.testing import HologresMocks, run_program

pytest_plugins = ["hologres_ai.testing.fixtures"]

EXAMPLES = Path(__file__).parents[1] / "examples"
WAREHOUSE = "hgprecn-cn-em4lrec5k001"


class AlicloudMocks(Mocks):
    """Creates a Hologres instance under the id of one in the shipped fleet; at a preview the id is not known."""

    def __init__(self, *, preview: bool = False) -> None:
        self.preview = preview
        self.created: dict[str, dict[str, object]] = {}

    def call(self, args: MockCallArgs) -> tuple[dict[str, object], list[tuple[str, str]]]:
        """No function is called."""
        raise AssertionError(args.token)

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, object]]:
        """The instance's id and inputs."""
        self.created[args.typ] = args.inputs
        return "" if self.preview else WAREHOUSE, args.inputs


def an_instance(alicloud: AlicloudMocks) -> dict[str, object]:
    """What the example exports."""
    folder, config = EXAMPLES / "hologres-instance", {f"hologres-instance:{key}": f"{key}-1" for key in KEYS}
    mocks = HologresMocks(others=alicloud)
    return run_program(folder, mocks, project="hologres-instance", config=config, preview=alicloud.preview)


KEYS = ("zone", "vpc", "vswitch")


def test_the_platform_stack_of_a_team_creates_its_instance() -> None:
    alicloud = AlicloudMocks()
    config = {f"platform:{key}": f"{key}-1" for key in KEYS}
    mocks = HologresMocks(others=alicloud)
    outputs = run_program(EXAMPLES / "team" / "platform", mocks, project="platform", config=config)
    assert alicloud.created.keys() == {"alicloud:hologram/instance:Instance"}
    assert outputs["ids"]
    assert outputs["aiNodes"] == mocks.exported(instance_id=WAREHOUSE)


def test_the_example_exports_the_nodes_of_an_instance_of_pulumi_alicloud(hologres_emulator: Emulator) -> None:
    alicloud = AlicloudMocks()
    outputs = an_instance(alicloud)
    assert alicloud.created.keys() == {"alicloud:hologram/instance:Instance"}
    assert alicloud.created["alicloud:hologram/instance:Instance"]["instanceType"] == "Standard"
    expected = read_ai_nodes(WAREHOUSE)
    assert expected.ids
    free = expected.totals.gpu.free
    assert outputs == {"warehouse": WAREHOUSE, "aiNodes": list(expected.ids), "freeGpus": free}


def test_the_example_exports_nothing_before_the_instance_exists() -> None:
    alicloud = AlicloudMocks(preview=True)
    assert an_instance(alicloud) == {}
    assert alicloud.created


def test_plain_python_prints_the_nodes_with_free_gpus(environment: dict[str, str], emulator: Emulator) -> None:
    script = EXAMPLES / "plain-python" / "free_gpus.py"
    run = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    lines = run.stdout.splitlines()
    free = [int(line.split()[0]) for line in lines]
    assert free == sorted(free, reverse=True)
    assert len(lines) == 5
    assert all("hologram_" in line for line in lines)
    assert emulator.requests == 1
