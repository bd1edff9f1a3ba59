"""The report as one self-contained HTML page, without requests and without scripts.

page.html           the template; page.css is its style sheet
figures, expiries   the values of the template that are derived from the report
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from ....credentials.types import SHOWN_OF_ID
from ....drift import FILTERS, Drift, Event, drift_fingerprint, worst_first
from ....models import Query
from ....names import plural, to_camel
from ....requirements import READY, RequirementResult
from ...output import printable, shown
from .. import Report, ReportedError
from ..text import OTHER_SIGN, SIGNS, check_summary, describe_move, drift_summary
from .expiries import build_time_line
from .figures import MAX_INSTANCES, build_fleet, count_statuses, list_specifications, meters

MAX_CHARACTERS = 500  # of a name or any other value
MAX_OF_MESSAGES = 5000  # of an error or a warning, which can contain a long list
MAX_EVENTS = 200
MAX_WARNINGS = 50

_FOLDER = Path(__file__).parent
# The colours of the text report as tones of the page.
_TONES = {"green": "good", "red": "bad", "yellow": "note"}

Headline = tuple[str, str, str]
"""The CSS class (good, bad or note), the sign, such as ✗, and the text of a headline."""


def render_html(report: Report) -> str:
    """Return the complete page, for a file in UTF-8.

    All values are shown as text. The environment replaces their invisible characters and limits their length, and the
    template escapes them. The Content-Security-Policy of the page allows only its own style sheet.
    """
    result, now = report.result, report.read_at
    nodes = result.instance_model_list if result else ()
    drift = None if report.first_baseline else report.drift
    style = (_FOLDER / "page.css").read_text("utf-8")
    template = _environment().get_template("page.html")
    return template.render(
        report=report,
        result=result,
        nodes=nodes,
        style=Markup(style),  # noqa: S704 - our own file
        policy=_policy(style),
        version=version("hologres_ai"),
        headline=_headline(report),
        facts=tuple(_facts(report)),
        failure_facts=_failure_facts(report.error) if report.error else (),
        warnings=report.messages,
        drift=drift,
        events=worst_first(drift.events) if drift else (),
        usage_read=result is not None and result.query.include_usage,
        owners=len({(node.region_id, node.holo_instance_id) for node in nodes}),
        statuses=count_statuses(nodes),
        meters=meters(result.totals) if result else (),
        specifications=list_specifications(nodes),
        time_line=build_time_line(nodes, now) if nodes else None,
        fleet=build_fleet(result, now) if result and nodes else None,
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        finalize=lambda value: value if isinstance(value, Markup) else bounded(value),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "describe_move": describe_move,
        "fingerprint": drift_fingerprint,
        "message": message,
        "minute": _minute,
        "outcome": _outcome,
        "plural": plural,
        "tone_and_sign": _tone_and_sign,
    }
    environment.globals |= {
        "Counter": Counter,
        "MAX_EVENTS": MAX_EVENTS,
        "MAX_INSTANCES": MAX_INSTANCES,
        "MAX_WARNINGS": MAX_WARNINGS,
        "READY": READY,
    }
    return environment


def bounded(value: object, limit: int = MAX_CHARACTERS) -> str:
    r"""Return a value as visible text. None becomes ``?``, and invisible characters become codes such as ``\u202e``.

    A text of more than `limit` characters is truncated, and its length is added. The template escapes the text.
    """
    if isinstance(value, str) and len(value) > limit:
        return f"{printable(value[:limit])}… ({len(value)} characters)"
    return shown(value)


def message(text: str) -> Markup:
    """Return the text of an error or a warning with visible characters only, escaped for the page."""
    return escape(bounded(text, MAX_OF_MESSAGES))


def _minute(time: datetime) -> str:
    """Return a time such as ``28 January 2026, 07:44 UTC``."""
    return f"{time.astimezone(UTC):%d %B %Y, %H:%M} UTC".removeprefix("0")


def _policy(style: str) -> str:
    """Return the Content-Security-Policy, which allows only the style sheet with this hash."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


# --- The head of the page ---------------------------------------------------------------------------------------------


def _headline(report: Report) -> Headline:
    if report.error is not None:
        return "bad", "✗", "The run failed"
    if report.drift is not None:
        return _drift_headline(report, report.drift)
    if report.verdicts:
        return _check_headline(report)
    nodes = report.result.instance_model_list if report.result else ()
    listed = plural(len(nodes), "AI instance")
    if report.unread:
        return "note", "!", f"{listed}; {plural(len(report.unread), 'region')} could not be read"
    return ("good", "✓", listed) if nodes else ("note", "!", listed)


def _drift_headline(report: Report, drift: Drift) -> Headline:
    said = drift_summary(report, drift)
    if drift.events:
        return "bad", "✗", said
    return ("note", "?", said) if report.unread else ("good", "✓", said)


def _check_headline(report: Report) -> Headline:
    said = check_summary(report)
    not_met = [verdict for verdict in report.verdicts if not verdict.met]
    if not not_met:
        return ("note", "!", said) if report.unread else ("good", "✓", said)
    if report.warn or all(verdict.unread for verdict in not_met):
        return "note", "!", said
    return "bad", "✗", said


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    regions = _regions(report)
    if regions:
        yield "Region" if len(regions) == 1 else "Regions", message(", ".join(regions))
    if report.credentials_from:
        yield "Credentials", report.credentials_from
    if report.access_key_id:
        yield "AccessKey ID", f"{report.access_key_id[:SHOWN_OF_ID]}…"
    filters = list(_filters(report.result.query)) if report.result else []
    if filters:
        yield "Filters", message("; ".join(filters))


def _regions(report: Report) -> Sequence[str]:
    """Return the regions that were read. For a failed run, return the requested regions."""
    if report.result is None:
        return report.regions
    return [item.region for item in report.result.region_outcomes if item.is_read] or [report.result.region]


def _filters(query: Query) -> Iterator[str]:
    """Yield the filters of the query, with the field names of the API."""
    for name in FILTERS:
        value = getattr(query, name)
        if value is not None and name != "regions":
            yield f"{to_camel(name)} {value if isinstance(value, str) else ', '.join(value) or '(none)'}"


# --- Findings ---------------------------------------------------------------------------------------------------------


def _failure_facts(error: ReportedError) -> Sequence[tuple[str, object]]:
    known = (("HTTP status", error.status), ("Code", error.code), ("Request ID", error.request_id))
    given = [(name, value) for name, value in known if value is not None]
    return given or ([("Facts", message(error.facts))] if error.facts else [])


def _tone_and_sign(event: Event) -> tuple[str, str]:
    sign, colour = SIGNS.get(event.kind, OTHER_SIGN)
    return _TONES[colour], sign


def _outcome(verdict: RequirementResult, *, warn: bool) -> tuple[str, str, str]:
    """Return tone, sign and word of a verdict. If `warn` is True, an unmet requirement is only a warning."""
    if verdict.met:
        return "good", "✓", "Met"
    if verdict.unread:
        return "note", "?", "Unknown"
    return ("note", "!", "Not met") if warn else ("bad", "✗", "Not met")
