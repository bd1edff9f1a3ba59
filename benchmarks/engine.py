"""What needs an engine: previews beside the floor's and the empty program's, and the start of the plugin.

A preview's figure is what it takes beyond the empty program in the same language. It is the fastest round's, of both:
some seconds of several processes are disturbed by anything, and always to the slower side. Python programs
run as `pulumi preview` runs them where the engine has Python's language host, and else through the Automation API.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import grpc  # type: ignore[import-untyped]
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from benchmarks import plain
from benchmarks.floor.constant import COUNT
from benchmarks.measuring import SECONDS, Figures, alternate, clean, settings
from benchmarks.rows import Row, added, compared, counted, doubled_row
from benchmarks.server import serving
from tools.engine import Engine, find_engine
from tools.project import ROOT, Project, opened

FLOOR = "the floor"
IMPORTING = f"a bare resource, dynamic, that imports {plain.BOUND}"
KEEPING_TWICE = "a bare resource, native, that keeps its nodes as inputs too"
LIMIT = 1.15  # the most that ours may add, as a multiple of the floor's
OUR_PLUGIN = Path(sys.executable).with_name("pulumi-resource-hologres")
# As large as the engine takes them.
MESSAGES = [("grpc.max_receive_message_length", 400 * 1024 * 1024)]


@dataclass(frozen=True)
class Face:
    """A way to the nodes, and a bare one to a constant, in programs of one language."""

    name: str
    runtime: str
    ours: str
    floor: str


EMPTY = {"python": "", "yaml": "{}"}

DYNAMIC = Face(
    "AiNodeList, dynamic",
    "python",
    "import pulumi\nfrom hologres_ai import AiNodeList\n"
    "pulumi.export('count', AiNodeList('nodes').instance_model_list.apply(len))\n",
    "import pulumi\nfrom benchmarks.floor.dynamic import BareList\n"
    "pulumi.export('count', BareList('nodes').instanceModelList.apply(len))\n",
)


def _yaml(**parts: object) -> str:
    return json.dumps(parts)


def _invoke(function: str) -> str:
    return _yaml(
        variables={"nodes": {"fn::invoke": {"function": function, "arguments": {}}}},
        outputs={"fingerprint": "${nodes.fingerprint}"},
    )


def _resource(kind: str) -> str:
    return _yaml(resources={"nodes": {"type": kind}}, outputs={"fingerprint": "${nodes.fingerprint}"})


FUNCTION = Face("getAiNodeList, native", "yaml", _invoke("hologres:getAiNodeList"), _invoke("floor:getNodes"))
RESOURCE = Face("AiNodeList, native", "yaml", _resource("hologres:AiNodeList"), _resource("floor:Nodes"))
FACES = (DYNAMIC, FUNCTION, RESOURCE)


@dataclass(frozen=True)
class Peer:
    """A bare resource that does one thing more of what ours does, at the size at which that is what counts."""

    name: str
    face: Face
    program: str
    size: int


PEERS = (
    Peer(IMPORTING, DYNAMIC, DYNAMIC.floor.replace("BareList", "LoadedList"), 1),
    Peer(KEEPING_TWICE, RESOURCE, _resource("floor:NodesTwice"), 10_000),
)


def previews(rounds: int, sizes: Sequence[int], *, doubled: bool) -> Iterator[Row]:
    """What each face adds to a preview; for the largest size also beside half of it, and the two faces together."""
    half = [sizes[-1] // 2] if doubled else []
    found: dict[tuple[int, str], list[Figures]] = {}
    engine = find_engine(say=_quiet)
    with serving([*sizes, *half]) as urls, _folder_of_plugins() as plugins:
        path = f"{plugins}{os.pathsep}{engine.environment()['PATH']}"
        for size in (*half, *sizes):
            environment = {**settings(urls[size]), COUNT: str(size), "PATH": path}
            peers = [peer for peer in PEERS if peer.size == size]
            found |= {(size, name): times for name, times in _added(engine, environment, rounds, peers).items()}
    row = partial(compared, "added to a preview", of=min)
    for size in sizes:
        for face in FACES:
            ours, floor = found[size, face.name], found[size, f"{face.name}, floor"]
            target = LIMIT if size != 1_000 else None
            yield row(f"{face.name}, {counted(size)}", SECONDS, beside=FLOOR, ours=ours, theirs=floor, target=target)
        for peer in (peer for peer in PEERS if peer.size == size):
            floor = found[size, f"{peer.face.name}, floor"]
            yield row(peer.name, SECONDS, beside=FLOOR, ours=found[size, peer.name], theirs=floor)
    last = sizes[-1]
    ours, other = found[last, FUNCTION.name], found[last, DYNAMIC.name]
    yield row(f"{FUNCTION.name}, {last:,} nodes", SECONDS, beside=DYNAMIC.name, ours=ours, theirs=other, target=1.0)
    for size in half:
        for face in FACES:
            yield doubled_row(f"{face.name}, {last:,} nodes", size, found[last, face.name], found[size, face.name], min)


def _added(
    engine: Engine, environment: Mapping[str, str], rounds: int, peers: Sequence[Peer]
) -> dict[str, list[Figures]]:
    """For each face, its floor and its peer, what each round took beyond the empty program of its language."""
    with ExitStack() as stack:
        open_ = partial(_open, engine, stack, environment)
        subjects = {f"empty {runtime}": open_(runtime, text) for runtime, text in EMPTY.items()}
        for face in FACES:
            subjects[face.name] = open_(face.runtime, face.ours)
            subjects[f"{face.name}, floor"] = open_(face.runtime, face.floor)
        subjects |= {peer.name: open_(peer.face.runtime, peer.program) for peer in peers}
        found = alternate({name: partial(_preview, project) for name, project in subjects.items()}, rounds)
    runtimes = {face.name: face.runtime for face in FACES} | {peer.name: peer.face.runtime for peer in peers}
    return {
        name: added(times, found[f"empty {runtimes[name.removesuffix(', floor')]}"])
        for name, times in found.items()
        if "empty" not in name
    }


def _open(engine: Engine, stack: ExitStack, environment: Mapping[str, str], runtime: str, text: str) -> Project:
    folder = Path(stack.enter_context(TemporaryDirectory())) / "program"
    folder.mkdir()
    project = {"name": "program", "runtime": runtime}
    if runtime == "yaml":
        project |= json.loads(text)
    else:
        (folder / "__main__.py").write_text(text)
    (folder / "Pulumi.yaml").write_text(json.dumps(project))
    return stack.enter_context(opened(engine, folder, environment=environment))


def _quiet(_line: str) -> None:
    pass


def _preview(project: Project) -> Figures:
    start = time.perf_counter()
    run = project.preview()
    seconds = time.perf_counter() - start
    if run.code:
        raise SystemExit(run.text)
    return {SECONDS: seconds}


@contextmanager
def _folder_of_plugins() -> Iterator[Path]:
    """Where the engine finds the floor's plugin."""
    with TemporaryDirectory() as folder:
        program = Path(folder) / "pulumi-resource-floor"
        program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m benchmarks.floor.plugin "$@"\n')
        program.chmod(0o755)
        yield Path(folder)


def plugin_start(rounds: int) -> Iterator[Row]:
    """From the start of the process to the function's first answer."""
    with serving([1]) as urls, _folder_of_plugins() as plugins:
        found = alternate(
            {
                "ours": partial(_first_answer, OUR_PLUGIN, "hologres:index:getAiNodeList", settings(urls[1])),
                "theirs": partial(_first_answer, plugins / "pulumi-resource-floor", "floor:index:getNodes", {}),
            },
            rounds,
        )
    yield compared(
        "process", "plugin, start to first answer", SECONDS, beside=FLOOR, ours=found["ours"], theirs=found["theirs"]
    )


def _first_answer(program: Path, function: str, environment: Mapping[str, str]) -> Figures:
    start = time.perf_counter()
    with subprocess.Popen(
        [program, "127.0.0.1:1"], stdout=subprocess.PIPE, text=True, env={**clean(), **environment}
    ) as process:
        try:
            port = int(process.stdout.readline()) if process.stdout else 0
            with grpc.insecure_channel(f"127.0.0.1:{port}", options=MESSAGES) as channel:
                stub = provider_pb2_grpc.ResourceProviderStub(channel)
                stub.Configure(provider_pb2.ConfigureRequest(args=Struct(), acceptSecrets=True), timeout=60)
                answer = stub.Invoke(provider_pb2.InvokeRequest(tok=function, args=Struct()), timeout=60)
            seconds = time.perf_counter() - start
        finally:
            process.terminate()
    if answer.failures:
        raise SystemExit(str(answer.failures))
    return {SECONDS: seconds}
