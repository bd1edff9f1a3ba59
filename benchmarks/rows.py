"""A line of the table: what ours takes, what stands beside it, the ratio, and whether that is what was aimed at."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

from benchmarks.measuring import PEAK, SECONDS, Figures

DOUBLING = 2.2  # the most that twice the nodes may take

Unit = Literal["s", "MiB"]
Verdict = Literal["reached", "missed", "-"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One comparison; figures are the median's of the rounds, or the fastest's.

    Attributes:
        group: the heading that it stands under.
        name: what was measured.
        beside: what it is compared with.
        ours, theirs: the two figures, in `unit`.
        target: the ratio that it may have at most; None where nothing is aimed at.
        rounds: each round's figure, of both.
    """

    group: str
    name: str
    unit: Unit
    beside: str
    ours: float
    theirs: float
    target: float | None = None
    rounds: Mapping[str, Sequence[float]] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """Ours as a multiple of theirs."""
        return self.ours / self.theirs

    @property
    def verdict(self) -> Verdict:
        """Whether the ratio is what was aimed at."""
        if self.target is None:
            return "-"
        return "reached" if self.ratio <= self.target else "missed"


def compared(
    group: str,
    name: str,
    figure: str,
    *,
    beside: str,
    ours: Sequence[Figures],
    theirs: Sequence[Figures],
    target: float | None = None,
    of: Callable[[Sequence[float]], float] = median,
) -> Row:
    """The row of one figure (`measuring.SECONDS`, `measuring.PEAK`) of two subjects: the median's, or another's."""
    rounds = {"ours": [each[figure] for each in ours], "theirs": [each[figure] for each in theirs]}
    return Row(
        group=group,
        name=name,
        unit="MiB" if figure == PEAK else "s",
        beside=beside,
        ours=of(rounds["ours"]),
        theirs=of(rounds["theirs"]),
        target=target,
        rounds=rounds,
    )


def doubled_row(
    name: str,
    half: int,
    whole: Sequence[Figures],
    before: Sequence[Figures],
    of: Callable[[Sequence[float]], float] = median,
) -> Row:
    """The row of what twice the nodes take: `whole` beside `before`, which had `half` as many."""
    beside = counted(half)
    return compared("growth", name, SECONDS, beside=beside, ours=whole, theirs=before, target=DOUBLING, of=of)


def added(figures: Sequence[Figures], empty: Sequence[Figures]) -> list[Figures]:
    """What each round took beyond the fastest of the empty ones."""
    base = min(each[SECONDS] for each in empty)
    return [{SECONDS: max(each[SECONDS] - base, 1e-4)} for each in figures]


def counted(nodes: int) -> str:
    """``1 node``, ``1,000 nodes``."""
    return f"{nodes:,} node{'' if nodes == 1 else 's'}"
