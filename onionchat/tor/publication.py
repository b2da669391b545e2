"""When an onion counts as published, and when to put it up again.

tor answers ADD_ONION before anything is on the network, and it does not repeat a
descriptor upload that failed without an answer: it says nothing and waits for the next
round, 60 to 120 minutes later. So the uploads are counted here.

A round is one upload of one descriptor to every directory tor chose for it (two
descriptors are live at a time; on the real network 8 directories each, fewer on a small
one). `published` turns true when at least half of the uploads of every live round were
accepted, and false when the onion goes down. A round in trouble is repaired by taking
the onion down and putting it up again:

  at once        every upload was answered, and fewer than half were accepted
  after 90 s     nothing was accepted
  after 180 s    some, but fewer than half
  then           after 5, 15, 60 minutes at the least, until a round succeeds

An onion that is published is still not reachable without an introduction point. When the relay
next to us dies all are lost at once; tor makes new ones, but only so many within five minutes,
and after that it says nothing and waits (seen: nobody could come for 218 s). So their circuits
are counted too, where tor shows them:

  after 20 s     all introduction points that there were are gone

The clocks run only while tor can build circuits. Between down and up lie 3 s: a
descriptor's revision is its second, and directories refuse one that is not newer.

No IO and no clock: events and `now` in, the next action and its time out.
"""

from dataclasses import dataclass, field
from enum import Enum, auto

from onionchat.tor.events import Descriptor

PAUSE = 3.0
NONE_ACCEPTED = 90.0
FEW_ACCEPTED = 180.0
NO_INTRODUCTION = 20.0
REPAIRS = (0.0, 300.0, 900.0, 3600.0)
"""Seconds that must lie between a repair and the one before, by their number in a row."""

REFUSALS = (3.0, 15.0, 60.0, 300.0)
"""Seconds until the next try after tor refused to add the onion."""

LIVE_DESCRIPTORS = 2


class Action(Enum):
    ADD = auto()
    REMOVE = auto()


@dataclass
class Round:
    """The uploads of one descriptor: directory -> accepted, or None while unanswered."""

    began: float
    uploads: dict[str, bool | None] = field(default_factory=dict)

    @property
    def accepted(self) -> int:
        return sum(answer is True for answer in self.uploads.values())

    @property
    def good(self) -> bool:
        return 2 * self.accepted >= len(self.uploads)

    @property
    def over(self) -> bool:
        return None not in self.uploads.values()

    def patience(self) -> float:
        if self.over:
            return PAUSE
        return FEW_ACCEPTED if self.accepted else NONE_ACCEPTED


class Publication:
    """One onion on one control connection."""

    def __init__(self) -> None:
        self._announced = False
        self._rounds: dict[str, Round] = {}  # by descriptor, the last begun last
        self._introductions: set[str] = set()
        self._alone: float | None = None
        self._added: float | None = None
        self._ready: float | None = None
        self._not_before = 0.0
        self._refusals = 0
        self._repairs = 0
        self._repaired = 0.0

    @property
    def published(self) -> bool:
        return self._announced and self._alone is None

    # what happened

    def ready(self, now: float, can_build: bool) -> None:
        """Whether tor can build circuits."""
        if not can_build:
            self._ready = None
        elif self._ready is None:
            self._ready = now

    def doubt(self, now: float) -> None:
        """tor dropped every circuit: only a new round proves that the onion is there."""
        self._rounds.clear()
        self._announced = False
        if self._ready is not None:
            self._ready = now

    def added(self, now: float) -> None:
        self._added = now
        self._refusals = 0

    def removed(self, now: float) -> None:
        self._added = None
        self._rounds.clear()
        self._introductions.clear()
        self._announced, self._alone = False, None
        self._not_before = now + PAUSE

    def refused(self, now: float) -> None:
        self._not_before = now + REFUSALS[min(self._refusals, len(REFUSALS) - 1)]
        self._refusals += 1

    def take(self, event: Descriptor, now: float) -> None:
        if self._added is None:
            return
        match event.action:
            case "UPLOAD":
                self._began(event.descriptor, event.hsdir, now)
            case "UPLOADED" | "FAILED":
                self._answered(event.hsdir, event.action == "UPLOADED")
        if self._rounds and all(each.good for each in self._rounds.values()):
            self._announced = True
            self._repairs = 0

    def introduction(self, circuit: str, now: float, *, stands: bool) -> None:
        """A circuit of this onion's stands, or one of anybody's is gone."""
        if self._added is None:
            return
        if stands:
            self._introductions.add(circuit)
            self._alone = None
        elif circuit in self._introductions:
            self._introductions.discard(circuit)
            if not self._introductions:
                self._alone = now

    # what to do

    def wake(self) -> float | None:
        """When something will be due if nothing happens, or None."""
        if self._added is None:
            return self._not_before
        if self._ready is None:
            return None
        since = max(self._added, self._ready)
        if self._alone is not None:
            return max(max(since, self._alone) + NO_INTRODUCTION, self._next_repair())
        troubled = [each for each in self._rounds.values() if not each.good]
        if self._rounds and not troubled:
            return None
        ends = [max(since, each.began) + each.patience() for each in troubled]
        return max(min(ends, default=since + NONE_ACCEPTED), self._next_repair())

    def due(self, now: float) -> Action | None:
        """What to do now. REMOVE is a repair and counts as one."""
        at = self.wake()
        if at is None or now < at:
            return None
        if self._added is None:
            return Action.ADD
        self._repairs += 1
        self._repaired = now
        return Action.REMOVE

    def _next_repair(self) -> float:
        return self._repaired + REPAIRS[min(self._repairs, len(REPAIRS) - 1)]

    def _began(self, descriptor: str, hsdir: str, now: float) -> None:
        live = self._rounds.get(descriptor)
        if live is None or hsdir in live.uploads:
            self._rounds.pop(descriptor, None)
            live = self._rounds[descriptor] = Round(now)
        live.uploads[hsdir] = None
        while len(self._rounds) > LIVE_DESCRIPTORS:
            del self._rounds[next(iter(self._rounds))]

    def _answered(self, hsdir: str, accepted: bool) -> None:
        for each in self._rounds.values():
            if hsdir in each.uploads and each.uploads[hsdir] is None:
                each.uploads[hsdir] = accepted
                return
