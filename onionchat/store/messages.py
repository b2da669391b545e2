"""What is shown: messages written and received, and notices of this program."""

import secrets
from collections.abc import Sequence as Rows
from dataclasses import dataclass, replace
from typing import Any

from peewee import JOIN, SQL, fn

from onionchat.store import events
from onionchat.store.models import Contact, Event, Forgotten, Gap, Member, Message, Outbox, Sequence
from onionchat.store.outbox import OPEN, SHOWN
from onionchat.store.prepared import Prepared, argument, at_most
from onionchat.types import IdentityKey, MessageId, Millis, StreamId

NOTICE = SQL("'notice'")
"""Written out for the same reason as OPEN."""


@dataclass(frozen=True, slots=True)
class Received:
    """A record of a contact's that is to be shown."""

    message_id: MessageId
    stream: StreamId
    seq: int
    kind: str
    text: str
    clock: Millis
    late: bool
    disappears: int | None = None


@dataclass(frozen=True, slots=True)
class IncomingRow:
    """One incoming message as `receive` gives it. `missing`: numbers lacking right before it."""

    cursor: int
    message_id: MessageId
    kind: str
    contact: str
    key: IdentityKey
    conversation: int
    text: str
    seq: int | None
    missing: int | None
    late: bool
    clock: Millis
    at: Millis
    disappears: int | None
    gone_at: Millis | None


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One message of a conversation. `state` None: incoming; then `unread` says more."""

    message_id: MessageId
    kind: str
    author: int | None
    text: str
    clock: Millis
    at: Millis
    unread: bool
    state: str | None
    delivered_at: Millis | None
    row: int
    disappears: int | None
    gone_at: Millis | None


def add_own(
    conversation: int,
    message_id: MessageId,
    text: str,
    now: Millis,
    disappears: int | None = None,
) -> int:
    """A message of ours; the row number."""
    mine = (conversation, None, message_id, None, None, "text", text, now, now, False, False)
    return _INSERT.insert(*mine, disappears)


def known(author: int, ids: Rows[MessageId]) -> set[MessageId]:
    """Which of these this contact has sent before, also if they were deleted since."""
    return {
        number for number in ids if _KNOWN.first(author, number) or _FORGOTTEN.first(author, number)
    }


def clear(conversation: int, contact: int) -> int:
    """Delete a conversation's messages, but for those of ours that wait; how many."""
    waiting = Outbox.select(Outbox.shown).where(SHOWN, Outbox.state.in_(OPEN))
    gone = (Message.conversation == conversation) & Message.id.not_in(waiting)
    theirs = Message.select(Message.author, Message.message_id).where(
        gone, Message.author == contact, Message.kind != "notice"
    )
    fields = [Forgotten.contact, Forgotten.message_id]
    Forgotten.insert_from(theirs, fields).on_conflict_ignore().execute()
    return int(Message.delete().where(gone).execute())


def add_received(conversation: int, author: int, rows: Rows[Received], now: Millis) -> None:
    """New messages of a contact, with their events, in this order."""
    numbers = [
        _INSERT.insert(
            *(conversation, author, row.message_id, row.stream, row.seq, row.kind, row.text),
            *(row.clock, now, True, row.late, row.disappears),
        )
        for row in rows
    ]
    events.messages_received(numbers, now)


def add_notice(
    conversation: int, contact: int, text: str, now: Millis, *, unless_since: int | None = None
) -> None:
    """Something this program has to say about a contact; not again within a while."""
    same = (Message.author == contact, Message.kind == NOTICE, Message.text == text)
    if unless_since is not None:  # one from the future was noted under a wrong clock
        lately = Message.at.between(unless_since, now)
        if Message.select().where(*same, lately).exists():
            return
    number = MessageId(secrets.token_bytes(16))
    notice = (conversation, contact, number, None, None, "notice", text, now, now, True, False)
    row = _INSERT.insert(*notice, None)
    events.messages_received([row], now)


def unread(contact: int | None, limit: int) -> list[IncomingRow]:
    """What nobody has read yet, in the order of commit."""
    rows = _UNREAD(limit) if contact is None else _UNREAD_OF(limit, contact)
    return [_incoming_row(*row) for row in rows]


def since(cursor: int, contact: int | None, limit: int) -> list[IncomingRow]:
    """What came after the cursor, read or not."""
    after = Event.cursor > cursor
    whose = after if contact is None else after & (Message.author == contact)
    return [IncomingRow(*row) for row in _incoming(whose).limit(limit).tuples()]


def mark_read(cursors: Rows[int]) -> int:
    """How many of these messages were unread until now."""
    return sum(map(_READ.change, cursors))


def history(conversation: int, limit: int, before: int | None) -> list[HistoryRow]:
    """The newest `limit`, oldest first; with `before` only those above that row."""
    older: Any = Message.conversation == conversation
    if before is not None:
        older &= Message.id < before
    columns = (
        *(Message.message_id, Message.kind, Message.author, Message.text, Message.clock),
        *(Message.at, Message.unread, Outbox.state, Outbox.delivered_at, Message.id),
        *(Message.disappears, Message.gone_at),
    )
    rows = (
        Message.select(*columns)
        .join(Outbox, JOIN.LEFT_OUTER, on=Outbox.shown == Message.id)
        .where(older)
        .order_by(Message.id.desc())
        .limit(limit)
    )
    return [HistoryRow(*row) for row in reversed(list(rows.tuples()))]


def find(conversation: int, message_id: MessageId) -> int | None:
    """The row of this message, the newest if two people have given the same ID. By the ID
    alone: SQLite would as soon look through the whole conversation."""
    rows = [row for row, where in _BY_ID(message_id) if where == conversation]
    return max(rows, default=None)


def reference(row: int) -> tuple[MessageId, str]:
    """A message's ID and the name of whom we have that conversation with."""
    found = _REFERENCE.first(row)
    assert found is not None
    message_id, contact = found
    return message_id, contact


def unread_by_contact() -> dict[int, int]:
    """How many unread messages each contact has."""
    return dict(_UNREAD_BY_CONTACT())


def _incoming_row(*values: Any) -> IncomingRow:
    row = IncomingRow(*values)
    return replace(row, late=bool(row.late))


def _unread(*whose: Any) -> Any:
    """The oldest are picked first, of as many as are wanted: the rest is not looked at."""
    oldest = Message.select(Message.id).where(Message.unread, *whose).order_by(Message.id)
    return _incoming(Message.id.in_(oldest.limit(at_most(0)))).limit(at_most(0))


def _incoming(which: Any) -> Any:
    columns = (
        *(Event.cursor, Message.message_id, Message.kind, Contact.name, Contact.key),
        *(Message.conversation, Message.text, Message.seq, _missing(), Message.late),
        *(Message.clock, Message.at, Message.disappears, Message.gone_at),
    )
    return (
        Event.select(*columns)
        .join(Message)
        .join(Contact, on=Message.author == Contact.id)
        .where(Event.kind == "message.received", which)
        .order_by(Event.cursor)
    )


def _missing() -> Any:
    """Numbers that lack before a message, up to the one of the same author's that was shown
    before it: between them may be numbers of records that are not shown. A gap that was closed
    since is none."""
    nearer, between = Gap.alias(), Message.alias()
    nearest = nearer.select(fn.max(nearer.first)).where(
        nearer.sequence == Sequence.id, nearer.first < Message.seq
    )
    shown = between.select(between.id).where(
        between.author == Message.author,
        between.stream == Message.stream,
        between.seq > Gap.last,
        between.seq < Message.seq,
    )
    return (
        Gap.select(Gap.last - Gap.first + 1)
        .join(Sequence)
        .where(
            Sequence.conversation == Message.conversation,
            Sequence.device.is_null(False),
            Sequence.stream == Message.stream,
            Gap.first == nearest,
            ~fn.EXISTS(shown),
        )
    )


_INSERT = Prepared(
    lambda: Message.insert(
        conversation=argument(0),
        author=argument(1),
        message_id=argument(2),
        stream=argument(3),
        seq=argument(4),
        kind=argument(5),
        text=argument(6),
        clock=argument(7),
        at=argument(8),
        unread=argument(9),
        late=argument(10),
        disappears=argument(11),
    )
)
_UNREAD = Prepared(_unread)
_UNREAD_OF = Prepared(lambda: _unread(Message.author == argument(1)))
_READ = Prepared(
    lambda: Message.update(unread=False).where(
        Message.unread,
        Message.id == Event.select(Event.message).where(Event.cursor == argument(0)),
    )
)
_KNOWN = Prepared(
    lambda: Message.select(Message.id).where(
        Message.author == argument(0), Message.message_id == argument(1)
    )
)
_UNREAD_BY_CONTACT = Prepared(
    lambda: (
        Message.select(Message.author, fn.count(Message.id))
        .where(Message.unread)
        .group_by(Message.author)
    )
)
_BY_ID = Prepared(
    lambda: Message.select(Message.id, Message.conversation).where(
        Message.message_id == argument(0)
    )
)
_FORGOTTEN = Prepared(
    lambda: Forgotten.select(Forgotten.id).where(
        Forgotten.contact == argument(0), Forgotten.message_id == argument(1)
    )
)
_REFERENCE = Prepared(
    lambda: (
        Message.select(Message.message_id, Contact.name)
        .join(Member, on=Member.conversation == Message.conversation)
        .join(Contact, on=Member.contact == Contact.id)
        .where(Message.id == argument(0))
    )
)
