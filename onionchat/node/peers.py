"""All peers of a node: one task for each contact, found by key or by contact."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from onionchat.node import requests
from onionchat.node.peer import Peer
from onionchat.node.profile import Profile
from onionchat.node.why import Why
from onionchat.protocol.limits import DIALS
from onionchat.store import contacts, outbox
from onionchat.store.contacts import ContactRow, Gone
from onionchat.tor.link import Link
from onionchat.tor.network import Network
from onionchat.types import IdentityKey

FAREWELL = 1.0
"""Seconds for all goodbyes together, out of the five that a clean stop may take."""


class Peers:
    """Starts a peer's task when there is a contact for it, in the node's own task group."""

    def __init__(self, profile: Profile, network: Network, group: asyncio.TaskGroup) -> None:
        self._profile = profile
        self._network = network
        self._group = group
        self._dials = asyncio.Semaphore(DIALS)
        self._greet = False
        self._by_contact: dict[int, Peer] = {}
        self._by_key: dict[IdentityKey, Peer] = {}
        self._tasks: dict[Peer, asyncio.Task[None]] = {}
        self._strangers: list[tuple[IdentityKey, Link]] = []

    async def load(self, *, dial: bool) -> None:
        """Every contact of the store; with `dial`, each is greeted in its turn."""
        self._greet = dial
        rows = [row for row in await self._profile.db.run(contacts.all_rows) if row.active]
        waiting = await self._profile.db.run(outbox.wanted)
        now = self._profile.clock()
        for row in rows:
            peer = self._add(row)
            pause = requests.pause(row, now)
            if pause is not None and (dial or row.id in waiting):
                peer.start(len(rows), pause)

    async def changed(self, contact: int) -> bool:
        """Something was committed for this contact; whether who may come to us has changed.
        Should it not be found out what, the node ends: it would go on as if it had not been.
        Who asked may stop waiting."""
        look = self._look_at(contact)
        try:
            looking = self._group.create_task(look)
        except RuntimeError:  # the node is ending already: its next start sees what there is
            look.close()
            return False
        return await asyncio.shield(looking)

    async def _look_at(self, contact: int) -> bool:
        """Who is new gets a task; who was blocked or removed loses it, and every connection."""
        row = await self._profile.db.run(contacts.find, contact)
        peer = self._by_contact.get(contact)
        if row is None or not row.active:
            if peer is not None:
                await self._part(peer)
            return True
        moved = row.state == "contact" and (peer is None or not peer.accepted)
        if peer is None:
            peer = self._add(row)
        peer.name, peer.accepted = row.name, row.state == "contact"
        peer.changed()
        return moved

    def told(self, contact: int) -> None:
        """There is something to say to this contact, if they are there."""
        if peer := self._by_contact.get(contact):
            peer.told()

    def known(self, key: IdentityKey) -> Peer | None:
        return self._by_key.get(key)

    @contextmanager
    def stranger(self, key: IdentityKey, link: Link) -> Iterator[None]:
        """Somebody we do not know is heard on this link. Should they become a contact, the
        link is closed: what they say there is not kept, and they would not know."""
        self._strangers.append((key, link))
        try:
            yield
        finally:
            self._strangers.remove((key, link))

    def online(self, contact: int) -> bool:
        peer = self._by_contact.get(contact)
        return peer is not None and peer.online

    def online_count(self) -> int:
        return sum(peer.online for peer in self._by_contact.values())

    def why(self, contact: int) -> Why | None:
        peer = self._by_contact.get(contact)
        return None if peer is None else peer.why

    def network_is_back(self) -> None:
        for peer in self._by_contact.values():
            peer.network_is_back()

    def woke(self) -> None:
        """The machine has slept."""
        for peer in self._by_contact.values():
            peer.woke(len(self._by_contact), greet=self._greet)

    async def say_bye(self) -> None:
        """Tell everybody that we are going, so that nobody dials us in vain."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL), asyncio.TaskGroup() as group:
                for peer in self._by_contact.values():
                    group.create_task(peer.say_bye())

    def _add(self, row: ContactRow) -> Peer:
        peer = Peer(self._profile, self._network, self._dials, row)
        self._by_contact[row.id] = self._by_key[row.key] = peer
        self._tasks[peer] = self._group.create_task(self._keep(peer))
        for key, link in self._strangers:
            if key == row.key:
                self._group.create_task(link.close())
        return peer

    async def _keep(self, peer: Peer) -> None:
        with suppress(Gone):
            await peer.run()
        self._forget(peer)

    async def _part(self, peer: Peer) -> None:
        """Nobody of ours talks to them when this returns."""
        task = self._tasks[peer]
        self._forget(peer)
        task.cancel()
        await peer.leave()
        await asyncio.wait({task})
        for place in peer.keyed:
            self._group.create_task(self._network.forget(place))

    def _forget(self, peer: Peer) -> None:
        if self._tasks.pop(peer, None) is not None:
            del self._by_contact[peer.contact], self._by_key[peer.key]
