"""Verbs about messages on their way: send, receive.

`send` returns when the message is safe on this disk; what follows is the outbox's work.
`receive` marks nothing as read: that is `receive.ack`, called when the reader has really
got the text, so that a crash in between shows a message twice and never not at all. Only the
time of a message that disappears begins when it is given out (node/lifetimes.py).
"""

import asyncio
import random
import secrets
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec

from onionchat.crypto.address import format_address
from onionchat.errors import (
    IdentityError,
    RefusedError,
    UndeliveredError,
    UsageError,
)
from onionchat.node import people, why
from onionchat.node.clock import rfc3339, wait
from onionchat.node.expiry import after, later
from onionchat.node.profile import Profile
from onionchat.node.verbs.history import LONGEST_LIST, Count, conversation_id
from onionchat.node.verbs.registry import verb
from onionchat.protocol.limits import TEXT_BYTES
from onionchat.store import holding, lifetimes, messages, outbox
from onionchat.store.contacts import ContactRow
from onionchat.store.ending import Uptime
from onionchat.store.holding import Moment
from onionchat.store.messages import IncomingRow
from onionchat.store.outbox import Expiry
from onionchat.tor.dial_errors import BOTH
from onionchat.types import MessageId, Millis

TEXT = 2
"""The record's tag (docs/protocol.md 5)."""
Cursor = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Lifetime = Annotated[float, msgspec.Meta(gt=0, le=366 * 24 * 3600)]
Range = Annotated[list[Lifetime], msgspec.Meta(min_length=2, max_length=2)]
REACHED = {"sent": ("sent", "delivered"), "delivered": ("delivered",)}
ENDED = {"cancelled": "was cancelled", "expired": "expired", None: "was deleted"}
LONGEST_DELAY = 366 * 24 * 3600
_random = random.SystemRandom()
COMPARE = "in person or on a call: `onionchat verify NAME --confirm`"


class SendParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`wait`: return when the message is sent, or delivered; `timeout` in seconds.
    `verified`: refuse unless the contact is verified. `expires`: seconds after which it is not
    sent any more. `delay`: it leaves after so many seconds at the earliest, a random number
    between these two; `at`: not before this time, RFC 3339."""

    name: str
    text: str
    wait: Literal["sent", "delivered"] | None = None
    timeout: float | None = None
    verified: bool = False
    expires: Lifetime | None = None
    delay: Range | None = None
    at: datetime | None = None


class Sent(msgspec.Struct, frozen=True):
    id: str
    contact: str
    conversation: str
    state: str
    hint: str
    expires_at: str | None
    leaves_at: str | None = None


class ReceiveParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`since`: what came after this cursor, read or not; else what is unread."""

    name: str | None = None
    limit: Count | None = None
    since: Cursor | None = None
    timeout: float | None = None
    peek: bool = False


class Incoming(msgspec.Struct, frozen=True):
    """`missing`: how many lack between this one and the one before; `late`: later ones were
    here first."""

    id: str
    kind: str
    contact: str
    address: str
    conversation: str
    text: str
    seq: int | None
    missing: int | None
    late: bool
    sent_at: str | None
    received_at: str | None
    cursor: int
    disappears_at: str | None = None


class AckParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    cursors: Annotated[list[Cursor], msgspec.Meta(max_length=LONGEST_LIST)]


class Acked(msgspec.Struct, frozen=True):
    marked: int


@verb("send", SendParams)
async def send(profile: Profile, params: SendParams) -> Sent:
    """Queue a text for a contact, durably; the ID comes back when it is safe here."""
    profile.running()
    _check_text(params)
    message_id = MessageId(secrets.token_bytes(16))
    now = profile.clock()
    end = None if params.expires is None else after(params.expires, now, profile.uptime())
    moment = _moment(params, now, profile.uptime())
    contact = await profile.change(_queue, params, message_id, now, end, moment)
    if end is not None or moment is not None:
        profile.running().expires()
    if moment is None:  # nobody is dialled for what leaves later
        await profile.changed(contact.id)
    state = "queued" if params.wait is None else await _wait(profile, params, message_id)
    return Sent(
        id=message_id.hex(),
        contact=contact.name,
        conversation=conversation_id(contact.conversation),
        state=state,
        hint=_hint(profile, contact, state, end) if moment is None else _held(moment),
        expires_at=None if end is None else rfc3339(end.at),
        leaves_at=None if moment is None else rfc3339(moment.at),
    )


@verb("receive", ReceiveParams)
async def receive(profile: Profile, params: ReceiveParams) -> list[Incoming]:
    """Incoming messages in the order of commit. Marks nothing: see `receive.ack`."""
    profile.running()
    loop = asyncio.get_running_loop()
    until = loop.time() + (params.timeout or 0.0)
    while True:
        changed = profile.feed.next_change()
        rows, begun = await profile.db.run(_incoming, params, profile.clock())
        if begun:
            profile.running().expires()
        if rows or params.timeout is None:
            return rows
        if not await wait(changed, until):
            raise UndeliveredError(
                "no message came in that time", "wait longer with --timeout, or use --follow"
            )


@verb("receive.ack", AckParams)
async def acknowledge(profile: Profile, params: AckParams) -> Acked:
    """These messages have been read: their cursors come from `receive`."""
    return Acked(await profile.db.run(messages.mark_read, params.cursors))


def _check_text(params: SendParams) -> None:
    if not params.text:
        raise UsageError("an empty message is not sent", "write something")
    try:
        size = len(params.text.encode())
    except UnicodeEncodeError:
        raise UsageError("the text is not valid Unicode", "send it as UTF-8") from None
    if size > TEXT_BYTES:
        raise RefusedError(
            f"the text has {size} bytes; a message has at most {TEXT_BYTES}",
            "send it in several parts",
        )
    if params.timeout is not None and params.wait is None:
        raise UsageError("a timeout needs something to wait for", "add --wait delivered")


def _moment(params: SendParams, now: Millis, uptime: Uptime) -> Moment | None:
    """When it leaves; None: as soon as it can."""
    if params.delay is None and params.at is None:
        return None
    if params.delay is not None and params.at is not None:
        raise UsageError("a message leaves after a while, or at a time", "give one of the two")
    if params.at is not None:
        if params.at.tzinfo is None:
            raise UsageError("a time needs its time zone", "such as 2026-11-27T08:00:00Z")
        seconds = params.at.timestamp() - now / 1000
    else:
        assert params.delay is not None
        seconds = _random.uniform(*sorted(params.delay))
    if not 0 < seconds <= LONGEST_DELAY:
        raise UsageError("this time is over, or more than a year away", "choose another one")
    if params.expires is not None and params.expires <= seconds:
        raise UsageError("it would expire before it leaves", "give it longer with --expires")
    return later(seconds, now, uptime)


def _held(moment: Moment) -> str:
    return f"queued; it leaves after {_local(moment.at):%Y-%m-%d %H:%M:%S}"


def _queue(
    params: SendParams,
    message_id: MessageId,
    now: Millis,
    end: Expiry | None,
    moment: Moment | None,
) -> ContactRow:
    contact = people.find(params.name)
    if contact.state == "blocked":
        raise RefusedError(
            f"{contact.name!r} is blocked", "to write to them: `onionchat contact unblock NAME`"
        )
    if contact.held:
        raise IdentityError(
            f"{contact.name!r} no longer knows the sessions that you had: nothing leaves meanwhile",
            f"make sure that it is them, {COMPARE}",
        )
    if params.verified and not contact.verified:
        raise IdentityError(f"{contact.name!r} is not verified", f"compare the number, {COMPARE}")
    disappears = lifetimes.of(contact.conversation).disappear or None
    shown = messages.add_own(contact.conversation, message_id, params.text, now, disappears)
    outbox.queue(contact.device, TEXT, message_id, now, shown, expiry=end)
    if moment is not None:
        holding.hold(shown, moment)
    return contact


async def _wait(profile: Profile, params: SendParams, message_id: MessageId) -> str:
    assert params.wait is not None
    loop = asyncio.get_running_loop()
    until = None if params.timeout is None else loop.time() + params.timeout
    while True:
        changed = profile.feed.next_change()
        state = await profile.db.run(outbox.state, message_id)
        if state in REACHED[params.wait]:
            return state
        if state in ENDED:
            raise UndeliveredError(
                f"the message {ENDED[state]} before it was known to be {params.wait}",
                "send it again if they should have it after all",
            )
        if not await wait(changed, until):
            raise UndeliveredError(
                f"the message is safe here, but was not {params.wait} in that time",
                "it stays queued and leaves by itself when both are online",
            )


def _hint(profile: Profile, contact: ContactRow, state: str, end: Expiry | None) -> str:
    """One honest sentence about what happens next; why it waits is said as everywhere."""
    name, now = contact.name, profile.clock()
    if state == "delivered":
        return f"delivered: {name} has it"
    if state == "sent":
        return f"sent; {name} has not confirmed it yet"
    if profile.running().online(contact.id):
        return f"queued; {name} is online, it leaves now"
    reason = why.of(contact, profile.live, now)
    because = BOTH if reason is None else f"{reason.sentence}; {reason.hint}"
    if contact.state != "requested":
        because = f"{name} {_last_seen(contact, now)}; {because}"
    return f"queued; {because}" + (
        "" if end is None else f"; it expires at {_local(end.at):%Y-%m-%d %H:%M:%S}"
    )


def _last_seen(contact: ContactRow, now: Millis) -> str:
    if contact.last_seen is None:
        return "has not been reachable yet"
    days = (_day(now) - _day(contact.last_seen)).days
    if days < 0:
        return "was last reachable on a day that is still to come: look at this machine's clock"
    words = {0: "earlier today", 1: "yesterday"}.get(days, f"{days} days ago")
    return f"was last reachable {words}"


def _day(moment: Millis) -> datetime:
    return _local(moment).replace(hour=0, minute=0, second=0, microsecond=0)


def _local(moment: Millis) -> datetime:
    """To the second, in the person's own time zone."""
    return datetime.fromtimestamp(moment // 1000, UTC).astimezone()


def _incoming(params: ReceiveParams, now: Millis) -> tuple[list[Incoming], bool]:
    rows = _rows(params)
    begins = [row.cursor for row in rows if row.disappears and not row.gone_at]
    if begins:
        lifetimes.begin_read(begins, now)
        rows = _rows(params)
    return [_as_incoming(row) for row in rows], bool(begins)


def _rows(params: ReceiveParams) -> list[IncomingRow]:
    contact = None if params.name is None else people.find(params.name).id
    limit = min(LONGEST_LIST, params.limit or LONGEST_LIST)
    if params.since is not None:
        return messages.since(params.since, contact, limit)
    return messages.unread(contact, limit)


def _as_incoming(row: IncomingRow) -> Incoming:
    return Incoming(
        id=row.message_id.hex(),
        kind=row.kind,
        contact=row.contact,
        address=format_address(row.key),
        conversation=conversation_id(row.conversation),
        text=row.text,
        seq=row.seq,
        missing=None if row.seq is None else row.missing or 0,
        late=row.late,
        sent_at=rfc3339(row.clock),
        received_at=rfc3339(row.at),
        cursor=row.cursor,
        disappears_at=rfc3339(row.gone_at),
    )
