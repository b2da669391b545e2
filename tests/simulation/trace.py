"""What happened in a run, one entry for each event, and a hash over all of them.

The checker reads nothing else. An entry is a moment of the world in seconds, a machine (or
"world"), what happened, and words; nothing in it depends on where things lie in memory or
on a process, so that a seed has one trace. Random bytes stay out of it.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    at: float
    who: str
    what: str
    words: tuple[Any, ...]

    def __str__(self) -> str:
        hours, rest = divmod(self.at, 3600)
        return f"{hours:3.0f}:{rest // 60:02.0f}:{rest % 60:06.3f} {self.who:6} {self.what} " + (
            " ".join(map(str, self.words))
        )


KEPT = frozenset(
    {
        *("tried", "accepted", "refused", "regrets", "received", "state", "shown", "read"),
        *("notice", "warning", "key twice", "dial", "outbox", "history"),
        *("link", "falls out", "parting", "shut out", "lets in", "hidden", "found"),
        *("fault", "copied", "restored", "up", "down", "phase", "friends", "kinds"),
    }
)
"""What the checker asks about. The rest is only counted and hashed, and kept on demand."""


class Trace:
    """`entries` in order; `counts`: how often each thing happened."""

    def __init__(self, *, everything: bool = False) -> None:
        self.entries: list[Entry] = []
        self.counts: Counter[str] = Counter()
        self.seconds = 0.0
        """Of processor time that the run took."""
        self._hash = hashlib.sha256()
        self._everything = everything

    def add(self, at: float, who: str, what: str, *words: Any) -> None:
        self.counts[what] += 1
        self._hash.update(f"{at:.6f} {who} {what} {words}\n".encode())
        if self._everything or what in KEPT:
            self.entries.append(Entry(at, who, what, words))

    @property
    def events(self) -> int:
        return self.counts.total()

    def digest(self) -> str:
        return self._hash.hexdigest()[:16]
