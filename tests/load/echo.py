"""What a contact learns from when they are answered: is somebody else talking with us?

Bob writes to Alice and waits for the receipt, or pings and waits for the pong, again and again:
now while nobody else is there, now while Carol writes fifty texts a second. Two kinds of moments
are told apart as two kinds of strangers are (alike.py). With no tor between them nothing hides
Alice's work but her own delay. The control is a node that answers at once.

The delay is added to what was measured without one, too, for other delays than ours: that is
what ours was chosen by (docs/decisions/0012).
"""

import asyncio
import math
import random
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from threading import Event, Thread

from onionchat.crypto.address import parse_address, service_id
from onionchat.crypto.identity import Identity
from onionchat.node.connection import Connection
from onionchat.protocol.channel import Channel
from onionchat.protocol.events import EnvelopeReceived, Ping, Ponged
from onionchat.protocol.records import Text
from onionchat.tor.link import connect
from onionchat.types import MessageId, Millis, OnionKey, StreamId
from tests.load import filling
from tests.load.alike import RARE, distance
from tests.load.bar import Bar
from tests.load.profiles import acquaint, fill
from tests.load.street_node import AT_ONCE, StreetNode
from tests.node.caller import Speech, greet
from tests.rpc.neighbour import Signposts

SAMPLES, AT_ONCE_SAMPLES = 500, 2000
TURN = 20
"""So many of a kind in a row: Carol begins or stops in between."""
OFTEN = 0.02
"""Seconds between two texts of Carol's."""
SETTLE = 0.2
DELAYS = ((0.0, 0.0), (0.0, 0.1), (0.05, 0.3), (0.05, 1.0))
ANSWERS = ("receipt", "pong")
Times = dict[str, list[float]]
"""Seconds, of each kind of answer."""


class Carol:
    """Writes while she is told to."""

    def __init__(self, node: StreetNode) -> None:
        self._node = node
        self._talks, self._ended = Event(), Event()
        self._thread = Thread(target=self._write)

    def _write(self) -> None:
        with self._node.client() as client:
            for number in count():
                self._talks.wait()
                if self._ended.wait(OFTEN):
                    return
                client.call("send", name="alice", text=f"and {number}")

    def talk(self, *, on: bool) -> None:
        (self._talks.set if on else self._talks.clear)()

    def __enter__(self) -> "Carol":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._talks.set()
        self._thread.join()


class Bob:
    """Asks, and looks at the clock."""

    def __init__(self, connection: Connection, speech: Speech) -> None:
        self._connection = connection
        self._speech = speech
        self._said = 0

    async def receipt(self) -> None:
        self._said += 1
        head = (
            MessageId(secrets.token_bytes(16)),
            StreamId(b"of bob's"),
            self._said,
            Millis(0),
            None,
        )
        await self._connection.send(self._speech.envelope(Text(*head, "are you alone?")))
        await self._until(EnvelopeReceived)

    async def pong(self) -> None:
        await self._connection.send(Ping(secrets.token_bytes(8)))
        await self._until(Ponged)

    async def _until(self, kind: type[EnvelopeReceived | Ponged]) -> None:
        while not any(isinstance(event, kind) for event in await self._connection.events()):
            pass

    async def ask(self, answer: str) -> float:
        loop = asyncio.get_running_loop()
        begin = loop.time()
        await getattr(self, answer)()
        return loop.time() - begin


def figures(directory: Path) -> Iterator[Bar]:
    at_once = watched(directory / "at-once", AT_ONCE_SAMPLES, AT_ONCE)
    delayed = watched(directory / "delayed", SAMPLES)
    blind = _distance(at_once, "receipt") <= _limit(AT_ONCE_SAMPLES)
    yield Bar("a receipt at once tells nothing", blind, "", 0, "the control: it must")
    for answer in ANSWERS:
        others = "; ".join(
            f"with {low:g} to {high:g} s: {_distance(at_once, answer, low, high):.3f}"
            for low, high in DELAYS
        )
        name = f"a {answer} tells that somebody else is talking, distance"
        yield Bar(name, _distance(delayed, answer), "", _limit(SAMPLES), others)


def watched(directory: Path, samples: int, *words: str) -> dict[bool, Times]:
    """By whether Carol talks."""
    directory.mkdir()
    alice, carol = StreetNode(directory, "alice", *words), StreetNode(directory, "carol")
    acquaint(alice, carol)
    bob = Identity.from_seed(secrets.token_bytes(32))
    fill(alice.paths, lambda: filling.befriend({"bob": bob.key}))
    seen: dict[bool, Times] = {talks: {name: [] for name in ANSWERS} for talks in (False, True)}
    with alice, carol, Carol(carol) as other:
        asyncio.run(_watch(directory, alice, bob, other, seen, samples))
    return seen


async def _watch(
    directory: Path,
    alice: StreetNode,
    me: Identity,
    carol: Carol,
    seen: dict[bool, Times],
    samples: int,
) -> None:
    async with _called(directory, alice, me) as bob:
        for answer in [*ANSWERS] * TURN:  # until she has said what she says to a friend who comes
            await bob.ask(answer)
        for _ in range(samples // TURN):
            for talks in random.sample((False, True), 2):
                carol.talk(on=talks)
                await asyncio.to_thread(Event().wait, SETTLE)
                for answer in [*ANSWERS] * TURN:
                    seen[talks][answer].append(await bob.ask(answer))


@asynccontextmanager
async def _called(directory: Path, alice: StreetNode, me: Identity) -> AsyncIterator[Bob]:
    whom = parse_address(alice.address)
    link = await connect(Signposts(directory / "street")[service_id(OnionKey(whom))])
    connection = Connection(link, Channel.dial(me, whom), me.key)
    await greet(connection)
    yield Bob(connection, Speech(connection))
    await link.close()


def _distance(seen: dict[bool, Times], answer: str, low: float = 0.0, high: float = 0.0) -> float:
    these, those = (
        [seconds + random.uniform(low, high) for seconds in seen[talks][answer]]
        for talks in (False, True)
    )
    return distance(these, those)


def _limit(samples: int) -> float:
    """What chance reaches once in ten thousand times."""
    return math.sqrt(-math.log(RARE / 2) / samples)
