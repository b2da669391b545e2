"""Two parties of the second implementation, each a peer of one connection after the other."""

import asyncio
import socket
from collections.abc import Callable, Coroutine

import pytest

from tests.second import channel, peer, records
from tests.second.peer import Peer

ONE, TWO = bytes(range(32)), bytes(range(32, 64))


_open: list[peer.Connection] = []


def _run(main: Callable[[], Coroutine[None, None, None]]) -> None:
    """Runs it and ends all its connections."""

    async def run() -> None:
        try:
            await main()
        finally:
            for conn in _open:
                await conn.abort()
            _open.clear()

    asyncio.run(run())


async def _meet(dialler: Peer, answerer: Peer) -> tuple[peer.Connection, peer.Connection]:
    left, right = socket.socketpair()
    a, b = await asyncio.open_connection(sock=left), await asyncio.open_connection(sock=right)
    one, two = await asyncio.gather(dialler.dial(*a, answerer.key), answerer.answer(*b))
    _open.extend((one, two))
    return one, two


async def _exchange(here: peer.Connection, there: peer.Connection, text: str) -> None:
    """One text and its receipt."""
    async with asyncio.timeout(10):
        sent = await here.send_text(text)
        record, _ = await asyncio.gather(there.receive(), here.receipt_for(sent))
    assert (record.tag, record.id, record.fields[0]) == (records.TEXT, sent, text)


def _contacts() -> tuple[Peer, Peer]:
    a, b = Peer(ONE), Peer(TWO)
    a.add_contact(b.key)
    b.add_contact(a.key)
    return a, b


def test_peers_go_on_in_the_stored_session_whoever_dials() -> None:
    async def main() -> None:
        a, b = _contacts()
        one, two = await _meet(a, b)
        await _exchange(one, two, "hello")
        await _exchange(two, one, "x" * 16384)
        await one.bye()
        with pytest.raises(peer.Closed):
            await two.receive()
        assert two.said_bye
        (sid, sent, rcvd), *none = a.sessions(b.key)
        assert b.sessions(a.key) == [(sid, rcvd, sent)]
        assert not none
        for dialler, answerer in ((a, b), (b, a), (a, b)):
            one, two = await _meet(dialler, answerer)
            assert one.session == two.session == sid
            await _exchange(two, one, "from R")
            await _exchange(one, two, "from I")
            await one.abort()
            await two.abort()
        assert not any(a.events(k) or b.events(k) for k in ("broken", "alarm", "cloned"))

    _run(main)


def test_peers_repeat_what_was_lost_and_show_it_once() -> None:
    async def main() -> None:
        a, b = _contacts()
        one, two = await _meet(a, b)
        ids = [await one.send_text(f"text {i}") for i in range(40)]
        for i in range(40):
            assert (await two.receive()).fields[0] == f"text {i}"
        await one.abort()  # the receipts are lost
        await two.abort()
        one, two = await _meet(b, a)
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            reading = group.create_task(one.receive())
            for message_id in ids:
                await two.receipt_for(message_id)
            last = await two.send_text("last")
            assert (await reading).id == last

    _run(main)


def test_peers_request_accept_and_talk() -> None:
    async def main() -> None:
        a, b = Peer(ONE), Peer(TWO)
        for _ in range(2):  # offered again, with the same ID
            one, two = await _meet(a, b)
            await one.send_request("it's me")
            await one.bye()
            request = await two.receive()
            assert (request.tag, request.seq) == (records.CONTACT_REQUEST, 1)
            assert request.fields == ("it's me",)
            with pytest.raises(peer.Closed):
                await two.receive()
        assert a.sessions(b.key) == b.sessions(a.key) == []
        assert len({e.record.id for e in b.events("request") if e.record}) == 1
        one, two = await _meet(b, a)
        sent = await one.send_accept()
        accept, _ = await asyncio.gather(two.receive(), one.receipt_for(sent))
        assert (accept.tag, accept.id, accept.seq) == (records.ACCEPT, sent, 1)
        assert a.is_contact(b.key)
        await _exchange(two, one, "thanks")
        session = one.session
        await one.bye()
        await two.abort()
        one, two = await _meet(a, b)
        assert one.session == two.session == session
        await _exchange(two, one, "again")

    _run(main)


def test_three_stray_envelopes_end_the_session() -> None:
    async def main() -> None:
        a, b = _contacts()
        one, two = await _meet(a, b)
        await _exchange(one, two, "hello")
        for i in range(3):
            one.write_raw(channel.ENVELOPE, bytes([i]) * 3884)
        with pytest.raises(peer.Closed):
            await two.receive()
        with pytest.raises(peer.Closed):
            await one.receive()
        assert one.said_bye
        old = one.session
        one, two = await _meet(b, a)
        await _exchange(one, two, "a new session")
        assert one.session == two.session != old

    _run(main)


def test_peers_give_a_stranger_no_receipt() -> None:
    async def main() -> None:
        a, b = Peer(ONE), Peer(TWO)
        a.add_contact(b.key)
        one, two = await _meet(a, b)
        sent = await one.send_text("let me in")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await asyncio.gather(two.receive(), one.receipt_for(sent))
        assert b.sessions(a.key) == []

    _run(main)
