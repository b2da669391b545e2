"""Verbs about invites: make one, list those that wait for their guest, cancel one."""

import msgspec

from onionchat.errors import NotFoundError, UsageError
from onionchat.node import invites
from onionchat.node.clock import rfc3339
from onionchat.node.petname import check_petname
from onionchat.node.profile import Profile
from onionchat.node.verbs.contacts import name_is_free
from onionchat.node.verbs.registry import NoParams, verb
from onionchat.protocol.invite import LONGEST_SECONDS, encode
from onionchat.store import invites as stored
from onionchat.store.ending import Uptime
from onionchat.store.invites import InviteRow
from onionchat.types import Millis

SHORTEST_SECONDS = 60
"""Less than tor needs to make the onion known, and somebody to type."""
DAY_SECONDS = 86_400


class MakeParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`name`: what the guest will be called; without it guest-NUMBER. `seconds`: how long the
    invite is good."""

    name: str | None = None
    seconds: float = DAY_SECONDS


class CancelParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    number: int


class Made(msgspec.Struct, frozen=True):
    """`invite` is a secret until it was used, and is not told again."""

    number: int
    name: str | None
    expires_at: str | None
    invite: str

    def __repr__(self) -> str:
        return "<Made>"


class Open(msgspec.Struct, frozen=True):
    """An invite that waits for its guest."""

    number: int
    name: str | None
    made_at: str | None
    expires_at: str | None


class Cancelled(msgspec.Struct, frozen=True):
    number: int
    name: str | None


@verb("invite.make", MakeParams)
async def make(profile: Profile, params: MakeParams) -> Made:
    """One string for one person: whoever uses it first is a contact at once."""
    profile.running()
    if params.name is not None:
        check_petname(params.name)
    if not SHORTEST_SECONDS <= params.seconds <= LONGEST_SECONDS:
        raise UsageError("an invite is good for a minute to 30 days", "such as --expires 2h")
    now = profile.clock(), profile.uptime()
    row = await profile.change(_make, params.name, round(params.seconds * 1000), *now)
    await profile.running().rearranged()
    text = encode(invites.told(row, profile.identity.key))
    return Made(row.number, row.name or None, rfc3339(row.until), text)


@verb("invite.list", NoParams)
async def list_open(profile: Profile, _: NoParams) -> list[Open]:
    """Invites that wait for their guests, oldest first; without the strings."""
    profile.running()
    found = await profile.change(invites.standing, profile.clock(), profile.uptime())
    return [
        Open(row.number, row.name or None, rfc3339(row.since), rfc3339(row.until))
        for row in found.rows
        if row.device is None
    ]


@verb("invite.cancel", CancelParams)
async def cancel(profile: Profile, params: CancelParams) -> Cancelled:
    """Nobody can use it any more; who has used it already stays a contact."""
    live = profile.running()
    row = await profile.change(_cancel, params.number)
    await live.rearranged()
    return Cancelled(row.number, row.name or None)


def _make(name: str | None, milliseconds: int, now: Millis, uptime: Uptime) -> InviteRow:
    if name is not None:
        name_is_free(name)
    return invites.make(name, milliseconds, now, uptime)


def _cancel(number: int) -> InviteRow:
    for row in stored.all_rows(number):
        if stored.cancel(number):
            return row
    raise NotFoundError(
        f"no invite with the number {number} waits for a guest",
        "look at the numbers with `onionchat invite list`",
    )
