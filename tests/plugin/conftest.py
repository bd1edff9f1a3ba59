"""A configured plugin, and its fleet, to be edited."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.plugin_client import NODE, Change, Plugin, running


@pytest.fixture
def plugin(environment: dict[str, str]) -> Iterator[Plugin]:
    """A configured plugin whose settings come from the environment."""
    with running(environment) as plugin:
        plugin.configure()
        yield plugin


@pytest.fixture
def change(fleet: Path, plugin: Plugin) -> Change:
    """Gives one node of the fleet other values, between two runs of a program, each of which configures the plugin."""

    def change_(ai_instance_id: str = NODE, **fields: object) -> None:
        document = json.loads(fleet.read_text())
        [node] = [node for node in document["nodes"] if node["aiInstanceId"] == ai_instance_id]
        node.update(fields)
        fleet.write_text(json.dumps(document))
        plugin.configure()

    return change_
