"""Expiries of subscriptions: of one AI instance, and as a time line over 12 months. Pure functions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ....clock import describe_duration, parse_time
from ....core.result import ends_within, has_end, is_pay_as_you_go, may_end
from ....models import AiNode
from ...output import NEAR
from .values import bounded, day

LAST = 97  # percent of the line; after it there is no room for a label
WEEKS = 52
MAX_ROWS = 12

# Pixels: the room above the highest column, the minimum and maximum height of that column, and the maximum height
# of one AI instance.
TOP, LEAST_HEIGHT, MOST_HEIGHT, MOST_UNIT = 24, 42, 98, 14


@dataclass(frozen=True)
class Expiry:
    """The end of one AI instance's subscription, in words; `iso` is empty if the API's text is not a time."""

    date: str
    iso: str = ""
    left: str = ""
    renewal: str = ""
    is_urgent: bool = False


_RENEWAL = {True: "renews automatically", False: "does not renew", None: "renewal not known"}


def _renewal(node: AiNode) -> str:
    return "pay as you go" if is_pay_as_you_go(node) else _RENEWAL[node.auto_renewal]


def expiry_of(node: AiNode, now: datetime) -> Expiry | None:
    """Return the expiry of a node; None if the API returns none."""
    if not has_end(node):
        return None
    end = parse_time(node.expiration_time)
    if end is None:
        return Expiry(bounded(node.expiration_time), renewal=_renewal(node))
    return Expiry(
        date=day(end),
        iso=end.isoformat(),
        left=f"in {describe_duration(end - now)}" if end >= now else f"{describe_duration(end - now)} ago",
        renewal=_renewal(node),
        is_urgent=ends_within(node, now, NEAR),
    )


@dataclass(frozen=True)
class Mark:
    """A bar of the time line, for the subscriptions that end within one week.

    Attributes:
        x: the left edge, in percent of the width of the time line.
        width: in percent of the width of the time line.
        ends: the number of subscriptions that end.
        renews: the number of those that renew or are pay-as-you-go.
        unit: the height of one subscription, in pixels.
        base: the distance of the base line from the top, in pixels.
    """

    x: float
    width: float
    ends: int
    renews: int
    unit: float
    base: int

    @property
    def middle(self) -> float:
        """The middle of the column, in percent."""
        return round(self.x + self.width / 2, 2)

    @property
    def total(self) -> int:
        """The number of subscriptions that end."""
        return self.ends + self.renews

    @property
    def ends_height(self) -> float:
        """The height of the solid part of the bar: subscriptions that end."""
        return round(self.ends * self.unit, 1)

    @property
    def renews_height(self) -> float:
        """The height of the hollow part of the bar, above the solid part: subscriptions that stay."""
        return round(self.renews * self.unit, 1)

    @property
    def ends_y(self) -> float:
        """The y coordinate of the top of the solid part of the bar."""
        return round(self.base - self.ends_height, 1)

    @property
    def renews_y(self) -> float:
        """The y coordinate of the top of the hollow part of the bar."""
        return round(self.ends_y - self.renews_height, 1)


@dataclass(frozen=True)
class Month:
    """A label of the time line: the first day of a month, at `x` percent of the width. Only the first label and January
    have a `year`."""

    x: float
    label: str
    year: str

    @property
    def has_room(self) -> bool:
        """Whether there is room for the label before the end of the line."""
        return self.x < LAST


@dataclass(frozen=True)
class Drawing:
    """The time line as geometry: the base line, in pixels, a mark for each week with expiries, and the months."""

    base: int
    marks: tuple[Mark, ...]
    months: tuple[Month, ...]


@dataclass(frozen=True)
class Counts:
    """The numbers of AI instances by the time at which they end.

    Attributes:
        near_staying: of `near`, those that renew automatically or are pay-as-you-go.
        unread: those whose end is not a valid time.
        none: those without an end.
    """

    ended: int
    near: int
    near_staying: int
    within: int
    later: int
    unread: int
    none: int


@dataclass(frozen=True)
class ExpiryRow:
    """One AI instance whose subscription has an end."""

    name: str
    owner: str
    expiry: Expiry


@dataclass(frozen=True)
class TimeLine:
    """The expiries in the 12 months after the read; `others` is the number of rows beyond `MAX_ROWS`."""

    start: str
    end: str
    drawing: Drawing
    counts: Counts
    rows: tuple[ExpiryRow, ...]
    others: int


End = tuple[datetime, AiNode]


def build_time_line(nodes: Sequence[AiNode], now: datetime) -> TimeLine:
    """Return the time line of the nodes' expiries over 12 months from `now`."""
    end = _in_a_year(now)
    known = _ends(nodes)
    listed = [(at, node) for at, node in known if at < end]
    return TimeLine(
        start=day(now),
        end=day(end),
        drawing=_draw([(at, node) for at, node in listed if at >= now], now, end),
        counts=_count_ends(nodes, known, now, end),
        rows=tuple(_rows([node for _, node in listed[:MAX_ROWS]], now)),
        others=max(len(listed) - MAX_ROWS, 0),
    )


def _count_ends(nodes: Sequence[AiNode], known: Sequence[End], now: datetime, end: datetime) -> Counts:
    within = [(at, node) for at, node in known if now <= at < end]
    near = [node for at, node in within if at - now < timedelta(days=NEAR)]
    given = len([node for node in nodes if has_end(node)])
    return Counts(
        ended=len([at for at, _ in known if at < now]),
        near=len(near),
        near_staying=len([node for node in near if not may_end(node)]),
        within=len(within),
        later=len([at for at, _ in known if at >= end]),
        unread=given - len(known),
        none=len(nodes) - given,
    )


def _draw(within: Sequence[End], now: datetime, end: datetime) -> Drawing:
    columns = _columns(within, now, end)
    most = max((sum(both) for both in columns.values()), default=1)
    height = min(max(most * MOST_UNIT, LEAST_HEIGHT), MOST_HEIGHT)
    marks = _marks(columns, min(MOST_UNIT, height / most), TOP + height)
    return Drawing(TOP + height, tuple(marks), tuple(_months(now, end)))


def _ends(nodes: Sequence[AiNode]) -> list[End]:
    """Return the nodes whose end is a valid time, the earliest first."""
    known = [(at, node) for node in nodes if (at := parse_time(node.expiration_time)) is not None]
    return sorted(known, key=lambda item: (item[0], item[1].ai_instance_id or ""))


def _in_a_year(now: datetime) -> datetime:
    try:
        return now.replace(year=now.year + 1)
    except ValueError:  # from 29 February
        return now.replace(year=now.year + 1, day=28)


def _columns(within: Sequence[End], now: datetime, end: datetime) -> dict[int, tuple[int, int]]:
    """Return for each week how many subscriptions end or may end, and how many renew or are pay-as-you-go."""
    columns: dict[int, tuple[int, int]] = {}
    for at, node in within:
        column = int((at - now) / (end - now) * WEEKS)
        ends, renews = columns.get(column, (0, 0))
        columns[column] = (ends + 1, renews) if may_end(node) else (ends, renews + 1)
    return columns


def _marks(columns: Mapping[int, tuple[int, int]], unit: float, base: int) -> Iterator[Mark]:
    width = 100 / WEEKS
    for column, (ends, renews) in sorted(columns.items()):
        yield Mark(round(column * width + 0.15, 2), round(width - 0.3, 2), ends, renews, unit, base)


def _months(now: datetime, end: datetime) -> Iterator[Month]:
    at = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    first = True
    while (at := _next_month(at)) < end:
        yield Month(round((at - now) / (end - now) * 100, 2), f"{at:%b}", f"{at:%Y}" if first or at.month == 1 else "")
        first = False


def _next_month(at: datetime) -> datetime:
    return at.replace(year=at.year + at.month // 12, month=at.month % 12 + 1)


def _rows(nodes: Sequence[AiNode], now: datetime) -> Iterator[ExpiryRow]:
    for node in nodes:
        expiry = expiry_of(node, now)
        if expiry is not None:
            yield ExpiryRow(bounded(node.ai_instance_id), bounded(node.holo_instance_name), expiry)
