"""What was counted, over many runs: a file that a later run goes on from."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

STATE = Path(__file__).parents[2] / ".crash"
"""Where the counts are kept; git ignores it. Removing it starts from nothing."""
LATE = 5.0
"""Seconds."""


@dataclass
class Tally:
    """`walked`: points of the current list; `list`: how many lists were walked to the end.
    `late`: recoveries that took longer than they may."""

    name: str
    passed: int = 0
    failed: int = 0
    unreached: int = 0
    slowest: float = 0.0
    late: int = 0
    list: int = 0
    walked: int = 0
    kinds: dict[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls, name: str) -> "Tally":
        path = STATE / f"{name}.json"
        return cls(**json.loads(path.read_text())) if path.exists() else cls(name)

    @property
    def total(self) -> int:
        return self.passed + self.failed

    def tell(self) -> None:
        """The figures, for a person."""
        print(f"{self.name}: {self.total}, {self.failed} of them failed")
        for kind, number in sorted(self.kinds.items()):
            print(f"    {number} of {kind}")
        if self.slowest:
            print(f"    slowest recovery {self.slowest:.2f} s, {self.late} over {LATE:g} s")
        if self.unreached:
            print(f"    {self.unreached} more were not reached: the process took another way")

    def save(self) -> None:
        STATE.mkdir(exist_ok=True)
        new = STATE / f"{self.name}.new"
        new.write_text(json.dumps(asdict(self)))
        new.replace(STATE / f"{self.name}.json")

    def recovered(self, seconds: float) -> bool:
        """Whether it was late."""
        late = seconds > LATE
        self.slowest = max(self.slowest, seconds)
        self.late += late
        return late

    def count(self, kind: str, *, failed: bool) -> None:
        self.passed += not failed
        self.failed += failed
        self.kinds = dict(Counter(self.kinds) + Counter({kind: 1}))
