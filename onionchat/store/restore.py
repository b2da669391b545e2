"""A backup's content into an empty database, in one transaction.

What had not arrived waits again, as the same record with the same ID, so that whoever has
it already knows it. Our own numbers are not put back: a new installation has a new stream
and counts from 1.

Cursors of events go on far above the old ones (at the time, in milliseconds), because the
old profile may have counted on after the backup: a program that comes back with its last
cursor gets everything that comes from now on, and none of the history again.
"""

from typing import Any

import peewee
from msgspec import Struct
from msgspec.structs import asdict, astuple

from onionchat.errors import DamagedError
from onionchat.store import identity as identities
from onionchat.store import models
from onionchat.store.backup import last_number
from onionchat.store.backup_content import Contact, Content, Message, Numbers, Record
from onionchat.store.base import Row
from onionchat.store.identity import Me
from onionchat.store.prepared import Prepared, argument
from onionchat.types import Millis


def put_back(content: Content, me: Me, now: Millis) -> None:
    """As the new installation `me`. DamagedError: the content contradicts itself."""
    identities.create(me, Millis(content.created_at))
    try:
        for contact in content.contacts:
            _contact(contact)
        for request in content.requests:
            _insert(models.Request, request)
        for refused in content.refused:
            _insert(models.Refused, refused)
    except peewee.IntegrityError as error:
        raise DamagedError(
            "the backup contradicts itself", "try another copy of it; nothing was changed"
        ) from error
    _count_on("request", content.last_request)
    _count_on("event", now)


def _contact(contact: Contact) -> None:
    plain = {name: getattr(contact, name) for name in _COLUMNS}
    number = models.Contact.insert(plain).execute()
    device = models.Device.insert(contact=number, key=contact.key).execute()
    conversation = models.Conversation.insert(id=contact.conversation, wire_id=None).execute()
    models.Member.insert(conversation=conversation, contact=number).execute()
    for endpoint in contact.endpoints:
        _insert(models.Endpoint, endpoint, device=device)
    for numbers in contact.numbers:
        _numbers(numbers, conversation, device)
    for message_id in contact.forgotten:
        models.Forgotten.insert(contact=number, message_id=message_id).execute()
    for record in contact.records:
        _waits(record, device)
    for message in contact.messages:
        _message(message, number, conversation, device)


_COLUMNS = (
    *("name", "skeleton", "key", "state", "verified", "held", "created_at", "last_seen"),
    *("request_id", "request_text", "next_offer", "blocked_from"),
)


def _numbers(numbers: Numbers, conversation: int, device: int) -> None:
    sequence = models.Sequence.insert(
        conversation=conversation, device=device, stream=numbers.stream, highest=numbers.highest
    ).execute()
    for first, last in numbers.gaps:
        models.Gap.insert(sequence=sequence, first=first, last=last).execute()


def _waits(record: Record, device: int) -> None:
    plain = asdict(record)
    models.Outbox.insert(device=device, message_id=plain.pop("id"), **plain).execute()


def _message(message: Message, contact: int, conversation: int, device: int) -> None:
    sending = message.sending
    author = contact if sending is None else None
    row = _MESSAGE.insert(
        *(conversation, author, message.id, message.stream, message.seq, message.kind),
        *(message.text, message.clock, message.at, message.unread, message.late),
    )
    if message.cursor is not None:
        _EVENT.insert(message.cursor, message.at, row)
    if sending is not None:
        _OUTBOX.insert(device, row, message.id, *astuple(sending))


TEXT = 2
"""The tag of a message's record (docs/protocol.md 5); the only one that is shown."""


def _insert(table: Any, value: Struct, **more: Any) -> None:
    table.insert(**asdict(value), **more).execute()


def _count_on(table: str, number: int) -> None:
    """The next row of this table gets a number above this one, and above those it has."""
    highest = max(number, last_number(table))
    execute = Row._meta.database.execute_sql
    execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
    execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, highest))


def _insert_of(table: Any, *columns: str, **fixed: Any) -> Prepared:
    """The one of a kind that a history has thousands of."""

    def build() -> Any:
        return table.insert({name: argument(n) for n, name in enumerate(columns)} | fixed)

    return Prepared(build)


_MESSAGE = _insert_of(
    models.Message,
    *("conversation", "author", "message_id", "stream", "seq", "kind", "text", "clock", "at"),
    *("unread", "late"),
)
_EVENT = _insert_of(models.Event, "cursor", "at", "message", kind="message.received")
_OUTBOX = _insert_of(
    models.Outbox,
    *("device", "shown", "message_id", "state", "record", "attempts", "queued_at", "sent_at"),
    "delivered_at",
    tag=TEXT,
)
