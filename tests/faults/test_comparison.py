"""The checks of the families can fail, scenarios are as described, and a client that does not end is stopped."""

import gzip
import json
import socket
import ssl
import subprocess
import sys
import warnings
from dataclasses import replace

import pytest

from tests.faults.comparison import PACKAGE, run_rows
from tests.faults.families import FAMILIES, LONGEST_MESSAGE, MOST_MEMORY, Outcome, Row, passes
from tests.faults.report import Report
from tests.faults.table import ROWS
from tests.faults.table.wire import bomb
from tests.faults.testbed import KEY_SECRET, Scenario, start_testbed
from tests.faults.worker import Worker
from tests.support.raw_server import Silence

FAILURE = Report(
    nodes=None,
    warnings=[],
    error="Error",
    message="127.0.0.1 answered 400",
    status=400,
    code=None,
    request_id=None,
    seen={"message": "", "trace": "", "pickle": "", "log": ""},
    seconds=0.1,
    grown=0,
)
NO_NODES = replace(FAILURE, nodes=[], error="", message="", status=None)


def outcome(report: Report | None, *, requests: int = 1, elsewhere: int = 0) -> Outcome:
    return Outcome(report, requests, requests, elsewhere)


def first(family: str) -> Row:
    return next(row for row in ROWS if row.family == family)


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.family != "secret"], ids=lambda row: f"{row.family}: {row.name}"
)
def test_the_opposite_of_the_wanted_outcome_fails(row: Row) -> None:
    opposite = FAILURE if row.nodes is not None else NO_NODES
    assert not passes(row, outcome(opposite))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.family}: {row.name}")
def test_a_stopped_client_fails(row: Row) -> None:
    assert not passes(row, outcome(None))


BREACHES: list[tuple[str, Outcome]] = [
    ("status", outcome(replace(FAILURE, status=None, message="it failed"))),
    ("odd", outcome(replace(FAILURE, code="None"))),
    ("odd", outcome(replace(FAILURE, request_id="None"))),
    ("refusal", outcome(replace(FAILURE, message="code SignatureDoesNotMatch"))),
    ("refusal", outcome(replace(FAILURE, message="request R-2"))),
    ("unreadable", outcome(replace(FAILURE, message="x" * (LONGEST_MESSAGE + 1)))),
    ("redirect", outcome(FAILURE, elsewhere=1)),
    ("bounds", outcome(replace(FAILURE, seconds=100.0))),
    ("bounds", outcome(replace(FAILURE, grown=MOST_MEMORY + 1))),
    ("connection", outcome(replace(FAILURE, message="it failed"))),
    ("secret", outcome(replace(FAILURE, seen={"log": f"key {KEY_SECRET}"}))),
    ("argument", outcome(FAILURE, requests=1)),
    ("argument", outcome(replace(FAILURE, seen={"message": KEY_SECRET}), requests=0)),
]


@pytest.mark.parametrize(("family", "found"), BREACHES)
def test_a_violation_of_the_criterion_of_a_family_fails(family: str, found: Outcome) -> None:
    assert not passes(first(family), found)


def test_a_request_to_an_untrusted_peer_fails() -> None:
    [row] = [row for row in ROWS if row.key == ("tls", "self-signed")]
    assert passes(row, outcome(FAILURE, requests=0))
    assert not passes(row, outcome(FAILURE, requests=1))


def test_a_node_with_a_value_of_another_type_fails() -> None:
    [row] = [row for row in ROWS if row.key == ("value", "a number as “8”")]
    assert passes(row, outcome(replace(NO_NODES, nodes=[{"cpu": 8}])))
    assert not passes(row, outcome(replace(NO_NODES, nodes=[{"cpu": "8"}])))


def test_each_family_has_at_least_five_compared_rows() -> None:
    compared = {name: sum(row.family == name and row.compared for row in ROWS) for name in FAMILIES}
    assert (compared["passing"], compared["status"], compared["malformed"], compared["redirect"]) == (13, 30, 26, 5)
    assert min(compared.values()) >= 5


# --- The testbed ------------------------------------------------------------------------------------------------------


def test_the_gzip_bomb_expands_to_300_mib() -> None:
    body = bomb().partition(b"\r\n\r\n")[2]
    assert 300_000 < len(body) < 330_000
    assert len(gzip.decompress(body)) == 300 * 2**20


def test_the_server_with_an_old_tls_version_accepts_an_old_client() -> None:
    """Otherwise the row would pass with a server that no client can use."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1_1
    with (
        start_testbed(Scenario(peer="old TLS version")) as testbed,
        socket.create_connection(("127.0.0.1", testbed.server.port)) as raw,
        context.wrap_socket(raw) as secured,
    ):
        assert secured.version() == "TLSv1.1"


# --- The worker ------------------------------------------------------------------------------------------------------


def test_a_client_that_does_not_end_is_stopped_and_the_next_call_succeeds() -> None:
    with Worker(PACKAGE) as worker:
        with start_testbed(Scenario((Silence(),))) as testbed:
            assert worker.call(testbed.job, 0.5) is None
        with start_testbed(Scenario()) as testbed:
            report = worker.call(testbed.job, 30.0)
    assert report is not None
    assert report.nodes == [{"aiInstanceId": "a", "cpu": 7}]


LARGE = ("a body without end", "a gzip bomb: 300 MiB from 306 KB")


def test_the_largest_responses_stay_within_the_memory_limit() -> None:
    """Measure in a new process; the peak memory of the test process may already be higher."""
    rows = [row for row in ROWS if row.family == "bounds" and row.name in LARGE]
    results = run_rows(PACKAGE, rows)
    assert [result for result in results.values() if not result.passed] == []
    assert len(results) == len(LARGE)


def test_the_command_prints_the_comparison_as_json() -> None:
    """With two families that are quick; in one of them the clients differ."""
    command = [sys.executable, "-m", "tests.faults", "--family", "redirect", "--family", "tls", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["totals"]["redirect"] == {"hologres_ai": [5, 5], "official SDK": [0, 5]}
    assert document["totals"]["tls"] == {"hologres_ai": [8, 8], "official SDK": [8, 8]}
