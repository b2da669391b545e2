"""Who knocks without being anybody: costs little, learns nothing, changes nothing.

Each attack ends with the same question: is every row of the store as it was, and does an
honest message still get through?
"""

import asyncio
import secrets
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from onionchat.crypto.handshake import M1_SIZE, M3_SIZE, Initiator
from onionchat.errors import RemoteError
from onionchat.protocol.channel import Channel
from onionchat.protocol.events import Event, Ping, Ponged
from onionchat.protocol.framing import Kind, Sealer
from onionchat.protocol.hello import Hello, Purpose
from onionchat.protocol.hello import encode as encode_hello
from onionchat.protocol.limits import CELL, LARGEST_CLASS, UNPROVEN_BYTES, UNPROVEN_CONNECTIONS
from onionchat.tor.link import StreamLink
from onionchat.types import Incarnation
from tests.crypto.people import posing_as
from tests.node import patience
from tests.node.attack import attacked, mallory
from tests.node.caller import call, contents, greet, knock, silence
from tests.node.street import Home, Street, befriend

pytestmark = pytest.mark.usefixtures("promptly")

M2_SIZE = 1260
HELLO = Hello(0, Purpose.TALK, Incarnation(bytes(16)))


async def say(street: Street, home: Home, *pieces: bytes) -> bytes:
    """Knock, say this, hang up one way or the other; what was answered."""
    async with knock(street, home) as link:
        try:
            for piece in pieces:
                await link.write(piece)
            return await silence(link)
        except ConnectionError:
            return b""


GARBAGE = {
    "zeros": bytes(CELL),
    "another protocol": b"GET / HTTP/1.1\r\nHost: " + b"a" * 40 + b"\r\n\r\n",
    "an unknown version": b"\x02\x01" + secrets.token_bytes(32),
    "an unknown message": b"\x01\x05" + secrets.token_bytes(32),
    "M2 where M1 belongs": b"\x01\x02" + secrets.token_bytes(1258),
    "M3 where M1 belongs": b"\x01\x03" + secrets.token_bytes(1136),
    "a deposit where M1 belongs": b"\x01\x04" + secrets.token_bytes(1184),
    "one wrong byte": b"\x00",
    "a megabyte": secrets.token_bytes(1 << 20),
    "a key of small order": b"\x01\x01" + bytes(32),
}


def test_garbage_is_answered_with_silence(tmp_path: Path) -> None:
    async def scene() -> None:
        async with attacked(tmp_path) as (street, alice, _):
            for name, garbage in GARBAGE.items():
                assert await say(street, alice, garbage) == b"", name

    asyncio.run(scene())


def test_hanging_up_at_any_point_does_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        async with attacked(tmp_path) as (street, alice, _):
            m1 = Initiator(mallory(), alice.identity.key).m1()
            for length in (0, 1, 2, M1_SIZE - 1, M1_SIZE, M1_SIZE + 1):
                async with knock(street, alice) as link:
                    await link.write(m1[:length])
                    if length >= M1_SIZE:
                        await link.read()

    asyncio.run(scene())


@pytest.mark.parametrize("dripping", ["M1", "M3"])
def test_one_byte_a_second_does_not_hold_a_place(tmp_path: Path, dripping: str) -> None:
    async def scene() -> None:
        async with attacked(tmp_path) as (street, alice, _), knock(street, alice) as link:
            initiator = Initiator(mallory(), alice.identity.key)
            message = initiator.m1()
            if dripping == "M3":
                await link.write(message)
                message, _secrets = initiator.m3(await link.read_exactly(M2_SIZE))
            assert 29 <= await drops(link, message, alice) <= 32

    patience.run(scene())


async def drops(link: StreamLink, message: bytes, home: Home) -> int:
    """How many bytes were taken, one a second."""
    with patience.by_hand():
        for taken, byte in enumerate(message):
            try:
                await link.write(bytes([byte]))
            except ConnectionError:
                return taken
            patience.pass_time(1.0)
            await contents(home)
    return len(message)


def test_a_handshake_that_was_recorded_opens_nothing(tmp_path: Path) -> None:
    """M1 gets a new M2 each time, and nothing that was said to the old one fits it."""

    async def scene() -> None:
        async with attacked(tmp_path) as (street, alice, bob):
            tape = await recorded(street, alice, bob)
            async with knock(street, alice) as again:
                await again.write(tape.m1)
                assert await again.read_exactly(M2_SIZE) != tape.m2
                await again.write(tape.m3 + tape.frames)
                assert await silence(again) == b""
            assert len(await say(street, alice, tape.m1 + tape.m3 + tape.frames)) <= M2_SIZE

    asyncio.run(scene())


def test_a_name_that_is_not_ones_own_opens_nothing(tmp_path: Path) -> None:
    """Mallory claims to be bob, whom alice knows: M3 says so, the first frame proves it not."""

    async def scene() -> None:
        async with attacked(tmp_path) as (street, alice, bob), knock(street, alice) as link:
            initiator = Initiator(posing_as(bob.identity, mallory()), alice.identity.key)
            await link.write(initiator.m1())
            m3, shared = initiator.m3(await link.read_exactly(M2_SIZE))
            await link.write(m3 + Sealer(shared.k_ir).seal(Kind.HELLO, encode_hello(HELLO)))
            assert await link.read() == b""

    asyncio.run(scene())


@pytest.mark.parametrize("flight", ["m1", "m3", "hello"])
def test_a_flipped_bit_anywhere_is_answered_with_silence(tmp_path: Path, flight: str) -> None:
    async def scene() -> None:
        async with attacked(tmp_path) as (street, alice, bob):
            for bit in sample(flight):
                async with knock(street, alice) as link:
                    heard = await one_flip(link, alice, bob, flight, bit)
                    assert heard == b"", bit

    asyncio.run(scene())


def test_a_flipped_bit_in_a_frame_ends_the_connection_unheard(tmp_path: Path) -> None:
    """A contact's, whose ping is answered when it is whole. A length that was changed may ask for
    more: there is more, and it does not open either."""

    async def scene() -> None:
        street = Street()
        alice, bob = Home("alice", tmp_path, street), Home("bob", tmp_path, street)
        async with asyncio.timeout(300), alice.up():
            async with bob.up():
                await befriend(alice, bob)
            async with call(street, alice, bob.identity) as caller:
                await greet(caller)
                await caller.send(Ping(b"are you there"))
                assert await caller.expect(Ponged) == Ponged(b"are you there")
            for bit in reversed(sample("hello")):
                async with call(street, alice, bob.identity) as caller:
                    await greet(caller)
                    caller.channel.send(Ping(b"are you there"))
                    more = bytes(CELL << LARGEST_CLASS) if bit < 8 else b""
                    await caller.link.write(flipped(caller.channel.take(), bit) + more)
                    assert await caller.link.read() == b"", bit

    asyncio.run(scene())


def test_a_first_frame_that_is_no_hello_proves_nobody(tmp_path: Path) -> None:
    first: dict[str, tuple[Kind, bytes]] = {
        "a ping": (Kind.PING, b"x"),
        "a bye": (Kind.BYE, b""),
        "an envelope": (Kind.ENVELOPE, bytes(100)),
        "an envelope of class 3": (Kind.ENVELOPE, bytes(3000)),
        "a short hello": (Kind.HELLO, bytes(25)),
        "a hello with five sessions": (Kind.HELLO, bytes(25) + b"\x05" + bytes(160)),
        "bulk": (Kind.HELLO, bytes(8) + b"\x01" + bytes(17)),
    }

    async def scene() -> None:
        async with attacked(tmp_path) as (street, alice, bob):
            for name, (kind, payload) in first.items():
                async with knock(street, alice) as link:
                    initiator = Initiator(bob.identity, alice.identity.key)
                    await link.write(initiator.m1())
                    m3, shared = initiator.m3(await link.read_exactly(M2_SIZE))
                    await link.write(m3 + Sealer(shared.k_ir).seal(kind, payload))
                    assert await silence(link) == b"", name

    asyncio.run(scene())


def test_an_unproven_connection_is_read_up_to_4_kib(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much is poured in: what is read before the proof is bounded."""
    taken: list[int] = []
    receive = Channel.receive

    def counted(channel: Channel, data: bytes) -> list[Event]:
        taken.append(len(data))
        return receive(channel, data)

    async def scene() -> None:
        async with attacked(tmp_path) as (street, alice, _):
            monkeypatch.setattr(Channel, "receive", counted)
            m1 = Initiator(mallory(), alice.identity.key).m1()
            await say(street, alice, m1, b"\x01\x03", bytes(M3_SIZE - 3), bytes(1 << 20))
            monkeypatch.undo()
            assert M1_SIZE < sum(taken) <= UNPROVEN_BYTES

    asyncio.run(scene())


def test_when_every_place_is_taken_a_random_one_makes_room(tmp_path: Path) -> None:
    async def scene() -> None:
        async with attacked(tmp_path) as (street, alice, _), AsyncExitStack() as stack:
            idle = await crowd(stack, street, alice, UNPROVEN_CONNECTIONS)
            for link in idle:
                await ask_for_m2(link, alice)
            async with call(street, alice, mallory()) as honest:
                await greet(honest)
            assert sum(is_over(link) for link in idle) == 1

    asyncio.run(scene())


def test_a_crowd_at_once_takes_no_more_than_the_places_there_are(tmp_path: Path) -> None:
    async def scene() -> None:
        async with attacked(tmp_path) as (street, alice, _), AsyncExitStack() as stack:
            idle = await crowd(stack, street, alice, 3 * UNPROVEN_CONNECTIONS)
            async with call(street, alice, mallory()) as honest:
                await greet(honest)
            while sum(not is_over(link) for link in idle) > UNPROVEN_CONNECTIONS:
                await contents(alice)

    asyncio.run(scene())


async def crowd(stack: AsyncExitStack, street: Street, home: Home, size: int) -> list[StreamLink]:
    """So many links, until the stack ends."""
    return [await stack.enter_async_context(knock(street, home)) for _ in range(size)]


def is_over(link: StreamLink) -> bool:
    return link._reader.at_eof()


class Tape:
    """What one honest caller and alice said to each other."""

    m1: bytes
    m2: bytes
    m3: bytes
    frames: bytes


async def recorded(street: Street, home: Home, caller: Home) -> Tape:
    """A handshake of `caller`, and the frames it would have begun with, on a tape."""
    tape, initiator = Tape(), Initiator(caller.identity, home.identity.key)
    async with knock(street, home) as link:
        tape.m1 = initiator.m1()
        await link.write(tape.m1)
        tape.m2 = await link.read_exactly(M2_SIZE)
    tape.m3, shared = initiator.m3(tape.m2)
    sealer = Sealer(shared.k_ir)
    tape.frames = sealer.seal(Kind.HELLO, encode_hello(HELLO)) + sealer.seal(Kind.BYE, b"")
    return tape


async def one_flip(link: StreamLink, home: Home, caller: Home, flight: str, bit: int) -> bytes:
    """An honest handshake of `caller` with one bit wrong; what came back for that message."""
    initiator = Initiator(caller.identity, home.identity.key)
    m1 = initiator.m1()
    if flight == "m1":
        await link.write(flipped(m1, bit))
        return await refused(link, initiator)
    await link.write(m1)
    m3, shared = initiator.m3(await link.read_exactly(M2_SIZE))
    hello = Sealer(shared.k_ir).seal(Kind.HELLO, encode_hello(HELLO))
    if flight == "m3":
        await link.write(flipped(m3, bit) + hello)
    else:
        await link.write(m3 + flipped(hello, bit))
    return await silence(link)


async def refused(link: StreamLink, initiator: Initiator) -> bytes:
    """A changed ephemeral key is an ephemeral key: the M2 that answers it opens for nobody."""
    m2 = await link.read(M2_SIZE)
    if not m2:
        return b""
    m2 += await link.read_exactly(M2_SIZE - len(m2)) if len(m2) < M2_SIZE else b""
    with pytest.raises(RemoteError):
        initiator.m3(m2)
    return b""


def sample(flight: str) -> list[int]:
    """Every bit of what is short, a spread of the rest with both of its ends."""
    bits = 8 * {"m1": M1_SIZE, "m3": M3_SIZE, "hello": CELL}[flight]
    return sorted({*range(16), *range(16, bits, bits // 40), bits - 1})


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


async def ask_for_m2(link: StreamLink, home: Home) -> None:
    """Now this link is surely one of the unproven."""
    await link.write(Initiator(mallory(), home.identity.key).m1())
    await link.read_exactly(M2_SIZE)
