"""Was anything lost, doubled, out of order, stuck, or cried wolf? Read from the trace alone.

It knows nothing of how messages travel. For every text that somebody sent:

    lost        accepted, neither taken back nor in the other side's store at the end
    early       delivered, as its author was told, before the other side had it
    double      stored twice, or shown again after it was read
    disorder    behind a later one of the same author, without a mark
    stuck       waits at the end of the quiet phase, or was never shown
    forged      never written by whom it is from
    heard       from somebody who is blocked or was removed

Then: a link to somebody's inbox for whom they have blocked or removed, or to an address that is
off; an alarm where nobody's disk was put back and nobody fell out (false alarm), none where it
should be (no alarm), a key used for two texts, two conversations that differ at the end, and
somebody who dials like mad.

A disk that was put back takes with it what happened since the copy was made: neither that
person's own texts of that time are owed to anybody, nor what they had received and
confirmed. Everything else still is. A text that was taken back on its way may come or not; if
it came, its author must know in the end. What was said between two of whom one removed the other
is of no matter any more: it may be there or not, on either side. What is said after it is.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, field

from tests.simulation.trace import Entry

NEWS = "They came with the invite"
"""The beginning of a notice that is no alarm."""
DIALS_AN_HOUR = 100
"""To one contact: one a minute for somebody who writes all the time (node/dialing.py), and
some more for whoever starts, wakes, or comes back to a network again and again."""


@dataclass
class Memory:
    """What one machine's disk knows of. A copy of it comes back with the disk."""

    accepted: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)
    received: dict[str, int] = field(default_factory=dict)
    delivered: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    shut_out: set[str] = field(default_factory=set)
    hidden: bool = False


class Checker:
    """`violations`: one sentence each. Feed it every entry, in order."""

    def __init__(self) -> None:
        self.violations: list[str] = []
        self._now: dict[str, Memory] = defaultdict(Memory)
        self._copies: dict[str, Memory] = {}
        self._tried: set[str] = set()
        self._regretted: set[str] = set()
        self._forgotten: set[str] = set()
        self._excused: set[str] = set()
        self._parting: set[frozenset[str]] = set()
        self._fell_out: set[frozenset[str]] = set()
        self._outside: set[str] = set()
        self._highest: dict[tuple[str, str], int] = defaultdict(int)
        self._restored: set[str] = set()
        self._owed: dict[str, dict[str, str]] = defaultdict(dict)
        self._waiting: list[Entry] = []
        self._histories: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        self._dials: dict[tuple[str, str], list[float]] = defaultdict(list)
        self._handlers: dict[str, Callable[..., None]] = {
            "tried": self._writes,
            "accepted": self._accepts,
            "regrets": self._regrets,
            "received": self._receives,
            "state": self._learns,
            "shown": self._shows,
            "read": self._reads,
            "notice": self._alarms,
            "warning": self._warns,
            "copied": self._copies_disk,
            "restored": self._puts_back,
            "key twice": self._repeats_key,
            "outbox": self._waits,
            "dial": self._dials_,
            "history": self._remembers,
            "falls out": self._falls_out,
            "parting": self._parts,
            "shut out": self._shuts_out,
            "lets in": self._lets_in,
            "hidden": self._hides,
            "found": self._shows_up,
            "link": self._links,
        }

    def take(self, entry: Entry) -> None:
        handler = self._handlers.get(entry.what)
        if handler is not None and self._outside.isdisjoint(entry.words):
            handler(entry, self._now[entry.who], *entry.words)

    def finish(self) -> list[str]:
        """After the last entry: what is missing, and all that was found."""
        for name, memory in [*self._now.items()]:
            for text in sorted(memory.accepted - self._excused - self._outside):
                came = text in self._now[reader_of(text)].received
                if not came and text not in memory.cancelled:
                    self._say(None, f"{text} was lost")
                if came and text not in memory.delivered:
                    self._say(None, f"{name} never learned that {text} has arrived")
            for text in sorted(memory.received.keys() - memory.shown - self._outside):
                self._say(None, f"{text} was never shown")
        for entry in self._waiting:
            self._say(entry, f"stuck: {' '.join(map(str, entry.words))}")
        for name, texts in self._owed.items():
            for why in list(texts.values())[-1:]:
                self._say(None, f"no alarm, though {name}'s disk was put back: {why}")
        self._compare_histories()
        return self.violations

    def _say(self, entry: Entry | None, sentence: str) -> None:
        self.violations.append(sentence if entry is None else f"{sentence}  [{entry}]")

    # what happened

    def _writes(self, _: Entry, __: Memory, text: str) -> None:
        self._tried.add(text)
        if pair_of(text) in self._parting:
            self._outside.add(text)

    def _accepts(self, _: Entry, memory: Memory, text: str) -> None:
        memory.accepted.add(text)

    def _regrets(self, _: Entry, __: Memory, text: str) -> None:
        self._regretted.add(text)

    def _receives(self, entry: Entry, memory: Memory, text: str, late: bool, __: object) -> None:
        author, number = author_of(text), number_of(text)
        if text not in self._tried or reader_of(text) != entry.who:
            self._say(entry, f"forged: {text}")
        if text in memory.received:
            self._say(entry, f"double: {text} was stored twice")
        if author in memory.shut_out:
            self._say(entry, f"heard: {text}, though {author} is shut out")
        highest = self._highest[author, entry.who]
        if number < highest and not late and author not in self._restored | {entry.who}:
            self._say(entry, f"disorder: {text} came behind {highest}, without a mark")
        self._highest[author, entry.who] = max(highest, number)
        memory.received[text] = number

    def _learns(self, entry: Entry, memory: Memory, text: str, state: str) -> None:
        if state == "delivered":
            memory.delivered.add(text)
            if text not in self._now[reader_of(text)].received and text not in self._excused:
                self._say(entry, f"early: {text} is called delivered and is not there")

    def _shows(self, entry: Entry, memory: Memory, text: str, *_: object) -> None:
        memory.shown.add(text)
        if text in memory.read:
            self._say(entry, f"double: {text} was shown after it was read")
        if text not in memory.received:
            self._say(entry, f"{text} was shown and is not stored")

    def _reads(self, _: Entry, memory: Memory, text: str) -> None:
        memory.read.add(text)

    def _alarms(self, entry: Entry, _: Memory, about: str, text: str) -> None:
        pair = frozenset((entry.who, about))
        if text.startswith(NEWS):
            return
        if not pair & self._restored and pair not in self._fell_out:
            self._say(entry, f"false alarm: {text}")
        for name in (entry.who, about):
            self._owed.pop(name, None)

    def _warns(self, entry: Entry, _: Memory, text: str) -> None:
        if entry.who not in self._restored:
            self._say(entry, f"false alarm: {text}")
        self._owed.pop(entry.who, None)

    def _copies_disk(self, entry: Entry, memory: Memory) -> None:
        self._copies[entry.who] = deepcopy(memory)

    def _puts_back(self, entry: Entry, memory: Memory) -> None:
        """What was confirmed to others, or had reached them, is why they must be told; unless
        their own disk is put back to before that: then nobody knows."""
        copy = deepcopy(self._copies[entry.who])
        known = copy.received.keys() | copy.delivered
        for name, texts in self._owed.items():
            for text in [*texts]:
                witness = author_of(text) if reader_of(text) == name else reader_of(text)
                if witness == entry.who and text not in known:
                    del texts[text]
        self._restored.add(entry.who)
        for text in memory.accepted - copy.accepted - self._outside:
            if text in self._now[reader_of(text)].received:
                self._owes_alarm(entry.who, text, "had left")
        for text in memory.received.keys() - copy.received.keys() - self._outside:
            if text in self._now[author_of(text)].delivered:
                self._excused.add(text)
                self._owes_alarm(entry.who, text, "had come")
        self._now[entry.who] = copy

    def _owes_alarm(self, who: str, text: str, why: str) -> None:
        """Who falls out forgets the sessions, and with them what would show it."""
        if pair_of(text) not in self._fell_out:
            self._owed[who][text] = f"{text} {why}"

    def _repeats_key(self, entry: Entry, _: Memory) -> None:
        self._say(entry, "a key was used for two texts")

    def _waits(self, entry: Entry, *_: object) -> None:
        self._waiting.append(entry)

    def _dials_(self, entry: Entry, _: Memory, whom: str) -> None:
        recent = self._dials[entry.who, whom]
        recent.append(entry.at)
        while recent[0] < entry.at - 3600:
            recent.pop(0)
        if len(recent) > DIALS_AN_HOUR:
            self._say(entry, f"{len(recent)} dials to {whom} within an hour")
            recent.clear()

    def _remembers(
        self, entry: Entry, memory: Memory, friend: str, way: str, text: str, state: str
    ) -> None:
        if state != "cancelled":
            self._histories[entry.who, friend, way].append(text)
        elif text in self._regretted:
            memory.cancelled.add(text)
        else:
            self._say(entry, f"{text} was cancelled by nobody")

    # who falls out, or hides

    def _falls_out(self, entry: Entry, _: Memory, other: str) -> None:
        self._fell_out.add(frozenset((entry.who, other)))

    def _parts(self, entry: Entry, _: Memory, other: str) -> None:
        pair = frozenset((entry.who, other))
        self._parting.add(pair)
        self._fell_out.add(pair)
        self._outside |= {text for text in self._tried if pair_of(text) == pair}

    def _shuts_out(self, entry: Entry, memory: Memory, other: str) -> None:
        self._parting.discard(frozenset((entry.who, other)))
        memory.shut_out.add(other)

    def _lets_in(self, entry: Entry, memory: Memory, other: str) -> None:
        self._parting.discard(frozenset((entry.who, other)))
        memory.shut_out.discard(other)

    def _hides(self, _: Entry, memory: Memory) -> None:
        memory.hidden = True

    def _shows_up(self, _: Entry, memory: Memory) -> None:
        memory.hidden = False

    def _links(self, entry: Entry, _: Memory, whom: str, kind: str) -> None:
        memory = self._now[whom]
        if kind == "inbox" and entry.who in memory.shut_out:
            self._say(entry, f"a connection to {whom}, who has shut {entry.who} out")
        if kind == "address" and memory.hidden:
            self._say(entry, f"a connection to {whom}'s address, which is off")

    def _compare_histories(self) -> None:
        """What one has written is what the other has read; the order was looked at above."""
        for (name, friend, way), texts in [*self._histories.items()]:
            if way == "out" and not {name, friend} & self._restored:
                theirs = self._histories[friend, name, "in"]
                if sorted(texts) != sorted(theirs):
                    self._say(None, f"what {name} wrote to {friend} differs on the two sides")


def check(entries: Iterable[Entry]) -> list[str]:
    """Everything that is wrong in this trace."""
    checker = Checker()
    for entry in entries:
        checker.take(entry)
    return checker.finish()


def author_of(text: str) -> str:
    return text.partition(">")[0]


def reader_of(text: str) -> str:
    return text.partition(">")[2].partition(" ")[0]


def pair_of(text: str) -> frozenset[str]:
    return frozenset((author_of(text), reader_of(text)))


def number_of(text: str) -> int:
    return int(text.rpartition(" ")[2])
