"""The reports of a run: one data class, and a function for each format that renders it as text.

All values are rendered as text, so that no value can change the structure of a report. Each format contains the
regions that could not be read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from ...errors import AccessDeniedDetail

if TYPE_CHECKING:
    from ...drift import Drift, Event
    from ...models import AiNodeListResult
    from ...requirements import RequirementResult, Requirements

STDOUT = ("-", "/dev/stdout")  # file names that mean stdout


@dataclass(frozen=True, kw_only=True)
class ReportedError:
    """The failure that ended a run, without secrets. Its text is the title and the facts.

    Attributes:
        title: what failed, in one line.
        facts: details such as ``HTTP 403, Forbidden.RAM, request 2C2E``; may be empty.
        remedy: the next step; may be empty or contain several lines.
        regions: the regions that could not be read, each with its outcome, such as ``cn-hangzhou (denied)``.
        kind: the class name of the exception.
        denial: the details of a missing permission from the service, with the complete diagnostic message.
    """

    title: str
    facts: str = ""
    remedy: str = ""
    regions: tuple[str, ...] = ()
    kind: str = ""
    status: int | None = None
    code: str | None = None
    request_id: str | None = None
    denial: AccessDeniedDetail | None = None

    def __str__(self) -> str:
        return f"{self.title} ({self.facts})" if self.facts else self.title


@dataclass(frozen=True, kw_only=True)
class Report:
    """The findings of a run, or the failure that ended it. It is the input of all renderers.

    Attributes:
        command: ``list``, ``drift`` or ``check``.
        read_at: the time of the read or of the failure, in UTC.
        regions: for a failed run, the requested regions, if they are known.
        credentials_from: the source of the credentials as text, such as ``profile prod``.
        access_key_id: the first four characters of the AccessKey ID; empty if it is not known.
        result: the result of the read; None if the read failed.
        drift: for `drift`, the comparison, without the ignored events.
        first_baseline: for `drift`, whether the first baseline was written. The nodes are compared with themselves.
        ignored: for `drift`, the events that ``--ignore`` excludes.
        limit: for `drift`, the maximum number of events in Markdown; None for no maximum.
        requirements: for `check`, the requirements.
        verdicts: for `check`, the result of each requirement.
        warn: for `check`, whether an unmet requirement is only a warning.
        error: for a failed run, the failure. Only `command`, `read_at` and possibly `regions` are then known.
        exit_code: the exit code of the process.
        notes: additional messages, such as for an entry of ``--ignore`` that matches no event.
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
        """The regions that could not be read, now or when the baseline was written."""
        if self.drift is not None:
            return self.drift.unread
        return self.result.unread if self.result else ()

    @property
    def has_finding(self) -> bool:
        """Whether the report contains a finding, a failure or an unread region."""
        events = self.drift is not None and bool(self.drift.events)
        return bool(self.error or self.unread or events or any(not verdict.met for verdict in self.verdicts))

    @property
    def messages(self) -> tuple[str, ...]:
        """The notes and the warnings, except those about unread regions, which a report lists with their reasons."""
        gaps = tuple(f"{region} could not be read" for region in self.unread)
        warnings = self.result.warnings if self.result else ()
        return (*self.notes, *(warning for warning in warnings if not warning.startswith(gaps)))

    def reason(self, region: str) -> str:
        """Return the reason why a region could not be read, such as ``denied: the API refused ...``."""
        for item in self.result.region_outcomes if self.result else ():
            if item.region == region and not item.is_read:
                return f"{item.outcome}: {item.reason}" if item.reason else item.outcome
        return "not read for the baseline"


def _render(name: str, report: Report) -> str:
    """Call ``render_NAME`` of the module NAME, which is imported on the first call."""
    text: str = getattr(import_module(f".{name}", __name__), f"render_{name}")(report)
    return text


FORMATS: dict[str, Callable[[Report], str]] = {
    name: partial(_render, name) for name in ("text", "json", "markdown", "junit", "html", "nagios", "prometheus")
}


@dataclass(frozen=True)
class Target:
    """The target of a report: the format, and the file name as given by the user, or None for stdout."""

    format: str
    file: str | None = None
