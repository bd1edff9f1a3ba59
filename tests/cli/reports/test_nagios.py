"""One line for a monitoring system."""

import re
from dataclasses import replace

import pytest

from hologres_ai.cli.reports import FORMATS, ReportedError
from hologres_ai.cli.reports.nagios import state
from hologres_ai.models import AiNode
from tests.cli.reports.test_reports import NASTY, NODE, check_report

EXPIRING = replace(NODE, charge_type="PrePaid", expiration_time="2026-01-28T07:44:27.535Z", auto_renewal=False)


def test_figures_are_performance_data_with_their_thresholds() -> None:
    report = check_report(EXPIRING, min_free_gpus=2, min_nodes_ready=1, not_expiring_within_days=30)
    assert FORMATS["nagios"](report).split(" | ") == [
        "HOLOGRES_AI CRITICAL - 1 of 3 requirements met in 2 regions; "
        "free GPUs: at least 2 required, 1 found; most free: one (1); "
        "subscriptions: none may expire within 30 days, 1 found: one (8 days, 2026-01-28T07:44:27.535Z)",
        "free_gpus=1;;2:;0 ready_nodes=2;;1:;0 days_to_expiry=8;;30:;0",
    ]


def test_with_warn_the_thresholds_are_those_of_a_warning() -> None:
    report = check_report(NODE, warn=True, min_free_gpus=2)
    assert state(report) == 1
    assert FORMATS["nagios"](report).endswith(" | free_gpus=1;2:;;0")


def test_an_unknown_figure_is_performance_data_with_the_value_u() -> None:
    report = check_report(replace(NODE, gpu_used=None), min_free_gpus=2)
    assert FORMATS["nagios"](report).endswith(" | free_gpus=U;;2:;0")


@pytest.mark.parametrize("text", [NASTY, "a\nb", "a | b=1", "a\r\x00b"])
def test_no_name_breaks_the_line_or_adds_performance_data(text: str) -> None:
    report = check_report(AiNode(ai_instance_id=text, status=text), statuses=["Paused"], ai_specs=[text])
    line = FORMATS["nagios"](report)
    assert line.isprintable()
    assert "|" not in line


def test_the_line_of_an_empty_result_has_the_number_of_ai_instances() -> None:
    line = FORMATS["nagios"](check_report(statuses=["ResourceReady"]))
    assert line == "HOLOGRES_AI OK - 1 of 1 requirements met in 2 regions: 0 AI instances"


def test_the_line_of_a_failure_names_the_first_regions_with_their_outcomes() -> None:
    regions = tuple(f"cn-{number} (denied)" for number in range(12))
    error = ReportedError(title="12 of 12 regions could not be read", regions=regions)
    line = FORMATS["nagios"](replace(check_report(NODE, min_nodes_ready=1), error=error, verdicts=()))
    assert line == f"HOLOGRES_AI UNKNOWN - 12 of 12 regions could not be read: {', '.join(regions[:10])} and 2 more"


def test_a_requirement_that_an_unread_region_could_meet_is_unknown() -> None:
    assert state(check_report(NODE, unread=True, min_nodes_ready=9)) == 3
    assert state(check_report(NODE, unread=True, min_nodes_ready=1)) == 0
    assert re.match("HOLOGRES_AI UNKNOWN - ", FORMATS["nagios"](check_report(NODE, unread=True, min_nodes_ready=9)))
