"""The fuzzing targets: each parser of external documents, and the properties of every result.

A target returns, or raises for a finding: an unexpected error, or a result that differs from the input.
"""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from pydantic import JsonValue

from hologres_ai.api.response import HttpResponse, parse_response
from hologres_ai.baselines import Baseline, read_baseline
from hologres_ai.drift import compare
from hologres_ai.emulator.fleet import FleetFile
from hologres_ai.emulator.responses import node_list
from hologres_ai.envelope import from_json, to_envelope
from hologres_ai.errors import ConfigurationError, DocumentError, HologresAiError, ResponseError
from tests.support.answer_oracle import check

NOW = datetime(2026, 1, 28, tzinfo=UTC)


def answers(data: bytes) -> None:
    """A response body: the first byte selects status 200, compared with the oracle, or another status."""
    if data[:1] == b"!":
        with suppress(HologresAiError):
            parse_response(HttpResponse(503, {}, data[1:]), ("canary",))
            raise AssertionError("a refusal was taken for a list")
        return
    check(data)


def fleet(data: bytes) -> None:
    """A fleet file, at the start and edited while it is served; what is served is JSON, and one node for each."""
    path = _memory_file()
    path.write_bytes(data)
    try:
        nodes = FleetFile(path, lambda: NOW).nodes()
    except ConfigurationError as error:
        _check_words(error)
        nodes = []
    else:
        document = json.loads(data)
        listed = document.get("nodes", document.get("instanceModelList"))
        assert len(nodes) == len(listed)
    _serve(nodes)
    path.write_text('{"nodes": []}')
    edited = FleetFile(path, lambda: NOW)
    path.write_bytes(data)
    assert edited.nodes() == nodes or nodes != nodes  # NaN is not equal to itself


def _serve(nodes: list[JsonValue]) -> None:
    body = node_list(nodes, NOW).body
    assert isinstance(body, bytes)
    assert len(json.loads(body)["instanceModelList"]) == len(nodes)
    with suppress(ResponseError):
        assert len(parse_response(HttpResponse(200, {}, body)).nodes) == len(nodes)


def baselines(data: bytes) -> None:
    """A baseline in any form, and the outputs of a stack; what was read comes out of its own envelope again."""
    for output, resource in ((None, None), ("nodes", None), (None, "nodes")):
        with suppress(DocumentError):
            _check_kept(_baseline(data, output, resource))
    with suppress(DocumentError):
        from_json(data, "nodes")


def _baseline(data: bytes, output: str | None, resource: str | None) -> Baseline:
    try:
        return read_baseline(data, output=output, resource=resource)
    except DocumentError as error:
        _check_words(error)
        raise


def _check_kept(baseline: Baseline) -> None:
    again = from_json(json.dumps(to_envelope(baseline.result)))
    assert again == baseline.result
    assert not compare(again, baseline.result).events


def _check_words(error: HologresAiError) -> None:
    """The error is usable: a title, a remedy, and not a page of text."""
    assert error.title
    assert error.remedy
    assert len(str(error)) < 2_000


@cache
def _memory_file() -> Path:
    """A file in memory; a disk would dominate the run time."""
    return Path(f"/proc/self/fd/{os.memfd_create('fleet')}")


TARGETS: dict[str, Callable[[bytes], None]] = {"answers": answers, "fleet": fleet, "baselines": baselines}
