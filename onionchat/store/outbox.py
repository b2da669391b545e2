"""What waits for a device, and the exact bytes that were made of it.

queued -> sent -> delivered, or cancelled, or expired. A row without a wire waits to be
encrypted, also when it was sent before under a session that is gone.

What was cancelled or expired with a wire keeps it, though it is not sent again: it may never
have arrived, and then the other side has to jump over it in the ratchet's chain. It counts as
in flight until the Withdrawn behind it is receipted, which is in the same chain or a later one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import JOIN, SQL, fn

from onionchat.store import events
from onionchat.store.models import Device, Message, Outbox, Session
from onionchat.store.prepared import Prepared, argument, at_most
from onionchat.types import MessageId, Millis, SessionId

OPEN = SQL("('queued', 'sent')")
"""Written out, not bound: SQLite only then sees that a partial index is enough, and does not
look through every message that was ever delivered."""
ENDED = SQL("('cancelled', 'expired')")
SHOWN = fn.ifnull(Outbox.shown, 0) > 0
"""A message, and not an Accept. Not as IS NOT NULL: for that SQLite would take the index of all
messages, delivered or not."""
YES = SQL("4")
"""The tag of an Accept (docs/protocol.md 5)."""
ENDPOINT = 5
"""The tag of an Endpoint."""
WITHDRAWN = 6
"""The tag of a Withdrawn."""
LIFETIMES = 7
"""The tag of what says how long messages stay."""
GUEST = 9
"""The tag of a Guest."""


@dataclass(frozen=True, slots=True)
class DueRow:
    """A row to be encrypted. `record` is set if it was numbered before."""

    id: int
    tag: int
    message_id: MessageId
    queued_at: Millis
    record: bytes | None
    text: str | None
    disappears: int | None


@dataclass(frozen=True, slots=True)
class WireRow:
    id: int
    wire: bytes


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A message of ours as `outbox list` shows it. `numbered`: it was made ready to leave,
    and may have."""

    id: int
    message_id: MessageId
    contact: int
    state: str
    queued_at: Millis
    attempts: int
    numbered: bool
    expires_at: Millis | None
    not_before: Millis | None


@dataclass(frozen=True, slots=True)
class Expiry:
    """When a message is over: in Unix time, and on the clock that decides (ending.py)."""

    at: Millis
    boot: bytes
    over_at: int


@dataclass(frozen=True, slots=True)
class Encrypted:
    """What encrypting gave a row: its record, and the bytes of it under a session."""

    id: int
    record: bytes
    session: int
    wire: bytes


def queue(
    device: int,
    tag: int,
    message_id: MessageId,
    now: Millis,
    shown: int | None = None,
    *,
    record: bytes | None = None,
    expiry: Expiry | None = None,
) -> None:
    """One record for this device; `shown` is the message it is made of, or the `record` is
    there already."""
    end = (None, None, None) if expiry is None else (expiry.at, expiry.boot, expiry.over_at)
    _QUEUE.insert(device, shown, message_id, tag, now, record, *end)


def unreceipted(device: int, sids: Collection[SessionId], uptime: int) -> list[WireRow]:
    """Every ciphertext of these sessions that may still be missing there and is not over,
    oldest first."""
    rows = _UNRECEIPTED(device, uptime)
    return [WireRow(row, wire) for row, wire, sid in rows if sid in sids]


def oldest(device: int, uptime: int) -> int | None:
    """The first of them, whatever its session."""
    row = _OLDEST.first(device, uptime)
    return None if row is None else int(row[0])


def in_flight(device: int) -> int:
    """Envelopes that are not known to have arrived."""
    ((count,),) = _IN_FLIGHT(device)
    return int(count)


def due(device: int, limit: int, uptime: int) -> list[DueRow]:
    """The oldest rows that wait to be encrypted and are not over, behind those that go ahead."""
    others = [DueRow(*row) for row in _DUE(device, limit, uptime)]
    return list(dict.fromkeys([*ahead(device, limit, uptime), *others]))[:limit]


def ahead(device: int, limit: int, uptime: int) -> list[DueRow]:
    """A yes goes first: who has forgotten that they know us hears nothing before it. Then what
    has its number, such as a Withdrawn: it is lower than any that is given now."""
    rows = [*_YES_DUE(device), *_AGAIN(device, limit, uptime)]
    return [DueRow(*row) for row in dict.fromkeys(rows)][:limit]


def set_wires(rows: Sequence[Encrypted]) -> None:
    """Keep what was encrypted; after the commit it may leave."""
    _SET_WIRE.many((row.record, row.session, row.wire, row.id) for row in rows)


def mark_sent(rows: Sequence[int], now: Millis) -> None:
    """The bytes of these rows have been written, once more or for the first time."""
    changed = [row for row in rows if _MARK_SENT.change(now, row)]
    found = [_ATTEMPTS.first(row) for row in changed]
    first = [row[0] for row in found if row and row[0] and row[1] == 1]
    events.messages_state(first, "sent", now)


def delivered(device: int, ids: Sequence[MessageId], now: Millis) -> set[int]:
    """The peer has these, also what was cancelled or expired in the meantime; IDs that were
    never sent to it are ignored. The tags of the others."""
    rows = [row for number in ids for row in _RECEIPTED(device, number)]
    _DELIVERED.many((now, row) for row, _, _ in rows)
    _SETTLED.many((device, row) for row, _, tag in rows if tag == WITHDRAWN)
    events.messages_state([shown for _, shown, _ in rows if shown], "delivered", now)
    return {tag for _, _, tag in rows}


def retire(session: int) -> None:
    """The session is gone: its rows wait to be encrypted again, as the same records."""
    Outbox.update(wire=None, session=None).where(Outbox.session == session).execute()


def give_back(device: int, sids: Collection[SessionId]) -> None:
    """What was encrypted under any other session waits to be encrypted again."""
    _GIVE_BACK.many((device, row) for row, sid in _WRITTEN_UNDER(device) if sid not in sids)


def yes_waits(device: int) -> bool:
    """Is an Accept on its way?"""
    found: bool = Outbox.select().where(_open(device), Outbox.tag == YES).exists()
    return found


def anything_for(contact: int) -> bool:
    """Is there a reason to dial this contact? Where we are is none: they come to where we were."""
    return _ANYTHING.first(contact) is not None


def wanted() -> set[int]:
    """Contacts for whom something waits that may leave now."""
    return {contact for (contact,) in _WANTED()}


def waiting_by_contact() -> dict[int, int]:
    """How many messages of ours each contact has not got yet."""
    return dict(_WAITING_BY_CONTACT())


def waiting(after: int, limit: int) -> list[WaitingRow]:
    """Messages of ours that are not known to have arrived, oldest first, behind a row."""
    return [WaitingRow(*row) for row in _WAITING(after, limit)]


def find(message_id: MessageId) -> WaitingRow | None:
    """A message of ours that still waits."""
    row = _WAITS.first(message_id)
    return None if row is None else WaitingRow(*row)


def _waiting(condition: Any) -> Any:
    columns = (
        *(Outbox.id, Outbox.message_id, Device.contact, Outbox.state, Outbox.queued_at),
        *(Outbox.attempts, Outbox.record.is_null(False), Outbox.expires_at, Outbox.not_before),
    )
    return (
        Outbox.select(*columns)
        .join(Device)
        .where(condition, Outbox.state.in_(OPEN), SHOWN)
        .order_by(Outbox.id)
    )


def state(message_id: MessageId) -> str | None:
    """Where one message of ours has got to."""
    row = _STATE.first(message_id)
    return None if row is None else row[0]


def _open(device: Any) -> Any:
    return (Outbox.device == device) & Outbox.state.in_(OPEN)


def _not_over(uptime: Any) -> Any:
    return Outbox.expires_at.is_null() | (Outbox.over_at > uptime)


def _due() -> Any:
    columns = (
        *(Outbox.id, Outbox.tag, Outbox.message_id, Outbox.queued_at, Outbox.record),
        *(Message.text, Message.disappears),
    )
    rows = Outbox.select(*columns).join(Message, JOIN.LEFT_OUTER, on=Outbox.shown == Message.id)
    return rows.order_by(Outbox.id)


_QUEUE = Prepared(
    lambda: Outbox.insert(
        device=argument(0),
        shown=argument(1),
        message_id=argument(2),
        tag=argument(3),
        state="queued",
        queued_at=argument(4),
        record=argument(5),
        expires_at=argument(6),
        boot=argument(7),
        over_at=argument(8),
    )
)
_UNRECEIPTED = Prepared(
    lambda: (
        Outbox.select(Outbox.id, Outbox.wire, Session.sid)
        .join(Session)
        .where(_open(argument(0)), Outbox.wire.is_null(False), _not_over(argument(1)))
        .order_by(Outbox.id)
    )
)
_OLDEST = Prepared(
    lambda: (
        Outbox.select(Outbox.id)
        .where(_open(argument(0)), Outbox.wire.is_null(False), _not_over(argument(1)))
        .order_by(Outbox.id)
        .limit(SQL("1"))
    )
)
_WRITTEN_UNDER = Prepared(
    lambda: (
        Outbox.select(Session.id, Session.sid)
        .join(Session)
        .where(_open(argument(0)), Outbox.wire.is_null(False))
        .distinct()
    )
)
_GIVE_BACK = Prepared(
    lambda: Outbox.update(wire=None, session=None).where(
        _open(argument(0)), Outbox.session == argument(1)
    )
)
_IN_FLIGHT = Prepared(
    lambda: Outbox.select(fn.count(Outbox.id)).where(
        Outbox.device == argument(0), Outbox.wire.is_null(False)
    )
)
_DUE = Prepared(
    lambda: (
        _due()
        .where(_open(argument(0)), Outbox.wire.is_null(), _not_over(argument(2)))
        .where(Outbox.not_before.is_null())
        .limit(at_most(1))
    )
)
_AGAIN = Prepared(
    lambda: (
        _due()
        .where(_open(argument(0)), Outbox.wire.is_null(), Outbox.record.is_null(False))
        .where(_not_over(argument(2)))
        .limit(at_most(1))
    )
)
_YES_DUE = Prepared(
    lambda: _due().where(_open(argument(0)), Outbox.wire.is_null(), Outbox.tag == YES)
)
_WAITING = Prepared(lambda: _waiting(Outbox.id > argument(0)).limit(at_most(1)))
_WAITS = Prepared(lambda: _waiting(Outbox.message_id == argument(0)))
_WAITING_BY_CONTACT = Prepared(
    lambda: (
        Outbox.select(Device.contact, fn.count(Outbox.id))
        .join(Device)
        .where(Outbox.state.in_(OPEN), SHOWN)
        .group_by(Device.contact)
    )
)
_SET_WIRE = Prepared(
    lambda: Outbox.update(record=argument(0), session=argument(1), wire=argument(2)).where(
        Outbox.id == argument(3)
    )
)
_MARK_SENT = Prepared(
    lambda: Outbox.update(
        state="sent",
        sent_at=fn.ifnull(Outbox.sent_at, argument(0)),
        attempts=Outbox.attempts + 1,
    ).where(Outbox.id == argument(1), Outbox.state.in_(OPEN))
)
_ATTEMPTS = Prepared(
    lambda: Outbox.select(Outbox.shown, Outbox.attempts).where(Outbox.id == argument(0))
)
_RECEIPTED = Prepared(
    lambda: Outbox.select(Outbox.id, Outbox.shown, Outbox.tag).where(
        Outbox.message_id == argument(1),
        Outbox.device == argument(0),
        Outbox.record.is_null(False),
    )
)
_SETTLED = Prepared(
    lambda: Outbox.update(wire=None, session=None).where(
        Outbox.device == argument(0),
        Outbox.id < argument(1),
        Outbox.wire.is_null(False),
        Outbox.state.in_(ENDED),
    )
)
_DELIVERED = Prepared(
    lambda: Outbox.update(
        state="delivered", delivered_at=argument(0), wire=None, record=None, session=None
    ).where(Outbox.id == argument(1))
)
_ANYTHING = Prepared(
    lambda: (
        Outbox.select(Outbox.id)
        .join(Device)
        .where(Device.contact == argument(0), Outbox.state.in_(OPEN), Outbox.tag != ENDPOINT)
        .where(Outbox.not_before.is_null())
    )
)
_WANTED = Prepared(
    lambda: (
        Outbox.select(Device.contact)
        .join(Device)
        .where(Outbox.state.in_(OPEN), SHOWN, Outbox.not_before.is_null())
        .distinct()
    )
)
_STATE = Prepared(lambda: Outbox.select(Outbox.state).where(Outbox.message_id == argument(0)))
