"""Invites, from both sides: make one, use one, let the guest in. Each is one transaction.

An invite is a request that was handed over on another way than Tor: who makes it has said yes
before, and who uses it says yes. So the guest takes the host for a contact at once, and tells
them by a Guest, an ordinary record with the token in it, which is repeated until it is
receipted. It has its number from the start, and what has one leaves first (store/outbox.py).

    host                                   guest
    make: an onion, a key, a token
                  --- the string, by any way --->
                                           use: a contact, a place to dial, a Guest queued
    admit: the first with the token        <--- Guest, in the first envelope ---
      is the contact, and nobody else
                  --- receipt, Endpoint --->
    the onion goes when the guest knows an inbox of ours

Should the invite be over before they were reached, the guest asks like anybody, at the address
that was in it: nothing that waits is lost, and the host may let them in or not.
"""

import hmac
import secrets
from itertools import count

from onionchat.crypto import client_key
from onionchat.crypto.identity import Identity
from onionchat.errors import RefusedError
from onionchat.node import inboxes
from onionchat.node import requests as asking
from onionchat.node.clock import DAY
from onionchat.node.petname import skeleton
from onionchat.protocol import records
from onionchat.protocol.invite import Invite
from onionchat.store import contacts, endpoints, invites, messages, outbox, requests, sequences
from onionchat.store import identity as identities
from onionchat.store.contacts import ContactRow, NewContact
from onionchat.store.ending import Uptime
from onionchat.store.invites import InviteRow, Standing
from onionchat.store.sequences import Whose
from onionchat.types import IdentityKey, MessageId, Millis, OnionKey

OPEN_INVITES = 16
"""Each is an onion of its own, with circuits that tor keeps open for it."""
SPARE = 30 * DAY
"""For so long after its end a used invite waits for its guest, who may have heard nothing yet."""

CAME = (
    "They came with the invite that you made for them. Whoever has an invite first is the guest: "
    "compare the safety number with `onionchat verify NAME`."
)
OVER = (
    "The invite is over and they were not reached with it: ask them for another. Until then your "
    "request is offered at their address, as without an invite."
)


def make(name: str | None, milliseconds: int, now: Millis, uptime: Uptime) -> InviteRow:
    """An onion for one guest; RefusedError if too many wait for theirs."""
    if len(invites.all_rows()) >= OPEN_INVITES:
        raise RefusedError(
            f"{OPEN_INVITES} invites wait for their guests, and there may be no more",
            "see which with `onionchat invite list`, and cancel one",
        )
    seed, token, until = secrets.token_bytes(32), secrets.token_bytes(16), now + milliseconds
    new = InviteRow(0, name or "", seed, client_key.new(), token, now, Millis(until), None)
    return invites.create(new, uptime)


def told(row: InviteRow, identity: IdentityKey) -> Invite:
    """What the guest is given."""
    onion = OnionKey(Identity.from_seed(row.seed).key)
    return Invite(identity, onion, row.client_key, row.token, row.until // 1000)


def standing(now: Millis, uptime: Uptime) -> Standing:
    """Invites whose onions are to be up."""
    return invites.standing(now, uptime, SPARE)


def admit(number: int, key: IdentityKey, token: bytes, now: Millis) -> ContactRow | None:
    """The contact who `key` is from now on, if this is the first who brings the token."""
    row = next(iter(invites.all_rows(number)), None)
    if row is None or row.device is not None or not hmac.compare_digest(row.token, token):
        return None
    known = contacts.by_key(key)
    if requests.refusal(key) == "blocked" or (known and known.state != "requested"):
        return None
    guest = _said_yes(key, known, _free_name(row), now)
    invites.use(number, guest.device)
    messages.add_notice(guest.conversation, guest.id, CAME, now)
    return guest


def use(invite: Invite, name: str, now: Millis) -> ContactRow:
    """The host is our contact under this name, and is told that we have said yes."""
    host = _said_yes(invite.identity, contacts.by_key(invite.identity), name, now)
    endpoints.invited(host.device, invite.onion, invite.client_key, inboxes.PRIORITY, now)
    stream, message_id = identities.stream(), MessageId(secrets.token_bytes(16))
    seq = sequences.take(Whose(host.conversation, None, stream), 1)
    record = records.encode(records.Guest(message_id, stream, seq, now, None, invite.token))
    outbox.queue(host.device, outbox.GUEST, message_id, now, record=record)
    contacts.offered(host.id, Millis(invite.expiry * 1000))
    return host


def is_over(contact: ContactRow, now: Millis) -> bool:
    """Do we hold an invite of theirs that has led nowhere?"""
    held = contact.state == "contact" and contact.next_offer is not None
    return held and now >= (contact.next_offer or now)


def ask_instead(contact: int, now: Millis) -> None:
    """The invite is over: ask them like anybody."""
    row = contacts.by_id(contact)
    if is_over(row, now):
        endpoints.forget(row.device)
        contacts.ask_instead(contact, now)
        messages.add_notice(row.conversation, contact, OVER, now)


def _said_yes(key: IdentityKey, known: ContactRow | None, name: str, now: Millis) -> ContactRow:
    """A contact from now on, whatever one of us had asked the other before."""
    if known is not None:
        contacts.accept(known.id, now)
        return contacts.by_id(known.id)
    requests.forgive(key)
    asked = requests.by_key(key)
    if asked is not None:
        return asking.accept(asked, name, now)
    request_id = MessageId(secrets.token_bytes(16))
    return contacts.add(NewContact(name, skeleton(name), key, "contact", request_id), now)


def _free_name(row: InviteRow) -> str:
    """The one that was chosen for the guest, unless somebody has taken it since."""
    others = (f"guest-{row.number}-{again}" for again in count(2))
    wanted = [row.name] if row.name else []
    names = (name for some in (wanted, [f"guest-{row.number}"], others) for name in some)
    return next(name for name in names if contacts.by_skeleton(skeleton(name)) is None)
