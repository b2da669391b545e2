"""The verb `reachable`: whether strangers find us at the address.

Contacts talk through inboxes of their own, so the address is only there for people who are
none yet. While it is on, whoever has it can see when the node runs.
"""

from typing import Literal

import msgspec

from onionchat.errors import UsageError
from onionchat.node.clock import rfc3339
from onionchat.node.profile import Profile
from onionchat.node.verbs.registry import verb
from onionchat.store import contacts, reachability
from onionchat.store.ending import Uptime
from onionchat.types import Millis

ADVICE = (
    "your address stays reachable, so that others can ask to be contacts; whoever has it can "
    "see when you are online. Contacts do not need it: `onionchat reachable off` hides you from "
    "everybody else, and `onionchat reachable --for 2h` shows you for a while"
)


class ReachableParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Without `state` nothing changes. `seconds`: on for so long, then off."""

    state: Literal["on", "off"] | None = None
    seconds: float | None = None


class Reachability(msgspec.Struct, frozen=True):
    """`reachable`: on or off. `off_at`: when it ends by itself; null: it does not."""

    reachable: str
    off_at: str | None


@verb("reachable", ReachableParams, offline=True)
async def reachable(profile: Profile, params: ReachableParams) -> Reachability:
    """Whether strangers find this node at its address: on, off, or on for a time."""
    if params.seconds is not None and (params.state != "on" or params.seconds <= 0):
        raise UsageError("only `on` can be given a time", "onionchat reachable --for 2h")
    if params.state is not None:
        given = None if params.seconds is None else round(params.seconds * 1000)
        change = params.state == "on", given, profile.clock(), profile.uptime()
        await profile.db.run(reachability.save, *change)
        if profile.live is not None:
            await profile.live.rearranged()
    return await state(profile)


async def state(profile: Profile) -> Reachability:
    """As it is now."""
    found = await profile.db.run(reachability.load, profile.clock(), profile.uptime())
    return Reachability("on" if found.on else "off", rfc3339(found.until))


async def advice(profile: Profile) -> str | None:
    """Once, when there is a contact and the person has never said whether strangers are to
    find them."""
    return await profile.db.run(_advice, profile.clock(), profile.uptime())


def _advice(now: Millis, uptime: Uptime) -> str | None:
    found = reachability.load(now, uptime)
    if found.decided or found.told or not contacts.any_accepted():
        return None
    reachability.tell()
    return ADVICE
