"""The text exposition of Prometheus, read by its official parser."""

from dataclasses import replace

from prometheus_client.parser import text_string_to_metric_families

from hologres_ai.cli.output import printable
from hologres_ai.cli.reports import FORMATS, Report
from hologres_ai.models import AiNode
from tests.cli.reports.test_reports import FAILED, NASTY, NODE, NOW, check_report, list_report

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(report: Report) -> Samples:
    """Every sample by its name and labels; none of these is given twice."""
    families = list(text_string_to_metric_families(FORMATS["prometheus"](report) + "\n"))
    assert len({family.name for family in families}) == len(families)
    assert all(family.type == "gauge" and family.documentation for family in families)
    found = [sample for family in families for sample in family.samples]
    keys = [(sample.name, tuple(sorted(sample.labels.items()))) for sample in found]
    assert len(set(keys)) == len(keys)
    return dict(zip(keys, (sample.value for sample in found), strict=True))


def of_node(report: Report) -> dict[str, float]:
    """The values of the metrics of one node, by name."""
    return {name: value for (name, labels), value in samples(report).items() if "ai_instance_id" in dict(labels)}


def test_figures_have_base_units() -> None:
    node = AiNode(
        ai_instance_id="one", node_count=2, gpu=1, gpu_used=1, gpu_memory=24, gpu_memory_used=36, cpu=8, memory=30,
        expiration_time="2026-01-28T07:44:27.500Z", auto_renewal=False,
    )  # fmt: skip
    assert of_node(list_report(node)) == {
        "hologres_ai_nodes": 2,
        "hologres_ai_gpu_capacity_cards": 2,
        "hologres_ai_gpu_used_cards": 1,
        "hologres_ai_gpu_free_cards": 1,
        "hologres_ai_gpu_memory_capacity_bytes": 48e9,
        "hologres_ai_gpu_memory_used_bytes": 36e9,
        "hologres_ai_gpu_memory_free_bytes": 12e9,
        "hologres_ai_cpu_capacity_cores": 16,
        "hologres_ai_memory_capacity_bytes": 60 * 2**30,
        "hologres_ai_expiry_timestamp_seconds": 1769586267.5,
        "hologres_ai_auto_renewal": 0,
    }


def test_each_region_is_up_or_down() -> None:
    found = samples(list_report(NODE, unread=True))
    assert found["hologres_ai_up", (("region", "cn-hangzhou"),)] == 1
    assert found["hologres_ai_up", (("region", "cn-shanghai"),)] == 0
    assert found["hologres_ai_last_read_timestamp_seconds", (("region", "cn-hangzhou"),)] == NOW.timestamp()
    assert ("hologres_ai_last_read_timestamp_seconds", (("region", "cn-shanghai"),)) not in found


def test_a_run_that_failed_is_down() -> None:
    assert samples(FAILED) == {("hologres_ai_up", (("region", "cn-hangzhou"),)): 0}
    assert samples(replace(FAILED, regions=())) == {("hologres_ai_up", (("region", ""),)): 0}


def test_names_and_repeated_ids_are_labels() -> None:
    nasty = AiNode(ai_instance_id=NASTY, holo_instance_name=NASTY, node_count=1)
    found = samples(list_report(nasty, replace(nasty, node_count=2), AiNode(node_count=3), AiNode(node_count=4)))
    labels = [dict(labels) for (name, labels) in found if name == "hologres_ai_nodes"]
    assert len(labels) == 4
    assert printable(NASTY) in [entry["ai_instance_id"] for entry in labels]


def test_requirements_are_met_or_not() -> None:
    found = samples(check_report(NODE, min_free_gpus=1, min_nodes_ready=9))
    assert found["hologres_ai_requirement_met", (("requirement", "minFreeGpus"),)] == 1
    assert found["hologres_ai_requirement_met", (("requirement", "minNodesReady"),)] == 0
