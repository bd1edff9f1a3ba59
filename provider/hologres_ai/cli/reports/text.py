"""The report as text: one line for each event or requirement, and nodes as a table or as tab-separated lines."""

import sys
from collections.abc import Iterator
from operator import attrgetter
from typing import TYPE_CHECKING

import click

from ...clock import describe_duration, parse_time
from ...names import plural
from ..output import NOT_ASKED, is_unicode, print_machine_text, print_text, printable, shown, terminal_width
from . import Report

if TYPE_CHECKING:
    from ...drift import Change, Drift, Event
    from ...models import AiNodeListResult

# The sign and the colour of each kind of event. Opposite events have different signs and colours.
SIGNS = {
    "added": ("+", "green"),
    "removed": ("-", "red"),
    "renewal-turned-off": ("!", "red"),
    "renewal-turned-on": ("+", "green"),
    "expiry-moved-forward": (">", "green"),
    "expiry-moved-backward": ("<", "red"),
}
OTHER_SIGN = ("~", "yellow")

# The sign of a requirement, the word for an encoding without this sign, and the colour.
MET, NOT_MET, TOLERATED = ("✓", "ok", "green"), ("✗", "no", "red"), ("!", "!", "yellow")

NARROW = 40  # columns; on a narrower terminal, every word in a table would be broken into several lines

# The title and the source of each column: a field of `models.AiNode`, or of the `models.Totals` of one node. Add new
# columns at the end, because the numbers of the existing columns must not change.
COLUMNS = (
    ("region", "region_id"),
    ("Hologres instance ID", "holo_instance_id"),
    ("Hologres instance name", "holo_instance_name"),
    ("AI instance ID", "ai_instance_id"),
    ("specification", "ai_spec"),
    ("number of nodes", "node_count"),
    ("GPU cards used", "gpu.used"),
    ("GPU cards", "gpu.capacity"),
    ("free GPU cards", "gpu.free"),
    ("GPU memory used, GB", "gpu_memory.used"),
    ("GPU memory, GB", "gpu_memory.capacity"),
    ("free GPU memory, GB", "gpu_memory.free"),
    ("CPU cores used", "cpu.used"),
    ("CPU cores", "cpu.capacity"),
    ("memory used, GiB", "memory.used"),
    ("memory, GiB", "memory.capacity"),
    ("status", "status"),
    ("charge type", "charge_type"),
    ("expiry, UTC", "expiration_time"),
    ("auto renewal", "auto_renewal"),
)


def render_text(report: Report) -> str:
    """Return the report for a file in UTF-8, without colour."""
    lines = [*_lines(report, signs=True), *(f"warning: {printable(text)}" for text in report.messages)]
    return click.unstyle("\n".join(lines))


def print_text_report(report: Report) -> None:
    """Print the report on stdout. A failure and a first baseline are not printed, because they are reported on stderr.

    The list is printed as a table on a terminal, as labelled lines on a narrow terminal, and as tab-separated lines
    elsewhere.
    """
    if report.error is not None or report.first_baseline:
        return
    if report.command != "list":
        print_text("\n".join(_lines(report, signs=is_unicode(sys.stdout))))
    elif report.result is None or not report.result.instance_model_list:
        return
    elif not sys.stdout.isatty():
        for line in tab_separated_lines(report.result):
            print_machine_text(line)
    elif terminal_width() < NARROW:
        print_text("\n".join(labelled_lines(report.result)))
    else:
        from ..table import print_table  # noqa: PLC0415 - only a terminal needs rich

        print_table(report.result, report.read_at)


def _lines(report: Report, *, signs: bool) -> Iterator[str]:
    """Yield the lines of the report, in colour. If `signs` is False, words replace signs such as ✓."""
    if report.error is not None:
        yield f"{click.style('error:', fg='red')} {printable(str(report.error))}"
        yield from map(printable, report.error.remedy.splitlines())
    elif report.drift is not None:
        yield from _drift_lines(report, report.drift)
    elif report.command == "check":
        yield from _check_lines(report, signs=signs)
    elif report.result is not None:
        yield from _list_lines(report, report.result)


def _list_lines(report: Report, result: "AiNodeListResult") -> Iterator[str]:
    from ..table import render_table  # noqa: PLC0415 - only a file needs rich

    if result.instance_model_list:
        yield render_table(result, report.read_at)
    yield from _unread(report)


def _unread(report: Report) -> Iterator[str]:
    if report.unread:
        yield click.style("could not be read", bold=True)
    for region in report.unread:
        yield f"{click.style('  ?', fg='red')} {shown(region)}: {printable(report.reason(region))}"


# --- list in a pipe ---------------------------------------------------------------------------------------------------


def tab_separated_lines(result: "AiNodeListResult") -> Iterator[str]:
    """Yield one line for each node, with values separated by tabs, without a heading.

    A value contains no tabs and no line breaks, so that ``cut`` and ``awk -F'\\t'`` work with any name.
    """
    from ...core.result import totals  # noqa: PLC0415 - --help needs only the titles

    left_out = () if result.query.include_usage else (".used", ".free")
    for node in result.instance_model_list:
        figures = totals([node])
        yield "\t".join(
            NOT_ASKED if source.endswith(left_out) else shown(attrgetter(source)(figures if "." in source else node))
            for _, source in COLUMNS
        )


def labelled_lines(result: "AiNodeListResult") -> Iterator[str]:
    """Yield a line for each value of each node, such as ``status: ResourceReady``, and an empty line between nodes."""
    for number, line in enumerate(tab_separated_lines(result)):
        if number:
            yield ""
        yield from (f"{title}: {value}" for (title, _), value in zip(COLUMNS, line.split("\t"), strict=True))


# --- drift ------------------------------------------------------------------------------------------------------------


def _drift_lines(report: Report, drift: "Drift") -> Iterator[str]:
    """Yield one line for each event, grouped by class."""
    from ...drift import drift_fingerprint  # noqa: PLC0415 - list does without it

    yield click.style(drift_summary(report, drift), bold=True)
    if report.first_baseline:
        return
    width = max((len(event.kind) for event in drift.events), default=0)
    room = max((len(event_name(drift, event)) for event in drift.events), default=0)
    for category in drift.classes:
        events = drift.of(category)
        if events:
            yield click.style(category, bold=True)
        for event in events:
            sign, colour = SIGNS.get(event.kind, OTHER_SIGN)
            head = click.style(f"  {sign} {event.kind:{width}}", fg=colour)
            yield f"{head}  {event_name(drift, event):{room}}  {describe_event(event)}"
    yield from _unread(report)
    if report.ignored:
        yield f"{plural(len(report.ignored), 'event')} ignored"
    if drift.events or drift.unread:
        yield f"fingerprint {drift_fingerprint(drift)}"


def drift_summary(report: Report, drift: "Drift") -> str:
    """Return a summary of the comparison in one line, with the number of regions that were not compared."""
    if report.first_baseline:
        return f"First baseline of {drift.place}: {plural(drift.after, 'AI instance')}"
    gaps = f"; {plural(len(drift.unread), 'region')} could not be read" if drift.unread else ""
    if not drift.events:
        head = "Unknown whether there is drift: none found" if drift.unread else "No drift"
        same = f"{plural(drift.after, 'AI instance')} as in the baseline"
        if report.ignored:
            same = f"{plural(len(report.ignored), 'event')} ignored"
        return f"{head} in {drift.place}{gaps}: {same} ({', '.join(drift.classes)})"
    touched = {(event.region_id, event.node.ai_instance_id or event.node) for event in drift.events}
    removed = [event for event in drift.events if event.kind == "removed"]
    of = f"{len(touched)} of {plural(drift.after + len(removed), 'AI instance')}"
    return f"Drift in {drift.place}: {plural(len(drift.events), 'event')} at {of}{gaps}"


def event_name(drift: "Drift", event: "Event") -> str:
    """Return the AI instance, and its region if it is not the one that was read."""
    elsewhere = f" in {shown(event.region_id)}" if event.region_id != drift.region else ""
    return shown(event.node.ai_instance_id) + elsewhere


def describe_event(event: "Event") -> str:
    """Return the changes of an event. For an added or removed node, return its size and its owner."""
    if event.changes:
        return ", ".join(
            f"{change.field} {shown(change.before)} -> {shown(change.after)}{describe_move(change)}"
            for change in event.changes
        )
    node = event.node
    owner = f"{shown(node.holo_instance_id)} {shown(node.holo_instance_name)}"
    return f"{shown(node.node_count)} x {shown(node.ai_spec)}, {owner}"


def describe_move(change: "Change") -> str:
    """Return the change of an expiry, such as `` (365 days later)``. Empty for any other change."""
    then, now = parse_time(change.before), parse_time(change.after)
    if change.field != "expirationTime" or then is None or now is None:
        return ""
    return f" ({describe_duration(now - then)} {'later' if now > then else 'earlier'})"


# --- check ------------------------------------------------------------------------------------------------------------


def _check_lines(report: Report, *, signs: bool) -> Iterator[str]:
    yield click.style(check_summary(report), bold=True)
    for verdict in report.verdicts:
        sign, word, colour = MET if verdict.met else TOLERATED if report.warn else NOT_MET
        head = click.style(f"  {sign}" if signs else f"  {word:2}", fg=colour)
        yield f"{head} {printable(str(verdict))}"
    yield from _unread(report)


def check_summary(report: Report) -> str:
    """Return a summary such as ``3 of 5 requirements met in cn-hangzhou: 13 AI instances``."""
    if report.result is None:
        return "no result"
    met = sum(verdict.met for verdict in report.verdicts)
    nodes = plural(len(report.result.instance_model_list), "AI instance")
    gaps = f"; {plural(len(report.unread), 'region')} could not be read" if report.unread else ""
    return f"{met} of {len(report.verdicts)} requirements met in {report.result.place}: {nodes}{gaps}"
