"""Run a command and write its reports, each to its file or to stdout."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import click

from ..clock import utc_now
from ..errors import HologresAiError
from .errors import FAILED, UNKNOWN_STATE, describe_error, report_error
from .files import write_file
from .output import print_machine_text
from .reports import FORMATS, Report, ReportedError, Target
from .reports.nagios import state
from .reports.text import has_finding, print_text_report

_TEXT = Target("text")


def run_and_report(
    command: str,
    build: Callable[[], Report],
    targets: Iterable[Target],
    *,
    quiet: bool,
    regions: Callable[[], tuple[str, ...]] = tuple,
) -> int:
    """Run `build`, write its report to every target, and return the exit code.

    A failure is reported as well: on stderr and to every target. After an interrupt no report is written.

    Args:
        command: the name of the command.
        build: does the work of the command and returns its report.
        targets: the format and the file of each report. If none of them is stdout, text is printed on stdout.
        quiet: print text only for a finding, and only if there are no targets.
        regions: returns the regions that the run was to read, if they are known; called only if the run failed.
    """
    try:
        report = build()
    except click.ClickException:
        raise
    except Exception as error:  # noqa: BLE001 - every failure is reported
        report_error(error)
        report = _failed(command, error, regions())
    return deliver(report, tuple(targets), quiet=quiet)


def _failed(command: str, error: Exception, regions: tuple[str, ...]) -> Report:
    title, facts, remedy = describe_error(error)
    known = error if isinstance(error, HologresAiError) else HologresAiError("")
    reported = ReportedError(
        title=title,
        facts=facts,
        remedy=remedy,
        kind=type(error).__name__,
        status=known.status,
        code=known.code,
        request_id=known.request_id,
        denial=known.denial,
    )
    return Report(command=command, read_at=utc_now(), regions=regions, error=reported, exit_code=FAILED)


def deliver(report: Report, targets: tuple[Target, ...], *, quiet: bool) -> int:
    """Write the files, then print; return the exit code.

    If a report can't be written, the others are still written, and the run has failed even if there is a finding.
    """
    written = [_write(report, target) for target in targets if target.file is not None]
    printed = next((target for target in targets if target.file is None), None)
    if not all(written):
        report = replace(report, exit_code=FAILED)
    if printed is None:
        if not quiet or (not targets and has_finding(report)):
            print_text_report(report)
        return report.exit_code
    if printed.format == "nagios":
        return _print_nagios(report, complete=all(written))
    if printed == _TEXT:
        print_text_report(report)
    else:
        print_machine_text(FORMATS[printed.format](report))
    return report.exit_code


def _print_nagios(report: Report, *, complete: bool) -> int:
    if not complete:
        failure = ReportedError(title="a report could not be written")
        report = replace(report, error=report.error or failure)
    print_machine_text(FORMATS["nagios"](report))
    return UNKNOWN_STATE if report.error else state(report)


def _write(report: Report, target: Target) -> bool:
    """Write a report to its file; if that fails, print a message and return False."""
    try:
        write_file(str(target.file), FORMATS[target.format](report) + "\n")
    except Exception as error:  # noqa: BLE001 - the other reports must still be written
        report_error(error)
        return False
    return True
