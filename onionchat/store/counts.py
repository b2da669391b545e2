"""How much there is of everything, for `status`."""

from dataclasses import dataclass

from onionchat.store.models import Contact, Message, Outbox, Request
from onionchat.store.outbox import OPEN, SHOWN


@dataclass(frozen=True, slots=True)
class Totals:
    contacts: int
    requests: int
    unread: int
    outbox: int


def totals() -> Totals:
    """`outbox`: messages that are not yet known to have arrived."""
    waiting = Outbox.state.in_(OPEN) & SHOWN
    return Totals(
        contacts=Contact.select().count(),
        requests=Request.select().count(),
        unread=Message.select().where(Message.unread).count(),
        outbox=Outbox.select().where(waiting).count(),
    )
