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
from onionchat.node.session import Fresh
from onionchat.protocol import padding, records
from onionchat.protocol.limits import PENDING_REQUESTS, REQUEST_EVERY_SECONDS
from onionchat.protocol.records import ContactRequest
from onionchat.store import contacts, outbox, requests, sequences
from onionchat.store.requests import RequestRow
from onionchat.types import IdentityKey, MessageId, Millis, StreamId

ACCEPT = 4

_random = random.SystemRandom()


def receive(key: IdentityKey, record: ContactRequest, now: Millis) -> None:
    """Keep a stranger's request; one for each key, silently none beyond the limits."""
    if contacts.by_key(key) is None:
        requests.add(key, record.text, record.stream, record.seq, now, limit=PENDING_REQUESTS)


def offer(contact: int, fresh: Fresh, stream: StreamId, now: Millis) -> bytes:
    """The request as one envelope under a session that is thrown away: the same ID each time."""
    row = contacts.by_id(contact)
    record = ContactRequest(
        row.request_id, stream, 1, Millis(row.created_at), None, row.request_text or ""
    )
    _, wire = ratchet.encrypt(fresh.state, padding.pad(records.encode(record)))
    return wire


def offered(contact: int, now: Millis) -> float:
    """The request has left; seconds until it is offered again."""
    delay = REQUEST_EVERY_SECONDS * _random.uniform(1.0, 1.3)
    contacts.offered(contact, Millis(now + int(delay * 1000)))
    return delay


def consent(contact: int, now: Millis) -> None:
    """Somebody we have asked asks us, or a contact asks again: the answer is an Accept."""
    contacts.accept(contact, now)
    say_yes(contact, now)


def say_yes(contact: int, now: Millis) -> None:
    """Queue one Accept, unless one is on its way already."""
    device = contacts.by_id(contact).device
    if not outbox.has_open(device, ACCEPT):
        outbox.queue_record(device, ACCEPT, MessageId(secrets.token_bytes(16)), now)
