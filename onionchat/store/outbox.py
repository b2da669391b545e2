"""What waits for a device, and the exact bytes that were made of it.

queued -> sent -> delivered, or cancelled, or expired. A row without a wire waits to be
encrypted, also when it was sent before under a session that is gone.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import JOIN, chunked, fn

from onionchat.store import events
from onionchat.store.models import Device, Message, Outbox, Session
from onionchat.types import MessageId, Millis, SessionId

OPEN = ("queued", "sent")


@dataclass(frozen=True, slots=True)
class DueRow:
    """A row to be encrypted. `record` is set if it was numbered before."""

    id: int
    tag: int
    message_id: MessageId
    queued_at: Millis
    record: bytes | None
    text: str | None


@dataclass(frozen=True, slots=True)
class WireRow:
    id: int
    wire: bytes


@dataclass(frozen=True, slots=True)
class Encrypted:
    """What encrypting gave a row: its record, and the bytes of it under a session."""

    id: int
    record: bytes
    session: int
    wire: bytes


def queue(
    device: int, tag: int, message_id: MessageId, now: Millis, shown: int | None = None
) -> None:
    """One record for this device; `shown` is the message it is made of."""
    Outbox.insert(
        device=device, shown=shown, message_id=message_id, tag=tag, state="queued", queued_at=now
    ).execute()


def unreceipted(device: int, sids: Collection[SessionId]) -> list[WireRow]:
    """Every ciphertext of these sessions that may still be missing there, oldest first."""
    rows = (
        Outbox.select(Outbox.id, Outbox.wire)
        .join(Session)
        .where(_open(device), Outbox.wire.is_null(False), Session.sid.in_(list(sids)))
        .order_by(Outbox.id)
    )
    return [WireRow(*row) for row in rows.tuples()]


def in_flight(device: int) -> int:
    count: int = Outbox.select().where(_open(device), Outbox.wire.is_null(False)).count()
    return count


def due(device: int, limit: int) -> list[DueRow]:
    """The oldest rows that wait to be encrypted."""
    columns = (Outbox.id, Outbox.tag, Outbox.message_id, Outbox.queued_at, Outbox.record)
    rows = (
        Outbox.select(*columns, Message.text)
        .join(Message, JOIN.LEFT_OUTER, on=Outbox.shown == Message.id)
        .where(_open(device), Outbox.wire.is_null())
        .order_by(Outbox.id)
        .limit(limit)
    )
    return [DueRow(*row) for row in rows.tuples()]


def set_wires(rows: Sequence[Encrypted]) -> None:
    """Keep what was encrypted; after the commit it may leave."""
    sql = "UPDATE outbox SET record = ?, session_id = ?, wire = ? WHERE id = ?"
    execute = Outbox._meta.database.execute_sql
    for row in rows:
        execute(sql, (row.record, row.session, row.wire, row.id))


def mark_sent(rows: Sequence[int], now: Millis) -> None:
    """The bytes of these rows have been written."""
    fresh = Outbox.select(Outbox.id, Outbox.shown).where(
        Outbox.id.in_(list(rows)), Outbox.state == "queued"
    )
    changed = list(fresh.tuples()) if rows else []
    if changed:
        Outbox.update(state="sent", sent_at=now).where(
            Outbox.id.in_([row for row, _ in changed])
        ).execute()
        events.messages_state([shown for _, shown in changed if shown], "sent", now)


def delivered(device: int, ids: Sequence[MessageId], now: Millis) -> None:
    """The peer has these; IDs that were never sent to it are ignored."""
    for some in chunked(ids, 128):
        open_rows = Outbox.select(Outbox.id, Outbox.shown).where(
            _open(device), Outbox.message_id.in_(some), Outbox.record.is_null(False)
        )
        rows = list(open_rows.tuples())
        Outbox.update(
            state="delivered", delivered_at=now, wire=None, record=None, session=None
        ).where(Outbox.id.in_([row for row, _ in rows])).execute()
        events.messages_state([shown for _, shown in rows if shown], "delivered", now)


def retire(session: int) -> None:
    """The session is gone: its rows wait to be encrypted again, as the same records."""
    Outbox.update(wire=None, session=None).where(Outbox.session == session).execute()


def has_open(device: int, tag: int) -> bool:
    found: bool = Outbox.select().where(_open(device), Outbox.tag == tag).exists()
    return found


def anything_for(contact: int) -> bool:
    """Is there a reason to dial this contact?"""
    devices = Device.select(Device.id).where(Device.contact == contact)
    waiting: bool = (
        Outbox.select().where(Outbox.device.in_(devices), Outbox.state.in_(OPEN)).exists()
    )
    return waiting


def waiting_by_contact() -> dict[int, int]:
    """How many messages of ours each contact has not got yet."""
    rows = (
        Outbox.select(Device.contact, fn.count(Outbox.id))
        .join(Device)
        .where(Outbox.state.in_(OPEN), Outbox.shown.is_null(False))
        .group_by(Device.contact)
    )
    return dict(rows.tuples())


def state(message_id: MessageId) -> str | None:
    """Where one message of ours has got to."""
    row: str | None = Outbox.select(Outbox.state).where(Outbox.message_id == message_id).scalar()
    return row


def _open(device: int) -> Any:
    return (Outbox.device == device) & Outbox.state.in_(OPEN)
