"""Properties of a report in every format."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from hologres_ai.cli.options import ReportTarget
from hologres_ai.cli.output import shown
from hologres_ai.cli.reports import FORMATS, Report, ReportedError, Target
from hologres_ai.core.result import build_result
from hologres_ai.drift import compare
from hologres_ai.models import AiNode, AiNodeListResult, NodeList, RegionOutcome, build_query
from hologres_ai.requirements import assess, build_requirements

NOW = datetime(2026, 1, 19, 12, tzinfo=UTC)
NASTY = "a|b`c``<img src=x>\\|@team [x](http://y) \x1b[31m\ufffe\u202e&]]>\"'\n# h"
UNREAD = RegionOutcome(region="cn-shanghai", outcome="denied", reason="the API refused (HTTP 403, Forbidden.RAM)")
REGIONS = {"regions": ["cn-hangzhou", "cn-shanghai"], "on_region_error": "partial"}


def result_of(*nodes: AiNode, unread: bool = False) -> AiNodeListResult:
    """A result; with a second region that could not be read, or that is empty."""
    other = UNREAD if unread else RegionOutcome(region="cn-shanghai", outcome="empty")
    outcomes = (RegionOutcome(region="cn-hangzhou", outcome="ok"), other)
    placed = tuple(replace(node, region_id=node.region_id or "cn-hangzhou") for node in nodes)
    listed = NodeList(nodes=placed, request_id=None)
    return build_result("cn-hangzhou,cn-shanghai", build_query(REGIONS), listed, region_outcomes=outcomes)


def drift_report(before: tuple[AiNode, ...], after: tuple[AiNode, ...], *, unread: bool = False, **more: Any) -> Report:
    current = result_of(*after, unread=unread)
    drift = compare(result_of(*before), current, ("inventory", "lifecycle"))
    return Report(command="drift", read_at=NOW, result=current, drift=drift, **more)


def list_report(*nodes: AiNode, unread: bool = False) -> Report:
    return Report(command="list", read_at=NOW, result=result_of(*nodes, unread=unread))


def check_report(*nodes: AiNode, unread: bool = False, warn: bool = False, **required: object) -> Report:
    result = result_of(*nodes, unread=unread)
    requirements = build_requirements(required, prefix="")
    verdicts = assess(requirements, result, NOW)
    return Report(command="check", read_at=NOW, result=result, requirements=requirements, verdicts=verdicts, warn=warn)


NODE = AiNode(ai_instance_id="one", node_count=2, gpu=1, gpu_used=1, status="ResourceReady")
PEOPLE = ["text", "json", "markdown", "junit"]

WITH_A_GAP: dict[str, Callable[[], Report]] = {
    "drift": lambda: drift_report((NODE,), (NODE,), unread=True),
    "drift with events": lambda: drift_report((NODE,), (), unread=True),
    "list": lambda: list_report(NODE, unread=True),
    "check": lambda: check_report(NODE, unread=True, min_free_gpus=1),
}


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("command", WITH_A_GAP)
def test_every_format_names_the_regions_that_could_not_be_read(command: str, name: str) -> None:
    text = FORMATS[name](WITH_A_GAP[command]())
    assert "cn-shanghai" in text
    assert not re.search(r"[Nn]o drift in cn-hangzhou: ", text)
    if name == "junit":
        [error] = ElementTree.fromstring(text).iter("error")
        assert error.get("message") == "denied: the API refused (HTTP 403, Forbidden.RAM)"
    if name != "json":
        assert "denied" in text


def test_monitoring_formats_name_the_regions_that_could_not_be_read() -> None:
    report = check_report(NODE, unread=True, min_free_gpus=1)
    assert "could not be read: cn-shanghai (denied)" in FORMATS["nagios"](report)
    assert 'hologres_ai_up{region="cn-shanghai"} 0' in FORMATS["prometheus"](report)


@pytest.mark.parametrize("command", ["drift", "check"])
def test_json_has_the_reason_for_each_unread_region(command: str) -> None:
    document = json.loads(FORMATS["json"](WITH_A_GAP[command]()))
    assert document["unreadReasons"] == {"cn-shanghai": "denied: the API refused (HTTP 403, Forbidden.RAM)"}


EMPTY = "no AI nodes in 2 regions: the service listed 13, statuses left none."


def empty_report(command: str) -> Report:
    report = {
        "list": list_report(),
        "drift": drift_report((), ()),
        "check": check_report(statuses=["ResourceReady"]),
    }[command]
    return replace(report, result=replace(result_of(), warnings=(EMPTY,)))


@pytest.mark.parametrize("name", [*PEOPLE, "html"])
@pytest.mark.parametrize("command", ["list", "drift", "check"])
def test_every_format_explains_an_empty_result(command: str, name: str) -> None:
    text = FORMATS[name](empty_report(command))
    assert EMPTY in text
    if name == "json":
        assert json.loads(text)["warnings"] == [EMPTY]
    if name == "junit":
        suite = ElementTree.fromstring(text)[0]
        assert (suite[-1].tag, suite[-1].text) == ("system-out", f"warning: {EMPTY}")


@pytest.mark.parametrize("command", ["list", "drift", "check"])
def test_json_without_warnings_has_no_key_for_them(command: str) -> None:
    report = {
        "list": list_report(NODE),
        "drift": drift_report((NODE,), (NODE,)),
        "check": check_report(NODE, ai_specs=["x"]),
    }
    assert {"warnings", "unreadReasons"}.isdisjoint(json.loads(FORMATS["json"](report[command])))


def test_warnings_in_markdown_have_a_maximum_length() -> None:
    report = replace(list_report(NODE), notes=tuple(f"warning {number} " + "x" * 400 for number in range(100)))
    text = FORMATS["markdown"](report)
    assert len(text) < 4_000
    assert text.endswith(" more are omitted.")


FAILED = Report(
    command="drift",
    read_at=NOW,
    regions=("cn-hangzhou",),
    error=ReportedError(
        title="the API refused", facts="HTTP 403, Forbidden.RAM", remedy="Grant the RAM action\nor", kind="AccessDenied"
    ),
)


@pytest.mark.parametrize("name", PEOPLE)
def test_a_failure_is_in_every_format(name: str) -> None:
    text = FORMATS[name](FAILED)
    for words in ("the API refused", "HTTP 403, Forbidden", "Grant the RAM action"):
        assert words in text
    if name == "json":
        assert json.loads(text)["kind"] == "hologres-ai/Error"
    if name == "junit":
        [case] = ElementTree.fromstring(text).iter("testcase")
        assert [child.tag for child in case] == ["error"]


class Cells(HTMLParser):
    """The text of each cell of the tables in a page, and every tag in it."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """A cell begins, or something in it."""
        self.tags.add(tag)
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        """Text in a cell."""
        if self.cells:
            self.cells[-1] += data


def test_a_hostile_name_does_not_change_the_structure_of_a_drift_report() -> None:
    plain = AiNode(ai_instance_id=NASTY, holo_instance_name="plain_name")
    report = drift_report((plain,), (replace(plain, holo_instance_name=NASTY),))
    nasty = shown(NASTY)

    assert all(line.isprintable() for line in FORMATS["text"](report).splitlines())

    page = Cells()
    table = FORMATS["markdown"](report).split("Fingerprint")[0]
    page.feed(MarkdownIt("commonmark").enable("table").render(table).split("<tbody>")[1])
    cells = [cell.strip() for cell in page.cells]
    assert cells == ["~", "renamed", f"{nasty} in cn-hangzhou", nasty, f"holoInstanceName plain_name → {nasty}"]
    assert page.tags == {"tr", "td", "code"}

    [failure] = ElementTree.fromstring(FORMATS["junit"](report)).iter("failure")
    assert failure.get("message") == f"holoInstanceName plain_name -> {nasty}"
    assert failure.text == failure.get("message")


@pytest.mark.parametrize("name", ["list", "check", "failure"])
def test_hostile_text_does_not_change_the_structure_of_markdown(name: str) -> None:
    hostile = AiNode(ai_instance_id=NASTY, holo_instance_name=NASTY, status=NASTY, ai_spec=NASTY)
    report = {
        "list": list_report(hostile),
        "check": check_report(hostile, statuses=[NASTY]),
        "failure": replace(FAILED, error=ReportedError(title=NASTY, facts=NASTY, remedy=NASTY)),
    }[name]
    page = Cells()
    page.feed(MarkdownIt("commonmark").enable("table").render(FORMATS["markdown"](report)))
    assert page.tags <= {"h3", "p", "table", "thead", "tbody", "tr", "th", "td", "code"}


def test_a_comment_lists_the_worst_events_first_and_counts_the_omitted_ones() -> None:
    before = tuple(AiNode(ai_instance_id=f"z-{number:06}", auto_renewal=True) for number in range(100))
    added = tuple(AiNode(ai_instance_id=f"hologram_aipostpay_public_cn-{number:06}") for number in range(2_000))
    text = FORMATS["markdown"](drift_report(before, added))
    assert 50_000 < len(text) < 65_536
    assert "\n100 removed, 2000 added\n" in text
    assert text.count("| removed |") == 100
    assert text.index("| removed |") < text.index("| added |")
    left_out = re.search(r"\n\n(\d+) more are omitted\.$", text, re.MULTILINE)
    assert left_out
    assert text.count("| added |") + int(left_out[1]) == 2_000

    limited = FORMATS["markdown"](drift_report(before, added, limit=5))
    assert limited.count("\n| `") == 5
    assert "2095 more are omitted." in limited


def test_junit_has_unique_names_and_times() -> None:
    nameless = AiNode(node_count=1), AiNode(node_count=2), AiNode(node_count=3)
    root = ElementTree.fromstring(FORMATS["junit"](drift_report(nameless, ())))
    names = [case.get("name") for case in root.iter("testcase")]
    assert names[:3] == [f"? in cn-hangzhou removed{number}" for number in ("", " #2", " #3")]
    assert len(set(names)) == len(names) == 4
    assert all(float(element.get("time", "none")) >= 0 for element in root.iter() if element.tag.startswith("test"))


@pytest.mark.parametrize(
    ("after", "says"),
    [
        ("2026-03-01T06:00:00.000Z", "(6 hours later)"),
        ("2026-02-28T23:30:00.000Z", "(30 minutes earlier)"),
        ("2026-03-01T00:00:30.000Z", "(less than a minute later)"),
        ("2026-03-03T01:00:00.000Z", "(2 days later)"),
    ],
)
def test_a_move_of_an_expiry_by_less_than_two_days_is_in_hours(after: str, says: str) -> None:
    before = replace(NODE, expiration_time="2026-03-01T00:00:00.000Z")
    report = drift_report((before,), (replace(before, expiration_time=after),))
    for name in ("text", "markdown", "junit"):
        assert says in FORMATS[name](report)


def test_each_ai_instance_without_an_id_is_counted() -> None:
    before = [replace(NODE, ai_instance_id=None, node_count=count) for count in (1, 2, 3)]
    report = drift_report(tuple(before), tuple(replace(node, gpu=9, status="Paused") for node in before[:2]))
    assert "5 events at 3 of 3 AI instances" in FORMATS["text"](report)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("json", Target("json")),
        ("json=-", Target("json")),
        ("json=a=b.json", Target("json", "a=b.json")),
        ("text=/dev/null", Target("text", "/dev/null")),
    ],
)
def test_a_target_is_split_at_the_first_equals_sign(text: str, target: Target) -> None:
    assert ReportTarget(*FORMATS).parse(text) == target


@pytest.mark.parametrize("text", ["", "=", "=x", "json=", "xml", "JSON", "jsn=x"])
def test_a_target_that_is_invalid_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"format|empty"):
        ReportTarget(*FORMATS).parse(text)
