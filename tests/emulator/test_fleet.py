"""The fleet: the shipped one, and files that change while the emulator runs."""

import json
import logging
import re
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import JsonValue

from hologres_ai.core.result import free
from hologres_ai.emulator import (
    Emulator,
)
from hologres_ai.errors import ConfigurationError
from tests.emulator.helpers import EXAMPLE, NOON, REQUEST_ID, Clock, listed, read, send, signed, write_fleet


def expiries(response: httpx.Response) -> list[str]:
    return [
        str(node["expirationTime"]) for node in listed(response) if isinstance(node, dict) and "expirationTime" in node
    ]


def test_the_shipped_fleet_is_read_by_the_client(emulator: Emulator) -> None:
    result = read(emulator)
    nodes = result.instance_model_list
    assert len(nodes) >= 12
    assert result.warnings == ()
    assert result.request_id is not None
    assert REQUEST_ID.fullmatch(result.request_id)
    assert len({node.holo_instance_id for node in nodes}) == 3
    assert "AI节点List测试" in result.names
    assert {node.charge_type for node in nodes} == {"PostPaid", "PrePaid"}
    assert len({node.ai_spec for node in nodes}) >= 3
    assert {node.status for node in nodes} > {"ResourceReady"}


def test_numbers_of_the_shipped_fleet_match_its_specifications(emulator: Emulator) -> None:
    for node in read(emulator).instance_model_list:
        form = re.fullmatch(r"(\w+)-(\d+)core-(\d+)G-(\d+)G", node.ai_spec or "")
        assert form, node.ai_spec
        assert form[1] == node.resource_type
        assert (node.cpu, node.memory, node.gpu_memory) == (int(form[2]), int(form[3]), int(form[4]))


def test_one_free_figure_of_the_shipped_fleet_is_unknown(emulator: Emulator) -> None:
    nodes = read(emulator).instance_model_list
    unknown = [
        (n.ai_instance_id, r) for n in nodes for r in ("cpu", "memory", "gpu", "gpu_memory") if free(n, r) is None
    ]
    assert [resource for _, resource in unknown] == ["memory"]


def test_a_relative_expiry_stays_the_same_while_the_emulator_runs() -> None:
    clock = Clock(NOON)
    with Emulator(clock=clock) as emulator:
        first = expiries(send(signed(emulator, clock=clock)))
        clock.now += timedelta(days=3)
        assert expiries(send(signed(emulator, clock=clock))) == first
    assert min(first) == "2026-01-11T00:00:00.000Z"
    with Emulator(clock=Clock(NOON + timedelta(hours=11))) as again:
        assert expiries(send(signed(again, clock=Clock(NOON + timedelta(hours=11))))) == first


def test_an_edit_of_the_file_changes_the_fleet(emulator: Emulator) -> None:
    assert len(read(emulator).ids) == 13
    write_fleet(emulator, {"aiInstanceId": "one", "cpu": 8})
    assert read(emulator).ids == ("one",)
    write_fleet(emulator, {"aiInstanceId": "two", "cpu": 8})
    assert read(emulator).ids == ("two",), "an edit of the same length"


@pytest.mark.parametrize(
    "broken", ['{"nodes": [', '{"nodes": {}}', "[]", "", "\ufffd", "[" * 100_000, '{"nodes": null}']
)
def test_an_invalid_edit_keeps_the_last_valid_fleet(
    emulator: Emulator, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    write_fleet(emulator, {"aiInstanceId": "good"})
    assert read(emulator).ids == ("good",)
    emulator.fleet_path.write_text(broken, encoding="utf-8")
    assert read(emulator).ids == read(emulator).ids == ("good",)
    warnings = [r.message for r in caplog.records if r.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "the last valid fleet is still used. Correct the file: " in warnings[0]
    write_fleet(emulator, {"aiInstanceId": "better"})
    assert read(emulator).ids == ("better",)


def test_a_missing_file_keeps_the_last_valid_fleet(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    assert len(read(emulator).ids) == 13
    kept = emulator.fleet_path.rename(emulator.fleet_path.with_suffix(".kept"))
    assert len(read(emulator).ids) == len(read(emulator).ids) == 13
    assert [r.levelno for r in caplog.records if "the last valid fleet is still used" in r.message] == [logging.WARNING]
    kept.rename(emulator.fleet_path)
    assert len(read(emulator).ids) == 13


def test_nodes_are_served_unchanged(emulator: Emulator) -> None:
    nodes: list[JsonValue] = [
        *(None, "text", 7, [], {}),
        {"cpu": "8", "nodeCount": 1.5, "unheardOf": {"a": [1]}, "holoInstanceName": "\ud83d 节点 \u202e\u0000"},
        {"expirationTime": "now+9 days"},
        {"expirationTime": 9},
    ]
    write_fleet(emulator, *nodes)
    assert listed(send(signed(emulator))) == nodes
    assert listed(send(signed(emulator, params={"instanceId": "x"}))) == []


def test_a_relative_expiry_can_be_in_the_past(tmp_path: Path) -> None:
    path = tmp_path / "fleet.json"
    path.write_text('{"nodes": [{"expirationTime": "now-2d"}]}')
    with Emulator(path, clock=Clock()) as emulator:
        assert expiries(send(signed(emulator, clock=Clock()))) == ["2025-12-31T00:00:00.000Z"]


@pytest.mark.parametrize("content", [None, "{", '{"instances": []}', '{"instanceModelList": {}}'])
def test_an_invalid_fleet_file_is_an_error_at_the_start(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "fleet.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigurationError, match=re.escape(str(path))) as raised:
        Emulator(path)
    assert raised.value.remedy.startswith('Specify a JSON file of the form {"nodes": [...]}')


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte order mark"])
def test_a_saved_response_of_the_api_is_a_fleet(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "saved.json"
    path.write_text(mark + EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    with Emulator(path) as emulator:
        assert listed(send(signed(emulator))) == json.loads(EXAMPLE.read_bytes())["instanceModelList"]
