"""From a queued row to bytes that may leave: encrypt, commit, only then write.

A message is queued in one transaction with its outbox row. `take` is the second one: it
numbers what waits, encrypts it and stores the exact wire bytes beside the new ratchet
state; its return value is the first thing that may reach a socket. A retransmission
within a session is always these bytes again, so a crash at any point can neither lose a
message nor encrypt one twice; only a session that was retired lets its rows go back to
plain records, with the same message ID.

Many rows share one transaction: a commit costs about as much as ten encryptions.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from onionchat.node import inboxes, receipts
from onionchat.node.session import Fresh, Sessions
from onionchat.protocol import padding, records
from onionchat.protocol.limits import UNRECEIPTED_IN_CHAIN
from onionchat.store import contacts, ending, outbox, sequences
from onionchat.store import identity as identities
from onionchat.store import receipts as answered
from onionchat.store.contacts import ContactRow
from onionchat.store.ending import Uptime
from onionchat.store.outbox import DueRow, Encrypted
from onionchat.store.sequences import Whose
from onionchat.types import Millis, SessionId, StreamId

Waiting = Callable[[int, int, int], list[DueRow]]
"""Of a device, so many at the most, at this uptime: rows that wait to be encrypted."""

BATCH = 64
"""Rows for each transaction: about 250 KB on the wire, 5 ms of work."""


@dataclass(frozen=True)
class Batch:
    """Envelopes that may leave now, in order; `rows` are the outbox rows among them."""

    wires: tuple[bytes, ...] = ()
    rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class Order:
    """What one transaction of the outbox is to do.

    `written` are rows whose bytes have left since the last one. `opening` asks for an
    envelope even if nothing waits: the initiator of a new session must speak first. With
    `receipts_only` nothing else is encrypted: messages leave on another connection.
    """

    contact: int
    use: SessionId
    fresh: Fresh | None
    written: tuple[int, ...] = ()
    with_receipts: bool = False
    opening: bool = False
    receipts_only: bool = False


def repeat(order: Order, shared: frozenset[SessionId], now: Millis, uptime: Uptime) -> Batch:
    """What a new connection begins with: what was written before and never receipted, as it was.
    One transaction.

    Only under sessions that the other side has: another connection's new session is not
    known to this one's end before its first envelope has opened there. What goes ahead of all
    that waits goes ahead of it, too: whoever heard the repeated before the news of what never
    comes would wait for those numbers.
    """
    contact = contacts.by_id(order.contact)
    ending.adopt(contact.device, uptime, now)
    written = outbox.unreceipted(contact.device, shared, uptime.now)
    ratchet = Sessions(contact.device, order.fresh, now)
    ahead: list[Encrypted] = []
    if order.fresh is None and ratchet.can_send(order.use):
        ahead = _encrypt_waiting(contact, ratchet, order.use, uptime.now, outbox.ahead)
        ratchet.save()
    both = [(row.wire, row.id) for row in ahead] + [(row.wire, row.id) for row in written]
    return Batch(tuple(wire for wire, _ in both), tuple(row for _, row in both))


def unanswered(contact: int, shared: frozenset[SessionId]) -> Batch:
    """Receipts that are not known to have come, as they were."""
    device = contacts.by_id(contact).device
    return Batch(tuple(wire for wire, sid in answered.stored(device) if sid in shared))


def oldest(contact: int, uptime: Uptime) -> int | None:
    """The row of the oldest envelope that is not known to have arrived, and is not over."""
    return outbox.oldest(contacts.by_id(contact).device, uptime.now)


def missing(contact: int, shared: frozenset[SessionId], uptime: Uptime) -> Batch:
    """The oldest envelopes that should have been receipted long ago, as they were."""
    device = contacts.by_id(contact).device
    found = outbox.unreceipted(device, shared, uptime.now)[:BATCH]
    return Batch(tuple(row.wire for row in found), tuple(row.id for row in found))


def give_back(contact: int, shared: frozenset[SessionId]) -> None:
    """The connections that there are share these sessions. What was written under any other
    would wait for the next hello: it is encrypted again, under the session in use and with its
    message ID, by which the other side knows it if it did arrive."""
    outbox.give_back(contacts.by_id(contact).device, shared)


def wrote(rows: tuple[int, ...], now: Millis) -> None:
    """The bytes of these rows have left, and this connection has nothing more to say."""
    outbox.mark_sent(rows, now)


def take(order: Order, now: Millis, uptime: Uptime) -> Batch:
    """Mark what was written, encrypt what waits. One transaction."""
    outbox.mark_sent(order.written, now)
    contact = contacts.by_id(order.contact)
    ratchet = Sessions(contact.device, order.fresh, now)
    if not ratchet.can_send(order.use):
        return Batch()
    wires = receipts.write_due(contact.device, ratchet, order.use) if order.with_receipts else []
    rows: list[Encrypted] = []
    if not order.receipts_only:
        ending.adopt(contact.device, uptime, now)
        rows = _encrypt_waiting(contact, ratchet, order.use, uptime.now, outbox.due)
    wires += [row.wire for row in rows]
    if order.opening and not wires:
        wires.append(ratchet.encrypt(order.use, padding.pad(records.encode(records.Empty()))))
    ratchet.save()
    return Batch(tuple(wires), tuple(row.id for row in rows))


def _encrypt_waiting(
    contact: ContactRow, ratchet: Sessions, use: SessionId, uptime: int, which: Waiting
) -> list[Encrypted]:
    if contact.state != "contact" or contact.held:
        return []
    room = UNRECEIPTED_IN_CHAIN - outbox.in_flight(contact.device)
    due = which(contact.device, max(0, min(BATCH, room)), uptime)
    if not due:
        return []
    session = ratchet.stored(use)
    encrypted = []
    for row_id, record in _numbered(contact.conversation, due):
        wire = ratchet.encrypt(use, padding.pad(record))
        encrypted.append(Encrypted(row_id, record, session, wire))
    outbox.set_wires(encrypted)
    return encrypted


def _numbered(conversation: int, due: list[DueRow]) -> Iterator[tuple[int, bytes]]:
    """Each row's record as it will always be from now on, with its number."""
    stream = identities.stream()
    fresh = sum(row.record is None for row in due)
    seq = sequences.take(Whose(conversation, None, stream), fresh) if fresh else 0
    for row in due:
        if row.record is not None:
            yield row.id, row.record
        else:
            yield row.id, _record(row, stream, seq)
            seq += 1


def _record(row: DueRow, stream: StreamId, seq: int) -> bytes:
    head = (row.message_id, stream, seq, row.queued_at, None)
    if row.tag == outbox.ENDPOINT:
        return records.encode(inboxes.endpoint(*head))
    if row.text is None:
        return records.encode(records.Accept(*head))
    if row.disappears:
        return records.encode(records.Fleeting(*head, row.text, row.disappears))
    return records.encode(records.Text(*head, row.text))
