"""Run a command and write its reports, each to its file or to stdout."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import click

from ..clock import utc_now
from .errors import FAILED, describe_error, report_error
from .files import write_error, write_file
from .output import print_machine_text
from .reports import FORMATS, Report, ReportedError, Target
from .reports.nagios import state
from .reports.text import print_text_report


def run_and_report(
    command: str,
    build: Callable[[], Report],
    targets: tuple[Target, ...],
    *,
    quiet: bool,
    regions: Callable[[], tuple[str, ...]] = tuple,
) -> int:
    """Run `build`, write its report to every target, and return the exit code.

    A failure is also reported, on stderr and to every target. After an interrupt, no report is written.

    Args:
        command: the name of the command.
        build: performs the read of the command and returns its report.
        targets: the format and the file of each report. If no report is printed on stdout, text is printed there.
        quiet: print text only for a finding, and only if there are no targets.
        regions: returns the requested regions, if they are known. Called only if the run failed.
    """
    try:
        report = build()
    except click.ClickException:
        raise
    except Exception as error:  # noqa: BLE001 - every failure is reported
        report_error(error)
        known: tuple[str, ...] = ()
        with suppress(Exception):  # write the report even if the settings with the regions can't be read
            known = regions()
        report = Report(
            command=command, read_at=utc_now(), regions=known, error=describe_error(error), exit_code=FAILED
        )
    return _deliver(report, targets, quiet=quiet)


def _deliver(report: Report, targets: tuple[Target, ...], *, quiet: bool) -> int:
    """Write the reports to their files, print the report for stdout, and return the exit code.

    If a report can't be written, the other reports are still written. The run then fails, even if there is a finding.
    """
    written = [_write(report, target) for target in targets if target.file is not None]
    printed = next((target for target in targets if target.file is None), None)
    if not all(written):
        report = replace(report, exit_code=FAILED)
    if printed is None:
        if not quiet or (not targets and report.has_finding):
            print_text_report(report)
        return report.exit_code
    if printed.format == "nagios":
        if not all(written) and not report.error:
            report = replace(report, error=ReportedError(title="a report could not be written"))
        report = replace(report, exit_code=state(report))
    if printed.format == "text":
        print_text_report(report)
    else:
        print_machine_text(FORMATS[printed.format](report))
    return report.exit_code


def _write(report: Report, target: Target) -> bool:
    """Write a report to its file; if that fails, print a message and return False."""
    try:
        write_file(str(target.file), FORMATS[target.format](report) + "\n")
    except OSError as error:
        report_error(write_error(error, str(target.file), f"--report {target.format}=FILE"))
        return False
    except Exception as error:  # noqa: BLE001 - the other reports must still be written
        report_error(error)
        return False
    return True
