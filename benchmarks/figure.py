"""One figure of a benchmark: ours and a peer's, measured beside each other in one run.

A time alone says more about the machine than about the program. What is compared, and what
a change is judged by, is the ratio; the absolute figures stand beside it for orientation.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`ratio`: ours / peer, the median of those of the rounds, so that it need not be the
    quotient of the two medians `ours` and `peer`. `bar` must be met and `goal` is hoped for;
    both are ratios, None where there is none."""

    name: str
    ours: float
    peer: float
    ratio: float
    bar: float | None
    goal: float | None
    higher_is_better: bool
    note: str

    def reaches(self, line: float | None) -> bool:
        """Is the ratio on the right side of this bar or goal? None is always reached."""
        if line is None:
            return True
        return self.ratio >= line if self.higher_is_better else self.ratio <= line

    def __str__(self) -> str:
        lines = "".join(
            f", {name} {line:.2f} {'reached' if self.reaches(line) else 'MISSED'}"
            for name, line in (("bar", self.bar), ("goal", self.goal))
            if line is not None
        )
        return f"{self.name:<44} {self.ours:>10,.0f} {self.peer:>10,.0f} {self.ratio:>6.2f}x{lines}"
