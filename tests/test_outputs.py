"""The output types of programs: mypy, pyright and the run time agree on them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hologres_ai import AiNode
from hologres_ai.core.result import build_result
from hologres_ai.models import NodeList, Query
from hologres_ai.testing import HologresMocks, run_program
from tests.support import pages, typed_program
from tools import sdk

ROOT = Path(__file__).parents[1]
PROGRAM = Path(typed_program.__file__)
# The node of `read_ai_nodes` and the node in an `apply` are different types.
MISTAKES = """
from collections.abc import Sequence

from hologres_ai import AiNode, AiNodeList, outputs


def plain(nodes: Sequence[AiNode]) -> int:
    return len(nodes)


def misspelt(nodes: Sequence[outputs.AiNode]) -> object:
    return nodes[0].gpuMemory


AiNodeList("nodes").instance_model_list.apply(plain)
"""


@pytest.fixture
def mocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HologresMocks:
    mocks = HologresMocks()
    exported = mocks.exported(statuses=["ResourceReady"])
    mocks.stacks["organization/fleet/dev"] = {"aiNodes": exported}
    (tmp_path / "nodes.json").write_text(json.dumps(exported))
    monkeypatch.chdir(tmp_path)
    return mocks


def test_a_program_gets_the_declared_types(mocks: HologresMocks) -> None:
    node, totals = ["isinstance", "match", "attribute"], ["isinstance True"]
    assert run_program(typed_program.program, mocks) == {
        "node": node,
        "totals": totals,
        "outcomes": ["isinstance True"],
        "stack": [*node, *totals],
        "file": [*node, *totals],
    }


def test_a_script_gets_the_declared_types() -> None:
    nodes = NodeList(nodes=(AiNode(ai_instance_id="a", status="ResourceReady"),), request_id=None)
    assert typed_program.look_at_result(build_result("cn-hangzhou", Query(), nodes)) == ["match True"]


def test_the_program_in_the_reference_docs_runs(tmp_path: Path) -> None:
    [program] = pages.blocks(ROOT / "docs" / "reference.md", "python")
    (tmp_path / "__main__.py").write_text(program)
    nodes = [AiNode(ai_instance_id="a", status="ResourceReady"), AiNode(ai_instance_id="b", status="Paused")]
    assert run_program(tmp_path, HologresMocks(nodes)) == {"ready": ["a"]}


def test_the_output_types_are_public() -> None:
    script = "import hologres_ai; print(hologres_ai.outputs.AiNode.__name__)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "AiNode\n"


def checked(checker: str, file: Path) -> "subprocess.CompletedProcess[str]":
    """Run a type checker as a user does, with no settings of this project."""
    commands = {
        "mypy": [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir", str(file.parent / ".mypy")],
        "pyright": ["node", str(sdk.node_packages() / "pyright" / "index.js"), "--pythonpath", sys.executable],
    }
    command = [*commands[checker], str(file)]
    return subprocess.run(command, cwd=file.parent, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.packaging
@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_a_type_checker_accepts_the_program_and_finds_mistakes(checker: str, tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.py", tmp_path / "wrong.py"
    right.write_text(PROGRAM.read_text())
    wrong.write_text(MISTAKES)
    done = checked(checker, right)
    assert done.returncode == 0, done.stdout + done.stderr
    done = checked(checker, wrong)
    assert done.returncode == 1, done.stdout + done.stderr
    assert '"gpuMemory"' in done.stdout
    assert "wrong.py:15:" in done.stdout
    assert "2 errors" in done.stdout
