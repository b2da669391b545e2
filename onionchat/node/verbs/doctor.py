"""The verb `doctor`: is it me, tor, or them? Nothing in it is secret."""

from collections.abc import Iterator

import msgspec

from onionchat.node import people, why
from onionchat.node.clock import rfc3339
from onionchat.node.doctor import Check, of_process, of_tor
from onionchat.node.profile import Live, Profile
from onionchat.node.verbs.reachable import Reachability
from onionchat.node.verbs.reachable import state as reachability
from onionchat.node.verbs.registry import verb
from onionchat.store import endpoints, outbox
from onionchat.store.contacts import ContactRow
from onionchat.types import Millis, OnionKey, OnionKind, Place

ONIONS: dict[OnionKind, tuple[str, str]] = {
    "identity": ("published", "the address"),
    "inbox": ("inbox", "the way of your contacts to you"),
    "invite": ("invites", "the way of those whom you invited"),
}
STATES = {
    "requested": ("they have not accepted your request", "wait; ask them on another way"),
    "blocked": ("you have blocked them", "`onionchat contact unblock`, if you want to talk"),
    "identity": (
        "they came back as somebody new: what you write is held back",
        "ask them on another way, then `onionchat verify NAME --confirm`",
    ),
}


class DoctorParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Without a `name` the node itself is looked at."""

    name: str | None = None


@verb("doctor", DoctorParams)
async def doctor(profile: Profile, params: DoctorParams) -> list[Check]:
    """Look at the node and tor, or at the way to one contact; takes up to two minutes."""
    if params.name is None:
        return await _node(profile)
    return await _contact(profile, params.name)


async def _node(profile: Profile) -> list[Check]:
    live, me = profile.running(), profile.identity.key
    found = [*of_tor(live.tor), *_onions(live)]
    reachable = await reachability(profile)
    found.append(_found_by_strangers(reachable))
    if live.tor.state == "ready" and reachable.reachable == "on":
        found.append(await live.knock(Place(OnionKey(me)), me))
    return [*found, *of_process()]


def _onions(live: Live) -> Iterator[Check]:
    """Each kind that is up: one that just changed is announced anew, and the others stay."""
    for kind, (check, what) in ONIONS.items():
        if onions := live.served(kind):
            if live.tor.state == "ready" and onions <= live.tor.published:
                yield Check(check, True, f"{what} can be found")
            else:
                yield Check(check, False, f"{what} cannot be found yet", "it takes a minute")


def _found_by_strangers(reachable: Reachability) -> Check:
    if reachable.reachable == "off":
        return Check("strangers", True, "cannot find you; `onionchat reachable on` changes that")
    until = f" until {reachable.off_at}" if reachable.off_at else ""
    return Check("strangers", True, f"can find you at your address{until}, and ask")


async def _contact(profile: Profile, name: str) -> list[Check]:
    live = profile.running()
    row, place, waiting = await profile.db.run(_look_up, name, profile.clock())
    found = [_state(row), _seen(row)]
    if live.online(row.id):
        found.append(Check("reachable", True, "there is a connection now"))
    elif live.tor.state != "ready":
        found.append(Check("reachable", False, "your own tor is not ready", "`onionchat doctor`"))
    else:
        found.append(await live.knock(place, row.key))
    reason = why.of(row, live, profile.clock())
    said = f"messages that wait: {waiting}" + (f" ({reason.sentence})" if reason else "")
    return [*found, Check("waiting", True, said if waiting else "nothing waits")]


def _look_up(name: str, now: Millis) -> tuple[ContactRow, Place, int]:
    row = people.find(name)
    return row, endpoints.places(row.id, now)[0], outbox.waiting_by_contact().get(row.id, 0)


def _state(row: ContactRow) -> Check:
    state = "identity" if row.held else row.state
    if state in STATES:
        return Check("contact", False, *STATES[state])
    return Check("contact", True, "verified" if row.verified else "a contact, not verified")


def _seen(row: ContactRow) -> Check:
    if row.last_seen is None:
        return Check("seen", True, "they have never been reachable from here")
    return Check("seen", True, f"last connected {rfc3339(row.last_seen)}")
