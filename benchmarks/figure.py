"""One figure of a benchmark: ours and a peer's, measured beside each other in one run.

A time alone says more about the machine than about the program. What is compared, and what
a change is judged by, is the ratio; the absolute figures stand beside it for orientation.
"""

from dataclasses import dataclass

HEADING = (
    f"{'figure: its peer':<46} {'ours':>8} {'peer':>8} {'unit':<8}"
    f" {'ratio':>6} {'bar':>5} {'goal':>5}  verdict"
)


@dataclass(frozen=True, slots=True)
class Figure:
    """`ratio`: ours / peer; where there are rounds, the median of theirs, so that it need not
    be the quotient of the two medians `ours` and `peer`. `bar` must be met and `goal` is hoped
    for; both are ratios, None where there is none."""

    name: str
    ours: float
    peer: float
    unit: str
    ratio: float
    higher_is_better: bool
    bar: float | None = None
    goal: float | None = None
    note: str = ""

    @property
    def missed(self) -> bool:
        """Is there a bar, and is the ratio on the wrong side of it?"""
        return self.bar is not None and not self._reaches(self.bar)

    @property
    def verdict(self) -> str:
        if self.missed:
            return "MISSED"
        if self.goal is not None and self._reaches(self.goal):
            return "goal"
        return "-" if self.bar is None else "ok"

    def _reaches(self, line: float) -> bool:
        return self.ratio >= line if self.higher_is_better else self.ratio <= line

    def __str__(self) -> str:
        row = (
            f"{self.name:<46} {_number(self.ours):>8} {_number(self.peer):>8} {self.unit:<8}"
            f" {self.ratio:>5.2f}x {_line(self.bar):>5} {_line(self.goal):>5}  {self.verdict:<7}"
        )
        return f"{row} {self.note}".rstrip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _line(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"
