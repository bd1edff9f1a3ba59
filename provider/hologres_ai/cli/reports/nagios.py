"""The report as one line for a monitoring system such as Nagios or Icinga: state, text and performance data."""

from collections.abc import Iterator, Sequence

from ..output import printable
from . import Report, ReportedError

OK, WARNING, CRITICAL, UNKNOWN = range(4)
MAX_REGIONS = 10  # regions in the line; monitoring systems can limit the length of a line
_WORDS = {OK: "OK", WARNING: "WARNING", CRITICAL: "CRITICAL", UNKNOWN: "UNKNOWN"}

# The label and the unit of each requirement with a numeric value.
_FIGURES = {
    "min_free_gpus": ("free_gpus", ""),
    "min_free_gpu_memory": ("free_gpu_memory", "GB"),
    "min_nodes_ready": ("ready_nodes", ""),
    "not_expiring_within_days": ("days_to_expiry", ""),
}


def state(report: Report) -> int:
    """Return the exit code of a monitoring plugin.

    Returns:
        0 if all requirements are met; 1 if any is not met and ``--warn`` was given; 2 if any is not met and ``--warn``
        was not given; 3 in all other cases."""
    if report.error is not None:
        return UNKNOWN
    unmet = [verdict for verdict in report.verdicts if not verdict.met]
    if not unmet:
        return OK
    if all(verdict.unread for verdict in unmet):
        return UNKNOWN
    return WARNING if report.warn else CRITICAL


def render_nagios(report: Report) -> str:
    """Return one line. Its only ``|`` separates the text from the performance data."""
    words = _failure(report.error) if report.error else "; ".join(_words(report))
    data = " ".join(_performance_data(report))
    line = printable(f"HOLOGRES_AI {_WORDS[state(report)]} - {words}").replace("|", "/")
    return f"{line} | {data}" if data else line


def _failure(error: ReportedError) -> str:
    return f"{error}: {_some(error.regions)}" if error.regions else str(error)


def _some(regions: Sequence[str]) -> str:
    more = len(regions) - MAX_REGIONS
    return ", ".join(regions[:MAX_REGIONS]) + (f" and {more} more" if more > 0 else "")


def _words(report: Report) -> Iterator[str]:
    met = sum(verdict.met for verdict in report.verdicts)
    place = f" in {report.result.place}" if report.result else ""
    empty = ": 0 AI instances" if report.result and not report.result.instance_model_list else ""
    yield f"{met} of {len(report.verdicts)} requirements met{place}{empty}"
    yield from (str(verdict) for verdict in report.verdicts if not verdict.met)
    if report.unread:
        outcomes = [f"{region} ({report.reason(region).partition(':')[0]})" for region in report.unread]
        yield f"could not be read: {_some(outcomes)}"


def _performance_data(report: Report) -> Iterator[str]:
    """Yield ``label=value[unit];warning;critical;minimum`` for each figure; U means an unknown value."""
    for verdict in report.verdicts:
        if verdict.requirement not in _FIGURES or isinstance(verdict.figure, tuple):
            continue
        label, unit = _FIGURES[verdict.requirement]
        threshold = f"{getattr(report.requirements, verdict.requirement)}:"
        thresholds = f"{threshold};" if report.warn else f";{threshold}"
        yield f"{label}={'U' if verdict.figure is None else f'{verdict.figure}{unit}'};{thresholds};0"
