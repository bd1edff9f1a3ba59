"""The reports of a run: one data object, and a function for each format that renders it as text.

All values are rendered as text, so that no value can change the structure of a report. Each format names the regions
that could not be read.
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
    """The failure that ended a run; it contains no secrets. As text: the title and the facts.

    Attributes:
        title: what failed, one line.
        facts: details such as ``HTTP 403, Forbidden.RAM, request 2C2E``; may be empty.
        remedy: what to do next; may be empty, or have several lines.
        regions: the regions that could not be read, each with its outcome, such as ``cn-hangzhou (denied)``.
        kind: the name of the exception's class.
        denial: the service's details of a missing permission, with the complete diagnostic message.
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
    """The findings of a run, or the failure that ended it: the input of a renderer.

    Attributes:
        command: ``list``, ``drift`` or ``check``.
        read_at: when the nodes were read, or when the run failed, in UTC.
        regions: of a run that failed, the regions that were to be read, if they are known.
        credentials_from: the source of the credentials in words, such as ``profile prod``.
        access_key_id: the first four characters of the AccessKey ID; empty if it is not known.
        result: the nodes; None if the read failed. Its `unread` are the regions that could not be read.
        drift: of `drift`, the comparison with the events that count, without the ignored events.
        first_baseline: of `drift`, whether the first baseline was written; the nodes are then compared with themselves.
        ignored: of `drift`, the events that ``--ignore`` leaves out.
        limit: of `drift`, the maximum number of events in Markdown; None if only the length of the text is limited.
        requirements: of `check`, the requirements.
        verdicts: of `check`, a result for each requirement.
        warn: of `check`, whether a requirement that is not met is a warning.
        error: the failure of a run that failed; then only `command`, `read_at` and perhaps `regions` are known.
        exit_code: the exit code of the process.
        notes: further messages, such as an entry of ``--ignore`` that matches no event.
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
        """The regions that could not be read, for the baseline or now."""
        if self.drift is not None:
            return self.drift.unread
        return self.result.unread if self.result else ()

    @property
    def has_finding(self) -> bool:
        """Whether the report has a finding, a failure or a region that could not be read."""
        events = self.drift is not None and bool(self.drift.events)
        return bool(self.error or self.unread or events or any(not verdict.met for verdict in self.verdicts))

    @property
    def messages(self) -> tuple[str, ...]:
        """The notes and the warnings, except those about unread regions, which a report lists with their reasons."""
        gaps = tuple(f"{region} could not be read" for region in self.unread)
        warnings = self.result.warnings if self.result else ()
        return (*self.notes, *(warning for warning in warnings if not warning.startswith(gaps)))

    def reason(self, region: str) -> str:
        """Return why a region could not be read, such as ``denied: the API refused ...``."""
        for item in self.result.region_outcomes if self.result else ():
            if item.region == region and not item.is_read:
                return f"{item.outcome}: {item.reason}" if item.reason else item.outcome
        return "not read for the baseline"


def _render(name: str, report: Report) -> str:
    """Call the function ``render_NAME`` of the module NAME, which is imported at the first call."""
    text: str = getattr(import_module(f".{name}", __name__), f"render_{name}")(report)
    return text


FORMATS: dict[str, Callable[[Report], str]] = {
    name: partial(_render, name) for name in ("text", "json", "markdown", "junit", "html", "nagios", "prometheus")
}


@dataclass(frozen=True)
class Target:
    """The target of a report: the format, and the file as the user named it; None means stdout."""

    format: str
    file: str | None = None
