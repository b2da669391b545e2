"""Contact requests, from both sides: ask, be asked, say yes.

A request travels in one envelope of a session that neither side keeps, so asking leaves
no trace of a ratchet with people who never answer. Who asks cannot know whether the
request was seen: it is offered again at most once a day, at a random moment, for thirty
days. Yes is said by the accepter's own dial with an Accept, an ordinary record that is
repeated until it is receipted. If two people have asked each other, both have said yes.

A request stands outside the sequence: it carries number 1 without using it up. Since
another implementation may count it, its number is noted as received when it is accepted.
"""

import random
import secrets

from onionchat.crypto import ratchet
from onionchat.node.clock import DAY
from onionchat.node.petname import skeleton
from onionchat.node.session import Fresh
from onionchat.protocol import padding, records
from onionchat.protocol.limits import (
    PENDING_REQUESTS,
    REQUEST_EVERY_SECONDS,
    REQUEST_FOR_DAYS,
)
from onionchat.protocol.records import ContactRequest
from onionchat.store import contacts, inboxes, outbox, reachability, requests
from onionchat.store import identity as identities
from onionchat.store.contacts import ContactRow, NewContact
from onionchat.store.requests import RequestRow
from onionchat.store.sequences import Arrivals, Whose
from onionchat.types import IdentityKey, MessageId, Millis

ACCEPT = 4
LATER = (1.0, 1.3)
LONGEST_PAUSE = REQUEST_EVERY_SECONDS * LATER[1]

_random = random.SystemRandom()


def receive(key: IdentityKey, record: ContactRequest, now: Millis) -> None:
    """Keep a stranger's request; one for each key, silently none beyond the limits."""
    if contacts.by_key(key) is None:
        requests.add(key, record.text, record.stream, now, limit=PENDING_REQUESTS)


def offer(contact: int, fresh: Fresh) -> bytes:
    """The request as one envelope under a session that is thrown away: the same ID each time."""
    row = contacts.by_id(contact)
    record = ContactRequest(
        row.request_id, identities.stream(), 1, row.created_at, None, row.request_text or ""
    )
    _, wire = ratchet.encrypt(fresh.state, padding.pad(records.encode(record)))
    return wire


def offered(contact: int, now: Millis) -> None:
    """The request has left; it is offered again after a day and a bit."""
    delay = REQUEST_EVERY_SECONDS * _random.uniform(*LATER)
    contacts.offered(contact, Millis(now + int(delay * 1000)))


def pause(contact: ContactRow, now: Millis) -> float | None:
    """Seconds until this contact may be dialled; None: not by ourselves any more."""
    if contact.state != "requested":
        return 0.0
    if now > contact.created_at + REQUEST_FOR_DAYS * DAY:
        return None
    planned = ((contact.next_offer or now) - now) / 1000
    return max(0.0, planned) if planned <= LONGEST_PAUSE else 0.0  # planned by a wrong clock


def accept(request: RequestRow, name: str, now: Millis) -> ContactRow:
    """Make who asked a contact under this name, and queue the Accept."""
    new = NewContact(name, skeleton(name), request.key, "contact", MessageId(b"\0" * 16))
    row = contacts.add(new, now)
    requests.remove(request.number)
    arrivals = Arrivals()
    arrivals.arrived(Whose(row.conversation, row.device, request.stream), 1, 1)
    arrivals.save()
    say_yes(row.id, now)
    return row


def reason_to_dial(contact: int, now: Millis) -> bool:
    """Does a message wait for them, or our request itself? Or can they not come to us?"""
    row = contacts.by_id(contact)
    if row.state != "contact":
        return pause(row, now) == 0.0
    stranded = reachability.is_off() and not inboxes.can_come(row.device)
    return stranded or outbox.anything_for(contact)


def consent(contact: int, now: Millis) -> bool:
    """Somebody we have asked asks us, or a contact asks again: the answer is an Accept. True
    unless we were about to say that already."""
    contacts.accept(contact, now)
    return say_yes(contact, now)


def say_yes(contact: int, now: Millis) -> bool:
    """Queue one Accept, unless one is on its way already."""
    device = contacts.by_id(contact).device
    if outbox.yes_waits(device):
        return False
    outbox.queue(device, ACCEPT, MessageId(secrets.token_bytes(16)), now)
    return True
