"""The report as JSON for programs, with the field names of the API."""

import json
from collections.abc import Mapping
from dataclasses import asdict

from ...drift import to_json
from ...models import to_wire
from ...names import to_camel
from ...requirements import RequirementResult
from . import Report, ReportedError

ERROR_KIND = "hologres-ai/Error"


def render_json(report: Report) -> str:
    """Return the report as a JSON object."""
    return json.dumps(_document(report), ensure_ascii=False, indent=2)


def _document(report: Report) -> Mapping[str, object]:
    if report.error is not None:
        return _error(report.command, report.error)
    return {**_findings(report), **_messages(report)}


def _messages(report: Report) -> Mapping[str, object]:
    """Return the warnings and the reason for each unread region. A list contains the reasons in `regionOutcomes`."""
    messages = {"warnings": report.messages} if report.messages else {}
    if report.command == "list" or not report.unread:
        return messages
    return {**messages, "unreadReasons": {region: report.reason(region) for region in report.unread}}


def _findings(report: Report) -> Mapping[str, object]:
    if report.drift is not None:
        return to_json(report.drift, report.ignored)
    if report.command == "check":
        return {
            "met": all(verdict.met for verdict in report.verdicts),
            "region": report.result.region if report.result else None,
            "requirements": [_verdict(report, verdict) for verdict in report.verdicts],
            "unread": report.unread,
        }
    return to_wire(report.result, request_id=True) if report.result else {}


def _error(command: str, error: ReportedError) -> Mapping[str, object]:
    document = {
        "kind": ERROR_KIND,
        "version": 1,
        "command": command,
        "type": error.kind,
        "title": error.title,
        "facts": error.facts,
        "remedy": error.remedy,
        "status": error.status,
        "code": error.code,
        "requestId": error.request_id,
    }
    if error.denial is None:
        return document
    return {**document, "accessDeniedDetail": {to_camel(name): value for name, value in asdict(error.denial).items()}}


def _verdict(report: Report, verdict: RequirementResult) -> Mapping[str, object]:
    """Return a verdict. `found` is null if it is unknown."""
    return {
        "requirement": to_camel(verdict.requirement),
        "met": verdict.met,
        "asked": getattr(report.requirements, verdict.requirement),
        "found": verdict.figure,
        "text": str(verdict),
        "nearest": verdict.nearest,
        "more": verdict.more,
        "unread": verdict.unread,
    }
