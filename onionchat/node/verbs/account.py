"""Verbs about this node: its address and its state."""

import msgspec

from onionchat.crypto.address import format_address
from onionchat.node.profile import Profile
from onionchat.node.verbs.registry import NoParams, verb
from onionchat.store import counts


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


class Status(msgspec.Struct, frozen=True):
    running: bool
    address: str
    published: bool
    tor: TorState
    contacts: ContactCount
    requests: int
    unread: int
    outbox: int


class Stopped(msgspec.Struct, frozen=True):
    stopped: bool


@verb("id", NoParams, offline=True)
async def address(profile: Profile, _: NoParams) -> Address:
    """The address of this profile, which is also its contact ID."""
    return Address(format_address(profile.identity.key))


@verb("status", NoParams)
async def status(profile: Profile, _: NoParams) -> Status:
    """How the node is doing: tor, reachability, and what waits."""
    node = profile.running()
    tor = node.tor
    total = await profile.db.run(counts.totals)
    return Status(
        running=True,
        address=format_address(profile.identity.key),
        published=node.published,
        tor=TorState(tor.state, tor.bootstrap, tor.step, tor.version, tor.warning),
        contacts=ContactCount(total.contacts, node.online_count()),
        requests=total.requests,
        unread=total.unread,
        outbox=total.outbox,
    )


@verb("stop", NoParams)
async def stop(profile: Profile, _: NoParams) -> Stopped:
    """End the node, its tor and its supervisor."""
    profile.running().stop()
    return Stopped(True)
