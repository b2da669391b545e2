"""Our inboxes: onions of our own that only contacts find, and who has a key to which.

An inbox is open, or closing: another has taken its place, and it stays only for those who
may not know that yet. A device has a key to at most one open inbox.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from peewee import JOIN, fn

from onionchat.store.models import Admission, Contact, Device, Inbox, Outbox
from onionchat.store.outbox import ENDPOINT, OPEN
from onionchat.store.prepared import Prepared, argument
from onionchat.types import MessageId, Millis


@dataclass(frozen=True, slots=True)
class InboxRow:
    """`client_keys`: the private halves that were given to contacts."""

    id: int
    seed: bytes = field(repr=False)
    closing_since: Millis | None
    client_keys: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Key:
    """A contact's key to an inbox, and the inbox's own seed."""

    seed: bytes = field(repr=False)
    client_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outsider:
    """A contact's device that has a key to no open inbox."""

    device: int
    contact: int


def all_rows() -> list[InboxRow]:
    """Those to which anybody has a key, oldest first."""
    keys: dict[int, list[bytes]] = {}
    for inbox, key in _KEYS():
        keys.setdefault(inbox, []).append(key)
    return [
        InboxRow(number, seed, closing_since, tuple(keys[number]))
        for number, seed, closing_since in _ALL()
        if number in keys
    ]


def outsiders() -> list[Outsider]:
    """Accepted contacts without a key to an open inbox."""
    return [Outsider(*row) for row in _OUTSIDERS()]


def with_room(limit: int) -> int | None:
    """An open inbox with fewer keys than that."""
    row = (
        Inbox.select(Inbox.id)
        .join(Admission, JOIN.LEFT_OUTER)
        .where(Inbox.closing_since.is_null())
        .group_by(Inbox.id)
        .having(fn.count(Admission.id) < limit)
        .order_by(Inbox.id)
        .limit(1)
    )
    found: int | None = row.scalar()
    return found


def create(seed: bytes) -> int:
    number: int = Inbox.insert(seed=seed).execute()
    return number


def admit(inbox: int, device: int, client_key: bytes, message_id: MessageId) -> None:
    """They get this key with the record `message_id`."""
    Admission.insert(
        inbox=inbox, device=device, client_key=client_key, message_id=message_id, known=False
    ).execute()


def named_in(message_id: MessageId) -> Key | None:
    """The key that this record gives."""
    row = _NAMED.first(message_id)
    return None if row is None else Key(*row)


def tell_again(device: int, message_id: MessageId) -> bool:
    """Another record is to give the device its key; False: there is none, or one is on its way."""
    under_way = Outbox.select().where(
        Outbox.device == device, Outbox.state.in_(OPEN), Outbox.tag == ENDPOINT
    )
    if under_way.exists():
        return False
    now_open = Inbox.select(Inbox.id).where(Inbox.closing_since.is_null())
    changed = Admission.update(message_id=message_id, known=False).where(
        Admission.device == device, Admission.inbox.in_(now_open)
    )
    return bool(changed.execute())


def can_come(device: int) -> bool:
    """Do they have a key to any inbox of ours, for all we know?"""
    return _CAN_COME.first(device) is not None


def known(device: int, ids: Collection[MessageId]) -> None:
    """The device has these records of ours."""
    Admission.update(known=True).where(
        Admission.device == device, Admission.message_id.in_(list(ids))
    ).execute()


def shut_out(device: int) -> list[int]:
    """The device loses every key, and what would have given it one and has no number yet is
    not sent; the inboxes that it had keys to."""
    theirs = Admission.select(Admission.inbox).where(Admission.device == device)
    found = [inbox for (inbox,) in theirs.tuples()]
    Admission.delete().where(Admission.device == device).execute()
    _forget_unsent(Outbox.device == device)
    return found


def close(inboxes: Sequence[int], now: Millis) -> None:
    """From now on there are others. Who cannot know of these has no key to them any more."""
    Inbox.update(closing_since=now).where(
        Inbox.id.in_(list(inboxes)), Inbox.closing_since.is_null()
    ).execute()
    unsent = Outbox.select(Outbox.message_id).where(_unsent())
    lost = (Admission.inbox.in_(list(inboxes))) & Admission.message_id.in_(unsent)
    never = [row for (row,) in Admission.select(Admission.message_id).where(lost).tuples()]
    Admission.delete().where(lost).execute()
    _forget_unsent(Outbox.message_id.in_(never))


def forget(since: Millis) -> None:
    """Closing inboxes that nobody needs: all who have a key to one have receipted a newer one,
    or it has been closing since before `since`."""
    _FORGET.change(since)


def _unsent() -> object:
    return (Outbox.tag == ENDPOINT) & Outbox.state.in_(OPEN) & Outbox.record.is_null()


def _forget_unsent(whose: object) -> None:
    Outbox.delete().where(whose, _unsent()).execute()


def _inside() -> Any:
    """Devices with a key to an open inbox."""
    return Admission.select(Admission.device).join(Inbox).where(Inbox.closing_since.is_null())


def _needed() -> Any:
    """Inboxes to which somebody has a key who has receipted no newer one."""
    newer = Admission.alias()
    known = newer.select(newer.id).where(
        newer.device == Admission.device, newer.inbox > Admission.inbox, newer.known
    )
    return Admission.select(Admission.inbox).where(~fn.EXISTS(known))


_ALL = Prepared(lambda: Inbox.select(Inbox.id, Inbox.seed, Inbox.closing_since).order_by(Inbox.id))
_KEYS = Prepared(lambda: Admission.select(Admission.inbox, Admission.client_key))
_OUTSIDERS = Prepared(
    lambda: (
        Device.select(Device.id, Device.contact)
        .join(Contact)
        .where(Contact.state == "contact", Device.id.not_in(_inside()))
        .order_by(Device.id)
    )
)
_CAN_COME = Prepared(
    lambda: Admission.select(Admission.id).where(Admission.device == argument(0), Admission.known)
)
_FORGET = Prepared(
    lambda: Inbox.delete().where(
        Inbox.closing_since.is_null(False),
        (Inbox.closing_since < argument(0)) | Inbox.id.not_in(_needed()),
    )
)
_NAMED = Prepared(
    lambda: (
        Admission.select(Inbox.seed, Admission.client_key)
        .join(Inbox)
        .where(Admission.message_id == argument(0))
    )
)
