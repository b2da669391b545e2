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
from msgspec.structs import asdict

from onionchat.errors import DamagedError
from onionchat.store import identity as identities
from onionchat.store import models
from onionchat.store.backup import last_number
from onionchat.store.backup_content import Contact, Content, Inbox, Message, Numbers, Record
from onionchat.store.base import Row
from onionchat.store.identity import Me
from onionchat.types import Millis


def put_back(content: Content, me: Me, now: Millis) -> None:
    """As the new installation `me`. DamagedError: the content contradicts itself."""
    identities.create(me, Millis(content.created_at))
    try:
        for contact in content.contacts:
            _contact(contact)
        for inbox in content.inboxes:
            _inbox(inbox)
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


def _inbox(inbox: Inbox) -> None:
    number = models.Inbox.insert(seed=inbox.seed, closing_since=inbox.closing_since).execute()
    for admission in inbox.admissions:
        device = models.Device.get_or_none(models.Device.key == admission.contact)
        if device is None:
            raise peewee.IntegrityError
        plain = asdict(admission)
        del plain["contact"]
        key = {"inbox": number, "device": device, "message_id": plain.pop("id")}
        models.Admission.insert(**key, **plain).execute()


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
    plain = asdict(message)
    message_id, cursor, sending = plain.pop("id"), plain.pop("cursor"), plain.pop("sending")
    author = contact if sending is None else None
    row = models.Message.insert(
        conversation=conversation, author=author, message_id=message_id, **plain
    ).execute()
    if cursor is not None:
        models.Event.insert(
            cursor=cursor, kind="message.received", at=message.at, message=row
        ).execute()
    if sending is not None:
        models.Outbox.insert(
            device=device, shown=row, message_id=message_id, tag=TEXT, **asdict(sending)
        ).execute()


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
