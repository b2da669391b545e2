"""Strangers of every kind see the same, byte for byte and in time.

Each sample is one visit: greet, ask, say bye, until the other side hangs up; its times are those
of the three answers. Two kinds are told apart when the greatest distance between their
distributions (Kolmogorov and Smirnov) is one that chance makes once in ten thousand times. The
kinds come in a random order, so that whatever else the machine does falls on all of them alike.

    unknown   a key that nobody has seen
    pending   one whose request waits
    rejected  one that was told no, which it cannot know
    blocked   somebody who was a contact

All of them once more while fifty requests wait, so that no other finds room.

Besides, somebody poses as another, whom a handshake can name without being them: as a contact
who was here just now, or as nobody. How long it takes to be hung up on must not say which.
"""

import asyncio
import math
import random
import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

from onionchat.crypto.address import format_address, parse_address, service_id
from onionchat.crypto.handshake import Initiator
from onionchat.crypto.identity import Identity
from onionchat.node.connection import Connection
from onionchat.protocol.channel import Channel
from onionchat.protocol.events import Bye, HandshakeDone, PeerHello
from onionchat.protocol.framing import Kind, Sealer
from onionchat.protocol.hello import Hello, Purpose, encode
from onionchat.protocol.limits import PENDING_REQUESTS
from onionchat.rpc.client import Client
from onionchat.tor.link import connect
from onionchat.types import IdentityKey, Incarnation, OnionKey
from tests.crypto.people import posing_as
from tests.load import filling
from tests.load.bar import Bar
from tests.load.profiles import fill
from tests.load.street_node import StreetNode
from tests.node.caller import Speech, request, silence
from tests.rpc.neighbour import Signposts

ROOM = ("unknown", "pending", "rejected", "blocked")
FULL = tuple(f"{kind}, full" for kind in ROOM)
POSING = ("as a contact", "as nobody")
MOMENTS = ("M2", "hello", "end")
UNMASKED = "unmasked"
HELLO = Hello(0, Purpose.TALK, Incarnation(bytes(16)))
M2_SIZE = 1260
SAMPLES = 2000
TURN = 20
RARE = 1e-4


class Seen:
    """What visitors of one kind were shown: what was said to them, and after how many seconds."""

    def __init__(self) -> None:
        self.answers: set[tuple[Hello, bytes]] = set()
        self.times: dict[str, list[float]] = {name: [] for name in (*MOMENTS, UNMASKED)}
        self._waiting: tuple[str, float] | None = None

    def moment(self, until: str | None) -> None:
        """What was waited for is there; now they wait for `until`."""
        now = time.perf_counter()
        if self._waiting is not None:
            name, since = self._waiting
            self.times[name].append(now - since)
        self._waiting = None if until is None else (until, time.perf_counter())


def figures(directory: Path, samples: int = SAMPLES) -> Iterator[Bar]:
    alice = StreetNode(directory, "alice")
    friend, former = _somebody(), _somebody()
    people = {"bob": friend.key, "mallory": former.key}
    fill(alice.paths, lambda: filling.befriend(people))
    with alice, alice.client() as client:
        client.call("contact.block", name="mallory")
        door = Door(directory, parse_address(alice.address), client)
        seen = asyncio.run(door.watched(friend, former, samples))
    yield from compared(seen, samples)


def compared(seen: dict[str, Seen], samples: int) -> Iterator[Bar]:
    """What distinguishes any two kinds, moment for moment."""
    answers = set[tuple[Hello, bytes]]().union(*(each.answers for each in seen.values()))
    yield Bar("different answers to strangers of all kinds", len(answers), "answers", 1)
    for moment in MOMENTS:
        yield _apart(f"time until {moment}", moment, ROOM, seen, samples)
        yield _apart(f"time until {moment}, when full", moment, FULL, seen, samples)
    yield _apart("time until who poses is hung up on", UNMASKED, POSING, seen, samples)


def _apart(
    name: str, moment: str, kinds: Sequence[str], seen: dict[str, Seen], samples: int
) -> Bar:
    worst, one, other = max(
        (distance(seen[one].times[moment], seen[other].times[moment]), one, other)
        for one, other in combinations(kinds, 2)
    )
    limit = math.sqrt(-math.log(RARE / 2) / samples)
    return Bar(f"{name}, distance", worst, "", limit, f"{one}, {other}: {samples:,} of each")


def distance(these: list[float], those: list[float]) -> float:
    """Kolmogorov's and Smirnov's: 0 for the same distribution, 1 for two without overlap."""
    here, there = sorted(these), sorted(those)
    return max(
        abs(bisect_right(here, value) / len(here) - bisect_right(there, value) / len(there))
        for value in here + there
    )


class Door:
    """Alice's, with nobody between it and who knocks."""

    def __init__(self, directory: Path, whom: IdentityKey, client: Client) -> None:
        self._address = Signposts(directory / "street")[service_id(OnionKey(whom))]
        self._whom = whom
        self._client = client

    async def watched(self, friend: Identity, blocked: Identity, samples: int) -> dict[str, Seen]:
        seen = {kind: Seen() for kind in (*ROOM, *FULL, *POSING)}
        pending, rejected = _somebody(), _somebody()
        for who in (pending, rejected):
            await self._visit(who, Seen())
        self._reject(but=pending)
        known = {"pending": pending, "rejected": rejected, "blocked": blocked}
        for _ in range(samples // TURN):
            await self._visits(ROOM, known, seen)
            await self._crowd()
            await self._visits(FULL, known, seen)
            self._reject(but=pending)
            await self._visit(friend, Seen())
            for kind in _shuffled(POSING):
                whom = friend if kind == "as a contact" else _somebody()
                await self._pose(whom, seen[kind])
        return seen

    async def _visits(
        self, kinds: Sequence[str], known: dict[str, Identity], seen: dict[str, Seen]
    ) -> None:
        for kind in _shuffled(kinds):
            who = known.get(kind.removesuffix(", full")) or _somebody()
            await self._visit(who, seen[kind])

    async def _crowd(self) -> None:
        while len(self._client.call("request.list")) < PENDING_REQUESTS:
            await self._visit(_somebody(), Seen())

    def _reject(self, *, but: Identity) -> None:
        for row in self._client.call("request.list"):
            if row["address"] != format_address(but.key):
                self._client.call("request.reject", who=row["address"])

    async def _visit(self, who: Identity, seen: Seen) -> None:
        link = await connect(self._address)
        connection = Connection(link, Channel.dial(who, self._whom), who.key)
        seen.moment("M2")
        await connection.flush()
        await connection.expect(HandshakeDone)
        seen.moment("hello")
        await connection.send(HELLO)
        hello = (await connection.expect(PeerHello)).hello
        seen.moment("end")
        await connection.send(Speech(connection).envelope(request("let me in")), Bye())
        seen.answers.add((hello, await silence(link)))
        seen.moment(None)
        await link.close()

    async def _pose(self, whom: Identity, seen: Seen) -> None:
        thief = posing_as(whom, _somebody())
        link = await connect(self._address)
        initiator = Initiator(thief, self._whom)
        await link.write(initiator.m1())
        m3, shared = initiator.m3(await link.read_exactly(M2_SIZE))
        seen.moment(UNMASKED)
        await link.write(m3 + Sealer(shared.k_ir).seal(Kind.HELLO, encode(HELLO)))
        assert await silence(link) == b""
        seen.moment(None)
        await link.close()


def _shuffled(kinds: Sequence[str]) -> list[str]:
    """Each of them once a turn, in an order that nothing else follows."""
    turn = [*kinds] * TURN
    random.shuffle(turn)
    return turn


def _somebody() -> Identity:
    return Identity.from_seed(random.randbytes(32))
