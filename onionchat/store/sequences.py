"""Numbers: ours are given when a record is made, theirs tell us what is missing.

A number that is higher than the next opens a gap; the message or a Withdrawn closes it.
Nothing ever waits for a gap, and nothing hides one.
"""

from dataclasses import dataclass

from peewee import fn

from onionchat.store.models import Gap, Sequence
from onionchat.store.prepared import Prepared, argument
from onionchat.types import StreamId


@dataclass(frozen=True, slots=True)
class Whose:
    """One author's stream in one conversation; `device` None is our own."""

    conversation: int
    device: int | None
    stream: StreamId


def take(whose: Whose, count: int) -> int:
    """The first of the next `count` numbers of ours, from 1."""
    row = _row(whose)
    _ADVANCE.change(row.highest + count, row.id)
    return row.highest + 1


class Arrivals:
    """The numbers that one transaction brings; `save` before it ends."""

    def __init__(self) -> None:
        self._rows: dict[Whose, _Position] = {}

    def arrived(self, whose: Whose, first: int, last: int) -> bool:
        """These numbers came, or never will; True if something later had come before them."""
        row = self._rows.get(whose)
        if row is None:
            row = self._rows[whose] = _row(whose)
        highest, row.highest = row.highest, max(row.highest, last)
        if first > highest + 1:
            Gap.insert(sequence=row.id, first=highest + 1, last=first - 1).execute()
        elif first <= highest:
            _close(row.id, first, last)
        return first < highest

    def save(self) -> None:
        for row in self._rows.values():
            _ADVANCE.change(row.highest, row.id)


def _close(sequence: int, first: int, last: int) -> None:
    """Take first..last out of the gaps, however many; what sticks out of them stays one."""
    here = Gap.sequence == sequence
    lowest = Gap.select(fn.max(Gap.first)).where(here, Gap.first <= first).scalar() or first
    overlap = (here, Gap.first.between(lowest, last), Gap.last >= first)
    found = Gap.select(fn.min(Gap.first), fn.max(Gap.last)).where(*overlap)
    begin, end = found.scalar(as_tuple=True)
    if begin is None:
        return
    Gap.delete().where(*overlap).execute()
    for low, high in ((begin, first - 1), (last + 1, end)):
        if low <= high:
            Gap.insert(sequence=sequence, first=low, last=high).execute()


@dataclass(slots=True)
class _Position:
    """Where a stream is, in memory while a transaction lasts."""

    id: int
    highest: int


def _row(whose: Whose) -> _Position:
    found = _FIND.first(whose.conversation, whose.device or 0, whose.stream)
    if found is not None:
        return _Position(*found)
    return _Position(_BEGIN.insert(whose.conversation, whose.device, whose.stream), 0)


_FIND = Prepared(
    lambda: Sequence.select(Sequence.id, Sequence.highest).where(
        Sequence.conversation == argument(0),
        fn.ifnull(Sequence.device, 0) == argument(1),
        Sequence.stream == argument(2),
    )
)
_BEGIN = Prepared(
    lambda: Sequence.insert(
        conversation=argument(0), device=argument(1), stream=argument(2), highest=0
    )
)
_ADVANCE = Prepared(lambda: Sequence.update(highest=argument(0)).where(Sequence.id == argument(1)))
