"""Whole nodes in one process: real stores, real sockets, no tor between them.

A street knows where each onion is served; dialling goes straight there. What tor does to
links is the live tests' matter, what nodes say to each other is this one's. `Home.up()`
runs a node until the block ends; leaving it by an exception is a crash: nobody says bye.
"""

import asyncio
import hashlib
import secrets
import threading
from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from onionchat.crypto import client_key
from onionchat.crypto.address import format_address, service_id
from onionchat.crypto.identity import Identity
from onionchat.node.clock import Clock, wall_clock
from onionchat.node.events import Feed
from onionchat.node.node import Node
from onionchat.node.profile import Profile
from onionchat.node.verbs import VERBS
from onionchat.store import identity as identities
from onionchat.store.database import Database
from onionchat.store.ending import Uptime
from onionchat.store.identity import Me
from onionchat.tor import listener
from onionchat.tor.address import Address, UnixAddress
from onionchat.tor.dial_errors import DialError, KeyMissing, KeyRefused, NotPublished
from onionchat.tor.link import Link, connect
from onionchat.tor.listener import OnLink
from onionchat.tor.network import Network
from onionchat.tor.onions import Onion
from onionchat.tor.status import Board, State, TorStatus
from onionchat.types import Incarnation, Place, StreamId


class Street:
    """Who is at home, by service ID, and for whom alone. `trouble`: what every dial fails with
    instead. `dials`: how many there were, `dialled`: where; `forgotten`: where nobody may again."""

    def __init__(self) -> None:
        self.served: MutableMapping[str, UnixAddress] = {}
        self.clients: dict[str, frozenset[bytes]] = {}
        self.wrap: Callable[[Link], Link] = lambda link: link
        self.trouble: DialError | None = None
        self.dials = 0
        self.dialled: list[str] = []
        self.forgotten: set[Place] = set()

    def admits(self, place: Place) -> bool:
        clients = self.clients.get(service_id(place.onion))
        return not clients or (
            place.client_key is not None and client_key.public(place.client_key) in clients
        )


class Lane:
    """The `Network` of one node on the street."""

    def __init__(self, street: Street, state: State = "ready") -> None:
        self._street = street
        self.board = Board()
        self._answering = 0
        self._answered = asyncio.Event()
        self.board.post(state=state, bootstrap=100, version="0.0.0")

    @property
    def status(self) -> TorStatus:
        return self.board.status

    async def change(self, seen: TorStatus) -> TorStatus:
        return await self.board.change(seen)

    async def published(self, service_id: str) -> None:
        await self.board.published(service_id)

    async def serve(
        self, onion: Onion, on_link: OnLink, limit: int, closing: asyncio.Event | None = None
    ) -> None:
        street, name = self._street, onion.service_id

        @contextmanager
        def announced(address: Address) -> Iterator[None]:
            assert isinstance(address, UnixAddress)
            street.served[name] = address
            self.authorise(name, onion.clients)
            self.board.post(published=self.status.published | {name})
            try:
                yield
            finally:
                if street.served.get(name) is address:
                    del street.served[name]
                    self.board.post(published=self.status.published - {name})

        answer = partial(self._answer, on_link)
        await listener.serve(onion.target, answer, limit, closing or asyncio.Event(), announced)

    async def _answer(self, on_link: OnLink, link: Link) -> None:
        self._answering += 1
        try:
            await on_link(link)
        finally:
            self._answering -= 1
            self._answered.set()

    async def quiet(self) -> None:
        """Until every link that somebody opened is done with, and what it left is stored."""
        while self._answering:
            self._answered.clear()
            await self._answered.wait()

    def authorise(self, service_id: str, clients: AbstractSet[bytes]) -> None:
        self._street.clients[service_id] = frozenset(clients)

    async def dial(self, place: Place, token: str, deadline: float) -> Link:
        street = self._street
        street.dials += 1
        street.dialled.append(service_id(place.onion))
        if street.trouble is not None:
            raise street.trouble
        where = street.served.get(service_id(place.onion))
        if where is None:
            raise NotPublished
        if not street.admits(place):
            raise KeyMissing if place.client_key is None else KeyRefused
        try:
            return self._street.wrap(await connect(where))
        except OSError:  # a process that was killed leaves its address behind
            raise NotPublished from None

    async def forget(self, place: Place) -> None:
        self._street.forgotten.add(place)


class Home:
    """One person's profile directory, with or without a node running on it."""

    def __init__(
        self, name: str, directory: Path, street: Street, *, seed: bytes | None = None
    ) -> None:
        self.name = name
        self.directory = directory / name
        self.directory.mkdir(exist_ok=seed is not None)
        self.street = street
        self._seed = seed or secrets.token_bytes(32)
        self._key = hashlib.sha256(self._seed).digest()
        self.identity = Identity.from_seed(self._seed)
        self.address = format_address(self.identity.key)
        self.clock: Clock = wall_clock
        self.boot = b"a boot"
        self.slept = 0.0
        self.tor: State = "ready"
        self.profile: Profile | None = None

    @asynccontextmanager
    async def store(self) -> AsyncIterator[Profile]:
        """The open profile without a node."""
        path = self.directory / "store.db"
        new = not path.exists()
        async with await Database.open(path, self._key, create=new) as db:
            if new:
                stream, incarnation = secrets.token_bytes(8), secrets.token_bytes(16)
                me = Me(self._seed, StreamId(stream), Incarnation(incarnation))
                await db.run(identities.create, me, wall_clock())
            me = await db.run(identities.load)
            yield Profile(db, me, self.identity, Feed(db), self.clock, self.uptime)

    @asynccontextmanager
    async def network(self) -> AsyncIterator[Network]:
        """What the node has instead of tor, for as long as it runs."""
        self.lane = Lane(self.street, self.tor)
        yield self.lane

    def uptime(self) -> Uptime:
        """The loop's clock, which a test can put forward, and the time that it has slept."""
        awake = asyncio.get_running_loop().time()
        return Uptime(self.boot, int((awake + self.slept) * 1000))

    @asynccontextmanager
    async def up(self, *, dial: bool = True) -> AsyncIterator["Home"]:
        """The node runs inside this block."""
        async with self.network() as network, self.store() as profile:
            node = Node(profile, network, self._socket, dial=dial)
            self.profile = profile
            async with asyncio.TaskGroup() as group:
                running = group.create_task(node.run())
                await node.started.wait()
                try:
                    yield self
                except BaseException:
                    running.cancel()
                    raise
                node.stop()
            self.profile = None

    def _socket(self, name: str) -> UnixAddress:
        return UnixAddress(self.directory / f"{name}.sock")

    async def __call__(self, method: str, **params: Any) -> Any:
        """One verb."""
        assert self.profile is not None
        verb = VERBS[method]
        return await verb.call(self.profile, verb.params(**params))

    async def change(self, transaction: Callable[[], Any]) -> Any:
        """One transaction behind the node's back."""
        assert self.profile is not None
        return await self.profile.db.run(transaction)

    @asynccontextmanager
    async def busy(self) -> AsyncIterator[None]:
        """Inside this block their store works for somebody else."""
        assert self.profile is not None
        done = threading.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.profile.db.run(done.wait))
            try:
                yield
            finally:
                done.set()

    async def until(self, done: Callable[[], Any]) -> Any:
        """Wait until the transaction `done` returns something true."""
        assert self.profile is not None
        while True:
            changed = self.profile.feed.next_change()
            if result := await self.profile.db.run(done):
                return result
            await changed.wait()


async def befriend(alice: Home, bob: Home) -> None:
    """Both are up; afterwards both have the other as a contact."""
    await alice("contact.add", name=bob.name, address=bob.address, text="it is me")
    from onionchat.store import contacts, requests

    (request,) = await bob.until(requests.all_rows)
    await bob("request.accept", who=str(request.number), name=alice.name)

    def accepted() -> bool:
        row = contacts.by_name(bob.name)
        return row is not None and row.state == "contact"

    await alice.until(accepted)
