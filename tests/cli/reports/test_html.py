"""The HTML report as text: its content, and that no value becomes markup."""

import base64
import hashlib
import json
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

from hologres_ai.cli.output import NEAR
from hologres_ai.cli.reports import ReportedError
from hologres_ai.cli.reports.html import MAX_CHARACTERS, MAX_EVENTS, bounded, render_html
from hologres_ai.cli.reports.html.expiries import MAX_ROWS, WEEKS, Counts, build_time_line, expiry_of
from hologres_ai.cli.reports.html.figures import MAX_INSTANCES, MAX_SPECS, build_fleet, list_specifications, meters
from hologres_ai.core.result import ends_within, totals
from hologres_ai.drift import compare, drift_fingerprint
from hologres_ai.models import AiNode, to_wire
from tests.support.reports import (
    DENIED,
    HOSTILE_NAMES,
    NOW,
    READ,
    changed_nodes,
    check_report,
    drift_report,
    emulator_nodes,
    error_report,
    hostile_report,
    many_nodes,
    report,
    result,
)

REPORTS = {
    "list": report(),
    "without usage": report(result=result(emulator_nodes(), include_usage=False)),
    "empty": report(result=result([])),
    "drift": drift_report(),
    "no drift": report("drift", drift=compare(result(emulator_nodes()), result(emulator_nodes()))),
    "check": check_report(),
    "error": error_report(),
    "hostile": hostile_report(),
    "many": report(result=result(many_nodes(1000))),
}


class Document(HTMLParser):
    """The elements of a page, with their attributes, and its text."""

    VOID = frozenset({"meta", "rect", "line", "br", "link"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


@cache
def document(name: str) -> Document:
    """The page of one of `REPORTS`, not to be changed."""
    return Document(render_html(REPORTS[name]))


@pytest.mark.parametrize("name", REPORTS)
def test_elements_are_closed_in_order_and_ids_are_unique(name: str) -> None:
    page = document(name)
    ids = Counter(attributes["id"] for _, attributes in page.elements if "id" in attributes)
    assert page.open == []
    assert [name for name, number in ids.items() if number > 1] == []
    targets = [value for _, attributes in page.elements if (value := attributes.get("href"))]
    assert targets
    assert all(target.removeprefix("#") in ids for target in targets)


@pytest.mark.parametrize("name", REPORTS)
def test_page_loads_nothing_and_has_no_style_attribute_and_no_script(name: str) -> None:
    page = document(name)
    tags = {tag for tag, _ in page.elements}
    names = {attribute for _, attributes in page.elements for attribute in attributes}
    assert tags.isdisjoint({"script", "img", "link", "iframe", "object", "form", "image", "use", "base"})
    assert not {name for name in names if name == "style" or name == "src" or name.startswith("on")}


def test_policy_allows_the_style_by_its_hash_and_nothing_else() -> None:
    html = render_html(REPORTS["list"])
    [style] = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    [policy] = [a["content"] for tag, a in Document(html).elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in style
    assert "@import" not in style


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_name_is_shown_as_text(name: str) -> None:
    """The complete name is visible, without leading and trailing white space."""
    text = document("hostile").text
    assert text.count(" ".join(bounded(HOSTILE_NAMES[name]).split())) >= 4


def test_hostile_names_add_no_element() -> None:
    plain = [replace(node, region_id="cn-hangzhou") for node in emulator_nodes()[: len(HOSTILE_NAMES)]]
    known = {tag for tag, _ in Document(render_html(report(result=result(plain)))).elements}
    known |= {tag for name in ("drift", "check", "error") for tag, _ in document(name).elements}
    assert {tag for tag, _ in document("hostile").elements} <= known | {"b"}


def test_no_more_than_four_characters_of_the_access_key_id_are_shown() -> None:
    page = Document(render_html(report(access_key_id="LTAI5tSecretRest")))
    assert "LTAI…" in page.text
    assert "LTAI5" not in page.text


def test_head_names_time_region_credentials_and_filters() -> None:
    filtered = result(emulator_nodes(), statuses=["ResourceReady"], name_regex="AI")
    text = Document(render_html(report(result=filtered))).text
    for said in (
        "Read at 19 January 2026, 12:00 UTC",
        "Region cn-hangzhou",
        "Credentials the environment",
        "AccessKey ID LTAI…",
        "Filters nameRegex AI; statuses ResourceReady",
    ):
        assert said in text


def test_totals_are_those_of_the_json() -> None:
    listed = result(emulator_nodes())
    wire = json.loads(json.dumps(to_wire(listed)["totals"]))
    text = Document(render_html(report(result=listed))).text
    assert f"{len(listed.instance_model_list)} AI instances {wire['nodeCount']} nodes" in text
    for heading, key, unit in (("GPU cards", "gpu", ""), ("GPU memory", "gpuMemory", "GB "), ("CPU", "cpu", "cores ")):
        figures = wire[key]
        assert f"{heading} {figures['free']} {unit}free {figures['used']} of {figures['capacity']} in use" in text


def test_figure_that_is_not_known_is_a_question_mark_and_never_zero() -> None:
    nodes = [replace(emulator_nodes()[0], gpu_used=None)]
    text = Document(render_html(report(result=result(nodes)))).text
    assert "GPU cards ? free ? of 2 in use" in text


@pytest.mark.parametrize(
    ("capacity", "used", "text", "share", "width"),
    [
        (16, 0, "0 of 16", "0%", 0),
        (1000, 1, "1 of 1000", "0%", 2),
        (16, 12, "12 of 16", "75%", 75),
        (1000, 999, "999 of 1000", "99%", 99),
        (16, 16, "16 of 16", "100%", 100),
        (16, 17, "17 of 16", "over capacity", 0),
        (16, -1, "-1 of 16", "free unknown", 0),
        (16, None, "? of 16", "", 0),
        (None, 3, "3 of ?", "", 0),
        (0, 0, "0 of 0", "", 0),
    ],
)
def test_bar_has_the_text_share_and_width_of_its_figures(
    capacity: int | None, used: int | None, text: str, share: str, width: float
) -> None:
    node = AiNode(ai_instance_id="a", node_count=1, gpu=capacity, gpu_used=used)
    bar = meters(totals([node]))[0]
    assert (bar.text, bar.share, bar.width) == (text, share, width)
    assert bar.is_full is (share in ("99%", "100%"))


def test_without_usage_capacities_are_shown_and_no_bar() -> None:
    page = document("without usage")
    assert "Capacity by specification" in page.text
    assert " in use" not in page.text.replace("that is in use", "")
    assert not [a for tag, a in page.elements if tag == "svg" and "bar" in str(a.get("class"))]


def test_free_capacity_by_specification_adds_up_to_the_totals() -> None:
    listed = result(many_nodes(1000))
    rows = list_specifications(listed.instance_model_list)
    assert sum(row.instances for row in rows) == 1000
    assert sum(row.meters[0].usage.free or 0 for row in rows) == listed.totals.gpu.free
    free = [row.meters[0].usage.free or 0 for row in rows]
    assert free == sorted(free, reverse=True)


def test_specifications_beyond_the_limit_are_one_row() -> None:
    nodes = [replace(node, ai_spec=f"spec-{index:03}") for index, node in enumerate(many_nodes(100))]
    rows = list_specifications(result(nodes).instance_model_list)
    assert len(rows) == MAX_SPECS + 1
    assert rows[-1].name == f"{100 - MAX_SPECS} other specifications"
    assert sum(row.instances for row in rows) == 100


@pytest.mark.parametrize("number", [MAX_INSTANCES, MAX_INSTANCES + 1, 1000])
def test_instances_beyond_the_limit_are_one_sum(number: int) -> None:
    listed = result(many_nodes(number))
    shown_fleet = build_fleet(listed, NOW)
    rows = [instance for owner in shown_fleet.owners for instance in owner.instances]
    assert len(rows) == min(number, MAX_INSTANCES)
    assert shown_fleet.others == number - len(rows)
    used = sum(row.meters[0].usage.used or 0 for row in rows) + (shown_fleet.others_meters[0].usage.used or 0)
    assert used == listed.totals.gpu.used


def test_size_is_bounded() -> None:
    """A page of 3,000 AI instances is not larger than one of 1,000, except for digits."""
    thousand = render_html(REPORTS["many"])
    many = render_html(report(result=result(many_nodes(3000))))
    assert len(thousand.encode()) < 500_000
    assert len(Document(thousand).elements) < 10_000
    assert abs(len(Document(many).elements) - len(Document(thousand).elements)) < 100
    assert len(many) < len(thousand) * 1.05


def test_limits_are_those_of_the_documentation() -> None:
    page = " ".join((Path(__file__).parents[3] / "docs" / "reports.md").read_text(encoding="utf-8").split())
    assert f"lists the first {MAX_INSTANCES} and the sum of the others" in page
    assert f"the first {MAX_EVENTS} events, {MAX_SPECS} specifications and {MAX_ROWS} expiries" in page
    assert f"a text of more than {MAX_CHARACTERS} characters is cut" in page


def test_long_text_is_cut_and_says_how_long_it_is() -> None:
    assert bounded("x" * MAX_CHARACTERS) == "x" * MAX_CHARACTERS
    assert bounded("x" * 20_000) == "x" * MAX_CHARACTERS + "… (20000 characters)"


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "?"), (True, "true"), (0, "0"), ("a\u202eb\x00", "a\\u202eb\\x00"), ("\ud83d", "\\ud83d")],
)
def test_values_are_shown_as_visible_text(value: object, text: str) -> None:
    assert bounded(value) == text


# ------------------------------------------------------------------------------------------------------- the time line


def ending(*days: float, renews: bool | None = False) -> list[AiNode]:
    ends = [(NOW + timedelta(days=number)).isoformat() for number in days]
    return [
        AiNode(ai_instance_id=f"i{number}", expiration_time=end, auto_renewal=renews, charge_type="PrePaid")
        for number, end in enumerate(ends)
    ]


def test_time_line_counts_each_ai_instance_once() -> None:
    nodes = [*ending(-400, -0.5, 0.5, 29.9, 30, 200, 364.9, 366, 4000), AiNode(), AiNode(expiration_time="soon")]
    nodes.append(AiNode(expiration_time="0001-01-01T00:00:00Z"))
    nodes.append(AiNode(expiration_time="9999-12-31T23:59:59-14:00"))
    line = build_time_line(nodes, NOW)
    assert line.counts == Counts(ended=2, near=2, near_staying=0, within=5, later=2, unread=2, none=2)
    assert sum(mark.ends + mark.renews for mark in line.marks) == line.counts.within


def test_an_end_is_marked_as_soon_as_a_requirement_of_30_days_is_not_met() -> None:
    nodes = [*ending(0.5, 29.9, 30), *ending(1, renews=True), replace(ending(1)[0], charge_type="PostPaid")]
    marked = [expiry_of(node, NOW) for node in nodes]
    assert [expiry.is_urgent for expiry in marked if expiry] == [True, True, False, False, False]
    assert [ends_within(node, NOW, NEAR) for node in nodes] == [True, True, False, False, False]
    assert [expiry.renewal for expiry in marked if expiry][3:] == ["renews automatically", "pay as you go"]
    counts = build_time_line(nodes, NOW).counts
    assert (counts.near, counts.near_staying) == (4, 2)


def test_marks_stay_in_the_drawing_however_many_end_together() -> None:
    line = build_time_line([*ending(*[10.0] * 500), *ending(*[10.5] * 500, renews=True), *ending(364.99)], NOW)
    assert len(line.marks) <= WEEKS
    assert all(mark.x >= 0 and mark.x + mark.width <= 100 for mark in line.marks)
    assert all(0 < mark.renews_y <= mark.ends_y <= line.base for mark in line.marks)
    assert (line.marks[0].ends, line.marks[0].renews) == (500, 500)


@pytest.mark.parametrize("now", [datetime(2028, 2, 29, tzinfo=UTC), datetime(2026, 12, 31, 23, 59, tzinfo=UTC)])
def test_time_line_has_twelve_months_from_any_day(now: datetime) -> None:
    line = build_time_line([], now)
    assert len(line.months) in (11, 12)
    assert [month.year for month in line.months if month.label == "Jan"] == [str(now.year + 1)]


def test_rows_of_the_time_line_are_the_first_to_end() -> None:
    line = build_time_line(ending(*range(100, 0, -1)), NOW)
    assert [expiry.left for _, expiry in line.rows[:2] if expiry] == ["in 24 hours", "in 2 days"]
    assert (len(line.rows), line.others) == (MAX_ROWS, 100 - MAX_ROWS)


@pytest.mark.parametrize(
    ("days", "renews", "charge_type", "urgent"),
    [
        (9, False, "PrePaid", True),
        (9, None, "PrePaid", True),
        (9, False, "prepaid", True),
        (-3, False, "Subscription", True),
        (9, True, "PrePaid", False),
        (9, False, "PostPaid", False),
        (40, False, "PrePaid", False),
    ],
)
def test_end_is_marked_if_it_is_near_and_no_renewal_is_known(
    days: int, renews: bool | None, charge_type: str, urgent: bool
) -> None:
    [node] = [replace(node, charge_type=charge_type) for node in ending(days, renews=renews)]
    [(_, expiry)] = build_time_line([node], NOW).rows
    assert expiry
    assert expiry.is_urgent is urgent


# ---------------------------------------------------------------------------------------- drift, requirements, failures


def test_each_event_is_named_with_its_change() -> None:
    text = document("drift").text
    assert "Drift in cn-hangzhou: 7 events at 6 of 14 AI instances" in text
    assert "renewal-turned-off lifecycle hologram_aicombo_public_cn-77a04" in text
    assert "nodeCount 1 → to 3" in text
    assert "2026-04-04T00:00:00.000Z → to 2026-03-01T00:00:00Z 34 days earlier" in text


def test_worst_events_come_first_and_all_are_counted_beyond_the_limit() -> None:
    many = many_nodes(MAX_EVENTS + 300)
    current = result([*(replace(node, node_count=9) for node in many[1:]), replace(many[0], ai_instance_id="new")])
    page = Document(render_html(report("drift", result=current, drift=compare(result(many), current))))
    count = len(many) + 1
    assert f"{count} events" in page.text
    assert page.text.index("removed inventory") < page.text.index("resized inventory")
    assert f"{count - MAX_EVENTS} more events are not listed here" in page.text


def test_page_without_drift_says_so() -> None:
    text = document("no drift").text
    assert "No drift in cn-hangzhou: 13 AI instances as in the baseline" in text


def test_region_that_could_not_be_read_is_named_in_every_report() -> None:
    partial = result(emulator_nodes(), READ, DENIED)
    same = compare(partial, partial)
    for made in (report(result=partial), report("drift", result=partial, drift=same), check_report()):
        text = Document(render_html(made)).text
        assert "Regions that could not be read" in text
        assert "cn-shanghai denied: HTTP 403, Forbidden.RAM, request 2C2E" in text
    assert "Unknown whether there is drift" in Document(render_html(report("drift", result=partial, drift=same))).text


def test_region_that_was_not_read_for_the_baseline_is_named() -> None:
    then, now = result(emulator_nodes(), READ, DENIED), result(emulator_nodes())
    text = Document(render_html(report("drift", result=now, drift=compare(then, now)))).text
    assert "cn-shanghai not read for the baseline" in text


def test_each_requirement_has_its_verdict() -> None:
    text = document("check").text
    assert "2 of 5 requirements met in cn-hangzhou: 13 AI instances; 1 region could not be read" in text
    assert "✓ Met free GPUs at least 3 required 6 found" in text
    assert "? Unknown ready nodes at least 40 required" in text


def test_unmet_requirement_is_a_warning_if_warn_was_given() -> None:
    html = render_html(replace(check_report(), result=result(emulator_nodes()), warn=True))
    assert '<p class="headline note">' in html


def test_first_baseline_is_not_drift() -> None:
    same = compare(result(emulator_nodes()), result(emulator_nodes()))
    text = Document(render_html(report("drift", drift=same, first_baseline=True))).text
    assert "First baseline of cn-hangzhou: 13 AI instances" in text
    assert "Drift since the baseline" not in text


def test_ignored_events_and_the_fingerprint_are_shown() -> None:
    made = drift_report()
    assert made.drift is not None
    text = Document(render_html(replace(made, ignored=made.drift.events[:2]))).text
    assert "Ignored: 2 events." in text
    assert f"Fingerprint: {drift_fingerprint(made.drift)}" in text


def test_warning_of_a_region_that_could_not_be_read_is_said_once() -> None:
    partial = replace(result(emulator_nodes(), READ, DENIED), warnings=("cn-shanghai could not be read: denied", "b"))
    text = Document(render_html(report(result=partial, notes=("a",)))).text
    assert "Warnings a b Totals" in text


def test_failed_run_is_a_page_with_the_facts_and_the_next_step() -> None:
    text = document("error").text
    for said in (
        "The run failed",
        "the AccessKey may not list AI nodes",
        "HTTP status 403",
        "Code NoPermission",
        "Request ID 2C2E-77",
        "What to do Grant the RAM action hologram:ListInstanceModel",
        "Region cn-hangzhou",
    ):
        assert said in text
    assert "0 AI instances" not in text


def test_long_remedy_is_shown_completely() -> None:
    error = ReportedError(
        title="no credentials", remedy="Tried in order: " + "; ".join(f"source {n}" for n in range(99))
    )
    assert "source 98" in Document(render_html(report(result=None, error=error))).text


def test_facts_of_a_failure_without_a_response_are_shown() -> None:
    error = ReportedError(title="no answer", facts="cn-beijing, 3 tries")
    assert "cn-beijing, 3 tries" in Document(render_html(report(result=None, error=error))).text


def test_empty_list_is_a_page_with_the_reason() -> None:
    empty = replace(result([]), warnings=("no AI nodes in cn-hangzhou: the service listed none.",))
    html = render_html(report(result=empty))
    text = Document(html).text
    assert '<p class="headline note">' in html
    assert "! 0 AI instances" in text
    assert "no AI nodes in cn-hangzhou: the service listed none." in text


def test_same_report_gives_the_same_page() -> None:
    assert render_html(drift_report()) == render_html(drift_report())
    assert changed_nodes() == changed_nodes()
