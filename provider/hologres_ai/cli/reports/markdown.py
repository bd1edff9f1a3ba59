"""The report as Markdown for a comment on a pull request or an issue, within the maximum length of a comment."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from ...drift import Drift, Event, FieldValue, drift_fingerprint, worst_first
from ...names import plural
from ..output import shown
from . import Report
from .text import MET, NOT_MET, OTHER_SIGN, SIGNS, TOLERATED, check_summary, describe_move, drift_summary

COMMENT_LIMIT = 60_000  # characters; a comment on GitHub may have 65,536
_LONGEST = 500  # characters of one value, such as a reason or a remedy

_PLAIN = r"[\w .,:;+()/=?-]"  # characters that have no special meaning in Markdown code


def render_markdown(report: Report) -> str:
    """Return the report as Markdown."""
    if report.error is not None:
        return "\n".join(_error(report))
    if report.command == "drift":
        return "\n".join(_drift(report))
    if report.command == "check":
        return "\n".join(_check(report))
    return "\n".join(_list(report))


def _error(report: Report) -> Iterator[str]:
    if report.error is None:
        return
    yield from (f"### hologres-ai {report.command} failed", "", code(report.error.title))
    if report.error.facts:
        yield from ("", code(report.error.facts))
    for line in report.error.remedy.splitlines():
        yield from ("", code(line))


def _unread(report: Report) -> Iterator[str]:
    if report.unread:
        yield from (f"**{plural(len(report.unread), 'region')} could not be read:**", "")
        yield from (f"- {code(region)}: {code(report.reason(region))}" for region in report.unread)
        yield ""


# --- drift ------------------------------------------------------------------------------------------------------------


def _drift(report: Report) -> Iterator[str]:
    yield from (f"### {drift_summary(report)}", "")
    yield from _unread(report)
    drift = report.drift
    if drift is None:
        return
    if drift.events:
        kinds = Counter(event.kind for event in worst_first(drift.events))
        yield from (", ".join(f"{number} {kind}" for kind, number in kinds.items()), "")
        yield from ("| | what | AI instance | Hologres instance | change |", "| --- | --- | --- | --- | --- |")
        yield from _rows(drift, report.limit)
        yield ""
    if report.ignored:
        yield from (f"{plural(len(report.ignored), 'event')} ignored.", "")
    yield f"Fingerprint: `{drift_fingerprint(drift)}`"


def _rows(drift: Drift, limit: int | None) -> Iterator[str]:
    """Yield a row for each event, the worst first, until a limit is reached."""
    events = worst_first(drift.events)
    room, written = COMMENT_LIMIT, 0
    for event in events[:limit]:
        row = _row(drift, event)
        room -= len(row) + 1
        if room < 0:
            break
        yield row
        written += 1
    if written < len(events):
        yield f"\n{len(events) - written} more are left out."


def _row(drift: Drift, event: Event) -> str:
    sign, _ = SIGNS.get(event.kind, OTHER_SIGN)
    changes = "<br>".join(
        f"{change.field} {code(change.before)} → {code(change.after)}{describe_move(change)}"
        for change in event.changes
    )
    elsewhere = f" in {code(event.region_id)}" if event.region_id != drift.region else ""
    cells = (
        f"`{sign}`",
        event.kind,
        code(event.node.ai_instance_id) + elsewhere,
        code(event.node.holo_instance_name),
        changes,
    )
    return _table_row(cells)


# --- check and list ---------------------------------------------------------------------------------------------------


def _check(report: Report) -> Iterator[str]:
    yield from (f"### {check_summary(report)}", "")
    yield from _unread(report)
    yield from ("| | requirement |", "| --- | --- |")
    for verdict in report.verdicts:
        sign = (MET if verdict.met else TOLERATED if report.warn else NOT_MET)[0]
        yield _table_row((sign, code(str(verdict))))


def _list(report: Report) -> Iterator[str]:
    result = report.result
    if result is None:
        return
    yield from (f"### {plural(len(result.instance_model_list), 'AI instance')} in {result.place}", "")
    yield from _unread(report)
    if result.instance_model_list:
        yield from ("| AI instance | Hologres instance | nodes | specification | status | expiry (UTC) |",)
        yield "| --- | --- | --- | --- | --- | --- |"
    room = COMMENT_LIMIT
    for number, node in enumerate(result.instance_model_list):
        values = (node.holo_instance_name, node.node_count, node.ai_spec, node.status, node.expiration_time)
        elsewhere = f" in {code(node.region_id)}" if node.region_id != result.region else ""
        row = _table_row((code(node.ai_instance_id) + elsewhere, *map(code, values)))
        room -= len(row) + 1
        if room < 0:
            yield f"\n{len(result.instance_model_list) - number} more are left out."
            break
        yield row


def _table_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def code(value: FieldValue) -> str:
    """Return a value as code, so that it cannot create a link, a mention, an image, markup or a new cell."""
    text = shown(value)
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]} ... ({len(text)} characters)"
    if re.fullmatch(rf"{_PLAIN}+", text):
        return f"`{text}`"
    # Markdown renderers treat escapes within backticks differently, but all decode numeric character references.
    coded = re.sub(rf"(?!{_PLAIN}).", lambda found: f"&#{ord(found[0])};", text)
    return f"<code>{coded}</code>"
