"""Envelopes that were accepted, and the receipts that answered them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from peewee import JOIN

from onionchat.store.models import Receipt, Seen, Session
from onionchat.types import MessageId


@dataclass(frozen=True, slots=True)
class DueRow:
    """A record that still needs a receipt."""

    id: int
    message_id: MessageId


def known(device: int, digests: Sequence[bytes]) -> set[bytes]:
    """Which of these envelopes were accepted before."""
    rows = (
        Seen.select(Seen.digest)
        .join(Session)
        .where(Seen.digest.in_(digests), Session.device == device)
        .tuples()
    )
    return {digest for (digest,) in rows}


def add(rows: Iterable[tuple[int, bytes, MessageId | None]]) -> None:
    """Remember accepted envelopes (session, digest, ID); those with an ID are due a receipt."""
    values = [(session, digest, known, known is not None) for session, digest, known in rows]
    if values:
        Seen.insert_many(values, [Seen.session, Seen.digest, Seen.message_id, Seen.due]).execute()


def due(device: int, limit: int) -> list[DueRow]:
    """The oldest records that need a receipt."""
    rows = (
        Seen.select(Seen.id, Seen.message_id)
        .join(Session)
        .where(Seen.due, Session.device == device)
        .order_by(Seen.id)
        .limit(limit)
    )
    return list(rows.objects(DueRow))


def due_count(device: int) -> int:
    count: int = Seen.select().join(Session).where(Seen.due, Session.device == device).count()
    return count


def answer(seen: Sequence[int], session: int, wire: bytes) -> None:
    """These were answered by this receipt."""
    receipt = Receipt.insert(session=session, wire=wire).execute()
    Seen.update(due=False, receipt=receipt).where(Seen.id.in_(seen)).execute()


def again(device: int, digest: bytes) -> bytes | None:
    """The bytes that answered this envelope; without any it becomes due once more."""
    mine = (
        Seen.select(Seen.id, Seen.message_id, Receipt.wire)
        .join(Session)
        .switch(Seen)
        .join(Receipt, JOIN.LEFT_OUTER, on=Seen.receipt == Receipt.id)
        .where(Seen.digest == digest, Session.device == device)
    )
    seen, message_id, wire = mine.tuples().first()
    if wire is None and message_id is not None:
        Seen.update(due=True).where(Seen.id == seen).execute()
    return wire  # type: ignore[no-any-return] # a BLOB column


def forget(session: int) -> None:
    """The peer has answered our chain: the receipts in this session are not repeated again."""
    Receipt.delete().where(Receipt.session == session).execute()
