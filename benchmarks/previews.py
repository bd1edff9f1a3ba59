"""The time that a list adds to `pulumi preview`: its time less that of an empty program in the same language."""

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.bare.outputs import COUNT
from benchmarks.measuring import ROOT, Figures, alternate, settings
from benchmarks.rows import Row
from benchmarks.server import serving
from tools.engine import Engine, find_engine
from tools.project import Project, opened

SMALLEST = 1e-4  # seconds; the minimum of an added time, because a ratio needs a positive value
HALF, WHOLE = 5_000, 10_000  # nodes

# A program in JSON is a project in YAML; the others are Python.
EMPTY = {"yaml": "{}", "python": ""}


def _python(imports: str, nodes: str) -> str:
    return f"import pulumi\n{imports}\npulumi.export('count', {nodes})\n"


def _yaml(**nodes: object) -> str:
    return json.dumps({**nodes, "outputs": {"fingerprint": "${nodes.fingerprint}"}})


def _function(name: str) -> str:
    return _yaml(variables={"nodes": {"fn::invoke": {"function": name, "arguments": {}}}})


def _resource(name: str) -> str:
    return _yaml(resources={"nodes": {"type": name}})


_BARE = "from benchmarks.bare import dynamic as bare"
DYNAMIC = _python("from hologres_ai import AiNodeList", "AiNodeList('nodes').instance_model_list.apply(len)")
BARE = _python(_BARE, "bare.BareList('nodes').instanceModelList.apply(len)")
IMPORTING = _python(_BARE, "bare.BareList('nodes', bare.ImportingProvider()).instanceModelList.apply(len)")
SDK = _python("from benchmarks.programs import list_on_sdk", "1")
FUNCTION, BARE_FUNCTION = _function("hologres:getAiNodeList"), _function("bare:getNodes")
RESOURCE, BARE_RESOURCE = _resource("hologres:AiNodeList"), _resource("bare:Nodes")
LISTS = {"dynamic": DYNAMIC, "native function": FUNCTION, "native resource": RESOURCE}

# By number of nodes: name, our program, name of the compared program, the compared program, target.
ROWS: dict[int, tuple[tuple[str, str, str, str, float | None], ...]] = {
    1: (
        ("dynamic, 1 node", DYNAMIC, "a bare resource that imports httpx and pydantic", IMPORTING, 1.4),
        ("dynamic, 1 node", DYNAMIC, "a program that calls the SDK itself", SDK, None),
        ("native function, 1 node", FUNCTION, "a bare plugin", BARE_FUNCTION, 1.0),
        ("native resource, 1 node", RESOURCE, "a bare plugin", BARE_RESOURCE, 1.0),
    ),
    1_000: (
        ("dynamic, 1,000 nodes", DYNAMIC, "a bare resource", BARE, 1.4),
        ("native function, 1,000 nodes", FUNCTION, "a bare plugin", BARE_FUNCTION, 1.0),
        ("native resource, 1,000 nodes", RESOURCE, "a bare plugin", BARE_RESOURCE, 1.3),
    ),
}


def previews(rounds: int) -> Iterator[Row]:
    """Yield rows that compare each interface with a bare one, and with itself for half the nodes."""
    engine = find_engine(say=lambda _line: None)
    for size, rows in ROWS.items():
        found = _added(engine, {program for row in rows for program in (row[1], row[3])}, size, rounds)
        for name, ours, beside, theirs, target in rows:
            yield Row(f"added to a preview: {name}", beside, found[ours], found[theirs], target)
    half, whole = (_added(engine, LISTS.values(), size, rounds) for size in (HALF, WHOLE))
    for name, program in LISTS.items():
        title = f"added to a preview: {name}, {WHOLE:,} nodes"
        yield Row(title, f"{HALF:,} nodes", whole[program], half[program], 2.2)


def _added(engine: Engine, programs: Iterable[str], size: int, rounds: int) -> dict[str, float]:
    """Return the seconds that each program takes longer than the empty one."""
    every = dict.fromkeys([*EMPTY.values(), *programs])
    with serving(f"{size}:0") as [url], _plugins() as plugins, ExitStack() as stack:
        path = f"{plugins}{os.pathsep}{engine.environment()['PATH']}"
        environment = {**settings(url), COUNT: str(size), "PATH": path}
        projects = {program: stack.enter_context(_open(engine, program, environment)) for program in every}
        found = alternate({program: partial(_preview, project) for program, project in projects.items()}, rounds)
    return {item: max(found[item].seconds - found[EMPTY[_runtime(item)]].seconds, SMALLEST) for item in every}


def _runtime(program: str) -> str:
    return "yaml" if program.startswith("{") else "python"


@contextmanager
def _open(engine: Engine, program: str, environment: Mapping[str, str]) -> Iterator[Project]:
    runtime = _runtime(program)
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) / "program"
        folder.mkdir()
        project = {"name": "program", "runtime": runtime} | (json.loads(program) if runtime == "yaml" else {})
        (folder / "Pulumi.yaml").write_text(json.dumps(project))
        (folder / "__main__.py").write_text("" if runtime == "yaml" else program)
        with opened(engine, folder, environment=environment) as ready:
            yield ready


def _preview(project: Project) -> Figures:
    start = time.perf_counter()
    run = project.preview()
    if run.code:
        raise SystemExit(run.text)
    return Figures(time.perf_counter() - start)


@contextmanager
def _plugins() -> Iterator[Path]:
    """Create a folder with the bare plugin, for PATH."""
    with TemporaryDirectory() as folder:
        program = Path(folder) / "pulumi-resource-bare"
        program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m benchmarks.bare.plugin "$@"\n')
        program.chmod(0o755)
        yield Path(folder)
