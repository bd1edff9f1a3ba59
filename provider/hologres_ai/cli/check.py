"""``hologres-ai check``: read, and say which requirements the AI nodes meet."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence

import click
from pydantic import JsonValue

from ..clock import utc_now
from ..errors import Failure, InvalidArgumentError
from ..models import AiNodeListResult, Query
from ..names import to_camel
from ..requirements import RequirementResult, Requirements, assess, build_requirements
from . import lazy
from .errors import READ_FAILED, UNMET
from .list import parse_query, read_live, takes_unicode
from .reports import Line, instances
from .text import printable, say

# Where an option is not called what its requirement is called.
OPTIONS = {
    "statuses": "--require-status",
    "ai_specs": "--require-ai-spec",
    "not_expiring_within_days": "--not-expiring-within",
}
MET, MISSED, TOLERATED = ("✓", "ok", "green"), ("✗", "no", "red"), ("!", "!", "yellow")


def run(
    filters: Mapping[str, object], required: Mapping[str, object], *, warn: bool, as_json: bool, endpoint: str | None
) -> int:
    """Read, report, and say by the exit code whether all is met.

    Raises:
        InvalidArgumentError, ConfigurationError: before any network call; in the words of the command line.
        HologresAiError: the region could not be read.
    """
    query = parse_query(filters)
    requirements = _parse(required, query)
    result = read_live(query, endpoint)
    for warning in result.warnings:
        say("warning", warning)
    findings = assess(requirements, result, utc_now())
    if as_json:
        click.echo(json.dumps(_to_json(result, requirements, findings), ensure_ascii=not takes_unicode(), indent=2))
    elif sys.stdout.isatty():
        lazy.print_lines(_lines(result, findings, warn=warn))
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(result, findings, warn=warn))
    return 0 if warn else _exit_code([finding for finding in findings if not finding.met])


def _exit_code(unmet: Sequence[RequirementResult]) -> int:
    """What might be met in a region that could not be read can't be told."""
    return UNMET if any(not finding.unread for finding in unmet) else READ_FAILED if unmet else 0


def _parse(required: Mapping[str, object], query: Query) -> Requirements:
    try:
        return build_requirements(required, query, prefix="")
    except InvalidArgumentError as error:
        raise InvalidArgumentError([_in_options(failure) for failure in error.failures]) from None


def _in_options(failure: Failure) -> Failure:
    name = failure.argument.partition("[")[0]
    return Failure(OPTIONS.get(name, "--" + name.replace("_", "-")), failure.reason)


def _lines(result: AiNodeListResult, findings: Sequence[RequirementResult], *, warn: bool) -> Iterator[Line]:
    """What was found for people: a line a requirement."""
    met = sum(finding.met for finding in findings)
    nodes = instances(len(result.instance_model_list))
    yield Line("", f"{met} of {len(findings)} requirements met in {result.place}: {nodes}", "bold")
    for finding in findings:
        sign, word, style = MET if finding.met else TOLERATED if warn else MISSED
        yield Line(f" {printable(str(finding))}", f"  {sign if takes_unicode() else f'{word:2}'}", style)


def _to_json(
    result: AiNodeListResult, requirements: Requirements, findings: Sequence[RequirementResult]
) -> dict[str, JsonValue]:
    return {
        "met": all(finding.met for finding in findings),
        "region": result.region,
        "requirements": [_finding(finding, getattr(requirements, finding.requirement)) for finding in findings],
    }


def _finding(finding: RequirementResult, asked: int | tuple[str, ...]) -> dict[str, JsonValue]:
    """One for programs; `found` is null where it is not known."""
    return {
        "requirement": to_camel(finding.requirement),
        "met": finding.met,
        "asked": _value(asked),
        "found": _value(finding.figure),
        "text": str(finding),
        "nearest": list(finding.nearest),
        "more": finding.more,
        "unread": list(finding.unread),
    }


def _value(value: int | tuple[str, ...] | None) -> JsonValue:
    return list(value) if isinstance(value, tuple) else value
