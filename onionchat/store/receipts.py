"""Envelopes that were accepted, and the receipts that answered them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import JOIN, SQL, fn

from onionchat.errors import LocalError
from onionchat.store.models import Message, Receipt, Seen, Session
from onionchat.store.prepared import Prepared, argument, at_most
from onionchat.types import MessageId, SessionId, StreamId

IN_FLIGHT = 512
"""What a contact may send before it has our receipt (docs/protocol.md 9), and may send again."""


@dataclass(frozen=True, slots=True)
class DueRow:
    """A record that still needs a receipt."""

    id: int
    message_id: MessageId


def known(device: int, digests: Sequence[bytes]) -> set[bytes]:
    """Which of these envelopes were accepted before."""
    return {digest for digest in digests if _KNOWN.first(digest, device)}


def add(rows: Iterable[tuple[int, bytes, MessageId | None]]) -> None:
    """Remember accepted envelopes (session, digest, ID); those with an ID are due a receipt."""
    _ADD.many((session, digest, known, known is not None) for session, digest, known in rows)


def due(device: int, limit: int) -> list[DueRow]:
    """The oldest records that need a receipt."""
    return [DueRow(*row) for row in _DUE(device, limit)]


def due_count(device: int) -> int:
    ((count,),) = _DUE_COUNT(device)
    return int(count)


def answer(seen: Sequence[int], session: int, wire: bytes) -> None:
    """These were answered by this receipt."""
    receipt = _KEEP.insert(session, wire)
    _ANSWERED.many((receipt, row) for row in seen)


def again(device: int, digest: bytes) -> bytes | None:
    """The bytes that answered this envelope; without any it becomes due once more."""
    row = _AGAIN.first(digest, device)
    if row is None:
        raise LocalError("an envelope was called a duplicate that was never accepted")
    seen, message_id, wire = row
    if wire is None and message_id is not None:
        Seen.update(due=True).where(Seen.id == seen).execute()
        _WITHDRAWN_DUE.change(message_id)
    return None if wire is None else bytes(wire)


def stored(device: int) -> list[tuple[bytes, SessionId]]:
    """The bytes of each receipt that may not have come, oldest first, and its session."""
    return [(bytes(wire), SessionId(sid)) for wire, sid in _STORED(device)]


def due_again(
    contact: int, device: int, stream: StreamId, first: int, last: int, message_id: MessageId
) -> None:
    """They take back these numbers with the record `message_id`: what is here all the same needs a
    receipt once more, and each time that record does, since they do not send it again.

    Only what may have been in flight is looked through: a hostile range costs no more.
    """
    for (session,) in _SESSIONS(device):
        _DUE_AGAIN.change(session, contact, stream, first, last, message_id)


def forget(session: int) -> None:
    """The peer has answered our chain: the receipts in this session are not repeated again."""
    _FORGET.change(session)


def _of(device: Any) -> Any:
    return Seen.select(Seen.id, Seen.message_id).join(Session).where(Session.device == device)


def _taken_back() -> Any:
    """Of the newest envelopes of a session, those with a text that has one of the numbers."""
    row = Seen.alias()
    newest = (
        row.select(row.id, row.message_id)
        .where(row.session == argument(0), row.message_id.is_null(False))
        .order_by(row.id.desc())
        .limit(SQL(str(IN_FLIGHT)))
        .alias("newest")
    )
    theirs = (Message.author == argument(1)) & (Message.stream == argument(2))
    return (
        Message.select(newest.c.id)
        .join(newest, on=Message.message_id == newest.c.message_id)
        .where(theirs, Message.seq.between(argument(3), argument(4)))
    )


_KNOWN = Prepared(lambda: _of(argument(1)).where(Seen.digest == argument(0)))
_ADD = Prepared(
    lambda: Seen.insert(
        session=argument(0), digest=argument(1), message_id=argument(2), due=argument(3)
    )
)
_DUE = Prepared(lambda: _of(argument(0)).where(Seen.due).order_by(Seen.id).limit(at_most(1)))
_DUE_COUNT = Prepared(
    lambda: (
        Seen.select(fn.count(Seen.id)).join(Session).where(Seen.due, Session.device == argument(0))
    )
)
_STORED = Prepared(
    lambda: (
        Receipt.select(Receipt.wire, Session.sid)
        .join(Session)
        .where(Session.device == argument(0))
        .order_by(Receipt.id)
    )
)
_KEEP = Prepared(lambda: Receipt.insert(session=argument(0), wire=argument(1)))
_ANSWERED = Prepared(
    lambda: Seen.update(due=False, receipt=argument(0)).where(Seen.id == argument(1))
)
_FORGET = Prepared(lambda: Receipt.delete().where(Receipt.session == argument(0)))
_SESSIONS = Prepared(lambda: Session.select(Session.id).where(Session.device == argument(0)))
_DUE_AGAIN = Prepared(
    lambda: Seen.update(due=True, withdrawn_by=argument(5)).where(Seen.id.in_(_taken_back()))
)
_WITHDRAWN_DUE = Prepared(lambda: Seen.update(due=True).where(Seen.withdrawn_by == argument(0)))
_AGAIN = Prepared(
    lambda: (
        Seen.select(Seen.id, Seen.message_id, Receipt.wire)
        .join(Session)
        .switch(Seen)
        .join(Receipt, JOIN.LEFT_OUTER, on=Seen.receipt == Receipt.id)
        .where(Seen.digest == argument(0), Session.device == argument(1))
    )
)
