"""Messages of ours that will not come any more: cancelled, or over.

What has no number yet has never left, and just stays here. What has one may have left, and
may even have arrived: bytes that are out cannot be called back. It is not sent again, and a
Withdrawn closes the gap that its number would leave at the other side (protocol 5). If the
message is there after all, the truth wins: the other side receipts it again with the
Withdrawn, and it becomes delivered here, as it does by any receipt that comes late.

A Withdrawn has its number from the beginning, unlike a message: nobody can cancel it.
"""

import secrets
from collections.abc import Iterable, Iterator, Sequence

from onionchat.errors import LocalError
from onionchat.protocol import records
from onionchat.protocol.records import Sequenced, Withdrawn
from onionchat.store import ending, lifetimes, outbox, sequences
from onionchat.store import identity as identities
from onionchat.store.contacts import ContactRow
from onionchat.store.ending import OpenRow
from onionchat.store.sequences import Whose
from onionchat.types import MessageId, Millis, StreamId

Number = tuple[StreamId, int]


def withdraw(contact: ContactRow, rows: Sequence[OpenRow], state: str, now: Millis) -> bool:
    """These messages to one contact end as `state`; whether there is a Withdrawn to send."""
    ending.end(rows, state, now)
    lifetimes.begin([row.shown for row in rows], now)
    numbers = [_number(row.record) for row in rows if row.record is not None]
    for stream, first, last in _runs(numbers):
        _queue(contact, stream, first, last, now)
    return bool(numbers)


def _queue(contact: ContactRow, stream: StreamId, first: int, last: int, now: Millis) -> None:
    """A stream of before a restore gives no new numbers: there it stands for the first that
    it withdraws, which will not come."""
    ours = stream == identities.stream()
    number = sequences.take(Whose(contact.conversation, None, stream), 1) if ours else first
    message_id = MessageId(secrets.token_bytes(16))
    record = records.encode(Withdrawn(message_id, stream, number, now, None, first, last))
    outbox.queue(contact.device, outbox.WITHDRAWN, message_id, now, record=record)


def _number(record: bytes) -> Number:
    found = records.decode(record)
    if not isinstance(found, Sequenced):
        raise LocalError("a record in the outbox has no number")
    return found.stream, found.seq


def _runs(numbers: Iterable[Number]) -> Iterator[tuple[StreamId, int, int]]:
    """Numbers that follow each other, as (stream, first, last)."""
    run: tuple[StreamId, int, int] | None = None
    for stream, number in sorted(numbers):
        if run is not None and (stream, number) == (run[0], run[2] + 1):
            run = stream, run[1], number
            continue
        if run is not None:
            yield run
        run = stream, number, number
    if run is not None:
        yield run
