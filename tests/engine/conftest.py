"""Programs on a real Pulumi engine against a real emulator."""

import json
import os
import textwrap
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hologres_ai.emulator import Emulator
from tests.conftest import OpenFolder
from tools import sdk
from tools.project import ROOT, Project


@dataclass(frozen=True)
class Fleet:
    """The fleet of the running emulator, to be edited."""

    path: Path
    emulator: Emulator

    def change(self, ai_instance_id: str, **fields: object) -> None:
        """Give one node other values, with the field names of the API."""
        document = json.loads(self.path.read_text())
        [node] = [node for node in document["nodes"] if node["aiInstanceId"] == ai_instance_id]
        node.update(fields)
        self.path.write_text(json.dumps(document))


@pytest.fixture
def served_fleet(fleet: Path, emulator: Emulator) -> Fleet:
    """The fleet that the emulator serves, with a method to change it."""
    return Fleet(fleet, emulator)


@pytest.fixture
def program(tmp_path: Path, open_folder: OpenFolder) -> Callable[..., AbstractContextManager[Project]]:
    """Opens a program that is given as text."""

    def open_(source: str, *, name: str = "program", **options: Any) -> AbstractContextManager[Project]:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n")
        (folder / "__main__.py").write_text(textwrap.dedent(source))
        return open_folder(folder, **options)

    return open_


@pytest.fixture
def simple(program: OpenFolder) -> Iterator[Project]:
    """A program with one list of all nodes, its usage included."""
    with program(SIMPLE) as project:
        yield project


SIMPLE = """
    import pulumi
    from hologres_ai import AiNodeList

    nodes = AiNodeList("nodes")
    pulumi.export("ids", nodes.ids)
    pulumi.export("nodes", nodes.instance_model_list)
    pulumi.export("totals", nodes.totals)
"""


# For programs: a resource that keeps its inputs, and the provider of one that cannot be created.
DYNAMIC_PROVIDER = """
    import pulumi
    from pulumi.dynamic import CreateResult, Resource, ResourceProvider
    from hologres_ai import AiNodeList

    class Works(ResourceProvider):
        def create(self, props):
            return CreateResult("made", props)

    class Broken(ResourceProvider):
        def create(self, props):
            raise ValueError("this resource cannot be created")

    class Made(Resource):
        got: pulumi.Output

        def __init__(self, name, props, opts=None, provider=Works):
            super().__init__(provider(), name, props, opts)
"""


def names_in_state(project: Project) -> list[str]:
    """The names of the resources of `DYNAMIC_PROVIDER` in the state, sorted."""
    resources = json.loads(project.export())["deployment"].get("resources", [])
    made = [entry for entry in resources if entry["type"] == "pulumi-python:dynamic:Resource"]
    return sorted(str(entry["urn"]).split("::", 3)[3] for entry in made)


def sdk_environment() -> dict[str, str]:
    """The environment in which a Python program finds the SDK of the plugin."""
    return {"PYTHONPATH": os.pathsep.join([str(ROOT), str(sdk.python_package())])}
