"""The reports of a run: one data object, and a function for each format that renders it as text.

All values of a report are shown as text: none can change the structure of the report. Each
format names the regions that could not be read.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING

from ...errors import AccessDeniedDetail
from ...names import did_you_mean

if TYPE_CHECKING:
    from ...drift import Drift, Event
    from ...models import AiNodeListResult
    from ...requirements import RequirementResult, Requirements

STDOUT = ("-", "/dev/stdout")  # as the name of a file


@dataclass(frozen=True, kw_only=True)
class ReportedError:
    """The failure that ended a run; nothing secret is in it.

    Attributes:
        title: what failed, one line.
        facts: such as ``HTTP 403, Forbidden.RAM, request 2C2E``; may be empty.
        remedy: what to do next; may be empty, or have several lines.
        kind: the name of the exception's class.
        denial: what the service says about a missing permission; its diagnostic message is complete here.
    """

    title: str
    facts: str = ""
    remedy: str = ""
    kind: str = ""
    status: int | None = None
    code: str | None = None
    request_id: str | None = None
    denial: AccessDeniedDetail | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """The findings of a run, or the failure that ended it: the input of a renderer.

    Attributes:
        command: ``list``, ``drift`` or ``check``.
        read_at: when the nodes were read, or when the run failed, in UTC.
        regions: the regions that were to be read, where that is known of a run that failed.
        credentials_from: the source of the credentials in words, such as ``profile prod``.
        access_key_id: the first four characters of the AccessKey ID; empty where it is not known.
        result: the nodes; None where the read failed. Its `unread` are the regions that could not be read.
        drift: of `drift`, the comparison, whose events are those that count.
        first_baseline: of `drift`, whether there was no baseline; then it is compared with itself.
        ignored: of `drift`, the events that ``--ignore`` leaves out.
        limit: of `drift`, how many events a comment shows; None where only its size counts.
        requirements: of `check`, what is required.
        verdicts: of `check`, a result for each requirement.
        warn: of `check`, whether a requirement that is not met is a warning.
        error: the failure; then nothing is known but `command`, `read_at` and perhaps `regions`.
        exit_code: of the process.
        notes: what else there is to say, such as an entry of ``--ignore`` that matches nothing.
    """

    command: str
    read_at: datetime
    regions: tuple[str, ...] = ()
    credentials_from: str = ""
    access_key_id: str = ""
    result: "AiNodeListResult | None" = None
    drift: "Drift | None" = None
    ignored: "tuple[Event, ...]" = ()
    limit: int | None = None
    requirements: "Requirements | None" = None
    verdicts: "tuple[RequirementResult, ...]" = ()
    warn: bool = False
    error: ReportedError | None = None
    exit_code: int = 0
    first_baseline: bool = False
    notes: tuple[str, ...] = ()

    @property
    def unread(self) -> tuple[str, ...]:
        """The regions that could not be read, then or now."""
        if self.drift is not None:
            return self.drift.unread
        return self.result.unread if self.result else ()

    def reason(self, region: str) -> str:
        """Why a region could not be read: ``denied: the API refused ...``."""
        for item in self.result.region_outcomes if self.result else ():
            if item.region == region and not item.is_read:
                return f"{item.outcome}: {item.reason}" if item.reason else item.outcome
        return "not read for the baseline"


Renderer = Callable[[Report], str]


def _renderer(name: str) -> Renderer:
    """The function ``render_NAME`` of the module NAME, imported at its first call."""

    def render(report: Report) -> str:
        text: str = getattr(import_module(f".{name}", __name__), f"render_{name}")(report)
        return text

    return render


FORMATS: dict[str, Renderer] = {
    name: _renderer(name) for name in ("text", "json", "markdown", "junit", "html", "nagios", "prometheus")
}


@dataclass(frozen=True)
class Target:
    """The target of a report: the format, and the file as the user named it; None is stdout."""

    format: str
    file: str | None = None


def parse_target(text: str, formats: Iterable[str]) -> Target:
    """Return the target in ``FORMAT`` or ``FORMAT=FILE``, split at the first ``=``.

    Raises:
        ValueError: there is no such format, or the file's name is empty.
    """
    name, equals, file = text.partition("=")
    known = tuple(formats)
    if name not in known:
        raise ValueError(f"no such format: {name!r}{did_you_mean(name, known)}; give one of {', '.join(known)}")
    if equals and not file:
        raise ValueError(f"the name of the file is empty: {text!r}")
    return Target(name, None if file in ("", *STDOUT) else file)
