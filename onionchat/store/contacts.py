"""Contacts: the people we have named, each with one device and one conversation."""

from dataclasses import dataclass
from typing import Any

from peewee import fn

from onionchat.errors import OnionchatError
from onionchat.store import events
from onionchat.store.models import Contact, Conversation, Device, Endpoint, Member
from onionchat.store.prepared import Prepared, argument
from onionchat.types import IdentityKey, MessageId, Millis


class Gone(OnionchatError):  # noqa: N818 - named for what happened
    """The contact was removed while somebody worked for them: whoever does, stops."""


@dataclass(frozen=True, slots=True)
class ContactRow:
    """One contact with the row numbers of their device and our conversation."""

    id: int
    name: str
    key: IdentityKey
    state: str
    verified: bool
    held: bool
    created_at: Millis
    last_seen: Millis | None
    request_id: MessageId
    request_text: str | None
    next_offer: Millis | None
    device: int
    conversation: int

    @property
    def active(self) -> bool:
        """Somebody to talk to, or to ask."""
        return self.state != "blocked"


@dataclass(frozen=True, slots=True)
class NewContact:
    """What is known of a contact before the store knows them."""

    name: str
    skeleton: str
    key: IdentityKey
    state: str
    request_id: MessageId
    request_text: str | None = None


def add(new: NewContact, now: Millis) -> ContactRow:
    """The contact, their device, our conversation, and their own onion as the place to dial."""
    contact = Contact.insert(
        name=new.name,
        skeleton=new.skeleton,
        key=new.key,
        state=new.state,
        verified=False,
        held=False,
        created_at=now,
        request_id=new.request_id,
        request_text=new.request_text,
    ).execute()
    device = Device.insert(contact=contact, key=new.key).execute()
    conversation = Conversation.insert(wire_id=None).execute()
    Member.insert(conversation=conversation, contact=contact).execute()
    Endpoint.insert(device=device, onion=new.key, priority=0, learned_at=now).execute()
    events.contact_state(contact, new.state, now)
    return by_id(contact)


def by_id(contact: int) -> ContactRow:
    """Who they are now; Gone."""
    row = find(contact)
    if row is None:
        raise Gone("a contact that was removed")
    return row


def find(contact: int) -> ContactRow | None:
    return _one(_BY_ID, contact)


def by_key(key: IdentityKey) -> ContactRow | None:
    return _one(_BY_KEY, key)


def by_name(name: str) -> ContactRow | None:
    return _one(_BY_NAME, name)


def by_skeleton(skeleton: str) -> ContactRow | None:
    """Whoever has a name that can be taken for the one with this skeleton."""
    return _one(_BY_SKELETON, skeleton)


def all_rows(prefix: str = "") -> list[ContactRow]:
    """Everybody whose name begins so, last seen first (the order of dialling)."""
    return [_row(*found) for found in _ALL(len(prefix), prefix)]


def any_accepted() -> bool:
    """Has anybody said yes, or we to anybody?"""
    found: bool = Contact.select().where(Contact.state == "contact").exists()
    return found


def accept(contact: int, now: Millis) -> None:
    """Both sides have said yes."""
    changed = Contact.update(state="contact", next_offer=None).where(
        Contact.id == contact, Contact.state == "requested"
    )
    if changed.execute():
        events.contact_state(contact, "contact", now)


def hold(contact: int) -> None:
    """Nothing more is sent to them until they are verified again."""
    Contact.update(verified=False, held=True).where(Contact.id == contact).execute()


def touch(contact: int, now: Millis) -> None:
    """They are, or were until now, connected."""
    _TOUCH.change(now, contact)


def ask_instead(contact: int, now: Millis) -> None:
    """They could not be told that we said yes: from now on they are asked."""
    change = Contact.update(state="requested", created_at=now, next_offer=None)
    change.where(Contact.id == contact).execute()
    events.contact_state(contact, "requested", now)


def offered(contact: int, next_offer: Millis | None) -> None:
    Contact.update(next_offer=next_offer).where(Contact.id == contact).execute()


def verify(contact: int) -> None:
    """The person has compared the safety number."""
    Contact.update(verified=True, held=False).where(Contact.id == contact).execute()


def rename(contact: int, name: str, skeleton: str) -> None:
    Contact.update(name=name, skeleton=skeleton).where(Contact.id == contact).execute()


def block(contact: ContactRow, now: Millis) -> None:
    _set_state(contact.id, "blocked", contact.state, now)


def unblock(contact: int, now: Millis) -> None:
    """Back to what they were: a contact, or somebody who has been asked."""
    before = Contact.select(Contact.blocked_from).where(Contact.id == contact).scalar()
    _set_state(contact, before or "contact", None, now)


def _set_state(contact: int, state: str, before: str | None, now: Millis) -> None:
    Contact.update(state=state, blocked_from=before).where(Contact.id == contact).execute()
    events.contact_state(contact, state, now)


def remove(contact: ContactRow) -> None:
    """Everything that is known of them: sessions, messages, what waits, events."""
    Conversation.delete().where(Conversation.id == contact.conversation).execute()
    Contact.delete().where(Contact.id == contact.id).execute()


def _one(query: Prepared, value: Any) -> ContactRow | None:
    found = query.first(value)
    return None if found is None else _row(*found)


def _row(*values: Any) -> ContactRow:
    number, name, key, state, verified, held, *rest = values
    return ContactRow(number, name, key, state, bool(verified), bool(held), *rest)


def _select() -> Any:
    columns = (
        *(Contact.id, Contact.name, Contact.key, Contact.state, Contact.verified, Contact.held),
        *(Contact.created_at, Contact.last_seen, Contact.request_id, Contact.request_text),
        *(Contact.next_offer, Device.id, Member.conversation),
    )
    return (
        Contact.select(*columns)
        .join(Device, on=Device.contact == Contact.id)
        .join(Member, on=Member.contact == Contact.id)
    )


_BY_ID = Prepared(lambda: _select().where(Contact.id == argument(0)))
_BY_KEY = Prepared(lambda: _select().where(Contact.key == argument(0)))
_BY_NAME = Prepared(lambda: _select().where(Contact.name == argument(0)))
_BY_SKELETON = Prepared(lambda: _select().where(Contact.skeleton == argument(0)))
_ALL = Prepared(
    lambda: (
        _select()
        .where(fn.substr(Contact.name, 1, argument(0)) == argument(1))
        .order_by(Contact.last_seen.desc(nulls="last"), Contact.id)
    )
)
_TOUCH = Prepared(lambda: Contact.update(last_seen=argument(0)).where(Contact.id == argument(1)))
