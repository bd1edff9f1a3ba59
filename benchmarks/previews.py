"""What a list adds to `pulumi preview`: its time less that of an empty program in the same language."""

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.bare.outputs import COUNT
from benchmarks.measuring import ROOT, Figures, alternate, settings
from benchmarks.rows import Row
from benchmarks.server import serving
from tools.engine import Engine, find_engine
from tools.project import Project, opened

SMALLEST = 1e-4  # seconds; an added time is never zero or less
LARGE = (5_000, 10_000)  # nodes, of which one is twice the other


@dataclass(frozen=True)
class Program:
    """A Pulumi program: its runtime and its text."""

    runtime: str
    text: str


def _python(imports: str, nodes: str) -> Program:
    return Program("python", f"import pulumi\n{imports}\npulumi.export('count', {nodes})\n")


def _yaml(**parts: object) -> Program:
    return Program("yaml", json.dumps(parts))


def _function(name: str) -> Program:
    invoke = {"fn::invoke": {"function": name, "arguments": {}}}
    return _yaml(variables={"nodes": invoke}, outputs={"fingerprint": "${nodes.fingerprint}"})


def _resource(name: str) -> Program:
    return _yaml(resources={"nodes": {"type": name}}, outputs={"fingerprint": "${nodes.fingerprint}"})


_BARE = "from benchmarks.bare import dynamic as bare"
EMPTY = {"python": Program("python", ""), "yaml": _yaml()}
DYNAMIC = _python("from hologres_ai import AiNodeList", "AiNodeList('nodes').instance_model_list.apply(len)")
BARE = _python(_BARE, "bare.BareList('nodes').instanceModelList.apply(len)")
IMPORTING = _python(_BARE, "bare.BareList('nodes', bare.ImportingProvider()).instanceModelList.apply(len)")
SDK = _python("from benchmarks.programs import list_on_sdk", "1")
FUNCTION, BARE_FUNCTION = _function("hologres:getAiNodeList"), _function("bare:getNodes")
RESOURCE, BARE_RESOURCE = _resource("hologres:AiNodeList"), _resource("bare:Nodes")
LISTS = {"dynamic": DYNAMIC, "native function": FUNCTION, "native resource": RESOURCE}

# name, ours, beside, theirs, target, by number of nodes
ROWS = {
    1: (
        ("dynamic", DYNAMIC, "a bare resource that imports httpx and pydantic", IMPORTING, 1.4),
        ("dynamic", DYNAMIC, "a program that calls the SDK itself", SDK, None),
        ("native function", FUNCTION, "a bare plugin", BARE_FUNCTION, 1.0),
        ("native resource", RESOURCE, "a bare plugin", BARE_RESOURCE, 1.0),
    ),
    1_000: (
        ("dynamic", DYNAMIC, "a bare resource", BARE, 1.4),
        ("native function", FUNCTION, "a bare plugin", BARE_FUNCTION, 1.0),
        ("native resource", RESOURCE, "a bare plugin", BARE_RESOURCE, 1.3),
    ),
}


def previews(rounds: int) -> Iterator[Row]:
    """Each interface beside a bare one, and beside itself with half the nodes."""
    engine = find_engine(say=lambda _line: None)
    for size, rows in ROWS.items():
        programs = {program for _, ours, _, theirs, _ in rows for program in (ours, theirs)}
        found = _added(engine, programs, size, rounds)
        for name, ours, beside, theirs, target in rows:
            nodes = f"{size:,} node{'s' if size > 1 else ''}"
            title = f"added to a preview: {name}, {nodes}"
            yield Row(name=title, beside=beside, ours=found[ours], theirs=found[theirs], target=target)
    half, whole = (_added(engine, LISTS.values(), size, rounds) for size in LARGE)
    for name, program in LISTS.items():
        title = f"added to a preview: {name}, {LARGE[1]:,} nodes"
        yield Row(name=title, beside=f"{LARGE[0]:,} nodes", ours=whole[program], theirs=half[program], target=2.2)


def _added(engine: Engine, programs: Iterable[Program], size: int, rounds: int) -> dict[Program, float]:
    """The seconds that each program takes beyond the empty one."""
    every = {program.text: program for program in (*EMPTY.values(), *programs)}
    with serving(f"{size}:0") as urls, _plugins() as plugins, ExitStack() as stack:
        path = f"{plugins}{os.pathsep}{engine.environment()['PATH']}"
        environment = {**settings(urls[f"{size}:0"]), COUNT: str(size), "PATH": path}
        projects = {text: stack.enter_context(_open(engine, item, environment)) for text, item in every.items()}
        found = alternate({text: partial(_preview, project) for text, project in projects.items()}, rounds)
    empty = {runtime: found[program.text].seconds for runtime, program in EMPTY.items()}
    return {item: max(found[text].seconds - empty[item.runtime], SMALLEST) for text, item in every.items()}


@contextmanager
def _open(engine: Engine, program: Program, environment: Mapping[str, str]) -> Iterator[Project]:
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) / "program"
        folder.mkdir()
        project = {"name": "program", "runtime": program.runtime}
        if program.runtime == "yaml":
            project |= json.loads(program.text)
        else:
            (folder / "__main__.py").write_text(program.text)
        (folder / "Pulumi.yaml").write_text(json.dumps(project))
        with opened(engine, folder, environment=environment) as opened_:
            yield opened_


def _preview(project: Project) -> Figures:
    start = time.perf_counter()
    run = project.preview()
    if run.code:
        raise SystemExit(run.text)
    return Figures(time.perf_counter() - start)


@contextmanager
def _plugins() -> Iterator[Path]:
    """A folder with the bare plugin, for PATH."""
    with TemporaryDirectory() as folder:
        program = Path(folder) / "pulumi-resource-bare"
        program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m benchmarks.bare.plugin "$@"\n')
        program.chmod(0o755)
        yield Path(folder)
