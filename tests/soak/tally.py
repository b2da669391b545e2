"""What was counted, over many runs: a file that a later run adds to."""

import json
import statistics
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.soak.checker import Verdict
from tests.soak.nemesis import RETURNS

STATE = Path(__file__).parents[2] / ".soak"
"""Where the counts and the traces are kept; git ignores it. Removing it starts from nothing."""

MEDIAN, P99 = 5.0, 60.0
"""Seconds from the moment when a returning address is published to the delivery of what waited."""
GOALS = {"minutes": 60, "messages": 2000, "tor kills": 20, "returns": 300}


@dataclass
class Tally:
    minutes: float = 0.0
    messages: int = 0
    blows: dict[str, int] = field(default_factory=dict)
    waits: dict[str, list[float]] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)

    @classmethod
    def load(cls) -> "Tally":
        path = STATE / "tally.json"
        return cls(**json.loads(path.read_text())) if path.exists() else cls()

    def save(self) -> None:
        new = STATE / "tally.new"
        new.write_text(json.dumps(asdict(self)))
        new.replace(STATE / "tally.json")

    def add(self, minutes: float, verdict: Verdict) -> None:
        self.minutes += minutes
        self.messages += verdict.messages
        self.blows = dict(Counter(self.blows) + verdict.blows)
        for how, waits in verdict.waits.items():
            self.waits[how] = self.waits.get(how, []) + waits
        self.violations += verdict.violations

    def report(self) -> Iterator[str]:
        """What there is so far, each with its goal."""
        counts = {
            "minutes": self.minutes,
            "messages": self.messages,
            "tor kills": self.blows.get("tor killed", 0),
            "returns": sum(self.blows.get(how, 0) for how in RETURNS),
        }
        for name, count in counts.items():
            yield f"{count:,.0f} {name} (goal {GOALS[name]:,})"
        for how, number in sorted(self.blows.items()):
            yield f"{number} times {how}{_spread(self.waits.get(how, []))}"

    def bars(self) -> Iterator[tuple[str, bool]]:
        """Each with whether it is kept."""
        waits = [wait for how in RETURNS for wait in self.waits.get(how, [])]
        lost = len(self.violations)
        yield f"{lost} lost, double, out of order, stuck or alarmed (bar 0)", lost == 0
        if len(waits) > 1:
            median, p99 = statistics.median(waits), percentile(waits, 0.99)
            yield f"published to delivery: median {median:.2f} s (bar {MEDIAN:g})", median < MEDIAN
            yield f"published to delivery: p99 {p99:.2f} s (bar {P99:g})", p99 < P99


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _spread(waits: list[float]) -> str:
    if not waits:
        return ""
    middle, worst = statistics.median(waits), max(waits)
    return f"; {len(waits)} with something that waited: median {middle:.2f} s, worst {worst:.2f} s"
