"""Tor between the machines: onions, descriptors that lag and expire, dials and their ends.

What the node sees is the `Network` of onionchat/tor/network.py. Behind it each machine has
a tor that boots, dies, hangs, and has a network or none; between them a directory knows
where each onion was last announced. A dial ends as tor's would (dial_errors.py):

    no descriptor, or one older than three hours   F0
    one that cannot be read: no key, another key   F4, F5
    descriptor there, service gone                 F2, after a while
    the way does not come about                    F3 or F7, by the weather
    our tor hangs, or has no network               nothing, until the deadline
"""

import asyncio
import random
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Never

from onionchat.crypto import client_key
from onionchat.crypto.address import service_id
from onionchat.node.clock import pause
from onionchat.tor import dial_errors
from onionchat.tor.link import Link
from onionchat.tor.listener import OnLink
from onionchat.tor.onions import Onion
from onionchat.tor.status import Board, TorStatus
from onionchat.types import Place
from tests.simulation.disk import Life
from tests.simulation.loop import VirtualLoop
from tests.simulation.wire import Circuit, End

DESCRIPTOR = 3 * 3600.0
BOOT = (5.0, 40.0)
PAUSE = 3.0
PUBLISH = (2.0, 30.0)
SPREADS = (0.0, 5.0)
DIAL = (0.3, 6.0)
INTRODUCTION_FAILS = (8.0, 25.0)
RENDEZVOUS_FAILS = (10.0, 60.0)


@dataclass
class Service:
    """An onion that is up: where its links are handed to. `life`: of the process behind it.
    `clients`: who may come; empty: anybody. `version` counts its changes."""

    tor: "Tor"
    life: Life
    clients: frozenset[bytes] = frozenset()
    version: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    inbox: asyncio.Queue[End] = field(default_factory=asyncio.Queue)


@dataclass(frozen=True)
class Descriptor:
    """What directories have of an onion: since when, and who can read it."""

    at: float
    clients: frozenset[bytes]

    def open_to(self, place: Place) -> bool:
        key = place.client_key
        return not self.clients or (key is not None and client_key.public(key) in self.clients)


@dataclass
class Internet:
    """What lies between the machines. `weather`: how often a way does not come about."""

    loop: VirtualLoop
    chance: random.Random
    weather: float = 0.0
    lag: tuple[float, float] = (0.05, 1.5)
    announced: dict[str, Descriptor] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    addresses: set[str] = field(default_factory=set)
    """Onions that are somebody's address."""
    cut: set[tuple[str, str]] = field(default_factory=set)
    """Pairs (who dials, whom) whose way does not come about."""

    def announce(self, onion: str, clients: frozenset[bytes]) -> None:
        self.announced[onion] = Descriptor(self.loop.now, clients)

    def reachable(self, onion: str) -> Service | None:
        service = self.services.get(onion)
        return service if service is not None and service.tor.works else None

    def connect(self, caller: "Tor", life: Life, service: Service) -> End:
        circuit = Circuit(self.loop, self.chance, self.chance.uniform(*self.lag))
        ours, theirs = circuit.ends
        ours.owner, theirs.owner = lambda: not life.over, lambda: not service.life.over
        for tor, end in ((caller, ours), (service.tor, theirs)):
            tor.ends = [each for each in tor.ends if not each.circuit.over]
            tor.ends.append(end)
        service.inbox.put_nowait(theirs)
        return ours

    def pause(self, bounds: tuple[float, float]) -> float:
        return self.chance.uniform(*bounds)


class Tor:
    """One machine's tor process. It outlives the node, as the supervisor's does."""

    def __init__(self, name: str, internet: Internet) -> None:
        self.name = name
        self._internet = internet
        self.ends: list[End] = []
        self.running = False
        self.hung = False
        self.online = True
        self.board = Board()
        self._starts = 0

    @property
    def works(self) -> bool:
        return self.running and not self.hung and self.online

    def start(self) -> None:
        self.running, self.hung = True, False
        self._starts += 1
        self.board.post(state="bootstrapping", bootstrap=10, published=frozenset())
        self._internet.loop.outside(self._internet.pause(BOOT), self._booted, self._starts)

    def _booted(self, start: int) -> None:
        if start == self._starts and self.running:
            if self.online:
                self.board.post(state="ready", bootstrap=100)
            else:
                self._internet.loop.outside(10.0, self._booted, start)

    def die(self, *, silently: bool = False) -> None:
        """Every circuit ends with it; without power nobody at the other end is told."""
        self.running = False
        self.board.post(state="lost", bootstrap=0, published=frozenset())
        self.drop(silently=silently)

    def drop(self, *, silently: bool = False) -> None:
        for end in self.ends:
            if silently:
                end.circuit.silent = True
            else:
                end.circuit.break_()
        self.ends.clear()

    def notice(self) -> None:
        """It finds that its connections are dead, as after a sleep, and tells our side."""
        for end in self.ends:
            end.hang_up()
        self.ends.clear()


class Socket:
    """What one life of a node has of its machine's tor: the `Network`."""

    def __init__(self, tor: Tor, life: Life, internet: Internet) -> None:
        self._tor = tor
        self._life = life
        self._internet = internet
        self._links: list[End] = []
        self._served: dict[str, Service] = {}

    @property
    def status(self) -> TorStatus:
        return self._tor.board.status

    async def change(self, seen: TorStatus) -> TorStatus:
        return await self._tor.board.change(seen)

    async def published(self, service_id: str) -> None:
        await self._tor.board.published(service_id)

    async def serve(
        self, onion: Onion, on_link: OnLink, limit: int, closing: asyncio.Event | None = None
    ) -> None:
        name = onion.service_id
        self._internet.names[name] = self._tor.name
        service = self._served[name] = Service(self._tor, self._life, onion.clients)
        async with asyncio.TaskGroup() as links:
            up = links.create_task(self._keep_up(name, service))
            taking = links.create_task(self._take(service, links, on_link, limit))
            try:
                await (closing or asyncio.Event()).wait()
            finally:
                up.cancel()
                taking.cancel()
                self._take_down(name, service)
                if self._served.get(name) is service:
                    del self._served[name]

    def authorise(self, service_id: str, clients: AbstractSet[bytes]) -> None:
        """Down at once, and up again after a while."""
        service = self._served[service_id]
        service.clients = frozenset(clients)
        service.version += 1
        self._take_down(service_id, service)
        service.changed.set()

    def _take_down(self, onion: str, service: Service) -> None:
        if self._internet.services.get(onion) is service:
            del self._internet.services[onion]
            board = self._tor.board
            board.post(published=board.status.published - {onion})

    async def _take(
        self, service: Service, group: asyncio.TaskGroup, on_link: OnLink, limit: int
    ) -> Never:
        links: list[asyncio.Task[None]] = []
        while True:
            end = await service.inbox.get()
            links = [link for link in links if not link.done()]
            if len(links) >= limit:
                end.shut()
                continue
            self._keep(end)
            links.append(group.create_task(_carry(end, on_link)))

    async def _keep_up(self, onion: str, service: Service) -> Never:
        """Announced again whenever tor has come back, when its clients change, and once an
        hour."""
        internet, tor = self._internet, self._tor
        while True:
            await self._until_ready()
            service.changed.clear()
            as_it_was = tor._starts, service.version
            if onion not in internet.services:
                await pause(PAUSE)
            internet.services[onion] = service
            await pause(internet.pause(PUBLISH))
            if as_it_was == (tor._starts, service.version) and tor.works:
                spread = internet.pause(SPREADS)
                internet.loop.outside(spread, internet.announce, onion, service.clients)
                tor.board.post(published=tor.board.status.published | {onion})
                await self._until_something(service)

    async def _until_something(self, service: Service) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(3600), asyncio.TaskGroup() as group:
                first = [
                    group.create_task(self._until_not_ready()),
                    group.create_task(service.changed.wait()),
                ]
                await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
                for task in first:
                    task.cancel()

    async def dial(self, place: Place, token: str, deadline: float) -> Link:
        onion = service_id(place.onion)
        self._life.saw("dial", self._internet.names[onion])
        if self.status.state in ("starting", "bootstrapping"):
            raise dial_errors.Starting
        if self.status.state == "lost":
            raise dial_errors.TimedOut
        try:
            async with asyncio.timeout_at(deadline):
                return await self._dial(place, onion)
        except TimeoutError:
            raise dial_errors.DialTimeout from None

    async def _dial(self, place: Place, onion: str) -> Link:
        internet, tor = self._internet, self._tor
        await pause(internet.pause(DIAL))
        if not tor.works:
            await asyncio.Event().wait()
        found = internet.announced.get(onion)
        if found is None or found.at < internet.loop.now - DESCRIPTOR:
            raise dial_errors.NotPublished
        if not found.open_to(place):
            raise dial_errors.KeyRefused if place.client_key else dial_errors.KeyMissing
        service = internet.reachable(onion)
        if service is None or service.clients != found.clients:  # its old introduction points
            await pause(internet.pause(INTRODUCTION_FAILS))
            raise dial_errors.IntroductionFailed
        blocked = (tor.name, service.tor.name) in internet.cut
        if blocked or internet.chance.random() < internet.weather:
            await pause(internet.pause(RENDEZVOUS_FAILS))
            raise internet.chance.choice(_NO_WAY)
        kind = "address" if onion in internet.addresses else "inbox"
        self._life.saw("link", service.tor.name, kind)
        end = internet.connect(tor, self._life, service)
        self._keep(end)
        return end

    async def forget(self, place: Place) -> None:
        """This tor never knew the key."""

    def close(self) -> None:
        """The process is gone: its sockets are closed by the kernel."""
        for end in self._links:
            end.shut()

    def _keep(self, end: End) -> None:
        self._links = [link for link in self._links if not link.closed]
        self._links.append(end)

    async def _until_ready(self) -> None:
        while (seen := self.status).state != "ready":
            await self.change(seen)

    async def _until_not_ready(self) -> None:
        while (seen := self.status).state == "ready":
            await self.change(seen)


_NO_WAY = (dial_errors.RendezvousFailed, dial_errors.IntroductionTimedOut, dial_errors.TimedOut)


async def _carry(end: End, on_link: OnLink) -> None:
    try:
        await on_link(end)
    finally:
        end.shut()
