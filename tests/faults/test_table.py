"""This package's client against every row of the table, with more checks than the comparison has."""

import json
import logging
import re
from collections.abc import Mapping

import pytest

from hologres_ai import errors
from tests.faults import package_client
from tests.faults.families import Outcome, Row, failed, leaked, passes
from tests.faults.report import Report, observe
from tests.faults.table import ROWS
from tests.faults.testbed import SECRETS, FaultTestbed, start_testbed

# The row with 100,000 nodes runs alone.
PARAMETERS = [
    pytest.param(row, id=f"{row.family}: {row.name}", marks=[pytest.mark.load] if "100,000" in row.name else [])
    for row in ROWS
]


@pytest.mark.parametrize("row", PARAMETERS)
def test_this_package_passes_the_row(row: Row, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with start_testbed(row.scenario) as testbed:
        report = observe(package_client.ask_without_jitter, testbed.job)
        outcome = Outcome(report, len(testbed.requests), testbed.server.connections, len(testbed.elsewhere.requests))
    assert passes(row, outcome), report.message
    assert_reported(row, report)
    assert_exact(row, report)
    assert_no_secret(report, testbed, caplog.text)
    assert row.requests in (outcome.requests, -1)
    assert row.least <= report.seconds
    assert row.logs in caplog.text
    for name, value in row.sent:
        assert testbed.requests[-1].headers[name].startswith(value)


def assert_reported(row: Row, report: Report) -> None:
    """The error's class, its facts and its words; or the warnings of a success."""
    assert report.error == row.kind
    assert (report.status, report.code, report.request_id) == (row.status, row.code, row.request_id)
    assert row.says in report.message
    assert row.warns in "\n".join(report.warnings)
    assert bool(row.warns) == bool(report.warnings)
    if failed(report):
        title, *remedy = report.message.split("\n")
        assert title.isprintable()
        assert "".join(remedy) or row.kind == "InvalidArgumentError"
        assert len(report.message) < 1_500


def assert_exact(row: Row, report: Report) -> None:
    """The nodes of a success, with numbers of the same type and exactly the same names."""
    if report.nodes is not None and row.nodes is not None:
        wanted = [{name: value for name, value in node.items() if value is not None} for node in row.nodes]
        assert sorted(map(as_text, report.nodes)) == sorted(map(as_text, wanted))


def as_text(node: Mapping[str, object]) -> str:
    return json.dumps(node, sort_keys=True)


def assert_no_secret(report: Report, testbed: FaultTestbed, log: str) -> None:
    """Require that report and log contain neither a canary nor a sent signature."""
    assert leaked(report) == []
    assert [secret for secret in SECRETS if secret in log] == []
    signatures = [request.headers.get("authorization", "").rpartition("Signature=")[2] for request in testbed.requests]
    texts = [*report.seen.values(), log]
    assert [sign for sign in signatures if sign and any(sign in text for text in texts)] == []


CONNECTS = "connect_tcp.started"


@pytest.mark.parametrize(
    ("name", "tries"),
    [("connection refused", 4), ("DNS failure", 4), ("hangs up in the handshake", 4), ("a dead proxy", 4)],
)
def test_a_failed_connection_is_retried(name: str, tries: int) -> None:
    """Count connections, which httpcore logs, where no request reaches a server."""
    [row] = [row for row in ROWS if row.key == ("connection", name)]
    with start_testbed(row.scenario) as testbed:
        assert observe(package_client.ask_without_jitter, testbed.job).seen["log"].count(CONNECTS) == tries


def test_a_connection_to_an_untrusted_peer_is_not_retried() -> None:
    for row in ROWS:
        if row.family == "tls" and row.nodes is None:
            with start_testbed(row.scenario) as testbed:
                assert observe(package_client.ask_without_jitter, testbed.job).seen["log"].count(CONNECTS) == 1, (
                    row.name
                )


def test_row_names_are_unique() -> None:
    assert len({row.key for row in ROWS}) == len(ROWS)


def test_every_kind_is_an_error_class_of_this_package() -> None:
    for row in ROWS:
        assert (row.kind == "") == (row.nodes is not None)
        assert not row.kind or issubclass(getattr(errors, row.kind), errors.HologresAiError)


def test_the_report_of_a_failed_call_has_pickle_traceback_and_log() -> None:
    [row] = [row for row in ROWS if row.key == ("refusal", "Forbidden.RAM")]
    with start_testbed(row.scenario) as testbed:
        report = observe(package_client.ask_without_jitter, testbed.job)
    assert re.search(r"hologres_ai\.errors.{1,40}AccessDeniedError", report.seen["pickle"], re.DOTALL)
    assert report.message in report.seen["trace"]
    assert "send_request_headers" in report.seen["log"]
