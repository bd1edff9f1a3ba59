"""The examples that need no engine. `examples/hologres-instance` runs on Pulumi's mocks, as pulumi-alicloud's plugin
comes from the vendor's servers alone; its AI nodes are read from the real emulator all the same."""

import asyncio
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pulumi
import pytest
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks, set_mocks

from hologres_ai.emulator import Emulator
from hologres_ai.models import build_query, to_wire
from hologres_ai.reading import read_query

EXAMPLES = Path(__file__).parents[2] / "examples"
WAREHOUSE = "hgprecn-cn-em4lrec5k001"


class Cloud(Mocks):
    """Creates a Hologres instance under the id of one in the shipped fleet, and reads AI nodes for real."""

    def __init__(self) -> None:
        self.created: dict[str, dict[str, object]] = {}

    def call(self, args: MockCallArgs) -> tuple[dict[str, object], None]:
        """No function is called."""
        return {}, None

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, object]]:
        """The instance's id and inputs, or the nodes that were asked for."""
        self.created[args.typ] = args.inputs
        if not args.typ.endswith(":AiNodeList"):
            return WAREHOUSE, args.inputs
        asked = {name: value for name, value in args.inputs.items() if not name.startswith("__")}
        return str(args.resource_id), dict(to_wire(read_query(build_query(asked))))


@pytest.fixture
def _event_loop() -> Iterator[None]:
    """Pulumi's mocks take the thread's loop, which another test may have used up."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()


@pytest.mark.usefixtures("_event_loop")
def test_the_nodes_of_an_instance_of_pulumi_alicloud(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    cloud = Cloud()
    set_mocks(cloud, project="hologres-instance")
    pulumi.runtime.set_all_config({f"hologres-instance:{key}": f"{key}-1" for key in ("zone", "vpc", "vswitch")})
    exported: dict[str, object] = {}

    def run() -> pulumi.Output[None]:
        outputs = runpy.run_path(str(EXAMPLES / "hologres-instance" / "__main__.py"))
        nodes, warehouse = outputs["nodes"], outputs["warehouse"]
        values = pulumi.Output.all(warehouse.id, nodes.ids, nodes.totals)
        return values.apply(lambda known: exported.update(zip(("warehouse", "ids", "totals"), known, strict=True)))

    pulumi.runtime.test(run)()  # type: ignore[no-untyped-call]
    assert cloud.created["alicloud:hologram/instance:Instance"]["instanceType"] == "Standard"
    assert exported["warehouse"] == WAREHOUSE
    expected = read_query(build_query({"instance_id": WAREHOUSE}))
    assert exported["ids"] == list(expected.ids)
    assert expected.ids
    assert exported["totals"] == to_wire(expected)["totals"]


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
