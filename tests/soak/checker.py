"""The verdict on a trace, by somebody who has seen nothing but the trace.

What was acknowledged is displayed once, in the order in which it was sent, and stands once
in both histories; what was only tried (the node died before it answered) at most once.
Nothing was faked or rolled back in these runs, so any notice about that is a false alarm.

A return is measured from the moment when the returning node's address is published: how
long until everything is displayed that waited between it and those who were there. What
arrived before that moment took 0 s. Should one of the two go away again before that, the
wait ends there: the nemesis leaves them alone for long enough that such a wait is a miss.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.soak.trace import Letter, Line


@dataclass
class Verdict:
    """`waits`: seconds of each return with something that waited, by how they had gone."""

    messages: int = 0
    blows: Counter[str] = field(default_factory=Counter)
    waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    violations: list[str] = field(default_factory=list)


@dataclass
class _Return:
    who: str
    how: str
    at: float
    open: set[Letter]
    wait: float = 0.0


class _Checker:
    def __init__(self) -> None:
        self.verdict = Verdict()
        self._tried: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._acknowledged: set[Letter] = set()
        self._displayed: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._shown: set[Letter] = set()
        self._late: set[Letter] = set()
        self._away: dict[str, set[Letter]] = {}
        self._returns: list[_Return] = []
        self._now = 0.0

    def take(self, line: Line) -> None:
        self._now = line["at"]
        match line:
            case {"what": "tried"}:
                sender, receiver, text = _letter(line)
                self._tried[sender, receiver].append(text)
            case {"what": "acknowledged"}:
                self._acknowledge(_letter(line))
            case {"what": "displayed"}:
                self._display(line)
            case {"what": "away", "who": who, "how": how}:
                self._go(who, how)
            case {"what": "back", "who": who, "how": how}:
                self._come(who, how)
            case {"what": "trouble", "how": how}:
                self.verdict.blows[f"relay {how}"] += 1
            case {"what": "kept"}:
                self._compare(line)

    def finish(self) -> Verdict:
        self._end(self._returns)
        for letter in sorted(self._acknowledged - self._shown):
            self._complain("lost", letter)
        for pair, texts in self._displayed.items():
            self._in_order(pair, texts)
        self.verdict.messages = len(self._shown)
        return self.verdict

    def _complain(self, what: str, letter: Letter) -> None:
        sender, receiver, text = letter
        self.verdict.violations.append(f"{what}: {sender} to {receiver}: {text[:40]}")

    def _acknowledge(self, letter: Letter) -> None:
        self._acknowledged.add(letter)
        if letter not in self._shown:
            for waited in self._away.values():
                waited.add(letter)

    def _display(self, line: Line) -> None:
        letter = _letter(line)
        if line["kind"] != "text":
            self._complain(f"a false alarm ({line['kind']})", letter)
            return
        if letter in self._shown:
            self._complain("displayed twice", letter)
        if letter[2] not in self._tried[letter[:2]]:
            self._complain("never sent", letter)
        if line["late"]:
            self._late.add(letter)
        self._shown.add(letter)
        self._displayed[letter[:2]].append(letter[2])
        for each in self._returns:
            if letter in each.open:
                each.open.discard(letter)
                each.wait = self._now - each.at
        self._close([each for each in self._returns if not each.open])

    def _in_order(self, pair: tuple[str, str], texts: list[str]) -> None:
        """A message that came behind a later one is marked as late."""
        place = {text: number for number, text in enumerate(self._tried[pair])}
        highest = -1
        for text in texts:
            if place.get(text, -1) < highest and (*pair, text) not in self._late:
                self._complain("out of order", (*pair, text))
            highest = max(highest, place.get(text, -1))

    def _go(self, who: str, how: str) -> None:
        self.verdict.blows[how] += 1
        self._end([each for each in self._returns if who in _people(each)])
        self._away[who] = {letter for letter in self._waiting() if who in letter[:2]}

    def _come(self, who: str, how: str) -> None:
        waited = {
            letter
            for letter in self._away.pop(who, set())
            if who in letter[:2] and not self._away.keys() & set(letter[:2])
        }
        if waited:
            self._returns.append(_Return(who, how, self._now, waited - self._shown))
            self._close([each for each in self._returns if not each.open])

    def _waiting(self) -> set[Letter]:
        return self._acknowledged - self._shown

    def _end(self, returns: list[_Return]) -> None:
        """They were not done."""
        for each in returns:
            each.wait = self._now - each.at
        self._close(returns)

    def _close(self, returns: list[_Return]) -> None:
        for each in returns:
            self.verdict.waits[each.how].append(each.wait)
        self._returns = [each for each in self._returns if each not in returns]

    def _compare(self, line: Line) -> None:
        """A history, with what was displayed until now: everything has arrived."""
        me, other = line["who"], line["with"]
        for direction, sender, receiver in (("in", other, me), ("out", me, other)):
            kept = [row for row in line["rows"] if row[0] == direction]
            wanted = Counter(text for _, _, text in self._of(sender, receiver))
            found = Counter(text for _, text, _ in kept)
            for text in (wanted - found) | (found - wanted):
                self._complain(f"kept {found[text]} times by {me}", (sender, receiver, text))
            for _, text, state in kept:
                if direction == "out" and state != "delivered":
                    self._complain(f"{state} at the end", (sender, receiver, text))

    def _of(self, sender: str, receiver: str) -> set[Letter]:
        return {letter for letter in self._shown if letter[:2] == (sender, receiver)}


def check(lines: Iterable[Line]) -> Verdict:
    checker = _Checker()
    for line in lines:
        checker.take(line)
    return checker.finish()


def _letter(line: Line) -> Letter:
    return line["sender"], line["receiver"], line["text"]


def _people(each: _Return) -> set[str]:
    return {each.who} | {name for letter in each.open for name in letter[:2]}
