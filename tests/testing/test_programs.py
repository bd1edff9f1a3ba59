"""`run_program`: a whole program on mocks, isolated from the test that runs it."""

import asyncio
import subprocess
import sys
import threading
from contextvars import ContextVar
from pathlib import Path

import pulumi
import pytest

from hologres_ai import AiNodeList
from hologres_ai.testing import HologresMocks, run_program


def a_program(folder: Path, name: str = "__main__.py") -> Path:
    (folder / "part.py").write_text(
        "from pathlib import Path\nimport pulumi\nfrom hologres_ai import AiNodeList\nnodes = AiNodeList('nodes')\n"
        "pulumi.export('cwd', Path.cwd().name)\npulumi.export('n', nodes.ids.apply(len))\n"
        "pulumi.export('name', pulumi.Config().require('name'))\n"
        "pulumi.export('where', f'{pulumi.get_project()}/{pulumi.get_stack()}')\n"
    )
    (folder / name).write_text("if __name__ == '__main__':\n    import part\n")
    return folder / name


@pytest.mark.parametrize("name", ["__main__.py", "app.py"])
def test_each_run_of_a_program_is_isolated(tmp_path: Path, name: str) -> None:
    script = a_program(tmp_path, name)
    before = (Path.cwd(), list(sys.path))
    expected = {"cwd": tmp_path.name, "n": 13, "name": "x", "where": "mine/test"}
    path = script.parent if name == "__main__.py" else script
    for program in (script, path, str(path)):
        config = {"mine:name": "x"}
        assert run_program(program, HologresMocks(), project="mine", stack="test", config=config) == expected
    assert run_program(lambda: None, HologresMocks()) == {}
    assert (Path.cwd(), sys.path) == before
    assert "part" not in sys.modules


def test_a_program_fails_with_its_own_error(tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text("import pulumi\nraise pulumi.RunError('no room')\n")
    with pytest.raises(pulumi.RunError, match="no room"):
        run_program(tmp_path, HologresMocks())


def python(script: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)


ENDED = """
import pulumi
from hologres_ai import AiNodeList
from hologres_ai.errors import AccessDeniedError
from hologres_ai.testing import HologresMocks, run_program

ERROR = AccessDeniedError("not allowed")
for _ in range(2):
    try:
        run_program(lambda: pulumi.export("ids", AiNodeList("nodes").ids), HologresMocks(error=ERROR))
    except AccessDeniedError as error:
        print(error)
"""


def test_a_failure_is_reported_once() -> None:
    done = python(ENDED)
    assert (done.stdout, done.stderr) == ("not allowed\nnot allowed\n", "")


def of_ids() -> None:
    pulumi.export("count", AiNodeList("nodes").ids.apply(len))


def test_a_program_runs_inside_a_running_loop() -> None:
    async def test() -> dict[str, object]:
        return run_program(of_ids, HologresMocks())

    assert asyncio.run(test()) == {"count": 13}


def test_a_run_does_not_change_the_loop_and_the_context_of_its_caller() -> None:
    variable: ContextVar[str] = ContextVar("variable", default="unset")
    threads: list[threading.Thread] = []

    def program() -> None:
        variable.set("of the program")
        threads.append(threading.current_thread())

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    before = (pulumi.runtime.get_root_resource(), pulumi.get_project(), pulumi.runtime.settings.get_monitor())
    try:
        run_program(program, HologresMocks(), project="another")
        assert asyncio.get_event_loop() is loop
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    assert (pulumi.runtime.get_root_resource(), pulumi.get_project(), pulumi.runtime.settings.get_monitor()) == before
    assert variable.get() == "unset"
    assert threads != [threading.current_thread()]


def test_concurrent_runs_are_isolated() -> None:
    async def both() -> list[dict[str, object]]:
        fleets = ([{"aiInstanceId": "a"}], [{"aiInstanceId": "b"}, {"aiInstanceId": "c"}])
        return await asyncio.gather(*(asyncio.to_thread(run_program, of_ids, HologresMocks(one)) for one in fleets))

    assert asyncio.run(both()) == [{"count": 1}, {"count": 2}]
