"""Requirements that AI nodes must meet, and their assessment. The assessment is pure: the current time is an argument.

An unknown value meets no requirement. An empty list does not meet a minimum above zero. If a region could not be read,
its nodes do not count towards a minimum, and a requirement for every AI instance is not met.
"""

import difflib
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass as plain_dataclass
from dataclasses import fields, replace
from datetime import datetime
from typing import Annotated, Literal, TypedDict, Unpack

from pydantic import AfterValidator, BeforeValidator, Field, Strict
from pydantic.dataclasses import dataclass

from .clock import days_left, describe_distance, describe_duration, parse_time, utc_now
from .core.result import capacity, free, has_end, may_end, totals
from .errors import Failure, InvalidArgumentError, RequirementsError
from .models import ARGUMENTS, MAX_EXACT_INTEGER, AiNode, AiNodeListResult, Query, build_arguments, lossless_integer
from .names import plural, to_camel

READY = "ResourceReady"
MAX_NEAREST = 3
_NEXT = 'Free or add capacity, or lower the requirements. To get a warning instead of an error, set mode to "warn".'

Mode = Literal["error", "warn"]
Clock = Callable[[], datetime]

_Count = Annotated[int, BeforeValidator(lossless_integer), Field(ge=0, le=MAX_EXACT_INTEGER)]


def _refuse_empty(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Raise ValueError for an empty list, because its meaning is ambiguous: it could match all nodes or none."""
    if not texts:
        raise ValueError("must not be empty")
    return texts


_Texts = Annotated[tuple[Annotated[str, Strict(), Field(min_length=1)], ...], AfterValidator(_refuse_empty)]


@dataclass(frozen=True, slots=True, kw_only=True, config=ARGUMENTS)
class Requirements:
    """Requirements for the listed AI nodes. All given requirements must be met. An unknown value meets none of them."""

    min_free_gpus: Annotated[
        _Count | None, Field(description="Require at least this many free GPU cards in total.")
    ] = None
    min_free_gpu_memory: Annotated[
        _Count | None, Field(description="Require at least this much free GPU memory in total, in GB.")
    ] = None
    min_nodes_ready: Annotated[
        _Count | None, Field(description="Require at least this many nodes in status ResourceReady.")
    ] = None
    statuses: Annotated[
        _Texts | None, Field(description="Require every AI instance to be in one of these statuses.")
    ] = None
    ai_specs: Annotated[
        _Texts | None, Field(description="Require at least one AI instance of each of these specifications.")
    ] = None
    not_expiring_within_days: Annotated[
        _Count | None,
        Field(
            description="Require that no subscription expires within this many days from the time of the read, unless "
            "it is known to renew automatically. A subscription that has expired does not meet the requirement."
        ),
    ] = None
    mode: Annotated[
        Mode,
        Field(description="Action if a requirement is not met. error: an error is raised. warn: a warning is shown."),
    ] = "error"


class RequirementArguments(TypedDict, total=False):
    """The fields of `Requirements` as keyword arguments of a Python function."""

    min_free_gpus: int | None
    min_free_gpu_memory: int | None
    min_nodes_ready: int | None
    statuses: Sequence[str] | None
    ai_specs: Sequence[str] | None
    not_expiring_within_days: int | None
    mode: Mode


REQUIREMENTS = tuple(field.name for field in fields(Requirements) if field.name != "mode")
NEEDS_USAGE = ("min_free_gpus", "min_free_gpu_memory")  # a query can exclude the usage values
NEEDS_EVERY_NODE = ("statuses", "not_expiring_within_days")  # they are not met if a region could not be read


@plain_dataclass(frozen=True, slots=True)
class RequirementResult:
    """The result of checking one requirement.

    Attributes:
        requirement: the name of the requirement; it is a field of `Requirements`.
        met: whether the requirement is met.
        asked: the required value, as text.
        found: the actual value, as text.
        figure: the actual value: a number (GPU cards, GB, nodes or days), or a tuple of statuses or specifications.
            None if the value is unknown, or if no subscription expires.
        nearest: at most 3 AI instances with their values, or at most 3 specifications. They do not meet the
            requirement, or they are the closest matches.
        more: the number of further AI instances or specifications that `nearest` does not contain.
        unread: the regions that could not be read, with their outcomes, if their nodes could change the result.
    """

    requirement: str
    met: bool
    asked: str
    found: str
    figure: int | tuple[str, ...] | None
    nearest: tuple[str, ...] = ()
    more: int = 0
    unread: tuple[str, ...] = ()

    def __str__(self) -> str:
        listed = ", ".join(self.nearest) + (f" and {self.more} more" if self.more else "")
        unread = f"; could not be read: {', '.join(self.unread)}" if self.unread else ""
        return f"{self.asked}, {self.found}" + (f": {listed}" if listed else "") + unread

    @property
    def summary(self) -> str:
        """The result without the IDs of AI instances, for lists with secret outputs."""
        unread = f"; {plural(len(self.unread), 'region')} could not be read" if self.unread else ""
        return f"{self.asked}, {self.found.partition(';')[0]}{unread}"


def build_requirements(
    arguments: Mapping[str, object], query: Query | None = None, *, prefix: str = "requirements."
) -> Requirements:
    """Build `Requirements` from arguments in snake case or camel case. None means that a requirement is not set.

    Args:
        arguments: the requirements by name.
        query: the query that selects the nodes, if the query is known.
        prefix: the text before the name of an argument in an error message.

    Raises:
        InvalidArgumentError: no requirement is set; or an argument is unknown, invalid or not possible with this query.
            The error has one failure for each such argument.
    """
    built = build_arguments(Requirements, arguments, prefix)
    if all(getattr(built, name) is None for name in REQUIREMENTS):
        raise InvalidArgumentError(
            [Failure(prefix.rstrip(".") or "requirements", "no requirement is set; set at least one")]
        )
    if query is not None and not query.include_usage:
        check_usage(arguments, prefix)
    return built


def check_usage(arguments: Mapping[str, object], prefix: str = "requirements.") -> None:
    """Reject requirements that are based on usage values, for a list that is read without usage values.

    Raises:
        InvalidArgumentError: an argument requires usage values. The error has one failure for each such argument.
    """
    needing = {*NEEDS_USAGE, *map(to_camel, NEEDS_USAGE)}
    reason = "requires usage values, but includeUsage is false"
    names = [name for name, value in arguments.items() if name in needing and value is not None]
    if names:
        raise InvalidArgumentError([Failure(prefix + name, reason) for name in names])


def enforce(
    requirements: Requirements,
    result: AiNodeListResult,
    now: datetime,
    warn: Callable[[str], None],
    *,
    describe: Callable[[RequirementResult], str] = str,
) -> None:
    """Raise an error, or warn, if a requirement is not met.

    Args:
        requirements: the requirements to enforce.
        result: the result of a read.
        now: the current time with a time zone, from which the number of days until an expiry is calculated.
        warn: the function that receives the message in mode ``warn``.
        describe: the function that returns the text for a requirement that is not met.

    Raises:
        RequirementsError: a requirement is not met, and the mode is ``error``. The remedy contains one line for each
            requirement that is not met.
    """
    unmet = [item for item in assess(requirements, result, now) if not item.met]
    if not unmet:
        return
    lines = [*(f"- {describe(item)}" for item in unmet), _NEXT]
    error = RequirementsError(f"the AI nodes of {result.place} do not meet the requirements", "\n".join(lines))
    if requirements.mode == "error":
        raise error
    warn(str(error))


def describe_secret(item: RequirementResult) -> str:
    """Return the text, without values, for an unmet requirement of a list with secret arguments or outputs."""
    return f"{to_camel(item.requirement)}: not met; details are hidden, because an argument or an output is secret"


def assess(requirements: Requirements, result: AiNodeListResult, now: datetime) -> tuple[RequirementResult, ...]:
    """Check each requirement, and return the results in the order of the fields. `now` must have a time zone."""
    given = [name for name in REQUIREMENTS if getattr(requirements, name) is not None]
    # For a region that could not be read, a state can contain nodes from an earlier read, which may be out of date.
    nodes = [node for node in result.instance_model_list if node.region_id not in result.unread]
    results = tuple(_ASSESS[name](requirements, nodes, now) for name in given)
    return tuple(_with_unread(item, result) for item in results) if result.unread else results


def _with_unread(item: RequirementResult, result: AiNodeListResult) -> RequirementResult:
    """Add the regions that could not be read, if their nodes could change the result; it is then not met."""
    if item.met is not (item.requirement in NEEDS_EVERY_NODE):
        return item
    unread = tuple(f"{entry.region} ({entry.outcome})" for entry in result.region_outcomes if not entry.is_read)
    return replace(item, met=False, unread=unread)


def require(
    result: AiNodeListResult, *, now: datetime | None = None, **requirements: Unpack[RequirementArguments]
) -> AiNodeListResult:
    """Return the result of `read_ai_nodes` if it meets the requirements.

    Args:
        result: the result of a read.
        now: the time with a time zone, from which the number of days until an expiry is calculated. Default: the
            current time.
        requirements: the fields of `Requirements`. In mode ``warn``, unmet requirements cause a `UserWarning`.

    Raises:
        InvalidArgumentError: a requirement is invalid, or `now` has no time zone.
        RequirementsError: a requirement is not met. The remedy contains one line for each unmet requirement.
    """
    wanted = build_requirements(requirements, result.query, prefix="")
    enforce(wanted, result, checked_time(now), lambda text: warnings.warn(text, stacklevel=4))
    return result


def checked_time(now: datetime | None) -> datetime:
    """Return `now`, or the current time if `now` is None.

    Raises:
        InvalidArgumentError: `now` has no time zone.
    """
    if now is not None and now.utcoffset() is None:
        raise InvalidArgumentError([Failure("now", "must have a time zone, as in datetime.now(UTC)")])
    return now or utc_now()


# --- One function for each requirement --------------------------------------------------------------------------------

_UNKNOWN = "unknown because of"
_NOTHING = "no AI nodes are listed"

Nodes = Sequence[AiNode]
Assess = Callable[[Requirements, Nodes, datetime], RequirementResult]


def _free_of(requirement: str, resource: str, label: str, unit: str) -> Assess:
    def assess_free(requirements: Requirements, nodes: Nodes, _now: datetime) -> RequirementResult:
        least: int = getattr(requirements, requirement)
        total: int | None = getattr(totals(nodes), resource).free
        asked = f"{label}: at least {least}{unit} required"
        if total is None:
            unknown = [f"{_name(node)} ({_why(node, resource)})" for node in nodes if free(node, resource) is None]
            return _result(requirement, asked, _UNKNOWN, met=False, figure=None, nearest=unknown)
        if total >= least:
            return _result(requirement, asked, f"{total}{unit} found", met=True, figure=total)
        most = sorted(nodes, key=lambda node: free(node, resource) or 0, reverse=True)
        some = [f"{_name(node)} ({free(node, resource)}{unit})" for node in most if free(node, resource)]
        found = _found(nodes, f"{total}{unit}", "most free" if some else "")
        return _result(requirement, asked, found, met=False, figure=total, nearest=some)

    return assess_free


def _found(nodes: Nodes, figure: str, label: str) -> str:
    """Return text such as ``2 found; most free``, or the text for a list without AI nodes."""
    if not nodes:
        return _NOTHING
    return f"{figure} found" + (f"; {label}" if label else "")


def _why(node: AiNode, resource: str) -> str:
    """Return the reason why the free capacity of a node is unknown."""
    missing = [name for name in ("node_count", resource, f"{resource}_used") if getattr(node, name) is None]
    used = getattr(node, f"{resource}_used")
    if missing:
        return f"no {to_camel(missing[0])}"
    whole = capacity(node, resource)
    return f"{used} used of {whole}" if whole is not None else "capacity too large"


def _assess_ready(requirements: Requirements, nodes: Nodes, _now: datetime) -> RequirementResult:
    least = requirements.min_nodes_ready or 0
    asked = f"ready nodes: at least {least} required"
    ready = [node for node in nodes if node.status == READY]
    unknown = [f"{_name(node)} (no nodeCount)" for node in ready if node.node_count is None]
    if unknown:
        return _result("min_nodes_ready", asked, _UNKNOWN, met=False, figure=None, nearest=unknown)
    total = sum(node.node_count or 0 for node in ready)
    if total >= least:
        return _result("min_nodes_ready", asked, f"{total} found", met=True, figure=total)
    others = [f"{_name(node)} ({_status(node)})" for node in nodes if node.status != READY]
    found = _found(nodes, str(total), "not ready" if others else "")
    return _result("min_nodes_ready", asked, found, met=False, figure=total, nearest=others)


def _assess_statuses(requirements: Requirements, nodes: Nodes, _now: datetime) -> RequirementResult:
    wanted = requirements.statuses or ()
    asked = f"status: {' or '.join(wanted)} required for every AI instance"
    statuses = tuple(sorted({_status(node) for node in nodes}))
    others = [f"{_name(node)} ({_status(node)})" for node in nodes if node.status not in wanted]
    found = f"{len(nodes) - len(others)} of {len(nodes)} match" + ("; not matching" if others else "")
    return _result("statuses", asked, found, met=not others, figure=statuses, nearest=others)


def _assess_specs(requirements: Requirements, nodes: Nodes, _now: datetime) -> RequirementResult:
    wanted = dict.fromkeys(requirements.ai_specs or ())
    asked = f"specifications: {', '.join(wanted)} required"
    listed = tuple(sorted({node.ai_spec for node in nodes if node.ai_spec is not None}))
    missing = [spec for spec in wanted if spec not in listed]
    if not missing:
        return _result("ai_specs", asked, "all are listed", met=True, figure=listed)
    near = difflib.get_close_matches(missing[0], listed, n=max(len(listed), 1), cutoff=0)
    found = f"{' and '.join(missing)} missing" + ("; listed" if near else "")
    return _result("ai_specs", asked, found if nodes else _NOTHING, met=False, figure=listed, nearest=near)


def _assess_expiry(requirements: Requirements, nodes: Nodes, now: datetime) -> RequirementResult:
    least = requirements.not_expiring_within_days or 0
    asked = f"subscriptions: none may expire within {plural(least, 'day')}"
    ends = [(parse_time(node.expiration_time), node) for node in nodes if may_end(node, now)]
    known = sorted((end, _name(node), node.expiration_time or "") for end, node in ends if end)
    unknown = [f"{_name(node)} ({_unreadable(node)})" for end, node in ends if not end]
    early = [
        f"{name} ({'expired' if end < now else describe_duration(end - now)}, {text})"
        for end, name, text in known
        if days_left(end, now) < least
    ]
    first = None if unknown or not known else days_left(known[0][0], now)
    if early or unknown:
        found = f"{len(early)} found" if early else _UNKNOWN
        return _result("not_expiring_within_days", asked, found, met=False, figure=first, nearest=[*early, *unknown])
    soonest = f"the next expires {describe_distance(known[0][0], now)}" if known else "none expires"
    return _result("not_expiring_within_days", asked, soonest, met=True, figure=first)


def _unreadable(node: AiNode) -> str:
    return f"expirationTime {(node.expiration_time or '')[:64]!r}" if has_end(node) else "no expirationTime"


def _name(node: AiNode) -> str:
    return node.ai_instance_id or "an AI instance without an ID"


def _status(node: AiNode) -> str:
    return node.status or "no status"


def _result(
    requirement: str,
    asked: str,
    found: str,
    *,
    met: bool,
    figure: int | tuple[str, ...] | None,
    nearest: Sequence[str] = (),
) -> RequirementResult:
    first, more = tuple(nearest[:MAX_NEAREST]), len(nearest[MAX_NEAREST:])
    return RequirementResult(requirement, met, asked, found, figure, first, more)


_ASSESS: dict[str, Assess] = {
    "min_free_gpus": _free_of("min_free_gpus", "gpu", "free GPUs", ""),
    "min_free_gpu_memory": _free_of("min_free_gpu_memory", "gpu_memory", "free GPU memory", " GB"),
    "min_nodes_ready": _assess_ready,
    "statuses": _assess_statuses,
    "ai_specs": _assess_specs,
    "not_expiring_within_days": _assess_expiry,
}
