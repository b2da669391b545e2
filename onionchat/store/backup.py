"""A profile's rows as a backup holds them. What it leaves out: backup_content.py.

One transaction, so a backup is what was true at one instant, also while the node works.
"""

from typing import Any

from peewee import JOIN, Case

from onionchat.store import backup_content as content
from onionchat.store import models
from onionchat.store.backup_content import Content
from onionchat.store.base import Row
from onionchat.store.outbox import ENDPOINT, OPEN
from onionchat.store.receipts import IN_FLIGHT
from onionchat.types import Millis


def take(now: Millis, *, history: bool) -> Content:
    """Everything that a backup made now holds."""
    me = models.Identity.get()
    requests = models.Request.select().order_by(models.Request.number)
    return Content(
        seed=me.seed,
        created_at=me.created_at,
        made_at=now,
        history=history,
        last_request=last_number("request"),
        contacts=[_contact(row, history=history) for row in _contacts()],
        inboxes=[_inbox(row) for row in models.Inbox.select().order_by(models.Inbox.id)],
        requests=[
            content.Request(row.number, row.key, row.text, row.stream, row.at) for row in requests
        ],
        refused=[content.Refused(row.key, row.state, row.at) for row in models.Refused.select()],
    )


def left_out() -> int:
    """How many messages would be missed that only a backup with the history takes along:
    nobody has read them here, or they have not arrived."""
    message, outbox = models.Message, models.Outbox
    waiting = outbox.select(outbox.shown).where(outbox.state.in_(OPEN), outbox.shown.is_null(False))
    count: int = message.select().where(message.unread | message.id.in_(waiting)).count()
    return count


def last_number(table: str) -> int:
    """The highest number that a row of this table has ever had."""
    found = Row._meta.database.execute_sql(
        "SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)
    ).fetchone()
    return found[0] if found else 0


def _contacts() -> Any:
    contact, device, member = models.Contact, models.Device, models.Member
    return (
        contact.select(contact, device.id.alias("device"), member.conversation.alias("talk"))
        .join(device, on=device.contact == contact.id)
        .join(member, on=member.contact == contact.id)
        .order_by(contact.id)
        .objects()
    )


def _contact(row: Any, *, history: bool) -> content.Contact:
    return content.Contact(
        name=row.name,
        skeleton=row.skeleton,
        key=row.key,
        state=row.state,
        verified=row.verified,
        held=row.held,
        created_at=row.created_at,
        last_seen=row.last_seen,
        request_id=row.request_id,
        request_text=row.request_text,
        next_offer=row.next_offer,
        blocked_from=row.blocked_from,
        conversation=row.talk,
        endpoints=_endpoints(row.device),
        numbers=_numbers(row.device),
        forgotten=_forgotten(row.id) + (_fleeting if history else _read)(row.id),
        records=_records(row.device),
        messages=_messages(row.talk) if history else [],
    )


def _inbox(row: Any) -> content.Inbox:
    return content.Inbox(row.seed, row.closing_since, _admissions(row.id))


def _admissions(inbox: int) -> list[content.Admission]:
    row, device = models.Admission, models.Device
    rows = (
        row.select(device.key, row.client_key, row.message_id, row.known)
        .join(device)
        .where(row.inbox == inbox)
        .order_by(row.id)
    )
    return [content.Admission(*values) for values in rows.tuples()]


def _endpoints(device: int) -> list[content.Endpoint]:
    rows = models.Endpoint.select().where(models.Endpoint.device == device)
    return [
        content.Endpoint(row.onion, row.client_key, row.priority, row.learned_at)
        for row in rows.order_by(models.Endpoint.id)
    ]


def _numbers(device: int) -> list[content.Numbers]:
    rows = models.Sequence.select().where(models.Sequence.device == device)
    return [content.Numbers(row.stream, row.highest, _gaps(row.id)) for row in rows]


def _gaps(sequence: int) -> list[tuple[int, int]]:
    gap = models.Gap
    rows = gap.select(gap.first, gap.last).where(gap.sequence == sequence).order_by(gap.first)
    return list(rows.tuples())


def _forgotten(contact: int) -> list[bytes]:
    row = models.Forgotten
    return _newest(row, row.contact == contact)


def _read(contact: int) -> list[bytes]:
    """What they sent and was read here. Unread it may well be shown again: it would be lost."""
    row = models.Message
    return _newest(row, (row.author == contact) & (row.kind != "notice") & ~row.unread)


def _fleeting(contact: int) -> list[bytes]:
    """What is to disappear is in no backup, where nothing would erase it."""
    row = models.Message
    return _newest(row, (row.author == contact) & row.disappears.is_null(False))


def _newest(row: Any, which: Any) -> list[bytes]:
    rows = row.select(row.message_id).where(which).order_by(row.id.desc()).limit(IN_FLIGHT)
    return [message_id for (message_id,) in rows.tuples()]


def _records(device: int) -> list[content.Record]:
    row = models.Outbox
    columns = (
        *(row.message_id, row.tag, row.state, row.record, row.attempts),
        *(row.queued_at, row.sent_at),
    )
    said_anew = (row.tag == ENDPOINT) & row.record.is_null()
    waiting = (row.device == device, row.state.in_(OPEN), row.shown.is_null(), ~said_anew)
    return [
        content.Record(*values)
        for values in row.select(*columns).where(*waiting).order_by(row.id).tuples()
    ]


def _messages(conversation: int) -> list[content.Message]:
    row, outbox, event = models.Message, models.Outbox, models.Event
    columns = (
        *(row.message_id, row.kind, row.text, row.clock, row.at, row.stream, row.seq),
        *(row.unread, row.late, event.cursor),
        *(_state(), outbox.record, outbox.attempts, outbox.queued_at, outbox.sent_at),
        outbox.delivered_at,
    )
    came = (event.message == row.id) & (event.kind == "message.received")
    rows = (
        row.select(*columns)
        .join(outbox, JOIN.LEFT_OUTER, on=outbox.shown == row.id)
        .join(event, JOIN.LEFT_OUTER, on=came)
        .where(row.conversation == conversation, row.disappears.is_null())
        .order_by(row.id)
    )
    return [_message(*values) for values in rows.tuples()]


def _state() -> Any:
    """What waits and was given a time ends here: nobody knows when the backup is restored, and
    what was to be said only until then, or not before, must not be sent at any other time."""
    row = models.Outbox
    timed = row.expires_at.is_null(False) | row.not_before.is_null(False)
    given = timed & row.state.in_(OPEN)
    return Case(None, [(given, "expired")], row.state)


def _message(*values: Any) -> content.Message:
    shown, (state, *how_far) = values[:_SHOWN], values[_SHOWN:]
    sending = None if state is None else content.Sending(state, *how_far)
    return content.Message(*(*shown, sending))


_SHOWN = 10
"""Columns of `_messages` that tell of the message itself."""
