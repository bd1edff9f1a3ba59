"""One line of the table: two measured figures, their ratio and its target."""

from dataclasses import dataclass
from typing import Literal

HEADINGS = ("what", "ours", "beside", "theirs", "ratio", "at most", "verdict")


@dataclass(frozen=True)
class Row:
    """A comparison of two figures, in seconds or MiB; without a target, the ratio has no verdict."""

    name: str
    beside: str
    ours: float
    theirs: float
    target: float | None = None
    unit: Literal["s", "MiB"] = "s"

    @property
    def verdict(self) -> Literal["reached", "missed", "shown"]:
        """Whether the ratio is within the target."""
        if self.target is None:
            return "shown"
        return "reached" if self.ours <= self.target * self.theirs else "missed"

    def cells(self) -> tuple[str, ...]:
        """Return the cells in the order of `HEADINGS`."""
        ratio, target = f"{self.ours / self.theirs:.2f}", "" if self.target is None else f"{self.target:.2f}"
        return (self.name, self._figure(self.ours), self.beside, self._figure(self.theirs), ratio, target, self.verdict)

    def _figure(self, value: float) -> str:
        if self.unit == "MiB":
            return f"{value:.0f} MiB"
        return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.1f} ms"
