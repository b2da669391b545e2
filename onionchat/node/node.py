"""The node: an unlocked profile, a network, and everything that runs between them.

    Places    our onions, and a door behind each: who comes in is nobody until proven
    Peers     one task for each contact: dialling, talking
    Expiries  ends what was to be delivered by a time that is over
    Network   onions and dials; a real tor, or a simulated one

`run` ends when `stop` is called, when it is cancelled, or with the first error that
nobody had a reason to handle.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Never

from onionchat.crypto.address import format_address
from onionchat.errors import RefusedError
from onionchat.node.clock import DAY, pause, sleeps, slept
from onionchat.node.doctor import Check, knock
from onionchat.node.expiry import Expiries
from onionchat.node.lifetimes import erase_old
from onionchat.node.peers import Peers
from onionchat.node.places import Places, Where
from onionchat.node.profile import Profile
from onionchat.node.why import Why
from onionchat.store import events
from onionchat.tor.network import Network
from onionchat.tor.status import TorStatus
from onionchat.types import IdentityKey, OnionKind, Place

SETTLED = 600.0
"""Seconds after which what is not urgent is done for the first time."""


class Stopped(Exception):  # noqa: N818 - not an error: somebody asked for it
    """Ends the node's task group."""


class Node:
    """What runs while `up` runs; the running half of a profile (`profile.live`)."""

    def __init__(
        self,
        profile: Profile,
        network: Network,
        where: Where,
        *,
        dial: bool,
        slept: Callable[[], float] = slept,
    ) -> None:
        self._profile = profile
        self._network = network
        self._dial = dial
        self._slept = slept
        self._where = where
        self._expiries = Expiries(profile, network)
        self._peers: Peers | None = None
        self._places: Places | None = None
        self._stop = asyncio.Event()
        self.started = asyncio.Event()

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                peers = self._peers = Peers(self._profile, self._network, group)
                await peers.load(dial=self._dial)  # a friend before that would be a stranger
                self._profile.live = self
                group.create_task(self._until_stopped(peers))
                group.create_task(self._tell_tor_state(peers))
                group.create_task(self._notice_sleep(peers))
                group.create_task(self._forget_old_events())
                group.create_task(self._expiries.run())
                places = self._places = Places(self._profile, self._network, peers, self._where)
                group.create_task(places.run())
                await places.looked.wait()
                self.started.set()
        except* Stopped:
            pass
        finally:
            self._profile.live = None

    @property
    def address(self) -> str:
        return format_address(self._profile.identity.key)

    @property
    def tor(self) -> TorStatus:
        return self._network.status

    @property
    def findable(self) -> bool:
        """Can whoever may find us, at every onion that is to be up?"""
        looked = self._places is not None and self._places.looked.is_set()
        return looked and self.tor.state == "ready" and self.served() <= self.tor.published

    def served(self, kind: OnionKind | None = None) -> frozenset[str]:
        """Our onions, by service ID; with a `kind` those alone."""
        return frozenset() if self._places is None else self._places.service_ids(kind)

    def online(self, contact: int) -> bool:
        return self._peers is not None and self._peers.online(contact)

    def online_count(self) -> int:
        return 0 if self._peers is None else self._peers.online_count()

    def why(self, contact: int) -> Why | None:
        """Why the last dial to this contact came to nothing; None: it did not."""
        return None if self._peers is None else self._peers.why(contact)

    async def knock(self, place: Place, key: IdentityKey) -> Check:
        """Does the owner of `key` answer at this place? Tries it, over a path of its own."""
        return await knock(self._network, place, key)

    async def changed(self, contact: int) -> None:
        """Something was committed for this contact: the peer's task should look."""
        if self._peers is not None and await self._peers.changed(contact):
            await self.rearranged()

    def rearrange(self) -> None:
        """Which onions are to be up, or for whom, may have changed."""
        if self._places is not None:
            self._places.rearrange()

    async def rearranged(self) -> None:
        """The same, and it has been seen to: who must not come any more cannot."""
        if self._places is not None:
            await self._places.rearrange().wait()

    def expires(self) -> None:
        """Something was queued that expires, or has begun to disappear."""
        self._expiries.stir()

    def stop(self) -> None:
        self._stop.set()

    async def _until_stopped(self, peers: Peers) -> Never:
        await self._stop.wait()
        await peers.say_bye()
        raise Stopped

    async def _notice_sleep(self, peers: Peers) -> Never:
        async for _ in sleeps(self._slept):
            self._expiries.stir()
            peers.woke()
        raise AssertionError("sleeps never end")

    async def _forget_old_events(self) -> Never:
        """Once a day, and not while everybody wants something: it looks through all of them."""
        await pause(SETTLED)
        while True:
            with suppress(RefusedError):  # a full disk: tomorrow, then
                await self._profile.db.run(events.prune, self._profile.clock())
                await erase_old(self._profile)
            await pause(DAY / 1000)

    async def _tell_tor_state(self, peers: Peers) -> Never:
        before, seen = "starting", self._network.status
        while True:
            if seen.state == "ready" and before != "ready":
                peers.network_is_back()
                self._expiries.stir()
            before = seen.state
            self._profile.feed.live(
                "tor.state",
                {
                    "state": seen.state,
                    "bootstrap": seen.bootstrap,
                    "step": seen.step,
                    "warning": seen.warning,
                },
            )
            seen = await self._network.change(seen)
