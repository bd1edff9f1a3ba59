"""A comparison in the form that suits its reader: text, JSON, Markdown, JUnit.

Names come from outside: in each form they are shown as they are, and none can change what stands around them.
"""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass

from ..clock import parse_time
from ..drift import Change, Drift, Event, Value, to_json
from .plain import shown

# What a person looks for first. A renewal that came and one that will not come differ in sign, colour and word.
SIGNS = {
    "added": ("+", "green"),
    "removed": ("-", "red"),
    "renewal-turned-off": ("!", "red"),
    "renewal-turned-on": ("+", "green"),
    "expiry-moved-forward": (">", "green"),
    "expiry-moved-backward": ("<", "red"),
}
OTHER_SIGN = ("~", "yellow")

COMMENT_LIMIT = 60_000  # characters; a comment on a pull request has room for 65,536


@dataclass(frozen=True)
class Line:
    """A line of text; `head` is in the style."""

    rest: str
    head: str = ""
    style: str = ""

    def __str__(self) -> str:
        return self.head + self.rest


def lines(drift: Drift) -> Iterator[Line]:
    """The comparison for people: a line an event, under its class."""
    yield Line("", _summary(drift), "bold")
    width = max((len(event.kind) for event in drift.events), default=0)
    room = max((len(_name(drift, event)) for event in drift.events), default=0)
    for category in drift.classes:
        events = drift.of(category)
        if events:
            yield Line("", category, "bold")
        for event in events:
            sign, style = SIGNS.get(event.kind, OTHER_SIGN)
            yield Line(f"  {_name(drift, event):{room}}  {_what(event)}", f"  {sign} {event.kind:{width}}", style)


def _summary(drift: Drift) -> str:
    if not drift.events:
        there = f"{instances(drift.after)} as in the baseline"
        return f"No drift in {drift.place}: {there} ({', '.join(drift.classes)})"
    touched = {(event.region_id, event.node.ai_instance_id) for event in drift.events}
    of = f"{len(touched)} of {instances(max(drift.before, drift.after))}"
    return f"Drift in {drift.place}: {_count(len(drift.events), 'event')} at {of}"


def instances(count: int) -> str:
    """``1 AI instance``, ``13 AI instances``."""
    return _count(count, "AI instance")


def _count(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _name(drift: Drift, event: Event) -> str:
    """The AI instance, and its region where that is not the one that was read."""
    elsewhere = f" in {shown(event.region_id)}" if event.region_id != drift.region else ""
    return shown(event.node.ai_instance_id) + elsewhere


def _what(event: Event) -> str:
    if event.changes:
        return ", ".join(map(_change, event.changes))
    node = event.node
    owner = f"{shown(node.holo_instance_id)} {shown(node.holo_instance_name)}"
    return f"{shown(node.node_count)} x {shown(node.ai_spec)}, {owner}"


def _change(change: Change) -> str:
    return f"{change.field} {shown(change.before)} -> {shown(change.after)}{_days(change)}"


def _days(change: Change) -> str:
    """``(365 days later)``, of what is a time."""
    then, now = parse_time(change.before), parse_time(change.after)
    if change.field != "expirationTime" or then is None or now is None:
        return ""
    days = round(abs(now - then).total_seconds() / 86400)
    return f" ({_count(days, 'day')} {'later' if now > then else 'earlier'})"


def as_json(drift: Drift, *, ensure_ascii: bool) -> str:
    """The comparison for programs."""
    return json.dumps(to_json(drift), ensure_ascii=ensure_ascii, indent=2)


def as_markdown(drift: Drift) -> str:
    """The comparison for a comment: no longer than one may be."""
    head = [f"### {_summary(drift)}", ""]
    if drift.events:
        head += ["| | what | AI instance | Hologres instance | change |", "| --- | --- | --- | --- | --- |"]
    rows, room = [], COMMENT_LIMIT
    for event in drift.events:
        rows.append(_row(event))
        room -= len(rows[-1])
        if room < 0:
            rows[-1] = f"\n{len(drift.events) - len(rows) + 1} more are left out."
            break
    return "\n".join([*head, *rows])


def _row(event: Event) -> str:
    sign, _ = SIGNS.get(event.kind, OTHER_SIGN)
    changes = "<br>".join(
        f"{change.field} {_code(change.before)} → {_code(change.after)}{_days(change)}" for change in event.changes
    )
    cells = f"`{sign}`", event.kind, _code(event.node.ai_instance_id), _code(event.node.holo_instance_name), changes
    return f"| {' | '.join(cells)} |"


def _code(value: Value) -> str:
    """A value as code, in which nothing is a link, a mention, an image, markup or the end of a cell."""
    text = shown(value)
    if re.fullmatch(r"[\w .:+-]+", text):
        return f"`{text}`"
    # Within backticks no escape is understood in the same way everywhere; a character's number is.
    coded = re.sub(r"[^\w .:+-]", lambda found: f"&#{ord(found[0])};", text)
    return f"<code>{coded}</code>"


def as_junit(drift: Drift) -> str:
    """The comparison for a CI service: a suite a class, a failure an event, and a pass where there is none."""
    root = ET.Element("testsuites", name=f"hologres-ai drift in {drift.place}")
    for category in drift.classes:
        events = drift.of(category)
        suite = ET.SubElement(root, "testsuite", name=category, tests=str(max(len(events), 1)))
        suite.set("failures", str(len(events)))
        if not events:
            ET.SubElement(suite, "testcase", classname=f"hologres-ai.{category}", name=f"no drift in {drift.place}")
        for event in events:
            name = f"{_name(drift, event)} {event.kind}"
            case = ET.SubElement(suite, "testcase", classname=f"hologres-ai.{category}", name=name)
            ET.SubElement(case, "failure", type=event.kind, message=_what(event))
    ET.indent(root)
    # ASCII, so that the declaration is true whatever the encoding of stdout is.
    text: bytes = ET.tostring(root, encoding="us-ascii", xml_declaration=True)
    return text.decode("ascii")
