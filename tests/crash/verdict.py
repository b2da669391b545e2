"""Where a trial strikes, and what is found to be wrong afterwards."""

from dataclasses import dataclass, field

from tests.crash.autopsy import Findings
from tests.crash.profiles import HELLO

KILL = "kill"


@dataclass(frozen=True)
class Point:
    """The `nth` time that this thread of the victim makes this call, and what happens then:
    it is killed, or the call fails. `lasting`: so do all that follow."""

    scene: str
    thread: str
    call: str
    nth: int
    what: str = KILL
    lasting: bool = False


@dataclass
class Verdict:
    """`reached`: the victim got as far as this point. `recovery` in seconds."""

    point: Point
    reached: bool = False
    recovery: float = 0.0
    violations: list[str] = field(default_factory=list)

    def check(self, holds: bool, sentence: str) -> None:
        if not holds:
            self.violations.append(sentence)

    def judge_end(self, name: str, found: Findings, sent: list[str], *, told: bool) -> None:
        """`sent`: what must have come in here; more may have been tried."""
        came = [text for text in found.theirs if text != HELLO]
        self.check(set(sent) <= set(came), f"{name}: lost: {set(sent) - set(came)}")
        self.check(len(set(came)) == len(came), f"{name}: shown twice: {came}")
        self.check(sorted(came) == came, f"{name}: out of order: {came}")
        self.check(not found.damage, f"{name}: damaged: {found.damage}")
        self.check(told or not found.notices, f"{name}: a false alarm: {found.notices}")
        self.check(not found.gaps, f"{name}: a gap")
