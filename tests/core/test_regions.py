"""Several regions at once: `regions` on the emulator, each at its own endpoint."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hologres_ai import read_ai_nodes
from hologres_ai.config import resolve_regions
from hologres_ai.core.regions import outcomes as region_outcomes
from hologres_ai.core.result import build_result, keep_unread
from hologres_ai.emulator import EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET, Emulator
from hologres_ai.errors import (
    AccessDeniedError,
    ApiError,
    ConfigurationError,
    DeadlineExceededError,
    InvalidArgumentError,
    RegionsError,
)
from hologres_ai.models import AiNode, AiNodeListResult, NodeList, RegionOutcome, build_query, to_wire
from hologres_ai.region_data import REGIONS
from hologres_ai.settings.network import parse_endpoint
from tests.conftest import write_a_node_in_each

UNREACHABLE = ("cn-beijing", "eu-central-1", "us-west-1")
DEADLINE = 2  # seconds


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """A node in each region."""
    return write_a_node_in_each(tmp_path / "fleet.json", REGIONS)


@pytest.fixture(autouse=True)
def _environment(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_ENDPOINT_HOLOGRAM", emulator.endpoint)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", EMULATOR_ACCESS_KEY_ID)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", EMULATOR_ACCESS_KEY_SECRET)
    monkeypatch.setenv("MAX_RETRY_TIMEOUT", str(DEADLINE))


@pytest.fixture
def _unreachable(emulator: Emulator) -> Iterator[None]:
    """Three regions that never respond."""
    for region in UNREACHABLE:
        emulator.arm("hang", 100, region=region)
    yield
    emulator.disarm()


def outcomes(result: AiNodeListResult) -> dict[str, str]:
    return {item.region: item.outcome for item in result.region_outcomes}


# -------------------------------------------------------------------------------------------------------------- results


def test_a_star_reads_the_nodes_of_all_known_regions(emulator: Emulator) -> None:
    result = read_ai_nodes(regions=["*"])
    assert [node.region_id for node in result.instance_model_list] == list(REGIONS)
    assert outcomes(result) == dict.fromkeys(REGIONS, "ok")
    assert (result.region, result.request_id, result.warnings) == ("*", None, ())
    assert result.totals.node_count == emulator.requests == len(REGIONS) == 21


def test_repeated_regions_are_read_once_and_sorted(emulator: Emulator) -> None:
    result = read_ai_nodes(regions=["us-east-1", "cn-hangzhou", "us-east-1"], ids=["ai-us-east-1"])
    assert result.region == "cn-hangzhou,us-east-1"
    assert outcomes(result) == {"cn-hangzhou": "ok", "us-east-1": "ok"}, "a region whose nodes are filtered out is ok"
    assert result.ids == ("ai-us-east-1",)
    assert emulator.requests == 2


@pytest.mark.usefixtures("_unreachable")
def test_unreachable_regions_are_waited_for_concurrently() -> None:
    start = time.monotonic()
    result = read_ai_nodes(regions=["*"], on_region_error="partial")
    took = time.monotonic() - start
    assert DEADLINE <= took < 2.5 * DEADLINE, "sequential reads would take three deadlines"
    assert outcomes(result) == {region: "unreachable" if region in UNREACHABLE else "ok" for region in REGIONS}
    assert result.unread == UNREACHABLE
    assert len(result.instance_model_list) == 18
    assert [warning.split(":")[0] for warning in result.warnings] == [
        f"{region} could not be read" for region in UNREACHABLE
    ]


@pytest.mark.usefixtures("_unreachable")
def test_an_unreachable_region_fails_the_read_by_default() -> None:
    with pytest.raises(RegionsError, match="3 of 21 regions could not be read") as caught:
        read_ai_nodes(regions=["*"])
    for region in UNREACHABLE:
        assert f"{region}: unreachable: {region}.localhost returned no complete response within 2 s" in str(
            caught.value
        )
        assert isinstance(caught.value.errors[region], DeadlineExceededError)


def test_each_region_has_an_outcome(emulator: Emulator, fleet: Path) -> None:
    fleet.write_text('{"nodes": [{"aiInstanceId": "one", "regionId": "cn-hangzhou"}]}')
    emulator.arm("denied", region="cn-beijing")
    regions = ["cn-hangzhou", "cn-beijing", "cn-shanghai"]
    result = read_ai_nodes(regions=regions, on_region_error="partial")
    assert outcomes(result) == {"cn-beijing": "denied", "cn-hangzhou": "ok", "cn-shanghai": "empty"}
    denied = result.region_outcomes[0]
    assert "HTTP 403, Forbidden.RAM" in str(denied.reason)
    assert "request" not in str(denied.reason), "a value that is new in each call would be drift in a state"

    emulator.arm("denied", region="cn-beijing")
    with pytest.raises(RegionsError, match="1 of 3 regions could not be read") as caught:
        read_ai_nodes(regions=regions)
    assert isinstance(caught.value.errors["cn-beijing"], AccessDeniedError)
    assert str(caught.value.errors["cn-beijing"].request_id) in str(caught.value)


def test_an_unknown_region_and_an_unreachable_region_have_different_outcomes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # No resolver knows a name under .invalid (RFC 6761).
    monkeypatch.setenv("ALIBABA_CLOUD_ENDPOINT_HOLOGRAM", "hologram.{region}.invalid")
    with pytest.raises(RegionsError) as caught:
        read_ai_nodes(regions=["cn-nowhere", "cn-hangzhou"], on_region_error="partial")
    assert "cn-nowhere: not-a-region: " in str(caught.value)
    assert "cn-hangzhou: unreachable: " in str(caught.value)
    assert str(caught.value).endswith("\nCheck the network and the proxy settings.")


def test_a_partial_read_fails_when_no_region_can_be_read(emulator: Emulator) -> None:
    emulator.arm("denied", 2)
    with pytest.raises(RegionsError, match="2 of 2 regions could not be read") as caught:
        read_ai_nodes(regions=["cn-hangzhou", "cn-beijing"], on_region_error="partial")
    assert "hologram:ListInstanceModel" in str(caught.value), "all regions fail: the remedy is shown"


def test_a_node_without_a_region_gets_the_region_that_listed_it(
    emulator: Emulator, fleet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.write_text('{"nodes": [{"aiInstanceId": "one"}]}')
    monkeypatch.setenv("ALIBABA_CLOUD_ENDPOINT_HOLOGRAM", emulator.url)
    assert [node.region_id for node in read_ai_nodes(regions=["cn-beijing"]).instance_model_list] == ["cn-beijing"]
    assert [node.region_id for node in read_ai_nodes(region="cn-beijing").instance_model_list] == [None]


def test_an_empty_result_of_several_regions_has_a_warning(fleet: Path) -> None:
    fleet.write_text('{"nodes": []}')
    warnings = read_ai_nodes(regions=["*"]).warnings
    assert len(warnings) == 1
    assert (
        "no AI nodes in 21 regions: the service listed none. Their endpoints were called with credentials from"
        in warnings[0]
    )


# ---------------------------------------------------------------------------------------------------- invalid arguments


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"regions": []}, "regions: specify at least one region, or * for all known regions"),
        ({"regions": ["*", "cn-hangzhou"]}, "regions: * means all known regions and can't be combined"),
        ({"regions": ["cn-hangzhou"], "region": "cn-beijing"}, "regions: can't be combined with region"),
        ({"region": "cn-hangzhou", "on_region_error": "partial"}, "on_region_error: requires regions"),
        ({"regions": ["cn-hangzhou"], "on_region_error": "shrug"}, "on_region_error: 'fail' or 'partial' is expected"),
    ],
)
def test_invalid_region_arguments_are_refused_before_any_call(
    arguments: dict[str, Any], says: str, emulator: Emulator
) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        read_ai_nodes(**arguments)
    assert says in str(caught.value)
    assert emulator.requests == 0


def test_a_text_that_is_not_a_region_is_refused_before_any_call(emulator: Emulator) -> None:
    with pytest.raises(ConfigurationError, match=r"argument regions is not a region: 'x@127.0.0.1'"):
        read_ai_nodes(regions=["cn-hangzhou", "x@127.0.0.1"])
    assert emulator.requests == 0


def test_a_single_endpoint_for_several_regions_is_refused(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_ENDPOINT_HOLOGRAM", emulator.url)
    with pytest.raises(
        ConfigurationError, match=r"is the endpoint of one region, but 21 regions are to be read\nReplace the region"
    ):
        read_ai_nodes(regions=["*"])
    assert emulator.requests == 0


def test_a_missing_key_is_one_error_for_all_regions(monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> None:
    monkeypatch.delenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET")
    with pytest.raises(ConfigurationError, match="secretKey"):
        read_ai_nodes(regions=["*"])
    assert emulator.requests == 0


# ---------------------------------------------------------------------------------------------------------- endpoints


def test_an_endpoint_template_gives_each_region_its_endpoint() -> None:
    settings = resolve_regions(["cn-beijing", "us-west-1"], environ=KEYS | {"HOLOGRAM_ENDPOINT": "vpc.{region}.test:8"})
    assert [one.endpoint.url for one in settings] == ["https://vpc.cn-beijing.test:8", "https://vpc.us-west-1.test:8"]
    settings = resolve_regions(["cn-beijing"], environ=KEYS)
    assert settings[0].endpoint.url == "https://hologram.cn-beijing.aliyuncs.com"


KEYS = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret"}


def test_a_host_name_below_localhost_is_loopback() -> None:
    endpoint = parse_endpoint("http://cn-hangzhou.localhost:81")
    assert (endpoint.address, endpoint.authority) == ("http://127.0.0.1:81", "cn-hangzhou.localhost:81")
    with pytest.raises(ValueError, match="http is for loopback only"):
        parse_endpoint("http://localhost.example.com")


# -------------------------------------------------------------------------------------------- unread regions in a state


NODE = AiNode(ai_instance_id="one", region_id="cn-hangzhou", node_count=1)
OTHER = replace(NODE, ai_instance_id="two", region_id="cn-beijing")
QUERY = build_query({"regions": ["cn-beijing", "cn-hangzhou"], "on_region_error": "partial"})
GAP = (RegionOutcome(region="cn-beijing", outcome="unreachable"), RegionOutcome(region="cn-hangzhou", outcome="ok"))


def test_nodes_of_an_unread_region_are_kept_from_the_previous_list() -> None:
    gone = replace(NODE, ai_instance_id="gone")
    reply = NodeList(nodes=(NODE,), request_id=None)
    result = build_result("cn-beijing,cn-hangzhou", QUERY, reply, warnings=["w"], region_outcomes=GAP)
    kept = keep_unread(result, [OTHER, gone])
    assert kept.instance_model_list == (OTHER, NODE), "regions that were read have the current nodes"
    assert kept.totals.node_count == 2
    assert (kept.warnings, kept.region_outcomes) == (("w",), GAP)
    whole = replace(result, region_outcomes=())
    assert keep_unread(whole, [OTHER]) is whole


def test_json_has_the_outcomes_of_unread_regions() -> None:
    result = build_result("a,b", QUERY, NodeList(nodes=(), request_id=None), region_outcomes=GAP)
    assert to_wire(result)["regionOutcomes"] == [
        {"region": "cn-beijing", "outcome": "unreachable"},
        {"region": "cn-hangzhou", "outcome": "ok"},
    ]


def test_a_region_that_the_api_does_not_know_is_not_a_region() -> None:
    error = ApiError("refused", status=400, code="Forbidden.RegionNotFound")
    [outcome] = region_outcomes({"cn-hangzhou": error})
    assert (outcome.outcome, outcome.reason) == ("not-a-region", "refused (HTTP 400, Forbidden.RegionNotFound)")
