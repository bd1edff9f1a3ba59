"""The report as JSON for programs, with the API's field names."""

import json
from dataclasses import asdict

from pydantic import JsonValue

from ...drift import to_json
from ...errors import AccessDeniedDetail
from ...models import to_wire
from ...names import to_camel
from ...requirements import RequirementResult
from . import Report

ERROR_KIND = "hologres-ai/Error"


def render_json(report: Report) -> str:
    """Return the report as a JSON object."""
    return json.dumps(_document(report), ensure_ascii=False, indent=2)


def _document(report: Report) -> JsonValue:
    if report.error is not None:
        return _error(report)
    if report.drift is not None:
        return dict(to_json(report.drift, report.ignored))
    if report.command == "check":
        return _check(report)
    return dict(to_wire(report.result, request_id=True)) if report.result else {}


def _error(report: Report) -> dict[str, JsonValue]:
    if report.error is None:
        return {}
    return {
        "kind": ERROR_KIND,
        "version": 1,
        "command": report.command,
        "type": report.error.kind,
        "title": report.error.title,
        "facts": report.error.facts,
        "remedy": report.error.remedy,
        "status": report.error.status,
        "code": report.error.code,
        "requestId": report.error.request_id,
        **_denial(report.error.denial),
    }


def _denial(denial: AccessDeniedDetail | None) -> dict[str, JsonValue]:
    """Return the details of a missing permission, with the API's field names; empty if the service returned none."""
    if denial is None:
        return {}
    return {"accessDeniedDetail": {to_camel(name): value for name, value in asdict(denial).items()}}


def _check(report: Report) -> dict[str, JsonValue]:
    return {
        "met": all(verdict.met for verdict in report.verdicts),
        "region": report.result.region if report.result else None,
        "requirements": [_verdict(report, verdict) for verdict in report.verdicts],
        "unread": list(report.unread),
    }


def _verdict(report: Report, verdict: RequirementResult) -> dict[str, JsonValue]:
    """Return a verdict; `found` is null if it is not known."""
    return {
        "requirement": to_camel(verdict.requirement),
        "met": verdict.met,
        "asked": _value(getattr(report.requirements, verdict.requirement)),
        "found": _value(verdict.figure),
        "text": str(verdict),
        "nearest": list(verdict.nearest),
        "more": verdict.more,
        "unread": list(verdict.unread),
    }


def _value(value: int | tuple[str, ...] | None) -> JsonValue:
    return list(value) if isinstance(value, tuple) else value
