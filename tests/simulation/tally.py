"""What all runs together have shown: a file that a later run goes on from."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.simulation.checker import check
from tests.simulation.trace import Trace
from tests.simulation.world import Plan, run

STATE = Path(__file__).parents[2] / ".simulate"
"""Where the counts are kept; git ignores it. Removing it starts from nothing."""


@dataclass
class Verdict:
    """What is left of one run. `healed`: seconds from the last fault until all had arrived."""

    seed: int
    hours: float
    events: int
    seconds: float
    healed: float
    counts: dict[str, int]
    faults: dict[str, int]
    violations: list[str]


@dataclass
class Tally:
    """Over seeds 0 to `next` - 1. `seconds` are of processor time."""

    next: int = 0
    passed: int = 0
    failed: list[int] = field(default_factory=list)
    hours: float = 0.0
    messages: int = 0
    events: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    repeated: int = 0
    faults: dict[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls) -> "Tally":
        path = STATE / "seeds.json"
        return cls(**json.loads(path.read_text())) if path.exists() else cls()

    def save(self) -> None:
        STATE.mkdir(exist_ok=True)
        new = STATE / "seeds.new"
        new.write_text(json.dumps(asdict(self)))
        new.replace(STATE / "seeds.json")

    def add(self, verdict: Verdict) -> None:
        self.next = max(self.next, verdict.seed + 1)
        if verdict.violations:
            self.failed.append(verdict.seed)
        else:
            self.passed += 1
        self.hours += verdict.hours
        self.messages += verdict.counts.get("accepted", 0)
        self.events += verdict.events
        self.seconds += verdict.seconds
        self.slowest = max(self.slowest, verdict.healed)
        self.repeated += is_repeated(verdict.seed)
        self.faults = dict(Counter(self.faults) + Counter(verdict.faults))


def is_repeated(seed: int) -> bool:
    """One in a hundred is run twice."""
    return seed % 100 == 0


def judge(plan: Plan) -> Verdict:
    """Run a seed, and look at what it left; some twice, which must be the same."""
    trace = run(plan)
    violations = check(trace.entries)
    if is_repeated(plan.seed) and run(plan).digest() != trace.digest():
        violations.append("a second run of this seed went another way")
    faults = Counter(entry.words[0] for entry in trace.entries if entry.what == "fault")
    phases = {entry.words[0]: entry.at for entry in trace.entries if entry.what == "phase"}
    return Verdict(
        plan.seed,
        plan.hours,
        trace.events,
        trace.seconds,
        phases["end"] - phases["quiet"],
        dict(trace.counts),
        dict(faults),
        violations,
    )


def story(trace: Trace) -> str:
    return "\n".join(map(str, trace.entries))
