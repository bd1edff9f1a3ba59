"""The HTML report in Chromium: its content, accessibility, and that it makes no request."""

import json
import re
import sys
from dataclasses import replace
from time import process_time
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe

from hologres_ai.cli.reports import Report
from hologres_ai.cli.reports.html import render_html
from hologres_ai.cli.reports.html.figures import MAX_INSTANCES
from hologres_ai.core.result import totals
from hologres_ai.drift import to_json
from hologres_ai.models import AiNodeListResult, to_wire
from tests.browser.conftest import NARROW, WIDE, Open, Opened
from tests.support.reports import (
    HOSTILE_NAMES,
    check_report,
    drift_report,
    emulator_nodes,
    error_report,
    hostile_report,
    many_nodes,
    report,
    result,
)

REPORTS: dict[str, Report] = {
    "list": report(),
    "without-usage": report(result=result(emulator_nodes(), include_usage=False)),
    "empty": report(result=result([])),
    "drift": drift_report(),
    "check": check_report(),
    "error": error_report(),
    "hostile": hostile_report(),
}
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")

every_report = pytest.mark.parametrize("name", REPORTS)
both_widths = pytest.mark.parametrize("width", [NARROW, WIDE])
narrow_and_dark_or_wide_and_light = pytest.mark.parametrize(("width", "scheme"), [(NARROW, "dark"), (WIDE, "light")])


@every_report
@narrow_and_dark_or_wide_and_light
def test_page_requests_nothing_and_reports_no_error(open_report: Open, name: str, width: int, scheme: Scheme) -> None:
    opened = open_report(REPORTS[name], width=width, scheme=scheme)
    opened.page.wait_for_load_state("networkidle")
    assert (opened.requests, opened.reports) == ([], [])


@every_report
@both_widths
def test_page_is_as_wide_as_the_window(open_report: Open, name: str, width: int) -> None:
    opened = open_report(REPORTS[name], width=width)
    assert opened.page.evaluate("document.documentElement.scrollWidth") == width
    assert opened.page.evaluate(OVERFLOWING) == []


# Elements with overflowing content, except those that hide it on purpose.
OVERFLOWING = """
[...document.body.querySelectorAll("*")]
  .filter(e => !e.closest("svg") && !e.closest(".hidden") && !e.closest("thead") && !e.matches(".skip"))
  .filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0)
  .map(e => e.outerHTML.slice(0, 80))
"""


@every_report
@narrow_and_dark_or_wide_and_light
def test_axe_finds_no_violation(open_report: Open, name: str, width: int, scheme: Scheme) -> None:
    """Contrast, landmarks, headings, names of graphics, table headers: the rules of axe-core."""
    found = Axe().run(open_report(REPORTS[name], width=width, scheme=scheme).page)
    assert found.response["violations"] == []


def test_policy_refuses_a_style_and_a_script_that_are_not_of_the_page(open_report: Open) -> None:
    opened = open_report(REPORTS["list"])
    for added in ("style", "script"):
        opened.page.evaluate(f"document.body.append(document.createElement('{added}'))")
        opened.page.evaluate("document.body.lastElementChild.textContent = 'p{}'")
    opened.page.evaluate("document.body.setAttribute('style', 'color: red')")
    opened.page.evaluate("fetch('https://example.com').catch(() => null)")
    assert len([text for text in opened.reports if "Content Security Policy" in text]) >= 3
    assert opened.requests == []


@every_report
def test_page_is_the_same_without_scripts(open_report: Open, name: str) -> None:
    with_scripts = open_report(REPORTS[name]).page.locator("body").inner_text()
    assert open_report(REPORTS[name], scripts=False).page.locator("body").inner_text() == with_scripts


# ------------------------------------------------------------------------------------------- the figures of the JSON

CARDS = {"gpu": "GPU cards", "gpuMemory": "GPU memory", "cpu": "CPU", "memory": "Memory"}


def wire_of(listed: AiNodeListResult) -> dict[str, Any]:
    wire: dict[str, Any] = json.loads(json.dumps(to_wire(listed)))
    return wire


def known(value: int | None) -> str:
    return "?" if value is None else str(value)


def test_totals_are_those_of_the_json(open_report: Open) -> None:
    listed = result(emulator_nodes())
    cards = open_report(report(result=listed)).texts(".card")
    for card, (key, heading) in zip(cards, CARDS.items(), strict=True):
        figures = wire_of(listed)["totals"][key]
        assert card.startswith(f"{heading} {known(figures['free'])} ")
        assert f"{known(figures['used'])} of {known(figures['capacity'])} in use" in card


def test_each_ai_instance_has_the_figures_of_the_json(open_report: Open) -> None:
    listed = result(emulator_nodes())
    opened = open_report(report(result=listed))
    rows = opened.texts(".nodes tbody tr:not(.owner)")
    for row, node in zip(rows, wire_of(listed)["instanceModelList"], strict=True):
        assert row.startswith(f"{node['aiInstanceId']} {node['nodeCount']} × {node['aiSpec']} ")
        for resource in ("gpu", "gpuMemory", "cpu", "memory"):
            assert f"{node[f'{resource}Used']} of {node[resource] * node['nodeCount']}" in row


def test_each_bar_is_as_long_as_the_share_in_use(open_report: Open) -> None:
    listed = result(emulator_nodes())
    opened = open_report(report(result=listed))
    drawn = opened.page.evaluate(
        """[...document.querySelectorAll(".nodes .bar")].map(bar =>
            bar.firstElementChild.getBoundingClientRect().width / bar.getBoundingClientRect().width)"""
    )
    figures = [totals([node]) for node in listed.instance_model_list]
    usages = [getattr(of, resource) for of in figures for resource in ("gpu", "gpu_memory", "cpu", "memory")]
    shares = [usage.used / usage.capacity for usage in usages if usage.free is not None]
    assert len(drawn) == len(shares)
    assert drawn == pytest.approx(shares, abs=0.02)


def test_free_capacity_of_each_specification_is_the_sum_of_its_instances(open_report: Open) -> None:
    listed = result(emulator_nodes())
    rows = dict(row.split(" ", 1) for row in open_report(report(result=listed)).texts(".specs tbody tr"))
    specs = {node.ai_spec or "" for node in listed.instance_model_list}
    assert set(rows) == specs
    for spec in specs:
        figures = totals([node for node in listed.instance_model_list if node.ai_spec == spec])
        assert f"{known(figures.gpu.free)} free of {figures.gpu.capacity}" in rows[spec]


def test_time_line_and_its_numbers_are_the_expiries_of_the_json(open_report: Open) -> None:
    listed = result(emulator_nodes())
    opened = open_report(report(result=listed))
    ends = [node["expirationTime"] for node in wire_of(listed)["instanceModelList"] if "expirationTime" in node]
    drawn = opened.page.evaluate("[...document.querySelectorAll('.line .count')].map(e => Number(e.textContent))")
    assert sum(drawn) == len(ends)
    times = opened.page.evaluate("[...document.querySelectorAll('.expiries time')].map(e => e.dateTime)")
    assert [time[:10] for time in times] == sorted(end[:10] for end in ends)


def test_each_event_of_the_json_is_shown_with_its_values(open_report: Open) -> None:
    made = drift_report()
    assert made.drift is not None
    rows = open_report(made).texts(".events tbody tr")
    events: Any = to_json(made.drift)["events"]
    assert len(rows) == len(events)
    for event in events:
        [row] = [row for row in rows if event["kind"] in row and event["aiInstanceId"] in row]
        for change in event["changes"]:
            for value in (change["before"], change["after"]):
                assert (json.dumps(value) if isinstance(value, bool) else known(value)) in row


def test_verdicts_are_those_of_the_requirements(open_report: Open) -> None:
    made = check_report()
    words = open_report(made).texts(".verdicts .tag")
    assert words == ["✓ Met" if item.met else "? Unknown" if item.unread else "✗ Not met" for item in made.verdicts]


# -------------------------------------------------------------------------------------------------- hostile names


@both_widths
def test_hostile_names_are_text_and_stay_inside_the_window(open_report: Open, width: int) -> None:
    opened = open_report(REPORTS["hostile"], width=width)
    text = opened.page.locator("body").inner_text()
    for visible in ("<script>alert(1)</script>", HOSTILE_NAMES["long word"], "{{ 7 * 7 }}", "safe\\u202egnp.exe"):
        assert visible in text
    assert opened.count("script, img, b > style, main style") == 0
    assert opened.reports == []
    outside = opened.page.evaluate(
        f"""[...document.querySelectorAll("bdi")]
            .filter(e => e.getBoundingClientRect().right > {width} || e.getBoundingClientRect().left < 0)
            .map(e => e.outerHTML)"""
    )
    assert outside == []


def test_right_to_left_name_does_not_reorder_adjacent_text(open_report: Open) -> None:
    """Each name is isolated: the heading, its columns and the signs keep their order."""
    opened = open_report(REPORTS["hostile"])
    directions = opened.page.evaluate(
        """[...document.querySelectorAll("tr, td, th")].map(e => getComputedStyle(e).direction)"""
    )
    assert set(directions) == {"ltr"}
    assert opened.page.evaluate("getComputedStyle(document.querySelector('bdi')).unicodeBidi") == "isolate"


# ------------------------------------------------------------------------------- keyboard, screen reader, print, themes


def focused(opened: Opened) -> str:
    text: str = opened.page.evaluate("document.activeElement.textContent.trim()")
    return text


def test_first_tab_shows_a_link_that_skips_to_the_content(open_report: Open) -> None:
    opened = open_report(REPORTS["drift"])
    skip = opened.page.locator(".skip")
    opened.page.keyboard.press("Tab")
    assert focused(opened) == "Skip to the content"
    box = skip.bounding_box()
    assert box is not None
    assert box["width"] > 100
    opened.page.keyboard.press("Enter")
    assert opened.page.evaluate("document.activeElement.id") == "content"


def test_each_section_is_reached_by_keyboard_and_focus_is_visible(open_report: Open) -> None:
    opened = open_report(REPORTS["check"])
    links = opened.texts("nav a")
    opened.page.keyboard.press("Tab")
    reached = []
    for _ in links:
        opened.page.keyboard.press("Tab")
        reached.append(focused(opened))
        outline = opened.page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert outline == "3px"
    assert reached == links
    opened.page.keyboard.press("Enter")
    top = opened.page.evaluate("document.querySelector(location.hash).getBoundingClientRect().top")
    assert top < 900


@both_widths
def test_screen_reader_gets_landmarks_headings_and_tables(open_report: Open, width: int) -> None:
    """At either width: a table that is shown as cards is still a table with row and column headers."""
    tree = open_report(REPORTS["check"], width=width).page.locator("body").aria_snapshot()
    for expected in (
        "- banner:",
        '- navigation "Sections":',
        "- main:",
        "- contentinfo:",
        '- heading "AI nodes in cn-hangzhou" [level=1]',
        '- region "Regions that could not be read":',
        '- table "Requirements and results":',
        '- table "AI instances, by Hologres instance":',
        '- rowheader "free GPUs"',
        '- img "Expiries by week, 19 Jan 2026 to 19 Jan 2027 ',
    ):
        assert expected in tree
    assert len(re.findall(r"- row ", tree)) > 20


def test_print_is_on_white_and_without_navigation(open_report: Open) -> None:
    opened = open_report(REPORTS["drift"], scheme="dark")
    opened.page.emulate_media(media="print")
    assert opened.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not opened.page.locator("nav").is_visible()
    assert opened.page.locator(".cards").is_visible()
    assert opened.page.pdf().startswith(b"%PDF")


def test_themes_differ(open_report: Open) -> None:
    colours = {
        open_report(REPORTS["list"], scheme=scheme).page.evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in SCHEMES
    }
    assert len(colours) == 2


def test_bars_are_drawn_in_forced_colors(open_report: Open) -> None:
    opened = open_report(REPORTS["list"])
    opened.page.emulate_media(forced_colors="active")
    fill, back = opened.page.evaluate(
        """[getComputedStyle(document.querySelector(".bar rect")).fill,
            getComputedStyle(document.body).backgroundColor]"""
    )
    assert fill != back


# --------------------------------------------------------------------------------------------------------- many nodes


def test_thousand_nodes_are_bounded_and_add_up(open_report: Open) -> None:
    """With `pytest -s` it prints the figures of docs/reports.md."""
    listed = result(many_nodes(1000))
    made = report(result=listed)
    started = process_time()
    size = len(render_html(made).encode())
    rendering = process_time() - started
    opened = open_report(made)
    elements = opened.count("*")
    times = f"CPU time {rendering:.2f} s to render, {browser_time(opened):.2f} s to show"
    sys.stdout.write(f"\n{size} bytes, {elements} elements; {times}\n")
    assert size < 500_000
    assert elements < 10_000
    rows = opened.texts(".nodes tbody tr:not(.owner)")
    assert len(rows) == MAX_INSTANCES + 1
    assert rows[-1].startswith(f"{1000 - MAX_INSTANCES} more AI instances")
    assert sum(int(re.findall(r"(\d+) of \d+", row)[0]) for row in rows) == listed.totals.gpu.used
    assert "--report json=FILE" in opened.page.locator("#instances .more").inner_text()


def browser_time(opened: Opened) -> float:
    """The CPU time of the browser to reload and draw the page, in seconds."""
    session = opened.page.context.new_cdp_session(opened.page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    opened.page.reload()
    opened.page.evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(float(item["value"]) for item in metrics if item["name"] == "TaskDuration")


def test_hostile_names_among_others_do_not_move_the_columns(open_report: Open) -> None:
    nodes = list(emulator_nodes())
    plain = column_edges(open_report(report(result=result(nodes))))
    named = [replace(nodes[0], ai_instance_id=name, status=name, ai_spec=name) for name in HOSTILE_NAMES.values()]
    assert column_edges(open_report(report(result=result([*nodes, *named])))) == plain


def column_edges(opened: Opened) -> list[float]:
    edges: list[float] = opened.page.evaluate(
        "[...document.querySelectorAll('.nodes thead th')].map(e => Math.round(e.getBoundingClientRect().left))"
    )
    return edges
