"""`AiNodes` of another stack, on mocks."""

import json
from typing import Any

import pulumi
import pytest

from hologres_ai import AiNode, AiNodes
from hologres_ai.dynamic import StackOutputError, UnmetRequirementsError
from hologres_ai.errors import DocumentError
from hologres_ai.testing import HologresMocks, run_program

STACK = "organization/fleet/dev"


@pytest.fixture
def mocks() -> HologresMocks:
    mocks = HologresMocks([AiNode(ai_instance_id="a", gpu=1, node_count=2, gpu_used=0, status="ResourceReady")])
    mocks.stacks[STACK] = {"aiNodes": mocks.exported(), "other": {"kind": "something else"}, "nothing": None}
    return mocks


def read(name: str) -> "pulumi.Output[AiNodes]":
    return AiNodes.from_stack(pulumi.StackReference(STACK), name)


def test_nodes_of_another_stack_have_the_outputs_of_a_list(mocks: HologresMocks) -> None:
    def program() -> None:
        nodes = read("aiNodes")
        pulumi.export("outputs", [nodes.region, nodes.ids, nodes.totals.gpu.free, nodes.instance_model_list[0].status])

    assert run_program(program, mocks) == {"outputs": ["cn-hangzhou", ["a"], 2, "ResourceReady"]}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("aiNode", f'there is no output "aiNode" of the stack {STACK}; did you mean "aiNodes"'),
        ("nothing", f'there is no output "nothing" of the stack {STACK}'),
        ("other", f'the output "other" of the stack {STACK} is not a list of AI nodes'),
    ],
)
def test_an_output_that_is_not_a_list_is_an_error(mocks: HologresMocks, name: str, says: str) -> None:
    with pytest.raises(StackOutputError, match=says) as raised:
        run_program(lambda: pulumi.export("ids", read(name).ids), mocks)
    assert isinstance(raised.value, DocumentError)


def test_require_checks_nodes_of_another_stack(mocks: HologresMocks) -> None:
    def program(**requirements: Any) -> None:
        pulumi.export("ids", read("aiNodes").apply(lambda nodes: nodes.require(**requirements).ids))

    assert run_program(lambda: program(min_free_gpus=2), mocks) == {"ids": ["a"]}
    with pytest.raises(UnmetRequirementsError, match="at least 3 required, 2 found"):
        run_program(lambda: program(min_free_gpus=3), mocks)


def test_nodes_are_read_from_the_json_of_pulumi_stack_output(mocks: HologresMocks) -> None:
    outputs = mocks.stacks[STACK]
    alone, among = AiNodes.from_json(json.dumps(outputs["aiNodes"])), AiNodes.from_json(json.dumps(outputs), "aiNodes")
    assert alone == among
    assert (alone.ids, alone.totals.gpu.free) == (["a"], 2)
