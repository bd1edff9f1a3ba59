"""Expiries of subscriptions: of one AI instance, and as a timeline of 12 months. All functions are pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ....clock import describe_distance, parse_time
from ....core.result import ends_within, has_end, is_pay_as_you_go, may_end
from ....models import AiNode
from ...output import NEAR

LAST = 97  # percent of the timeline; to the right of it, there is no space for a label
WEEKS = 52
MAX_ROWS = 12

# Pixels: the space above the highest bar, the minimum and maximum height of the highest bar, and the maximum height of
# one AI instance.
TOP, LEAST_HEIGHT, MOST_HEIGHT, MOST_UNIT = 24, 42, 98, 14

_RENEWAL = {True: "renews automatically", False: "does not renew", None: "renewal unknown"}


def format_day(time: datetime) -> str:
    """Return a day such as ``28 Jan 2026``, in UTC."""
    return f"{time.astimezone(UTC):%d %b %Y}".removeprefix("0")


@dataclass(frozen=True)
class Expiry:
    """The expiry of a subscription as text. `iso` is empty if the API returned an invalid time."""

    date: str
    renewal: str
    iso: str = ""
    left: str = ""
    is_urgent: bool = False


def expiry_of(node: AiNode, now: datetime) -> Expiry | None:
    """Return the expiry of a node; None if the API returned no expiry time."""
    if not has_end(node):
        return None
    renewal = "pay as you go" if is_pay_as_you_go(node) else _RENEWAL[node.auto_renewal]
    end = parse_time(node.expiration_time)
    if end is None:
        return Expiry(str(node.expiration_time), renewal)
    left = describe_distance(end, now)
    return Expiry(format_day(end), renewal, end.isoformat(), left, ends_within(node, now, NEAR))


@dataclass(frozen=True)
class Mark:
    """A bar of the timeline, for the subscriptions that expire within one week.

    Attributes:
        x, width, middle: the left edge, the width and the middle, in percent of the width of the timeline.
        ends, ends_y, ends_height: the number of subscriptions that do not renew, and the top and the height of the
            solid part of the bar, in pixels.
        renews, renews_y, renews_height: the number of AI instances that renew or are pay-as-you-go, and the top and
            the height of the hollow part of the bar, which is above the solid part.
    """

    x: float
    width: float
    middle: float
    ends: int
    ends_y: float
    ends_height: float
    renews: int
    renews_y: float
    renews_height: float


@dataclass(frozen=True)
class Month:
    """The first day of a month, at `x` percent of the width of the timeline.

    Only the first month and January have a `year`. A month at the right edge has no label, because there is no space.
    """

    x: float
    label: str
    year: str


@dataclass(frozen=True)
class Counts:
    """The numbers of AI instances by expiry time.

    Attributes:
        near_staying: the number of instances in `near` that renew automatically or are pay-as-you-go.
        unread: the number of instances with an invalid expiry time.
        none: the number of instances without an expiry time.
    """

    ended: int
    near: int
    near_staying: int
    within: int
    later: int
    unread: int
    none: int


@dataclass(frozen=True)
class TimeLine:
    """The expiries in the 12 months after the read.

    Attributes:
        start, end: the first and the last day of the timeline; the first day is the day of the read.
        base: the position of the axis, in pixels from the top.
        marks: a bar for each week in which a subscription expires.
        rows: the `MAX_ROWS` AI instances that expire first, including expired ones, with their expiries.
        others: the number of AI instances that are not in `rows`.
    """

    start: str
    end: str
    counts: Counts
    base: int
    marks: tuple[Mark, ...]
    months: tuple[Month, ...]
    rows: tuple[tuple[AiNode, Expiry | None], ...]
    others: int


End = tuple[datetime, AiNode]


def build_time_line(nodes: Sequence[AiNode], now: datetime) -> TimeLine:
    """Return the timeline of the expiries of the nodes in the 12 months after `now`."""
    end = now.replace(year=now.year + 1, day=28 if (now.month, now.day) == (2, 29) else now.day)
    known = _ends(nodes)
    listed = [node for at, node in known if at < end]
    # The number of subscriptions by week, and by whether they can end.
    weeks = Counter(
        (int((at - now) / (end - now) * WEEKS), may_end(node, now)) for at, node in known if now <= at < end
    )
    most = max((weeks[week, True] + weeks[week, False] for week, _ in weeks), default=1)
    height = min(max(most * MOST_UNIT, LEAST_HEIGHT), MOST_HEIGHT)
    return TimeLine(
        start=format_day(now),
        end=format_day(end),
        counts=_count_ends(nodes, known, now, end),
        base=TOP + height,
        marks=tuple(_marks(weeks, min(MOST_UNIT, height / most), TOP + height)),
        months=_months(now, end),
        rows=tuple((node, expiry_of(node, now)) for node in listed[:MAX_ROWS]),
        others=max(len(listed) - MAX_ROWS, 0),
    )


def _count_ends(nodes: Sequence[AiNode], known: Sequence[End], now: datetime, end: datetime) -> Counts:
    within = [(at, node) for at, node in known if now <= at < end]
    near = [node for at, node in within if at - now < timedelta(days=NEAR)]
    given = sum(map(has_end, nodes))
    return Counts(
        ended=sum(at < now for at, _ in known),
        near=len(near),
        near_staying=sum(not may_end(node, now) for node in near),
        within=len(within),
        later=sum(at >= end for at, _ in known),
        unread=given - len(known),
        none=len(nodes) - given,
    )


def _ends(nodes: Sequence[AiNode]) -> list[End]:
    """Return the nodes with a valid expiry time, in the order of the expiry times."""
    known = [(at, node) for node in nodes if (at := parse_time(node.expiration_time)) is not None]
    return sorted(known, key=lambda item: (item[0], item[1].ai_instance_id or ""))


def _marks(weeks: Counter[tuple[int, bool]], unit: float, base: int) -> Iterator[Mark]:
    """Yield a bar for each week. Each subscription has a height of `unit` pixels."""
    width = 100 / WEEKS
    for week in sorted({week for week, _ in weeks}):
        x, shown_width = round(week * width + 0.15, 2), round(width - 0.3, 2)
        ends, renews = weeks[week, True], weeks[week, False]
        ends_height, renews_height = round(ends * unit, 1), round(renews * unit, 1)
        ends_y = round(base - ends_height, 1)
        renews_y = round(ends_y - renews_height, 1)
        middle = round(x + shown_width / 2, 2)
        yield Mark(x, shown_width, middle, ends, ends_y, ends_height, renews, renews_y, renews_height)


def _months(now: datetime, end: datetime) -> tuple[Month, ...]:
    at = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    months: list[Month] = []
    while (at := at.replace(year=at.year + at.month // 12, month=at.month % 12 + 1)) < end:
        x = round((at - now) / (end - now) * 100, 2)
        label, year = (f"{at:%b}", f"{at:%Y}" if not months or at.month == 1 else "") if x < LAST else ("", "")
        months.append(Month(x, label, year))
    return tuple(months)
