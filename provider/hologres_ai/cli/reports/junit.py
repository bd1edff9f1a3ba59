"""The report as JUnit XML for a CI service.

drift   one suite for each class, with a failure for each event, or one passed testcase if there are no events
check   one suite with a testcase for each requirement
list    one suite with a testcase for each region
all     one error for each region that could not be read; only one testcase with an error if the run failed
"""

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...drift import Drift, drift_fingerprint
from ..output import printable, shown
from . import Report
from .text import describe_event, event_name


@dataclass(frozen=True)
class Case:
    """A testcase. `outcome` is ``failure``, ``error`` or ``skipped``, or empty if the testcase passed."""

    name: str
    outcome: str = ""
    kind: str = ""
    message: str = ""


def render_junit(report: Report) -> str:
    """Return the report as XML in ASCII. The XML declaration is then correct for every encoding of the file."""
    root = ET.Element("testsuites", name=f"hologres-ai {report.command}")
    for name, cases in _suites(report):
        _add_suite(root, name, list(cases), report)
    if report.messages:  # the schema requires it to be the last element
        ET.SubElement(root[0], "system-out").text = "\n".join(f"warning: {printable(text)}" for text in report.messages)
    for attribute in ("tests", "failures", "errors", "skipped"):
        root.set(attribute, str(sum(int(suite.get(attribute, "0")) for suite in root)))
    root.set("time", "0.000")
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="us-ascii", xml_declaration=True)
    return text.decode("ascii")


def _suites(report: Report) -> Iterator[tuple[str, Iterable[Case]]]:
    if report.error is not None:
        text = "\n".join((str(report.error), *report.error.remedy.splitlines()))
        yield report.command, [Case("run", "error", report.error.kind, text)]
        return
    if report.drift is not None:
        for category in report.drift.classes:
            yield category, _event_cases(report.drift, category)
    elif report.command == "check":
        yield "requirements", _requirement_cases(report)
    elif report.result is not None:
        read = [Case(shown(item.region)) for item in report.result.region_outcomes if item.is_read]
        yield "regions", [*read, *_unread_cases(report)]
        return
    if report.unread:
        yield "regions", _unread_cases(report)


def _event_cases(drift: Drift, category: str) -> Iterator[Case]:
    events = drift.of(category)
    if not events:
        yield Case(f"no drift in {drift.place}")
    for event in events:
        yield Case(f"{event_name(drift, event)} {event.kind}", "failure", event.kind, describe_event(event))


def _requirement_cases(report: Report) -> Iterator[Case]:
    for verdict in report.verdicts:
        outcome = "error" if verdict.unread else "skipped" if report.warn else "failure"
        yield Case(verdict.requirement, "" if verdict.met else outcome, "not met", str(verdict))


def _unread_cases(report: Report) -> Iterator[Case]:
    for region in report.unread:
        yield Case(shown(region), "error", "could not be read", report.reason(region))


def _add_suite(root: ET.Element, name: str, cases: list[Case], report: Report) -> None:
    suite = ET.SubElement(root, "testsuite", name=name, tests=str(len(cases)))
    outcomes = Counter(case.outcome for case in cases)
    for attribute, outcome in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(outcomes[outcome]))
    suite.set("time", "0.000")
    suite.set("timestamp", report.read_at.strftime("%Y-%m-%dT%H:%M:%S"))
    if report.drift is not None:
        properties = ET.SubElement(suite, "properties")
        ET.SubElement(properties, "property", name="fingerprint", value=drift_fingerprint(report.drift))
        ET.SubElement(properties, "property", name="ignored", value=str(len(report.ignored)))
    for case, unique in zip(cases, _unique(case.name for case in cases), strict=True):
        _add_case(suite, name, unique, case)


def _unique(names: Iterable[str]) -> Iterator[str]:
    """Yield unique names. A repeated name gets a number, because CI services merge testcases with the same name."""
    repeats: Counter[str] = Counter()
    taken: set[str] = set()
    for name in names:
        unique = name
        while unique in taken:
            repeats[name] += 1
            unique = f"{name} #{repeats[name] + 1}"
        taken.add(unique)
        yield unique


def _add_case(suite: ET.Element, suite_name: str, name: str, case: Case) -> None:
    element = ET.SubElement(suite, "testcase", classname=f"hologres-ai.{suite_name}", name=name, time="0.000")
    if not case.outcome:
        return
    lines = [printable(line) for line in case.message.splitlines()]
    outcome = ET.SubElement(element, case.outcome, message=lines[0] if lines else "")
    if case.outcome != "skipped":
        outcome.set("type", printable(case.kind))
    outcome.text = "\n".join(lines)  # some CI services show the text, others show the message
