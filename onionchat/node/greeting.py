"""The two hellos: what we say we remember, and what follows from what the peer remembers.

Both functions run inside one transaction. `hello` lists the live sessions with an accepted
contact and nothing for anybody else, so that strangers, blocked and unknown people see the
same greeting. `settle` takes the two hellos as they were sent and applies the choice they
force on both sides (protocol 3): retired sessions become receive-only and give their
unreceipted messages back, rolled-back ones are broken, and a contact who has lost every
session we shared is reported to the person, since that is either a restored friend or a
thief of the onion key.
"""

from dataclasses import dataclass
from functools import partial

from onionchat.crypto import ratchet
from onionchat.crypto.handshake import Secrets
from onionchat.node import inboxes, lifetimes
from onionchat.node.rollback import count_anew
from onionchat.node.session import Fresh, set_aside
from onionchat.protocol.hello import Hello, Listed, Purpose
from onionchat.protocol.limits import LISTED_SESSIONS, RETIRED_SESSIONS
from onionchat.protocol.session_choice import Choice, choose
from onionchat.store import contacts, messages, sessions
from onionchat.store import identity as identities
from onionchat.store.contacts import ContactRow, Gone
from onionchat.types import Millis, SessionId

ROLLED_BACK_ME = (
    "This installation had forgotten messages that it sent before: was it restored from a "
    "copy? A new session has started; nothing that waits is lost."
)
ROLLED_BACK_PEER = (
    "The other side had forgotten messages that it sent before: it may have been restored "
    "from a copy. A new session has started."
)
NO_COMMON_SESSION = (
    "The other side no longer knows the sessions that you had: they restored a backup, or "
    "have blocked or removed you, or somebody else has their key, or a copy of your own profile "
    "runs elsewhere. The safety number stays the same in each case: ask them, in person or by "
    "another way."
)
NOTE_EVERY = 3_600_000
"""Milliseconds between two notes of this kind in one conversation."""


@dataclass(frozen=True)
class Standing:
    """What a greeted connection speaks under.

    `use`: the session for new envelopes; `fresh`: it is this connection's own and not
    stored yet; `shared`: every session that the other side is known to have.
    """

    use: SessionId
    fresh: Fresh | None
    shared: frozenset[SessionId]


def hello(contact: ContactRow | None) -> Hello:
    """Our first frame to this contact; None is anybody who is not one."""
    listed: tuple[Listed, ...] = ()
    if contact is not None and contact.state == "contact":
        rows = sessions.live(contact.device)[:LISTED_SESSIONS]
        listed = tuple(Listed(row.sid, row.sent, row.rcvd) for row in rows)
    return Hello(0, Purpose.TALK, identities.incarnation(), listed)


def hello_to(contact: int) -> tuple[ContactRow, Hello]:
    """The contact as they are now, and our hello to them, in one transaction."""
    row = contacts.by_id(contact)
    return row, hello(row)


def answer(contact: int, theirs: Hello, fresh: Fresh, now: Millis) -> tuple[Hello, Standing]:
    """Our hello to somebody who dialled us, and what follows from theirs."""
    row, mine = hello_to(contact)
    return mine, settle(row, mine, theirs, fresh, now)


def settle(contact: ContactRow, mine: Hello, theirs: Hello, fresh: Fresh, now: Millis) -> Standing:
    """Apply what the two hellos say about our sessions with this contact; Gone."""
    contact = contacts.by_id(contact.id)
    if not contact.active:
        raise Gone("a contact that was blocked")
    choice = choose(mine, theirs)
    lost_all = choice.use is None and _shared_any(contact.device, choice)
    for sid in choice.retired:
        set_aside(sid, "receive_only")
    for sid in choice.rolled_back_me + choice.rolled_back_peer:
        set_aside(sid, "broken")
    if choice.rolled_back_me:
        count_anew()
    sessions.keep_receive_only(contact.device, RETIRED_SESSIONS)
    for text in _notes(choice, lost_all):
        messages.add_notice(
            contact.conversation, contact.id, text, now, unless_since=now - NOTE_EVERY
        )
    if choice.use is None:
        lifetimes.announce_again(contact, now)
    if lost_all and contact.verified:
        contacts.hold(contact.id)
    shared = frozenset(row.sid for row in theirs.sessions)
    if choice.use is None and contact.state == "contact":
        inboxes.announce_again(contact.device, now)
    if choice.use is not None:
        return Standing(choice.use, None, shared)
    return Standing(fresh.sid, fresh, shared | {fresh.sid})


def fresh_session(secrets: Secrets, *, initiator: bool) -> Fresh:
    """The session this handshake offers, ours to start as Alice if we dialled."""
    session = secrets.session
    if initiator:
        return Fresh(session.sid, "alice", partial(ratchet.start_alice, session))
    return Fresh(session.sid, "bob", partial(ratchet.start_bob, session))


def _shared_any(device: int, choice: Choice) -> bool:
    """Did the peer once prove that it has one of the sessions it no longer lists?"""
    retired = set(choice.retired)
    return any(row.rcvd > 0 for row in sessions.live(device) if row.sid in retired)


def _notes(choice: Choice, lost_all: bool) -> list[str]:
    notes = [
        (choice.rolled_back_me, ROLLED_BACK_ME),
        (choice.rolled_back_peer, ROLLED_BACK_PEER),
        (lost_all, NO_COMMON_SESSION),
    ]
    return [text for happened, text in notes if happened]
