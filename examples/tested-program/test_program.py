"""Tests of the program in this folder. They need no engine, no account and no network."""

from pathlib import Path

import pulumi
import pytest
from placement import choose

from hologres_ai import AiNode, read_ai_nodes
from hologres_ai.errors import AccessDeniedError
from hologres_ai.testing import Emulator, HologresMocks, run_program

PROGRAM = Path(__file__).parent


def a_node(name: str, gpu_memory_used: int | None, status: str = "ResourceReady") -> AiNode:
    """Return an AI instance with two nodes of 48 GB of GPU memory each."""
    return AiNode(ai_instance_id=name, node_count=2, gpu_memory=48, gpu_memory_used=gpu_memory_used, status=status)


@pytest.fixture
def hologres_fleet() -> list[AiNode]:
    """Return the AI nodes of these tests."""
    return [
        a_node("empty", 0),
        a_node("half", 48),
        a_node("unknown", None),
        a_node("full", 96),
        a_node("new", 48, "Creating"),
    ]


def place(mocks: HologresMocks, gpu_memory: int) -> object:
    """Return the placement that the program chooses for a model of this size, in GB."""
    config = {"tested-program:gpuMemory": str(gpu_memory)}
    return run_program(PROGRAM, mocks, project="tested-program", config=config)["placement"]


@pytest.mark.parametrize(("gpu_memory", "placement"), [(24, "half"), (48, "half"), (49, "empty"), (96, "empty")])
def test_the_fullest_that_fits(hologres_mocks: HologresMocks, gpu_memory: int, placement: str) -> None:
    assert place(hologres_mocks, gpu_memory) == placement


def test_no_room(hologres_mocks: HologresMocks) -> None:
    with pytest.raises(pulumi.RunError, match="no AI nodes have 97 GB"):
        place(hologres_mocks, 97)


def test_nodes_that_can_not_be_read_are_not_taken_for_a_full_fleet(hologres_mocks: HologresMocks) -> None:
    hologres_mocks.error = AccessDeniedError("the API refused to list the AI nodes", "Grant the permission.")
    with pytest.raises(AccessDeniedError):
        place(hologres_mocks, 24)


def test_over_the_network(hologres_emulator: Emulator) -> None:
    assert choose(read_ai_nodes(statuses=["ResourceReady"]).instance_model_list, 49) == "empty"
    hologres_emulator.arm("denied")
    with pytest.raises(AccessDeniedError):
        read_ai_nodes()
