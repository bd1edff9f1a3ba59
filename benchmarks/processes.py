"""Rows without an engine: the command line, scripts, reads in a session, and all regions."""

import sys
from collections.abc import Iterator
from functools import partial

from benchmarks.measuring import REGION, alternate, reader, settings, whole_process
from benchmarks.rows import Row
from benchmarks.server import serving
from hologres_ai.region_data import REGIONS

PYTHON = (sys.executable, "-m")
LIST, SCRIPT, SDK = (
    ("hologres_ai.cli", "list"),
    ("benchmarks.programs.list_nodes",),
    ("benchmarks.programs.list_on_sdk",),
)


def cold_processes(rounds: int) -> Iterator[Row]:
    """Yield rows for whole processes, from their start to their end."""
    for size, name, command, beside, target in (
        ("13", "`hologres-ai list`, cold process", LIST, "ten lines on the SDK", 0.75),
        ("100", "script that reads 100 nodes, cold process", SCRIPT, "the same on the SDK", 0.95),
        ("1000", "script that reads 1,000 nodes, cold process", SCRIPT, "the same on the SDK", 0.95),
    ):
        with serving(f"{size}:0") as [url]:
            subjects = {who: partial(whole_process, (*PYTHON, *who), settings(url)) for who in (command, SDK)}
            found = alternate(subjects, rounds)
        yield Row(name, beside, found[command].seconds, found[SDK].seconds, target)


def reads(rounds: int) -> Iterator[Row]:
    """Yield rows for later reads of a process."""
    for service, name, target in (
        ("1:20", "call in a `Session` to a service that takes 20 ms", 1.1),
        ("1000:0", "later read of 1,000 nodes in a `Session`", None),
    ):
        with serving(service) as [url]:
            found = alternate({who: partial(reader, who, url, 20) for who in ("session", "sdk")}, rounds)
        yield Row(name, "the SDK", found["session"].seconds, found["sdk"].seconds, target)


def large_reads(rounds: int) -> Iterator[Row]:
    """Yield rows for reads of 100,000 nodes, compared with the SDK and with half as many nodes."""
    with serving("50000:0", "100000:0") as [half, whole]:
        subjects = {who: partial(reader, who, whole, 1) for who in ("session", "sdk")}
        found = alternate({**subjects, "half": partial(reader, "session", half, 1)}, rounds)
    ours, sdk, name = found["session"], found["sdk"], "read of 100,000 nodes"
    yield Row(f"{name}, time", "the SDK", ours.seconds, sdk.seconds)
    yield Row(f"{name}, peak memory", "the SDK", ours.memory, sdk.memory, 1.0, "MiB")
    yield Row(name, "50,000 nodes", ours.seconds, found["half"].seconds, 2.2)


def all_regions(rounds: int) -> Iterator[Row]:
    """Yield rows for a read of all known regions, each of which takes 50 ms."""
    with serving("1:50") as [url]:
        cases = {"all": ("ours", 5, REGIONS), "one": ("ours", 5, [REGION]), "sdk": ("sdk", 1, REGIONS)}
        subjects = {name: partial(reader, who, url, repeats, names) for name, (who, repeats, names) in cases.items()}
        found = alternate(subjects, rounds)
    name = "all known regions, each taking 50 ms"
    yield Row(name, "one region", found["all"].seconds, found["one"].seconds, 2.1)
    yield Row(name, "the SDK, one after the other", found["all"].seconds, found["sdk"].seconds, 0.15)
