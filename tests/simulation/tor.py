"""Tor between the machines: onions, descriptors that lag and expire, dials and their ends.

What the node sees is the `Network` of onionchat/tor/network.py. Behind it each machine has
a tor that boots, dies, hangs, and has a network or none; between them a directory knows
where each onion was last announced. A dial ends as tor's would (dial_errors.py):

    no descriptor, or one older than three hours   F0
    descriptor there, service gone                 F2, after a while
    the way does not come about                    F3 or F7, by the weather
    our tor hangs, or has no network               nothing, until the deadline
"""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Never

from onionchat.crypto.address import service_id
from onionchat.tor import dial_errors
from onionchat.tor.link import Link
from onionchat.tor.listener import OnLink
from onionchat.tor.onions import Onion
from onionchat.tor.status import Board, TorStatus
from onionchat.types import OnionKey
from tests.simulation.disk import Life
from tests.simulation.loop import VirtualLoop
from tests.simulation.wire import Circuit, End

DESCRIPTOR = 3 * 3600.0
BOOT = (5.0, 40.0)
PUBLISH = (2.0, 30.0)
SPREADS = (0.0, 5.0)
DIAL = (0.3, 6.0)
INTRODUCTION_FAILS = (8.0, 25.0)
RENDEZVOUS_FAILS = (10.0, 60.0)


@dataclass
class Service:
    """An onion that is up: where its links are handed to. `life`: of the process behind it."""

    tor: "Tor"
    life: Life
    inbox: asyncio.Queue[End] = field(default_factory=asyncio.Queue)


@dataclass
class Internet:
    """What lies between the machines. `weather`: how often a way does not come about."""

    loop: VirtualLoop
    chance: random.Random
    weather: float = 0.0
    lag: tuple[float, float] = (0.05, 1.5)
    announced: dict[str, float] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    cut: set[tuple[str, str]] = field(default_factory=set)
    """Pairs (who dials, whom) whose way does not come about."""

    def announce(self, onion: str) -> None:
        self.announced[onion] = self.loop.now

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

    @property
    def status(self) -> TorStatus:
        return self._tor.board.status

    async def change(self, seen: TorStatus) -> TorStatus:
        return await self._tor.board.change(seen)

    async def published(self, service_id: str) -> None:
        await self._tor.board.published(service_id)

    async def serve(self, onion: Onion, on_link: OnLink, limit: int) -> Never:
        service = Service(self._tor, self._life)
        links: list[asyncio.Task[None]] = []
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_up(onion.service_id, service))
                while True:
                    end = await service.inbox.get()
                    links = [link for link in links if not link.done()]
                    if len(links) >= limit:
                        end.shut()
                        continue
                    self._keep(end)
                    links.append(group.create_task(_carry(end, on_link)))
        finally:
            if self._internet.services.get(onion.service_id) is service:
                del self._internet.services[onion.service_id]

    async def _keep_up(self, onion: str, service: Service) -> Never:
        """Announced again whenever tor has come back, and once an hour."""
        while True:
            await self._until_ready()
            start = self._tor._starts
            self._internet.services[onion] = service
            await _wait(self._internet.pause(PUBLISH))
            if start == self._tor._starts and self._tor.works:
                self._internet.loop.outside(
                    self._internet.pause(SPREADS), self._internet.announce, onion
                )
                self._tor.board.post(published=frozenset({onion}))
                with suppress(TimeoutError):
                    async with asyncio.timeout(3600):
                        await self._until_not_ready()

    async def dial(self, onion: OnionKey, token: str, deadline: float) -> Link:
        self._life.saw("dial", self._internet.names[service_id(onion)])
        if self.status.state in ("starting", "bootstrapping"):
            raise dial_errors.Starting
        if self.status.state == "lost":
            raise dial_errors.TimedOut
        try:
            async with asyncio.timeout_at(deadline):
                return await self._dial(service_id(onion))
        except TimeoutError:
            raise dial_errors.DialTimeout from None

    async def _dial(self, onion: str) -> Link:
        internet, tor = self._internet, self._tor
        await _wait(internet.pause(DIAL))
        if not tor.works:
            await asyncio.Event().wait()
        if internet.announced.get(onion, float("-inf")) < internet.loop.now - DESCRIPTOR:
            raise dial_errors.NotPublished
        service = internet.reachable(onion)
        if service is None:
            await _wait(internet.pause(INTRODUCTION_FAILS))
            raise dial_errors.IntroductionFailed
        blocked = (tor.name, service.tor.name) in internet.cut
        if blocked or internet.chance.random() < internet.weather:
            await _wait(internet.pause(RENDEZVOUS_FAILS))
            raise internet.chance.choice(_NO_WAY)
        end = internet.connect(tor, self._life, service)
        self._keep(end)
        return end

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


async def _wait(seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()
