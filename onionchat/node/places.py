"""Where we are reached: the onion of the identity, and the inboxes.

    identity   the address that everybody may have; up while the person wants to be found
    inbox      for contacts alone, who each have a key to it (inboxes.py)
    invite     for one guest, until they are a contact and know an inbox (invites.py)

One task looks at what the store says should be up and makes it so. An onion that goes down
goes at once; whoever is connected through it stays. A new contact's key waits a moment for
others, because each change takes an onion down for some seconds; a key that was taken away
does not wait.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Never

from onionchat.crypto import client_key
from onionchat.crypto.identity import Identity
from onionchat.errors import RefusedError
from onionchat.node import inboxes, invites
from onionchat.node.clock import wait
from onionchat.node.door import Door
from onionchat.node.guests import Guests
from onionchat.node.inboxes import Arranged
from onionchat.node.peers import Peers
from onionchat.node.profile import Profile
from onionchat.node.strangers import Strangers
from onionchat.store import reachability
from onionchat.store.invites import InviteRow
from onionchat.store.reachability import Reachable
from onionchat.tor.address import Address
from onionchat.tor.listener import OnLink
from onionchat.tor.network import Network
from onionchat.tor.onions import Onion
from onionchat.types import OnionKind

INBOUND = 512
"""Open inbound connections at one onion: strangers, the unproven, and a few for each contact."""
SETTLE = 5.0
"""Seconds in which another contact may be accepted before the onion is put up anew."""
TICK = 60.0
"""The loop's clock stands still while the machine sleeps; a time that was given does not."""
IDLE = 3600.0
"""Where no time was given, only an inbox that has been closing for thirty days is to be found."""

AGAIN = 5.0
"""Seconds, where the disk refused to say what should be up: for so long nobody may find us."""

Where = Callable[[str], Address]
"""Where tor is to deliver what comes in for the onion of this name."""


@dataclass(frozen=True)
class Wanted:
    """An onion that should be up, and who answers there."""

    kind: OnionKind
    identity: Identity = field(repr=False)
    answer: OnLink
    clients: frozenset[bytes] = frozenset()


@dataclass
class Served:
    """An onion that is up. `due`: when the keys that are wanted are put into force."""

    kind: OnionKind
    clients: frozenset[bytes]
    closing: asyncio.Event
    due: float | None = None


class Places:
    """`where` gives each onion a socket of its own."""

    def __init__(self, profile: Profile, network: Network, peers: Peers, where: Where) -> None:
        self._profile = profile
        self._network = network
        self._peers = peers
        self._where = where
        self._anybody = Door(profile, peers, Strangers(profile, peers)).answer
        self._served: dict[str, Served] = {}
        self._names: set[str] = set()
        self._stir = asyncio.Event()
        self._done = asyncio.Event()
        self.looked = asyncio.Event()
        """What is to be up has been looked at."""

    def service_ids(self, kind: OnionKind | None) -> frozenset[str]:
        """Of the onions of this kind, or of all, that are up or about to be."""
        served = self._served.items()
        return frozenset(key for key, each in served if kind in {None, each.kind})

    def rearrange(self) -> asyncio.Event:
        """What should be up may have changed; set when it has been seen to."""
        self._stir.set()
        return self._done

    async def run(self) -> Never:
        async with asyncio.TaskGroup() as group:
            while True:
                self._stir.clear()
                done, self._done = self._done, asyncio.Event()
                pause = AGAIN
                with suppress(RefusedError):  # a full disk: what is up stays
                    pause = await self._look(group)
                self.looked.set()
                done.set()
                await wait(self._stir, asyncio.get_running_loop().time() + pause)
        raise AssertionError("nobody ends this but by cancelling it")

    async def _look(self, group: asyncio.TaskGroup) -> float:
        """Make it so; seconds until the next look."""
        profile = self._profile
        now = profile.clock(), profile.uptime()
        reachable = await profile.db.run(reachability.load, *now)
        arranged = await profile.db.run(inboxes.arrange, now[0])
        standing = await profile.db.run(invites.standing, *now)
        for contact in arranged.told:
            self._peers.told(contact)
        wanted = [*self._wanted(reachable, arranged), *map(self._for_guest, standing.rows)]
        self._follow(wanted, group)
        ends = [left / 1000 for left in (reachable.left, standing.left) if left is not None]
        return min(self._next_change(), min(TICK, *ends) if ends else IDLE)

    def _for_guest(self, row: InviteRow) -> Wanted:
        door = Door(self._profile, self._peers, Guests(self._profile, self._peers, row.number))
        clients = frozenset({client_key.public(row.client_key)})
        return Wanted("invite", Identity.from_seed(row.seed), door.answer, clients)

    def _wanted(self, reachable: Reachable, arranged: Arranged) -> Iterable[Wanted]:
        if reachable.on:
            yield Wanted("identity", self._profile.identity, self._anybody)
        for row in arranged.inboxes:
            clients = frozenset(map(client_key.public, row.client_keys))
            door = Door(self._profile, self._peers, None)
            yield Wanted("inbox", Identity.from_seed(row.seed), door.answer, clients)

    def _follow(self, wanted: list[Wanted], group: asyncio.TaskGroup) -> None:
        by_id = {each.identity.service_id: each for each in wanted}
        for service_id in self._served.keys() - by_id.keys():
            self._served.pop(service_id).closing.set()
        for service_id, each in by_id.items():
            if service_id in self._served:
                self._authorise(service_id, each.clients)
            else:
                served = self._served[service_id] = Served(each.kind, each.clients, asyncio.Event())
                group.create_task(self._serve(each, served))

    def _authorise(self, service_id: str, clients: frozenset[bytes]) -> None:
        served, now = self._served[service_id], asyncio.get_running_loop().time()
        if clients == served.clients:
            served.due = None
            return
        served.due = served.due or now + SETTLE
        if served.clients - clients or served.due <= now:
            self._network.authorise(service_id, clients)
            served.clients, served.due = clients, None

    async def _serve(self, wanted: Wanted, served: Served) -> None:
        identity, name = wanted.identity, self._free_name(wanted)
        self._names.add(name)
        onion = Onion(identity.tor_blob(), identity.service_id, self._where(name), wanted.clients)
        try:
            await self._network.serve(onion, wanted.answer, INBOUND, served.closing)
        finally:
            self._names.discard(name)

    def _free_name(self, wanted: Wanted) -> str:
        """What went down keeps its socket's name until its last link has ended. None is longer
        than `identity`, by which paths are measured."""
        names = [wanted.kind, *(f"onion{number}" for number in range(2, 3 + len(self._names)))]
        return next(str(name) for name in names if name not in self._names)

    def _next_change(self) -> float:
        now = asyncio.get_running_loop().time()
        due = [served.due for served in self._served.values() if served.due is not None]
        return max(0.0, min(due, default=now + IDLE) - now)
