"""The verb `contact.add`: ask somebody, say yes to somebody who has asked, or use an invite.

An invite is a secret that lets one person in, so nothing here repeats it, errors included.
"""

import secrets

import msgspec

from onionchat.crypto.address import format_address, parse_address
from onionchat.errors import RefusedError, UsageError
from onionchat.node import invites
from onionchat.node import requests as asking
from onionchat.node.petname import check_petname, skeleton
from onionchat.node.profile import Profile
from onionchat.node.verbs.contacts import Added, name_is_free
from onionchat.node.verbs.reachable import advice, state
from onionchat.node.verbs.registry import verb
from onionchat.protocol import invite
from onionchat.protocol.invite import Invite
from onionchat.protocol.limits import REQUEST_CHARACTERS
from onionchat.store import contacts, requests
from onionchat.store.contacts import ContactRow, NewContact
from onionchat.types import IdentityKey, MessageId, Millis


class AddParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`address`: or an invite, which takes no `text`. `text` goes with the request."""

    name: str
    address: str
    text: str | None = None


@verb("contact.add", AddParams)
async def add(profile: Profile, params: AddParams) -> Added:
    """Ask somebody to be a contact, accept them if they have asked, or use their invite."""
    profile.running()
    check_petname(params.name)
    if invite.is_meant(params.address):
        row = await _use(profile, params)
    else:
        row = await _ask(profile, params)
    await profile.changed(row.id)
    hint = await _unanswerable(profile, row) or await advice(profile)
    return Added(row.name, format_address(row.key), row.state, hint)


async def _unanswerable(profile: Profile, row: ContactRow) -> str | None:
    """They say yes by dialling our address."""
    if row.state != "requested" or (await state(profile)).reachable == "on":
        return None
    return (
        "your address is off, so their yes cannot reach you: turn it on until they have "
        "accepted, with `onionchat reachable --for 2d`, or ask them for an invite instead"
    )


async def _ask(profile: Profile, params: AddParams) -> ContactRow:
    key = parse_address(params.address)
    if params.text is not None and len(params.text) > REQUEST_CHARACTERS:
        raise RefusedError(
            f"the text of a request has at most {REQUEST_CHARACTERS} characters",
            "say who you are in a sentence or two; the rest after they have accepted",
        )
    if key == profile.identity.key:
        raise RefusedError("this is your own address", "give it to the person you want to talk to")
    return await profile.change(_add, params, key, profile.clock())


async def _use(profile: Profile, params: AddParams) -> ContactRow:
    if params.text is not None:
        raise UsageError("an invite needs no word about who you are", "leave out the text")
    theirs, now = invite.decode(params.address), profile.clock()
    if theirs.identity == profile.identity.key:
        raise RefusedError("this is your own invite", "give it to the person you want to talk to")
    invite.must_be_current(theirs, now / 1000)
    return await profile.change(_be_guest, theirs, params.name, now)


def _add(params: AddParams, key: IdentityKey, now: Millis) -> ContactRow:
    known = contacts.by_key(key)
    if known is not None:
        return _same(known, params.name)
    _must_be_new(params.name, key)
    requests.forgive(key)
    asked = requests.by_key(key)
    if asked is not None:
        return asking.accept(asked, params.name, now)
    request_id = MessageId(secrets.token_bytes(16))
    new = NewContact(params.name, skeleton(params.name), key, "requested", request_id, params.text)
    return contacts.add(new, now)


def _be_guest(theirs: Invite, name: str, now: Millis) -> ContactRow:
    known = contacts.by_key(theirs.identity)
    if known is None:
        _must_be_new(name, theirs.identity)
    elif _same(known, name).state == "contact":
        return known  # they need no invite, and it is still good for somebody else
    return invites.use(theirs, name, now)


def _must_be_new(name: str, key: IdentityKey) -> None:
    name_is_free(name)
    if requests.refusal(key) == "blocked":
        raise RefusedError(
            "this address is blocked", "to talk to them: `onionchat contact unblock ADDRESS`"
        )


def _same(known: ContactRow, name: str) -> ContactRow:
    """The same name and address again are no mistake, and nothing is sent."""
    if known.state == "blocked":
        raise RefusedError(
            f"this address is blocked; it is your contact {known.name!r}",
            "to talk to them: `onionchat contact unblock NAME`",
        )
    if known.name != name:
        raise RefusedError(f"this address is already your contact {known.name!r}", "use that name")
    return known
