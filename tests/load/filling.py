"""What a profile has after years, put into its store at once. Each is one transaction."""

import secrets
from collections.abc import Iterator, Mapping
from itertools import islice

from onionchat.node.verbs.messages import TEXT
from onionchat.store import contacts, messages, outbox
from onionchat.store.base import Row
from onionchat.store.contacts import ContactRow, NewContact
from onionchat.store.models import Event, Message, Outbox, Seen, Session
from onionchat.types import IdentityKey, MessageId, Millis

ROWS = 500
"""Of one INSERT: SQLite has room for 32,766 values."""
BEGAN = 1_700_000_000_000


def befriend(people: Mapping[str, IdentityKey]) -> None:
    """Contacts by name, whom nobody has seen yet."""
    for name, key in people.items():
        number = MessageId(secrets.token_bytes(16))
        contacts.add(NewContact(name, name, key, "contact", number), Millis(BEGAN))


def history(name: str, count: int, *, first: int = 0, unread: int = 0) -> None:
    """So many messages, each second one of ours and delivered. The last of theirs are `unread`.

    With all that hangs on them: events, what was in the outbox, and, if there is a session,
    the envelopes that were seen.
    """
    contact = _named(name)
    session = Session.select(Session.id).where(Session.device == contact.device).scalar()
    base = (Message.select(Message.id).order_by(Message.id.desc()).limit(1).scalar() or 0) + 1
    rows = range(base, base + count)
    ids = [secrets.token_bytes(16) for _ in rows]
    mine = [row for row in rows if row % 2]
    theirs = [row for row in rows if not row % 2]
    new = set(theirs[len(theirs) - unread :])
    _insert(Message, (
        {
            "id": row, "conversation": contact.conversation, "message_id": ids[row - base],
            "author": None if row % 2 else contact.id, "stream": None if row % 2 else b"a stream",
            "seq": None if row % 2 else first + row - base, "kind": "text",
            "text": f"message {first + row - base}, of some length as people write it",
            "clock": BEGAN + row, "at": BEGAN + row, "unread": row in new, "late": False,
        }
        for row in rows
    ))  # fmt: skip
    _insert(Outbox, (
        {
            "device": contact.device, "shown": row, "message_id": ids[row - base], "tag": TEXT,
            "state": "delivered", "queued_at": BEGAN, "sent_at": BEGAN, "delivered_at": BEGAN,
            "attempts": 1,
        }
        for row in mine
    ))  # fmt: skip
    _insert(Event, (
        {"kind": "message.received", "at": BEGAN, "message": row, "state": None} for row in theirs
    ))  # fmt: skip
    _insert(Event, (
        {"kind": "message.state", "at": BEGAN, "message": row, "state": state}
        for row in mine
        for state in ("sent", "delivered")
    ))  # fmt: skip
    if session is not None:
        _insert(Seen, (
            {
                "session": session, "digest": secrets.token_bytes(32),
                "message_id": ids[row - base], "due": False,
            }
            for row in theirs
        ))  # fmt: skip


def queue(name: str, count: int, *, first: int = 0) -> None:
    """So many messages of ours that wait, as `send` leaves them."""
    contact = _named(name)
    for number in range(first, first + count):
        message_id = MessageId(secrets.token_bytes(16))
        shown = messages.add_own(contact.conversation, message_id, text(number), Millis(BEGAN))
        outbox.queue(contact.device, TEXT, message_id, Millis(BEGAN), shown)


def text(number: int) -> str:
    return f"waiting {number}"


def _named(name: str) -> ContactRow:
    contact = contacts.by_name(name)
    assert contact is not None
    return contact


def _insert(model: type[Row], rows: Iterator[dict[str, object]]) -> None:
    while page := list(islice(rows, ROWS)):
        model.insert_many(page).execute()
