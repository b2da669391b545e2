"""Who has a key to which inbox of ours, and who is told. Everything here is part of a
transaction; node/places.py keeps up what it says.

An accepted contact gets a key to an inbox and an Endpoint that says so, an ordinary record
that is repeated until it is receipted. What it says is made when it gets its number: who was
to be told of an inbox that is gone by then hears of the next one alone.

Whoever is blocked or removed loses their key at once, and every inbox that they had one to
closes: they know its address, and must not be able to watch it. The others are told of a new
one in its place. Some may not hear that for weeks, and may have moved themselves by then: so
a closing inbox stays up for those who had a key to it until each has receipted a newer one,
CLOSING at the longest.

    accepted      key, Endpoint
    blocked       no key, and no connection ever again; new inbox and Endpoint for the others
    removed       the same
    new session   Endpoint again: they may have forgotten the last one, or we have
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from onionchat.crypto import client_key
from onionchat.crypto.identity import Identity
from onionchat.errors import LocalError
from onionchat.node.clock import DAY
from onionchat.protocol import records
from onionchat.protocol.limits import INBOX_CONTACTS
from onionchat.protocol.records import Endpoint
from onionchat.store import identity as identities
from onionchat.store import inboxes, invites, outbox
from onionchat.store.contacts import ContactRow
from onionchat.store.inboxes import InboxRow, Outsider
from onionchat.types import MessageId, Millis, OnionKey, StreamId

PRIORITY = 10
"""Of an inbox: there is room for better and for worse places."""
CLOSING = 30 * DAY


@dataclass(frozen=True)
class Arranged:
    """Inboxes that are to be up, and contacts who are to be told something."""

    inboxes: Sequence[InboxRow]
    told: Sequence[int]


def arrange(now: Millis) -> Arranged:
    """Everybody who should has a key, and nothing is up that nobody needs."""
    outside = inboxes.outsiders()
    for outsider in outside:
        _admit(outsider, now)
    inboxes.forget(Millis(now - CLOSING))
    return Arranged(inboxes.all_rows(), [outsider.contact for outsider in outside])


def expel(contact: ContactRow, now: Millis) -> None:
    """Their keys are gone, and the places that they know close."""
    invites.shut_out(contact.device)
    inboxes.close(inboxes.shut_out(contact.device), now)
    inboxes.forget(Millis(now - CLOSING))


def announce_again(device: int, now: Millis) -> None:
    """A new session: whoever had none may not know where we are."""
    message_id = _new_id()
    if inboxes.tell_again(device, message_id):
        outbox.queue(device, outbox.ENDPOINT, message_id, now)


def endpoint(
    message_id: MessageId, stream: StreamId, seq: int, clock: Millis, conversation: None
) -> Endpoint:
    """The record that gives this key."""
    key = inboxes.named_in(message_id)
    if key is None:
        raise LocalError("an Endpoint waits whose key is gone")
    onion = OnionKey(Identity.from_seed(key.seed).key)
    head = (message_id, stream, seq, clock, conversation)
    return records.Endpoint(*head, onion, key.client_key, PRIORITY)


def is_ours(onion: OnionKey) -> bool:
    """Our address, an inbox that is up, or where a guest is waited for."""
    seeds = [identities.load().seed]
    seeds += [row.seed for row in inboxes.all_rows()]
    seeds += [row.seed for row in invites.all_rows()]
    return any(OnionKey(Identity.from_seed(seed).key) == onion for seed in seeds)


def _admit(outsider: Outsider, now: Millis) -> None:
    inbox = inboxes.with_room(INBOX_CONTACTS)
    if inbox is None:
        inbox = inboxes.create(secrets.token_bytes(32))
    message_id = _new_id()
    inboxes.admit(inbox, outsider.device, client_key.new(), message_id)
    outbox.queue(outsider.device, outbox.ENDPOINT, message_id, now)


def _new_id() -> MessageId:
    return MessageId(secrets.token_bytes(16))
