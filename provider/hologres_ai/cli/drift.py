"""``hologres-ai drift``: compare the fleet with a baseline, and keep a new one where that is asked for."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import click

from ..baselines import Baseline, read_baseline
from ..drift import FILTERS, Drift, compare
from ..envelope import to_envelope
from ..errors import ConfigurationError, DocumentError, Failure, InvalidArgumentError, RegionsError
from ..models import AiNodeListResult, Query, RegionErrors
from . import lazy, reports
from .errors import DRIFT, READ_FAILED
from .files import atomic_write
from .list import option, parse_query, read_live, takes_unicode
from .text import say

STDIN = "-"
# A file in another form is somebody else's, and `--accept` would put an envelope in its place.
ACCEPTED_FORMS = ("envelope", "list")


@dataclass(frozen=True)
class BaselineSource:
    """Where the baseline is: in a file, on stdin, or in the state of a stack; and which of several it is."""

    file: str | None
    stack: str | None
    output: str | None
    resource: str | None

    @property
    def path(self) -> Path | None:
        """The file, where it is one."""
        return None if self.file in (None, STDIN) else Path(str(self.file))


def run(
    arguments: Mapping[str, object],
    source: BaselineSource,
    *,
    classes: tuple[str, ...],
    form: str,
    accept: bool,
    endpoint: str | None,
) -> int:
    """Compare, report, and say by the exit code whether there was drift.

    Raises:
        InvalidArgumentError, ConfigurationError, DocumentError: before any network call.
        HologresAiError: the region could not be read.
    """
    # Of several regions are the baseline's own, too, which is not known yet.
    on_region_error = cast("RegionErrors", arguments.get("on_region_error"))
    if not arguments.get("regions"):
        arguments = {**arguments, "on_region_error": None}
    given = parse_query(arguments)
    if accept and source.path is not None and not source.path.exists():
        return _begin(source.path, given, endpoint, usage="usage" in classes)
    baseline = _baseline(source, arguments)
    _check(baseline, arguments, given, classes)
    if accept:
        _check_acceptable(baseline, source)
    query = baseline.result.query
    if query.regions and on_region_error:
        query = replace(query, on_region_error=on_region_error)
    current = _read(query, endpoint)
    drift = compare(baseline.result, current, classes)
    _report(drift, form)
    if accept and source.path is not None:
        _write(source.path, current)
        say("note", f"{source.path} is the new baseline")
        return 0
    if not drift.events and drift.unread:
        return READ_FAILED  # nobody can tell
    return DRIFT if drift.events else 0


def _begin(path: Path, query: Query, endpoint: str | None, *, usage: bool) -> int:
    """The first baseline; what was not chosen to be compared stays out of it."""
    asked = {name: getattr(query, name) for name in (*FILTERS, "region", "on_region_error")}
    result = _read(parse_query({**asked, "include_usage": usage}), endpoint)
    _write(path, result)
    say("note", f"{path} is the first baseline: {reports.instances(len(result.instance_model_list))}")
    return 0


def _write(path: Path, result: AiNodeListResult) -> None:
    if result.unread:
        raise RegionsError(
            f"no new baseline: {', '.join(result.unread)} could not be read",
            f"{path} stays as it is. Try again when all regions can be read.",
        )
    atomic_write(path, json.dumps(to_envelope(result), ensure_ascii=False, indent=2) + "\n")


def _baseline(source: BaselineSource, arguments: Mapping[str, object]) -> Baseline:
    query = {name: value for name, value in arguments.items() if value is not None}
    return read_baseline(_document(source), output=source.output, resource=source.resource, query=query)


def _document(source: BaselineSource) -> bytes:
    if source.stack is not None:
        return _exported(source.stack)
    if source.path is None:
        return sys.stdin.buffer.read()
    try:
        return source.path.read_bytes()
    except FileNotFoundError:
        raise ConfigurationError(
            f"there is no baseline {source.path}",
            f"Make the first one: hologres-ai drift --baseline {source.path} --accept",
        ) from None


def _exported(stack: str) -> bytes:
    """The state of a stack, as its own command line tells it."""
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        raise ConfigurationError(
            "--stack needs the pulumi command line, which is not on PATH",
            "Install it; or run `pulumi stack export` where it is, and give its output with --baseline.",
        )
    command = [pulumi, "stack", "export", f"--stack={stack}", "--non-interactive"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ConfigurationError(
            f"`pulumi stack export` failed: {lines[-1].removeprefix('error: ') if lines else done.returncode}",
            "Run it in the project's folder, or give the stack as ORGANIZATION/PROJECT/STACK.",
        )
    return done.stdout


def _check(baseline: Baseline, arguments: Mapping[str, object], given: Query, classes: tuple[str, ...]) -> None:
    """Only answers to the same query can be compared: what is given beside a baseline must be the baseline's own."""
    result = baseline.result
    failures = []
    if "usage" in classes and not result.query.include_usage:
        failures.append(Failure("--classes", "the baseline was read without usage"))
    if given.region not in (None, result.region):
        failures.append(Failure("--region", f"the baseline was read in region {result.region}"))
    for name in FILTERS if baseline.form != "list" else ():
        if arguments.get(name) is not None and set(_texts(given, name)) != set(_texts(result.query, name)):
            asked = ", ".join(_texts(result.query, name))
            failures.append(
                Failure(option(name), f"the baseline was read {f'with {asked}' if asked else 'without it'}")
            )
    if failures:
        raise InvalidArgumentError(failures)


def _texts(query: Query, name: str) -> tuple[str, ...]:
    value: str | tuple[str, ...] | None = getattr(query, name)
    return (value,) if isinstance(value, str) else value or ()


def _check_acceptable(baseline: Baseline, source: BaselineSource) -> None:
    if baseline.form not in ACCEPTED_FORMS:
        raise DocumentError(
            f"{source.path} holds a stack's {baseline.form}, and --accept would replace it",
            "Accept with `pulumi up`, or give the name of a new file.",
        )


def _read(query: Query, endpoint: str | None) -> AiNodeListResult:
    result = read_live(query, endpoint)
    for warning in result.warnings:
        say("warning", warning)
    return result


def _report(drift: Drift, form: str) -> None:
    if drift.before and not drift.after:
        say("note", "none of the AI instances is there any more", "Is it the AccessKey of the same account?")
    if form == "json":
        click.echo(reports.as_json(drift, ensure_ascii=not takes_unicode()))
    elif form == "markdown":
        click.echo(reports.as_markdown(drift))
    elif form == "junit":
        click.echo(reports.as_junit(drift))
    elif sys.stdout.isatty():
        lazy.print_lines(reports.lines(drift))
    else:
        sys.stdout.writelines(f"{line}\n" for line in reports.lines(drift))
