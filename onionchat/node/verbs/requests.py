"""Verbs about people who ask to be contacts: list, accept, reject, block.

WHO is the number that `request list` shows or the full address: never a part of either,
since the wrong answer here lets a stranger in or keeps a friend out.
"""

import msgspec

from onionchat.crypto.address import format_address
from onionchat.errors import NotFoundError
from onionchat.node import people
from onionchat.node import requests as asking
from onionchat.node.clock import rfc3339
from onionchat.node.petname import check_petname
from onionchat.node.profile import Profile
from onionchat.node.verbs.contacts import Added, name_is_free
from onionchat.node.verbs.reachable import advice
from onionchat.node.verbs.registry import NoParams, verb
from onionchat.store import requests
from onionchat.store.contacts import ContactRow
from onionchat.store.requests import RequestRow
from onionchat.types import Millis


class AcceptParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Without a `name` the contact is called anon-NUMBER."""

    who: str
    name: str | None = None


class WhoParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    who: str


class Request(msgspec.Struct, frozen=True):
    number: int
    address: str
    text: str
    received_at: str | None


class Answered(msgspec.Struct, frozen=True):
    """`state`: rejected or blocked."""

    number: int
    address: str
    state: str


@verb("request.list", NoParams)
async def list_all(profile: Profile, _: NoParams) -> list[Request]:
    """Who asks to be a contact, oldest first."""
    profile.running()
    rows = await profile.db.run(requests.all_rows)
    return [Request(row.number, format_address(row.key), row.text, rfc3339(row.at)) for row in rows]


@verb("request.accept", AcceptParams)
async def accept(profile: Profile, params: AcceptParams) -> Added:
    """Make somebody who asked a contact; they learn it by our dial."""
    profile.running()
    if params.name is not None:
        check_petname(params.name)
    row = await profile.change(_accept, params, profile.clock())
    await profile.changed(row.id)
    return Added(row.name, format_address(row.key), row.state, await advice(profile))


@verb("request.reject", WhoParams)
async def reject(profile: Profile, params: WhoParams) -> Answered:
    """Say no without a word: they see what somebody sees who is never answered."""
    profile.running()
    return await profile.change(_refuse, params.who, "rejected", profile.clock())


@verb("request.block", WhoParams)
async def block(profile: Profile, params: WhoParams) -> Answered:
    """Say no for good: this address cannot ask again."""
    profile.running()
    return await profile.change(_refuse, params.who, "blocked", profile.clock())


def _accept(params: AcceptParams, now: Millis) -> ContactRow:
    row = _find(params.who)
    name = params.name or f"anon-{row.number}"
    name_is_free(name)
    return asking.accept(row, name, now)


def _refuse(who: str, state: str, now: Millis) -> Answered:
    row = _find(who)
    requests.refuse(row.key, state, now)
    requests.remove(row.number)
    return Answered(row.number, format_address(row.key), state)


def _find(who: str) -> RequestRow:
    row = None
    if who.isascii() and who.isdigit() and len(who) < 19:
        row = requests.by_number(int(who))
    elif (key := people.address_in(who)) is not None:
        row = requests.by_key(key)
    if row is None:
        raise NotFoundError(
            f"no request is {who!r}", "look at the numbers with `onionchat request list`"
        )
    return row
