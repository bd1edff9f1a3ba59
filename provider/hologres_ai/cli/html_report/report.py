"""What a renderer gets."""

from dataclasses import dataclass
from datetime import datetime

from ...drift import Drift, Event
from ...models import AiNodeListResult
from ...requirements import RequirementResult, Requirements


@dataclass(frozen=True, kw_only=True)
class ReportedError:
    """The failure that ended a run; nothing secret is in it."""

    title: str
    facts: str = ""
    remedy: str = ""
    kind: str = ""
    status: int | None = None
    code: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a run found, or the failure that ended it."""

    command: str
    read_at: datetime
    regions: tuple[str, ...] = ()
    credentials_from: str = ""
    access_key_id: str = ""
    result: AiNodeListResult | None = None
    drift: Drift | None = None
    ignored: tuple[Event, ...] = ()
    limit: int | None = None
    requirements: Requirements | None = None
    verdicts: tuple[RequirementResult, ...] = ()
    warn: bool = False
    error: ReportedError | None = None
    exit_code: int = 0
    notes: tuple[str, ...] = ()
