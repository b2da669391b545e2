"""Numbers: ours are given when a record is made, theirs tell us what is missing.

A number that is higher than the next opens a gap; the message or a Withdrawn closes it.
Nothing ever waits for a gap, and nothing hides one.
"""

from dataclasses import dataclass

from onionchat.store.models import Gap, Sequence
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
    Sequence.update(highest=row.highest + count).where(Sequence.id == row.id).execute()
    first: int = row.highest + 1
    return first


class Arrivals:
    """The numbers that one transaction brings; `save` before it ends."""

    def __init__(self) -> None:
        self._rows: dict[Whose, Sequence] = {}

    def arrived(self, whose: Whose, first: int, last: int) -> bool:
        """These numbers came, or never will; True if something later had come before them."""
        row = self._rows.get(whose)
        if row is None:
            row = self._rows[whose] = _row(whose)
        highest, row.highest = row.highest, max(row.highest, last)
        if first > highest + 1:
            Gap.insert(sequence=row.id, first=highest + 1, last=first - 1).execute()
        return first <= highest and _close(row.id, first, last)

    def save(self) -> None:
        for row in self._rows.values():
            Sequence.update(highest=row.highest).where(Sequence.id == row.id).execute()


def _close(sequence: int, first: int, last: int) -> bool:
    """Take first..last out of every gap; what is left of a gap stays one."""
    overlap = (Gap.sequence == sequence, Gap.first <= last, Gap.last >= first)
    touched = list(Gap.select().where(*overlap))
    for gap in touched:
        gap.delete_instance()
        for begin, end in ((gap.first, first - 1), (last + 1, gap.last)):
            if begin <= end:
                Gap.insert(sequence=sequence, first=begin, last=end).execute()
    return bool(touched)


def _row(whose: Whose) -> Sequence:
    same_device = (
        Sequence.device.is_null() if whose.device is None else Sequence.device == whose.device
    )
    row: Sequence | None = Sequence.get_or_none(
        Sequence.conversation == whose.conversation, same_device, Sequence.stream == whose.stream
    )
    if row is None:
        row = Sequence.create(
            conversation=whose.conversation, device=whose.device, stream=whose.stream, highest=0
        )
    return row
