"""Rows without an engine: the command line, scripts, reads in a session, and all regions."""

import sys
from collections.abc import Iterator
from functools import partial

from benchmarks.measuring import REGION, alternate, reader, settings, whole_process
from benchmarks.rows import Row
from benchmarks.server import serving
from hologres_ai.region_data import REGIONS

SDK = "the SDK"
LIST = (sys.executable, "-m", "hologres_ai.cli", "list")
SCRIPT = (sys.executable, "-m", "benchmarks.programs.list_nodes")
SDK_SCRIPT = (sys.executable, "-m", "benchmarks.programs.list_on_sdk")


def cold_processes(rounds: int) -> Iterator[Row]:
    """Processes from their start to their end."""
    with serving("13:0", "100:0", "1000:0") as urls:
        subjects = {"list": partial(whole_process, LIST, settings(urls["13:0"]))}
        subjects["13"] = partial(whole_process, SDK_SCRIPT, settings(urls["13:0"]))
        for size in ("100", "1000"):
            subjects[size] = partial(whole_process, SDK_SCRIPT, settings(urls[f"{size}:0"]))
            subjects[f"{size} ours"] = partial(whole_process, SCRIPT, settings(urls[f"{size}:0"]))
        found = {name: figures.seconds for name, figures in alternate(subjects, rounds).items()}
    yield Row(
        name="`hologres-ai list`, cold process",
        beside="ten lines on the SDK",
        ours=found["list"],
        theirs=found["13"],
        target=0.75,
    )
    for size in ("100", "1000"):
        name = f"script that reads {int(size):,} nodes, cold process"
        yield Row(name=name, beside="the same on the SDK", ours=found[f"{size} ours"], theirs=found[size], target=0.95)


def reads(rounds: int) -> Iterator[Row]:
    """Later reads of a process."""
    with serving("1:20", "1000:0") as urls:
        for service, name, target in (
            ("1:20", "call in a `Session` to a service that takes 20 ms", 1.1),
            ("1000:0", "later read of 1,000 nodes in a `Session`", None),
        ):
            subjects = {who: partial(reader, who, urls[service], 20) for who in ("session", "sdk")}
            found = alternate(subjects, rounds)
            ours, theirs = found["session"].seconds, found["sdk"].seconds
            yield Row(name=name, beside=SDK, ours=ours, theirs=theirs, target=target)


def large_reads(rounds: int) -> Iterator[Row]:
    """Reads of 100,000 nodes, and of half as many."""
    with serving("50000:0", "100000:0") as urls:
        whole, half = urls["100000:0"], urls["50000:0"]
        subjects = {who: partial(reader, who, whole, 1) for who in ("session", "sdk")}
        found = alternate({**subjects, "half": partial(reader, "session", half, 1)}, rounds)
    ours, theirs, before = found["session"], found["sdk"], found["half"]
    name = "read of 100,000 nodes"
    yield Row(name=f"{name}, time", beside=SDK, ours=ours.seconds, theirs=theirs.seconds)
    memory = {"ours": ours.memory, "theirs": theirs.memory}
    yield Row(name=f"{name}, peak memory", beside=SDK, **memory, target=1.0, unit="MiB")
    yield Row(name=name, beside="50,000 nodes", ours=ours.seconds, theirs=before.seconds, target=2.2)


def all_regions(rounds: int) -> Iterator[Row]:
    """All known regions, each of which takes 50 ms."""
    with serving("1:50") as urls:
        url = urls["1:50"]
        subjects = {
            "all": partial(reader, "ours", url, 5, REGIONS),
            "one": partial(reader, "ours", url, 5, [REGION]),
            "sdk": partial(reader, "sdk", url, 1, REGIONS),
        }
        found = {name: figures.seconds for name, figures in alternate(subjects, rounds).items()}
    row = partial(Row, name="all known regions, each taking 50 ms", ours=found["all"])
    yield row(beside="one region", theirs=found["one"], target=2.1)
    yield row(beside="the SDK, one after the other", theirs=found["sdk"], target=0.15)
