"""Verbs about this node: its address and its state."""

import msgspec

from onionchat.crypto.address import format_address
from onionchat.node import why
from onionchat.node.profile import Profile
from onionchat.node.verbs.reachable import advice, state
from onionchat.node.verbs.registry import NoParams, verb
from onionchat.node.why import Why
from onionchat.store import contacts, counts, outbox


class Address(msgspec.Struct, frozen=True):
    address: str


class TorState(msgspec.Struct, frozen=True):
    """`state`: starting, bootstrapping, ready, degraded or lost; `bootstrap` in percent.
    `step`: what it is doing, in plain words, while something is still to come."""

    state: str
    bootstrap: int
    step: str | None
    version: str | None
    warning: str | None


class ContactCount(msgspec.Struct, frozen=True):
    total: int
    online: int


class Onions(msgspec.Struct, frozen=True):
    """Onions of ours, and how many of them can be found."""

    total: int
    published: int


class Backlog(msgspec.Struct, frozen=True):
    """What waits for one and the same reason: `messages` of ours, for so many `contacts`.
    `reason`, `why`, `hint`: as in `outbox.list`; null where nothing is known against it."""

    messages: int
    contacts: int
    reason: str | None
    why: str | None
    hint: str | None


class Status(msgspec.Struct, frozen=True):
    """`published`: the address can be found or, while it is off, every other onion. `reachable`:
    on or off, whether strangers may, at the address. `inboxes` are for contacts alone, each of
    `invites` for a guest. `waiting`: what the messages in `outbox` wait for, the most first.
    `hint`: something that is said once."""

    running: bool
    address: str
    published: bool
    reachable: str
    reachable_off_at: str | None
    inboxes: Onions
    invites: Onions
    tor: TorState
    contacts: ContactCount
    requests: int
    unread: int
    outbox: int
    waiting: list[Backlog]
    hint: str | None = None


class Stopped(msgspec.Struct, frozen=True):
    stopped: bool


class Locked(msgspec.Struct, frozen=True):
    locked: bool


@verb("id", NoParams, offline=True)
async def address(profile: Profile, _: NoParams) -> Address:
    """The address of this profile, which is also its contact ID."""
    return Address(format_address(profile.identity.key))


@verb("status", NoParams)
async def status(profile: Profile, _: NoParams) -> Status:
    """How the node is doing: tor, reachability, and what waits."""
    node = profile.running()
    tor = node.tor
    total, waiting = await profile.db.run(lambda: (counts.totals(), _waiting(profile)))
    reachable = await state(profile)
    at_address, inboxes = node.served("identity"), node.served("inbox")
    invites, announced = node.served("invite"), at_address <= tor.published
    return Status(
        running=True,
        address=format_address(profile.identity.key),
        published=(tor.state == "ready" and announced) if at_address else node.findable,
        reachable=reachable.reachable,
        reachable_off_at=reachable.off_at,
        inboxes=Onions(len(inboxes), len(inboxes & tor.published)),
        invites=Onions(len(invites), len(invites & tor.published)),
        tor=TorState(tor.state, tor.bootstrap, tor.step, tor.version, tor.warning),
        contacts=ContactCount(total.contacts, node.online_count()),
        requests=total.requests,
        unread=total.unread,
        outbox=total.outbox,
        waiting=waiting,
        hint=await advice(profile),
    )


def _waiting(profile: Profile) -> list[Backlog]:
    """By reason, the one that most messages wait for first."""
    now = profile.clock()
    found: dict[Why | None, list[int]] = {}
    for contact, messages in outbox.waiting_by_contact().items():
        reason = why.of(contacts.by_id(contact), profile.live, now)
        found.setdefault(reason, []).append(messages)
    most_first = sorted(found.items(), key=lambda item: -sum(item[1]))
    return [_backlog(reason, messages) for reason, messages in most_first]


def _backlog(reason: Why | None, messages: list[int]) -> Backlog:
    return Backlog(sum(messages), len(messages), *why.told(reason))


@verb("stop", NoParams)
async def stop(profile: Profile, _: NoParams) -> Stopped:
    """End the node, its tor and its supervisor."""
    profile.running().stop()
    return Stopped(True)


@verb("lock", NoParams)
async def lock(profile: Profile, _: NoParams) -> Locked:
    """End the process that holds the keys; tor and the supervisor wait for `unlock`."""
    profile.running()
    profile.lock()
    return Locked(True)
