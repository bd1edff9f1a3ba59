"""The families of rows: the wanted outcome of each family, and the function that checks it.

The same function checks both clients: it gets the report of a call and what the servers received, but not the client.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.faults.report import Report
from tests.faults.testbed import SECRETS, Scenario

MARGIN = 2.0  # seconds after the deadline that a busy machine may need
MOST_MEMORY = 256 * 2**20  # bytes of memory for the largest response, four times the limit of a body
LONGEST_MESSAGE = 1_000  # characters


@dataclass(frozen=True)
class Row:
    """A fault and the wanted outcome. The fields after `nodes` apply to this package's client only.

    Attributes:
        family: a name in `FAMILIES`.
        name: unique in its family.
        scenario: what the servers do.
        nodes: the wanted nodes, with the field names of the API; None where the call has to fail.
        status, code, request_id: the facts that the error must have.
        kind: the class of the error.
        requests: the number that must reach the server; -1 where it cannot be counted.
        says, warns, logs: a text in the message, in a warning, in the log.
        least: the least number of seconds that the call must take, where a wait was requested.
        sent: headers of the last request and the start of each value.
        compared: whether the row applies to the official SDK: it has the setting, and its call stays on this machine.
    """

    family: str
    name: str
    scenario: Scenario
    nodes: Sequence[Mapping[str, Any]] | None = None
    status: int | None = None
    code: str | None = None
    request_id: str | None = None
    kind: str = ""
    requests: int = 1
    says: str = ""
    warns: str = ""
    logs: str = ""
    least: float = 0.0
    sent: tuple[tuple[str, str], ...] = ()
    compared: bool = True

    @property
    def key(self) -> tuple[str, str]:
        """Family and name, which are unique together."""
        return self.family, self.name


@dataclass(frozen=True)
class Outcome:
    """The outcome of a row: the report, None where the client had to be stopped, and what the servers received.

    `fresh` is whether the process of the client was new, so that the growth of its memory belongs to this row.
    """

    report: Report | None
    requests: int
    connections: int
    elsewhere: int
    fresh: bool = False

    def described(self) -> str:
        """The outcome in a few words, without what differs between runs."""
        if self.report is None:
            return "had to be stopped"
        found = self.report.nodes
        words = self.report.error if found is None else f"{len(found)} node{'' if len(found) == 1 else 's'}"
        requests = "" if self.requests == 1 else f", {self.requests} requests"
        return "; ".join([words + requests, *self._excesses(self.report)])

    def _excesses(self, report: Report) -> Iterator[str]:
        if self.fresh and report.grown > MOST_MEMORY:
            yield f"more than {MOST_MEMORY // 2**20} MiB of memory"
        if places := shown(report):
            yield f"secret in {', '.join(places)}"


def failed(report: Report) -> bool:
    """Whether the call raised an error."""
    return report.nodes is None


def as_wanted(row: Row, report: Report) -> bool:
    """Whether the nodes are the wanted ones in any order, or the call failed where that is wanted."""
    if row.nodes is None or report.nodes is None:
        return row.nodes is None and report.nodes is None
    return _in_order(row.nodes) == _in_order(report.nodes)


def _in_order(nodes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    known = ({name: value for name, value in node.items() if value is not None} for node in nodes)
    return sorted(known, key=lambda node: json.dumps(node, sort_keys=True))


def reports_fact(report: Report, fact: str | int | None) -> bool:
    """Whether a fact is an attribute of the error or in its message; a wanted fact of None is always met."""
    on_it = (report.status, report.code, report.request_id)
    return fact is None or fact in on_it or re.search(rf"\b{re.escape(str(fact))}\b", report.message) is not None


def leaked(report: Report) -> list[str]:
    """The places that contain a secret."""
    return [place for place, text in report.seen.items() if any(secret in text for secret in SECRETS)]


def shown(report: Report) -> list[str]:
    """The places that a person reads; a pickle is counted separately."""
    return [place for place in leaked(report) if place != "pickle"]


def _passing(row: Row, outcome: Outcome, report: Report) -> bool:
    return as_wanted(row, report)


def _status(row: Row, outcome: Outcome, report: Report) -> bool:
    return failed(report) and reports_fact(report, row.status)


def _odd(row: Row, outcome: Outcome, report: Report) -> bool:
    return _status(row, outcome, report) and (report.code, report.request_id) == (None, None)


def _refusal(row: Row, outcome: Outcome, report: Report) -> bool:
    return _status(row, outcome, report) and reports_fact(report, row.code) and reports_fact(report, row.request_id)


def _unreadable(row: Row, outcome: Outcome, report: Report) -> bool:
    return failed(report) and len(report.message) <= LONGEST_MESSAGE


def _redirect(row: Row, outcome: Outcome, report: Report) -> bool:
    return failed(report) and outcome.elsewhere == 0


def _bounded(row: Row, outcome: Outcome, report: Report) -> bool:
    return failed(report) and report.seconds <= row.scenario.deadline + MARGIN and report.grown <= MOST_MEMORY


def _connection(row: Row, outcome: Outcome, report: Report) -> bool:
    host = "127.0.0.1" if row.scenario.arguments.get("endpoint") is None else row.says
    return as_wanted(row, report) and (row.nodes is not None or host in report.message)


def _tls(row: Row, outcome: Outcome, report: Report) -> bool:
    return as_wanted(row, report) and outcome.requests == (0 if row.nodes is None else 1)


def _secret(row: Row, outcome: Outcome, report: Report) -> bool:
    return not shown(report)


def _argument(row: Row, outcome: Outcome, report: Report) -> bool:
    touched = outcome.connections + outcome.elsewhere
    return as_wanted(row, report) and (row.nodes is not None or touched == 0) and not shown(report)


@dataclass(frozen=True)
class Family:
    """Rows with the same wanted outcome: a title, the outcome in words, and its check."""

    title: str
    wanted: str
    check: Callable[[Row, Outcome, Report], bool]

    def passes(self, row: Row, outcome: Outcome) -> bool:
        """Whether the row passes; a client that had to be stopped fails."""
        return outcome.report is not None and self.check(row, outcome, outcome.report)


FAMILIES = {
    "passing": Family("A transient fault: once, then a good response", "the nodes", _passing),
    "status": Family("An error status with each body", "the call fails and reports the HTTP status", _status),
    "odd": Family(
        "An error status whose JSON body says nothing",
        "the call fails, reports the HTTP status, and invents no code or request ID",
        _odd,
    ),
    "refusal": Family(
        "Refusals of the API and of STS", "the call fails and reports HTTP status, code and request ID", _refusal
    ),
    "malformed": Family(
        "Status 200 with JSON that is not what the API describes",
        "the call fails: never nodes, and never “no nodes”",
        lambda _row, _outcome, report: failed(report),
    ),
    "unreadable": Family(
        "Status 2xx without readable JSON",
        f"the call fails, in at most {LONGEST_MESSAGE} characters",
        _unreadable,
    ),
    "redirect": Family("A redirect to another host", "the call fails and no request reaches the other host", _redirect),
    "bounds": Family(
        "A response that does not end",
        f"the call fails within its deadline and {MARGIN:g} s, and memory grows by {MOST_MEMORY // 2**20} MiB at most",
        _bounded,
    ),
    "connection": Family(
        "No connection, no complete response, proxies",
        "the nodes where they can be had; else the call fails and names the host",
        _connection,
    ),
    "tls": Family("TLS", "the nodes from a trusted peer; from any other no request is sent and the call fails", _tls),
    "secret": Family(
        "A secret is sent back, or is part of the settings",
        "it is in no message, repr, trace or debug line",
        _secret,
    ),
    "argument": Family(
        "Bad arguments", "the call fails before any connection, and shows no secret; good ones work", _argument
    ),
    "value": Family("Values", "the nodes, exactly", _passing),
}


def passes(row: Row, outcome: Outcome) -> bool:
    """Whether the outcome passes the check of the row's family."""
    return FAMILIES[row.family].passes(row, outcome)
