"""Two parties of the second implementation talk to each other."""

import asyncio
import random
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable

import pytest

from tests.second import channel, records
from tests.second.connection import Connection
from tests.second.handshake import Initiator, Keys, Responder
from tests.second.keys import Identity, montgomery, read_address, safety_number, valid_key
from tests.second.node import Node
from tests.second.primitives import ProtocolError, Refused
from tests.second.ratchet import Cloned, NotThisSession, Ratchet

ONE, TWO = bytes(range(32)), bytes(range(32, 64))


async def _connect(dialler: Node, answerer: Node) -> tuple[Connection, Connection]:
    left, right = socket.socketpair()
    a, b = await asyncio.open_connection(sock=left), await asyncio.open_connection(sock=right)
    dialled, answered = await asyncio.gather(dialler.dial(answerer.me.key, *a), answerer.answer(*b))
    return dialled, answered


async def _talk(
    dialler: Node, answerer: Node, what: Callable[[Connection, Connection], Awaitable[None]]
) -> None:
    """One connection, on which `what` happens, and a bye."""
    conns = await _connect(dialler, answerer)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        for conn in conns:
            group.create_task(conn.run())
        await what(*conns)
        conns[0].bye()


def _pair() -> tuple[Node, Node]:
    a, b = Node(ONE), Node(TWO)
    a.add_contact(b.me.key)
    b.add_contact(a.me.key)
    return a, b


def _shake() -> tuple[Keys, Keys]:
    a, b = Identity(ONE), Identity(TWO)
    i, r = Initiator(a, b.key), Responder(b)
    m3, mine = i.read_m2(r.read_m1(i.write_m1()))
    who, theirs = r.read_m3(m3)
    assert who == a.key
    return mine, theirs


def test_it_shares_no_code_with_the_program() -> None:
    """Two programs that share code agree on their mistakes as well."""
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, tests.second.peer; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert "tests.second.ratchet" in loaded
    assert [name for name in loaded if name.partition(".")[0] == "onionchat"] == []


def test_the_examples_of_section_1() -> None:
    a, b = Identity(ONE), Identity(TWO)
    assert a.address == "aoqqpp7tzyil4hlq3umoos6atft6jvrqtosq2xy53sdgiesvgg4bqead"
    assert read_address(f"onionchat:{b.address.upper()}.ONION") == b.key
    assert montgomery(a.key) == a.dh.pub
    assert valid_key(a.key)
    assert not valid_key(bytes([1]) + bytes(31))
    assert safety_number(a.key, b.key).startswith("40077 10749")


def test_a_changed_handshake_is_refused() -> None:
    i, r = Initiator(Identity(ONE), Identity(TWO).key), Responder(Identity(TWO))
    m2 = bytearray(r.read_m1(i.write_m1()))
    m2[700] ^= 1
    with pytest.raises(ProtocolError):
        i.read_m2(bytes(m2))


def test_texts_and_receipts_in_both_directions_and_again() -> None:
    async def main() -> None:
        a, b = _pair()

        async def what(one: Connection, two: Connection) -> None:
            first = a.send_text(b.me.key, "hello")
            await b.until(lambda: b.texts(a.me.key) == ["hello"])
            second = b.send_text(a.me.key, "x" * 16384)
            await a.until(lambda: a.delivered(first) and len(a.texts(b.me.key)) == 1)
            await b.until(lambda: b.delivered(second))
            one.ping(b"!")
            await a.until(lambda: any(e.data == b"!" for e in a.events))

        await _talk(a, b, what)

        async def later(one: Connection, two: Connection) -> None:
            third = a.send_text(b.me.key, "again")
            await a.until(lambda: a.delivered(third))
            assert one.session is two.session or len(a.peer(b.me.key).sessions) == 1

        await _talk(b, a, later)
        assert b.texts(a.me.key) == ["hello", "again"]
        assert not any(e.kind in ("broken", "alarm", "cloned") for e in a.events + b.events)

    asyncio.run(main())


def test_a_request_its_accept_and_a_text() -> None:
    async def main() -> None:
        asked: list[str] = []
        a = Node(ONE)

        def accept_all(key: bytes, text: str) -> bool:
            asked.append(text)
            return True

        b = Node(TWO, accept_all)
        a.ask(b.me.key, "it's me")

        async def request(one: Connection, two: Connection) -> None:
            await b.until(lambda: len(b.events) == 1)

        await _talk(a, b, request)
        assert asked == ["it's me"]
        assert a.peer(b.me.key).sessions == b.peer(a.me.key).sessions == []

        async def accept(one: Connection, two: Connection) -> None:
            await a.until(lambda: any(e.kind == "accepted" for e in a.events))
            sent = a.send_text(b.me.key, "thanks")
            await a.until(lambda: a.delivered(sent))
            await b.until(lambda: not b.peer(a.me.key).outbox)

        await _talk(b, a, accept)
        assert b.texts(a.me.key) == ["thanks"]

    asyncio.run(main())


def test_two_who_ask_each_other() -> None:
    async def main() -> None:
        a, b = Node(ONE), Node(TWO)
        a.ask(b.me.key, "a asks")
        b.ask(a.me.key, "b asks")

        async def request(one: Connection, two: Connection) -> None:
            await b.until(lambda: len(b.events) == 1)

        async def accept(one: Connection, two: Connection) -> None:
            await b.until(lambda: not b.peer(a.me.key).outbox)

        await _talk(a, b, request)
        await _talk(b, a, accept)
        sent = a.send_text(b.me.key, "hi")

        async def talk(one: Connection, two: Connection) -> None:
            await a.until(lambda: a.delivered(sent))

        await _talk(a, b, talk)
        assert len(a.peer(b.me.key).sessions) == 1

    asyncio.run(main())


def test_both_dial_at_once() -> None:
    async def main() -> None:
        a, b = _pair()
        ids = a.send_text(b.me.key, "from a"), b.send_text(a.me.key, "from b")
        both = await asyncio.gather(_connect(a, b), _connect(b, a))
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            for conn in (*both[0], *both[1]):
                group.create_task(conn.run())
            await a.until(lambda: a.delivered(ids[0]))
            await b.until(lambda: b.delivered(ids[1]))
            for one, _ in both:
                one.bye()
        assert (a.texts(b.me.key), b.texts(a.me.key)) == (["from b"], ["from a"])
        assert not any(e.kind in ("broken", "cloned") for e in a.events + b.events)

    asyncio.run(main())


def test_a_lost_connection_repeats_the_same_bytes() -> None:
    async def main() -> None:
        a, b = _pair()
        sent = a.send_text(b.me.key, "once")
        one, two = await _connect(a, b)
        _, wire = await two.read_frame()  # b takes the envelope and its receipt gets lost
        two.envelope(wire)
        two.over = True
        one.writer.close()
        two.writer.close()
        a.peer(b.me.key).connections.clear()
        b.peer(a.me.key).connections.clear()

        async def what(_one: Connection, _two: Connection) -> None:
            await a.until(lambda: a.delivered(sent))

        await _talk(a, b, what)
        assert b.texts(a.me.key) == ["once"]
        assert len(b.peer(a.me.key).sessions) == 1

    asyncio.run(main())


def test_lost_state_starts_a_new_session_and_is_told() -> None:
    async def main() -> None:
        a, b = _pair()

        async def what(_one: Connection, _two: Connection) -> None:
            await a.until(lambda: a.delivered(sent))

        sent = a.send_text(b.me.key, "before")
        await _talk(a, b, what)
        b = Node(TWO)
        b.add_contact(a.me.key)
        sent = a.send_text(b.me.key, "after")
        await _talk(b, a, what)
        assert b.texts(a.me.key) == ["after"]
        assert [s.state for s in a.peer(b.me.key).sessions] == ["live", "retired"]
        assert "alarm" in [e.kind for e in a.events]

    asyncio.run(main())


def test_reordered_and_duplicated_messages() -> None:
    mine, theirs = _shake()
    assert (mine.sid, mine.k_ir, mine.ad) == (theirs.sid, theirs.k_ir, theirs.ad)
    sides = [Ratchet.alice(mine), Ratchet.bob(theirs)]
    rng, flying, got = random.Random(1), [], 0
    first = records.pad(b"first")
    sides[1], padded = sides[1].decrypt(sides[0].encrypt(first))
    assert padded == first
    for number in range(300):
        side = rng.randrange(2)
        padded = records.pad(b"%d" % number)
        flying.append((1 - side, padded, sides[side].encrypt(padded)))
        while len(flying) > 12:
            to, padded, wire = flying.pop(rng.randrange(len(flying)))
            with pytest.raises(Refused):
                sides[to].decrypt(wire[:-1] + bytes([wire[-1] ^ 1]))
            sides[to], opened = sides[to].decrypt(wire)
            assert opened == padded
            with pytest.raises((Cloned, NotThisSession)):
                sides[to].decrypt(wire)
            got += 1
    assert got == 288


def test_hellos_decide() -> None:
    def hello(*rows: tuple[int, int, int]) -> channel.Hello:
        named = tuple(channel.Row(bytes([s]) * 16, sent, rcvd) for s, sent, rcvd in rows)
        return channel.Hello.decode(channel.Hello(bytes(16), named).encode())

    both = channel.choose(hello((1, 5, 5), (2, 5, 5)), hello((2, 5, 5), (1, 5, 4), (3, 0, 0)))
    assert both.use == bytes([2]) * 16
    assert not both.broken
    assert channel.choose(hello((2, 5, 5)), hello((2, 4, 5))).use is None
    assert channel.choose(hello(), hello((2, 4, 5))).use is None


@pytest.mark.parametrize("raw", ["92cc01c0", "9101", "cd0001", "9202c0", "9100c0", "91ff", ""])
def test_bad_records_are_refused(raw: str) -> None:
    with pytest.raises(Refused):
        records.decode(bytes.fromhex(raw))
