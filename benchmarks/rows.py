"""One line of the table: two measured figures, their ratio and its target."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["reached", "missed", "shown"]
HEADINGS = ("what", "ours", "beside", "theirs", "ratio", "at most", "verdict")


@dataclass(frozen=True, kw_only=True)
class Row:
    """A comparison.

    Attributes:
        name: what was measured.
        beside: what it is compared with.
        ours, theirs: medians in seconds, or in MiB.
        target: the highest ratio that is accepted; None where the ratio is only shown.
    """

    name: str
    beside: str
    ours: float
    theirs: float
    target: float | None = None
    unit: Literal["s", "MiB"] = "s"

    @property
    def ratio(self) -> float:
        """Ours as a multiple of theirs."""
        return self.ours / self.theirs

    @property
    def verdict(self) -> Verdict:
        """Whether the ratio is within the target."""
        if self.target is None:
            return "shown"
        return "reached" if self.ratio <= self.target else "missed"

    def cells(self) -> tuple[str, ...]:
        """The cells under `HEADINGS`."""
        target = "" if self.target is None else f"{self.target:.2f}"
        figures = (self._figure(self.ours), self.beside, self._figure(self.theirs))
        return (self.name, *figures, f"{self.ratio:.2f}", target, self.verdict)

    def _figure(self, value: float) -> str:
        if self.unit == "MiB":
            return f"{value:.0f} MiB"
        return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.1f} ms"
