"""How much there is of everything, for `status`."""

from dataclasses import dataclass

from peewee import fn

from onionchat.store.models import Contact, Message, Outbox, Request
from onionchat.store.outbox import OPEN, SHOWN
from onionchat.store.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Totals:
    contacts: int
    requests: int
    unread: int
    outbox: int


def totals() -> Totals:
    """`outbox`: messages that are not yet known to have arrived."""
    return Totals(*(count()[0][0] for count in (_CONTACTS, _REQUESTS, _UNREAD, _OUTBOX)))


_CONTACTS = Prepared(lambda: Contact.select(fn.count(Contact.id)))
_REQUESTS = Prepared(lambda: Request.select(fn.count(Request.number)))
_UNREAD = Prepared(lambda: Message.select(fn.count(Message.id)).where(Message.unread))
_OUTBOX = Prepared(lambda: Outbox.select(fn.count(Outbox.id)).where(Outbox.state.in_(OPEN), SHOWN))
