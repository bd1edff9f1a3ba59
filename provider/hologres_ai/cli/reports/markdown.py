"""The report as Markdown for a comment on a pull request or an issue. Its length is limited."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from ...drift import Drift, Event, FieldValue, drift_fingerprint, worst_first
from ...models import AiNode, AiNodeListResult
from ...names import plural
from ..output import shown
from . import Report, ReportedError
from .text import MET, NOT_MET, OTHER_SIGN, SIGNS, TOLERATED, check_summary, describe_move, drift_summary

COMMENT_LIMIT = 60_000  # characters; the maximum of a GitHub comment is 65,536
MESSAGES_LIMIT = 3_000  # characters; the maximum length of all warnings
_LONGEST = 500  # characters; the maximum length of one value, such as a reason or a remedy

_PLAIN = r"[\w .,:;+()/=?-]"  # characters that have no special meaning in Markdown code


def render_markdown(report: Report) -> str:
    """Return the report as Markdown."""
    if report.error is not None:
        return "\n".join(_error(report.command, report.error))
    if report.drift is not None:
        lines = _drift(report, report.drift)
    elif report.command == "check":
        lines = _check(report)
    else:
        lines = _list(report, report.result) if report.result else iter(())
    return "\n".join((*lines, *_messages(report)))


def _error(command: str, error: ReportedError) -> Iterator[str]:
    yield f"### hologres-ai {command} failed"
    for line in (error.title, *([error.facts] if error.facts else []), *error.remedy.splitlines()):
        yield from ("", code(line))


def _messages(report: Report) -> Iterator[str]:
    if report.messages:
        yield from ("", "**Warnings:**", "")
        yield from _rows((f"- {code(text)}" for text in report.messages), len(report.messages), MESSAGES_LIMIT)


def _unread(report: Report) -> Iterator[str]:
    if report.unread:
        yield from (f"**{plural(len(report.unread), 'region')} could not be read:**", "")
        yield from (f"- {code(region)}: {code(report.reason(region))}" for region in report.unread)
        yield ""


def _drift(report: Report, drift: Drift) -> Iterator[str]:
    yield from (f"### {drift_summary(report, drift)}", "")
    yield from _unread(report)
    if drift.events:
        events = worst_first(drift.events)
        kinds = Counter(event.kind for event in events)
        yield from (", ".join(f"{number} {kind}" for kind, number in kinds.items()), "")
        yield from ("| | what | AI instance | Hologres instance | change |", "| --- | --- | --- | --- | --- |")
        yield from _rows((_event(event, drift.region) for event in events[: report.limit]), len(events))
        yield ""
    if report.ignored:
        yield from (f"{plural(len(report.ignored), 'event')} ignored.", "")
    yield f"Fingerprint: `{drift_fingerprint(drift)}`"


def _event(event: Event, region: str) -> str:
    sign, _ = SIGNS.get(event.kind, OTHER_SIGN)
    changes = "<br>".join(
        f"{change.field} {code(change.before)} → {code(change.after)}{describe_move(change)}"
        for change in event.changes
    )
    name = _name(event.node, event.region_id, region)
    return _table_row((f"`{sign}`", event.kind, name, code(event.node.holo_instance_name), changes))


def _check(report: Report) -> Iterator[str]:
    yield from (f"### {check_summary(report)}", "")
    yield from _unread(report)
    yield from ("| | requirement |", "| --- | --- |")
    for verdict in report.verdicts:
        sign = (MET if verdict.met else TOLERATED if report.warn else NOT_MET)[0]
        yield _table_row((sign, code(str(verdict))))


def _list(report: Report, result: AiNodeListResult) -> Iterator[str]:
    nodes = result.instance_model_list
    yield from (f"### {plural(len(nodes), 'AI instance')} in {result.place}", "")
    yield from _unread(report)
    if nodes:
        yield "| AI instance | Hologres instance | nodes | specification | status | expiry (UTC) |"
        yield "| --- | --- | --- | --- | --- | --- |"
        yield from _rows((_node(node, result.region) for node in nodes), len(nodes))


def _node(node: AiNode, region: str) -> str:
    values = (node.holo_instance_name, node.node_count, node.ai_spec, node.status, node.expiration_time)
    return _table_row((_name(node, node.region_id, region), *map(code, values)))


def _name(node: AiNode, place: str | None, region: str) -> str:
    """Return the ID of an AI instance, and its region if it is not the one that was read."""
    return code(node.ai_instance_id) + (f" in {code(place)}" if place != region else "")


def _rows(rows: Iterable[str], number: int, room: int = COMMENT_LIMIT) -> Iterator[str]:
    """Yield the rows that fit into `room` characters, and the number of omitted rows, out of `number` rows."""
    written = 0
    for row in rows:
        room -= len(row) + 1
        if room < 0:
            break
        yield row
        written += 1
    if written < number:
        yield f"\n{number - written} more are omitted."


def _table_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def code(value: FieldValue) -> str:
    """Format a value as code, so that it cannot create a link, a mention, an image, markup or a new table cell."""
    text = shown(value)
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]} ... ({len(text)} characters)"
    if re.fullmatch(rf"{_PLAIN}+", text):
        return f"`{text}`"
    # Renderers handle escapes within backticks differently, but all of them decode numeric character references.
    coded = re.sub(rf"(?!{_PLAIN}).", lambda found: f"&#{ord(found[0])};", text)
    return f"<code>{coded}</code>"
