"""Verbs about how long messages stay; node/lifetimes.py has the rules."""

from typing import Annotated

import msgspec

from onionchat.node import lifetimes, people
from onionchat.node.profile import Profile
from onionchat.node.verbs.contacts import Contact, contact_of
from onionchat.node.verbs.registry import verb
from onionchat.protocol.limits import LIFETIME_SECONDS
from onionchat.store.contacts import ContactRow
from onionchat.types import Millis

Seconds = Annotated[int, msgspec.Meta(ge=0, le=LIFETIME_SECONDS)]


class LifetimeParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`seconds`: 0 for no limit."""

    name: str
    seconds: Seconds


@verb("contact.disappearing", LifetimeParams)
async def disappearing(profile: Profile, params: LifetimeParams) -> Contact:
    """Let what both send from now on disappear, so long after it was read; the other is told."""
    profile.running()
    row = await profile.change(_disappear, params, profile.clock())
    await profile.changed(row.id)
    return await profile.db.run(contact_of, row, profile)


@verb("contact.keep", LifetimeParams)
async def keep(profile: Profile, params: LifetimeParams) -> Contact:
    """Keep what is said with a contact for so long at most; they can see it."""
    profile.running()
    row = await profile.change(_keep, params, profile.clock())
    await lifetimes.erase_old(profile)
    await profile.changed(row.id)
    return await profile.db.run(contact_of, row, profile)


def _disappear(params: LifetimeParams, now: Millis) -> ContactRow:
    contact = people.find(params.name)
    lifetimes.set_disappear(contact, params.seconds, now)
    return contact


def _keep(params: LifetimeParams, now: Millis) -> ContactRow:
    contact = people.find(params.name)
    lifetimes.set_keep(contact, params.seconds, now)
    return contact
