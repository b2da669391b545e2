import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from onionchat.tor.link import HIGH_WATER, READ_MAX, StreamLink

Result = TypeVar("Result")


def with_pair(body: Callable[[StreamLink, socket.socket], Awaitable[Result]]) -> Result:
    """Run `body` with a link and the bare socket at its other end."""

    async def run() -> Result:
        ours, theirs = socket.socketpair()
        with theirs:
            theirs.setblocking(False)
            link = StreamLink(*await asyncio.open_connection(sock=ours))
            try:
                return await body(link, theirs)
            finally:
                await link.close()

    return asyncio.run(run())


def test_bytes_go_both_ways_and_the_end_is_empty() -> None:
    async def body(link: StreamLink, theirs: socket.socket) -> None:
        await link.write(b"hello")
        assert theirs.recv(100) == b"hello"
        theirs.sendall(b"back")
        assert await link.read() == b"back"
        theirs.shutdown(socket.SHUT_WR)
        assert await link.read() == b""

    with_pair(body)


def test_a_peer_that_breaks_off_is_an_ordinary_end() -> None:
    async def body(link: StreamLink, theirs: socket.socket) -> None:
        await link.write(b"unread")  # closing with unread bytes resets the connection
        theirs.close()
        assert await link.read() == b""
        with pytest.raises(ConnectionError):
            await _write_for_ever(link, b"x")
        await link.close()
        await link.close()

    with_pair(body)


def test_a_writer_is_held_back_until_the_other_side_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("onionchat.tor.link.LINGER", 0.01)

    async def body(link: StreamLink, theirs: socket.socket) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(_write_for_ever(link, bytes(HIGH_WATER // 4)), 0.05)
        assert link._writer.transport.get_write_buffer_size() <= 1.25 * HIGH_WATER

    with_pair(body)


async def _write_for_ever(link: StreamLink, data: bytes) -> None:
    while True:
        await link.write(data)


def test_one_read_is_bounded() -> None:
    async def body(link: StreamLink, theirs: socket.socket) -> None:
        theirs.send(bytes(3 * READ_MAX))
        assert len(await link.read(10 * READ_MAX)) <= READ_MAX

    with_pair(body)


def test_closing_does_not_wait_for_a_stopped_tor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onionchat.tor.link.LINGER", 0.01)

    async def body(link: StreamLink, theirs: socket.socket) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(link.write(bytes(16 * HIGH_WATER)), 0.01)
        async with asyncio.timeout(1):
            await link.close()

    with_pair(body)
