"""What a program requires of the AI nodes before it goes on, and whether they are so: pure, the clock is handed in.

A figure that is not known never meets a requirement, and neither does an AI instance that is not there: where nothing
is listed, no minimum is met. Of several regions, one that could not be read counts for nothing, and what is asked of
every AI instance is not known then.
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

from .clock import utc_now
from .core.read import capacity, free, totals
from .drift import moment
from .errors import Failure, InvalidArgumentError, RequirementsError
from .models import ARGUMENTS, MAX_EXACT_INTEGER, AiNode, AiNodeListResult, Query, build_arguments, lossless_integer
from .names import to_camel

READY = "ResourceReady"
SUBSCRIPTION = "PrePaid"
MAX_NEAREST = 3

Mode = Literal["error", "warn"]
Clock = Callable[[], datetime]

_Count = Annotated[int, BeforeValidator(lossless_integer), Field(ge=0, le=MAX_EXACT_INTEGER)]


def _refuse_none(texts: tuple[str, ...]) -> tuple[str, ...]:
    """An empty list would be met by nothing, or by everything: it is a mistake."""
    if not texts:
        raise ValueError("must not be empty")
    return texts


_Texts = Annotated[tuple[Annotated[str, Strict(), Field(min_length=1)], ...], AfterValidator(_refuse_none)]


@dataclass(frozen=True, slots=True, kw_only=True, config=ARGUMENTS)
class Requirements:
    """What the listed AI nodes must be. All that is given must be met; a figure that is unknown meets nothing."""

    min_free_gpus: Annotated[
        _Count | None, Field(description="So many GPU cards at least are free, over all listed nodes.")
    ] = None
    min_free_gpu_memory: Annotated[
        _Count | None, Field(description="So much GPU memory at least is free, in GB, over all listed nodes.")
    ] = None
    min_nodes_ready: Annotated[
        _Count | None, Field(description="So many nodes at least are listed in status ResourceReady.")
    ] = None
    statuses: Annotated[_Texts | None, Field(description="Every listed AI instance is in one of these statuses.")] = (
        None
    )
    ai_specs: Annotated[
        _Texts | None, Field(description="Of each of these specifications at least one AI instance is listed.")
    ] = None
    not_expiring_within_days: Annotated[
        _Count | None,
        Field(
            description="No listed subscription ends within so many days, from the moment of the read, unless it is "
            "known to renew by itself."
        ),
    ] = None
    mode: Annotated[
        Mode, Field(description="Whether what is not met is an error, or a warning with which the program goes on.")
    ] = "error"


class RequirementArguments(TypedDict, total=False):
    """The fields of `Requirements` as arguments of a Python function."""

    min_free_gpus: int | None
    min_free_gpu_memory: int | None
    min_nodes_ready: int | None
    statuses: Sequence[str] | None
    ai_specs: Sequence[str] | None
    not_expiring_within_days: int | None
    mode: Mode


# What is required of the nodes, and what of that needs the figures that a query may leave out.
REQUIREMENTS = tuple(field.name for field in fields(Requirements) if field.name != "mode")
OF_USAGE = ("min_free_gpus", "min_free_gpu_memory")
OF_EVERY = ("statuses", "not_expiring_within_days")  # asked of each AI instance, and so of those that nobody saw


@plain_dataclass(frozen=True, slots=True)
class RequirementResult:
    """What became of one requirement.

    Attributes:
        requirement: its name among the fields of `Requirements`.
        met: whether it is met.
        asked: what was required, in words.
        found: what there is, in words.
        figure: what there is: a count, the texts that are there, or days; None where it is not known.
        nearest: the AI instances, or the specifications, that come next to it, at most 3, each with its figure.
        more: how many others there are.
        unread: the regions that could not be read, each with what came of it, where with them it might be met.
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
        gaps = f"; could not be read: {', '.join(self.unread)}" if self.unread else ""
        return f"{self.asked}, {self.found}" + (f": {listed}" if listed else "") + gaps


def build_requirements(
    arguments: Mapping[str, object], query: Query | None = None, *, prefix: str = "requirements."
) -> Requirements:
    """`Requirements` from arguments in Python's or the wire's spelling; None means left out.

    Args:
        arguments: what is required.
        query: what the nodes are read with, where it is known.
        prefix: what stands before the name of an argument in a message.

    Raises:
        InvalidArgumentError: one failure for each argument that is unknown or can't be meant, also of these nodes.
    """
    built = build_arguments(Requirements, arguments, prefix)
    asked = [name for name in REQUIREMENTS if getattr(built, name) is not None]
    if not asked:
        raise InvalidArgumentError([Failure(prefix.rstrip(".") or "requirements", "nothing is required")])
    if query is not None and not query.include_usage:
        check_usage(arguments, prefix)
    return built


def check_usage(arguments: Mapping[str, object], prefix: str = "requirements.") -> None:
    """Refuse what needs usage figures, of a list that leaves them out.

    Raises:
        InvalidArgumentError: one failure for each such argument.
    """
    of_usage = {*OF_USAGE, *map(to_camel, OF_USAGE)}
    reason = "can't be told without the usage figures, which the query leaves out"
    needs = [name for name, value in arguments.items() if name in of_usage and value is not None]
    if needs:
        raise InvalidArgumentError([Failure(prefix + name, reason) for name in needs])


def enforce(
    requirements: Requirements,
    result: AiNodeListResult,
    now: datetime,
    warn: Callable[[str], None],
    *,
    secret: bool = False,
) -> None:
    """Raise, or warn, where a requirement is not met; with `secret`, in words that show neither nodes nor values.

    Raises:
        RequirementsError: in mode error, with a line for each requirement that is not met.
    """
    missed = unmet(requirements, result, now)
    if not missed:
        return
    title = f"the AI nodes of {result.place} don't meet the requirements"
    error = RequirementsError(title, "\n".join([*(f"- {_told(item, secret)}" for item in missed), _NEXT]))
    if requirements.mode == "error":
        raise error
    warn(str(error))


_NEXT = 'Free or add what is missing, or ask for less; with mode "warn" this is a warning.'


def _told(finding: RequirementResult, secret: bool) -> str:
    hidden = f"{to_camel(finding.requirement)}: not met; a secret is among the arguments, so no more is shown"
    return hidden if secret else str(finding)


def unmet(requirements: Requirements, result: AiNodeListResult, now: datetime) -> tuple[RequirementResult, ...]:
    """The requirements that are not met."""
    return tuple(finding for finding in assess(requirements, result, now) if not finding.met)


def assess(requirements: Requirements, result: AiNodeListResult, now: datetime) -> tuple[RequirementResult, ...]:
    """What became of each requirement, in the order of the fields; `now` has a time zone."""
    given = [name for name in REQUIREMENTS if getattr(requirements, name) is not None]
    # What a state has kept of a region that could not be read is no news of it.
    nodes = [node for node in result.instance_model_list if node.region_id not in result.unread]
    findings = tuple(_JUDGES[name](requirements, nodes, now) for name in given)
    return tuple(_with_gaps(finding, result) for finding in findings) if result.unread else findings


def _with_gaps(finding: RequirementResult, result: AiNodeListResult) -> RequirementResult:
    """The finding as it is where regions could not be read: what more nodes could change is not known."""
    if finding.met is not (finding.requirement in OF_EVERY):
        return finding
    gaps = tuple(f"{item.region} ({item.outcome})" for item in result.region_outcomes if not item.is_read)
    return replace(finding, met=False, unread=gaps)


def require(
    result: AiNodeListResult, *, now: datetime | None = None, **requirements: Unpack[RequirementArguments]
) -> AiNodeListResult:
    """The result of `read_ai_nodes` itself, once it meets what is required; the arguments are `Requirements`' fields.

    Args:
        result: the nodes.
        now: the moment from which days are counted, with a time zone; by default the present one.
        requirements: what they must be. In mode "warn", what is not met is a `UserWarning`.

    Raises:
        InvalidArgumentError: a requirement can't be meant.
        RequirementsError: a requirement is not met; a line for each.
    """
    wanted = build_requirements(requirements, result.query, prefix="")
    enforce(wanted, result, checked_time(now), lambda text: warnings.warn(text, stacklevel=4))
    return result


def checked_time(now: datetime | None) -> datetime:
    """The moment from which days are counted.

    Raises:
        InvalidArgumentError: it has no time zone.
    """
    if now is not None and now.utcoffset() is None:
        raise InvalidArgumentError([Failure("now", "a time with a time zone is expected, such as datetime.now(UTC)")])
    return now or utc_now()


# --- The judges -------------------------------------------------------------------------------------------------------

_UNKNOWN = "not known because of"
_NOTHING = "no AI nodes are listed"

Nodes = Sequence[AiNode]
Judge = Callable[[Requirements, Nodes, datetime], RequirementResult]


def _judge_free(requirement: str, resource: str, asked: str, unit: str) -> Judge:
    def judge(requirements: Requirements, nodes: Nodes, _now: datetime) -> RequirementResult:
        least: int = getattr(requirements, requirement)
        there: int | None = getattr(totals(nodes), resource).free
        said = f"{asked}: at least {least}{unit} asked"
        if there is None:
            unknown = [f"{_name(node)} ({_why(node, resource)})" for node in nodes if free(node, resource) is None]
            return _finding(requirement, said, _UNKNOWN, met=False, figure=None, nearest=unknown)
        if there >= least:
            return _finding(requirement, said, f"{there}{unit} found", met=True, figure=there)
        most = sorted(nodes, key=lambda node: free(node, resource) or 0, reverse=True)
        some = [f"{_name(node)} ({free(node, resource)}{unit})" for node in most if free(node, resource)]
        found = _found(nodes, f"{there}{unit}", "the most at" if some else "")
        return _finding(requirement, said, found, met=False, figure=there, nearest=some)

    return judge


def _found(nodes: Nodes, figure: str, label: str) -> str:
    """``2 found, the most at``; where nothing is listed at all, that."""
    if not nodes:
        return _NOTHING
    return f"{figure} found" + (f", {label}" if label else "")


def _why(node: AiNode, resource: str) -> str:
    """Why it is not known what a node has free."""
    missing = [name for name in ("node_count", resource, f"{resource}_used") if getattr(node, name) is None]
    used = getattr(node, f"{resource}_used")
    return f"no {to_camel(missing[0])}" if missing else f"{used} used of {capacity(node, resource)}"


def _judge_ready(requirements: Requirements, nodes: Nodes, _now: datetime) -> RequirementResult:
    least = requirements.min_nodes_ready or 0
    said = f"ready nodes: at least {least} asked"
    ready = [node for node in nodes if node.status == READY]
    unknown = [f"{_name(node)} (no nodeCount)" for node in ready if node.node_count is None]
    if unknown:
        return _finding("min_nodes_ready", said, _UNKNOWN, met=False, figure=None, nearest=unknown)
    there = sum(node.node_count or 0 for node in ready)
    if there >= least:
        return _finding("min_nodes_ready", said, f"{there} found", met=True, figure=there)
    others = [f"{_name(node)} ({_status(node)})" for node in nodes if node.status != READY]
    found = _found(nodes, str(there), "not ready" if others else "")
    return _finding("min_nodes_ready", said, found, met=False, figure=there, nearest=others)


def _judge_statuses(requirements: Requirements, nodes: Nodes, _now: datetime) -> RequirementResult:
    wanted = requirements.statuses or ()
    said = f"status: {' or '.join(wanted)} asked of every AI instance"
    there = tuple(sorted({_status(node) for node in nodes}))
    others = [f"{_name(node)} ({_status(node)})" for node in nodes if node.status not in wanted]
    if not others:
        return _finding("statuses", said, f"{len(nodes)} of {len(nodes)} in it", met=True, figure=there)
    found = f"{len(nodes) - len(others)} of {len(nodes)} in it, but not"
    return _finding("statuses", said, found, met=False, figure=there, nearest=others)


def _judge_specs(requirements: Requirements, nodes: Nodes, _now: datetime) -> RequirementResult:
    wanted = dict.fromkeys(requirements.ai_specs or ())
    said = f"specifications: {', '.join(wanted)} asked"
    there = tuple(sorted({node.ai_spec for node in nodes if node.ai_spec is not None}))
    missing = [spec for spec in wanted if spec not in there]
    if not missing:
        return _finding("ai_specs", said, "all listed", met=True, figure=there)
    near = difflib.get_close_matches(missing[0], there, n=max(len(there), 1), cutoff=0)
    found = f"no {' and no '.join(missing)} listed" + (", but" if near else "")
    return _finding("ai_specs", said, found if nodes else _NOTHING, met=False, figure=there, nearest=near)


def _judge_expiry(requirements: Requirements, nodes: Nodes, now: datetime) -> RequirementResult:
    least = requirements.not_expiring_within_days or 0
    said = f"subscriptions: none asked that ends within {_until(least)}"
    ends = {node: _days_left(node, now) for node in nodes if _may_end(node)}
    known = sorted((days, node.expiration_time or "", _name(node)) for node, days in ends.items() if days is not None)
    unknown = [f"{_name(node)} ({_unread(node)})" for node, days in ends.items() if days is None]
    early = [f"{name} ({_until(days)}, {text})" for days, text, name in known if days < least]
    first = None if unknown or not known else known[0][0]
    if early or unknown:
        found = f"{len(early)} found" if early else _UNKNOWN
        return _finding("not_expiring_within_days", said, found, met=False, figure=first, nearest=[*early, *unknown])
    soonest = "none found that ends" if first is None else f"the first ends in {_until(first)}"
    return _finding("not_expiring_within_days", said, soonest, met=True, figure=first)


def _may_end(node: AiNode) -> bool:
    """Whether it is a subscription that is not known to renew; what has an end and no billing may be one."""
    may_be = node.charge_type == SUBSCRIPTION or (node.charge_type is None and node.expiration_time is not None)
    return may_be and node.auto_renewal is not True


def _days_left(node: AiNode, now: datetime) -> int | None:
    """Whole days until the end, less than 0 once it has passed; None where the end is not known."""
    end = moment(node.expiration_time)
    return None if end is None else (end - now).days


def _unread(node: AiNode) -> str:
    text = node.expiration_time
    return "no expirationTime" if text is None else f"expirationTime {text[:64]!r}"


def _until(days: int) -> str:
    if days < 0:
        return "ended"
    return "1 day" if days == 1 else f"{days} days"


def _name(node: AiNode) -> str:
    return node.ai_instance_id or "an AI instance without an ID"


def _status(node: AiNode) -> str:
    return node.status or "no status"


def _finding(
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


_JUDGES: dict[str, Judge] = {
    "min_free_gpus": _judge_free("min_free_gpus", "gpu", "free GPUs", ""),
    "min_free_gpu_memory": _judge_free("min_free_gpu_memory", "gpu_memory", "free GPU memory", " GB"),
    "min_nodes_ready": _judge_ready,
    "statuses": _judge_statuses,
    "ai_specs": _judge_specs,
    "not_expiring_within_days": _judge_expiry,
}
