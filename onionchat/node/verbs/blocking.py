"""Verbs that end it with somebody: block, unblock, remove.

Who is blocked sees what a stranger sees who is never answered, and is not told; what they
write is dropped unread, and the inbox that they know closes (node/inboxes.py). Blocking
forgets the sessions, so that coming back later is not mistaken for a stranger with their key;
messages of ours that wait stay, and leave when they are unblocked. Removing deletes everything
that is known of them, texts included; to them it looks the same.
"""

import msgspec

from onionchat.crypto.address import format_address, parse_address
from onionchat.errors import NotFoundError
from onionchat.node import inboxes, people
from onionchat.node.profile import Profile
from onionchat.node.session import set_aside
from onionchat.node.verbs.contacts import Contact, NameParams, contact_of
from onionchat.node.verbs.registry import verb
from onionchat.store import contacts, requests, sessions
from onionchat.store.contacts import ContactRow
from onionchat.types import Millis


@verb("contact.block", NameParams)
async def block(profile: Profile, params: NameParams) -> Contact:
    """Hear nothing more from a contact; they are not told."""
    profile.running()
    row = await profile.change(_block, params.name, profile.clock())
    await profile.changed(row.id)
    return await profile.db.run(contact_of, row, profile)


@verb("contact.unblock", NameParams)
async def unblock(profile: Profile, params: NameParams) -> Contact:
    """Undo a block, of a contact or of an address whose request was blocked or rejected."""
    profile.running()
    row = await profile.change(_unblock, params.name, profile.clock())
    if row is None:
        return _stranger(params.name)
    await profile.changed(row.id)
    return await profile.db.run(contact_of, row, profile)


@verb("contact.remove", NameParams)
async def remove(profile: Profile, params: NameParams) -> Contact:
    """Delete a contact and everything that was said with them."""
    profile.running()
    row, shown = await profile.erase(_remove, params.name, profile)
    await profile.changed(row.id)
    profile.feed.live("contact.state", {"contact": row.name, "state": "removed"})
    return shown


def _block(name: str, now: Millis) -> ContactRow:
    row = people.find(name)
    if row.active:
        inboxes.expel(row, now)
        contacts.block(row, now)
        for session in sessions.live(row.device):
            set_aside(session.sid, "receive_only")
    return contacts.by_id(row.id)


def _unblock(who: str, now: Millis) -> ContactRow | None:
    """None: an address without a name."""
    try:
        row = people.find(who)
    except NotFoundError:
        _forgive(who)
        return None
    if not row.active:
        contacts.unblock(row.id, now)
    return contacts.by_id(row.id)


def _forgive(who: str) -> None:
    key = people.address_in(who)
    if key is None or requests.refusal(key) is None:
        raise NotFoundError(
            f"nobody who is blocked is called {who!r}",
            "look at `onionchat contact list`, or give the full address",
        )
    requests.forgive(key)


def _stranger(address: str) -> Contact:
    """Somebody who is free to ask again."""
    key = parse_address(address)
    return Contact(None, format_address(key), "stranger", False, False, None, 0, 0)


def _remove(name: str, profile: Profile) -> tuple[ContactRow, Contact]:
    row = people.find(name)
    shown = contact_of(row, profile)
    inboxes.expel(row, profile.clock())
    contacts.remove(row)
    nothing = {"online": False, "reason": None, "why": None, "hint": None}
    return row, msgspec.structs.replace(shown, state="removed", **nothing)
