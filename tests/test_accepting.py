"""Whoever listens goes on, and loses nobody."""

import asyncio
import errno
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from onionchat import accepting
from onionchat.accepting import accept


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "s"))
        sock.listen()
        sock.setblocking(False)
        yield sock


def connected(listener: socket.socket) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(listener.getsockname())
    return sock


def test_who_comes_later_is_waited_for(listener: socket.socket) -> None:
    async def scene() -> None:
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(accept(listener))
            asyncio.get_running_loop().call_soon(lambda: came.append(connected(listener)))
            with await waiting as sock:
                sock.send(b"hello")
        assert came[0].recv(5) == b"hello"

    came: list[socket.socket] = []
    asyncio.run(scene())
    came[0].close()


def test_a_full_file_table_is_not_the_end(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "RESOURCE_PAUSE", 0)
    failures = [OSError(errno.EMFILE, "full"), ConnectionAbortedError(), OSError(errno.ENOMEM, "")]
    real = socket.socket.accept

    def failing(self: socket.socket) -> tuple[socket.socket, object]:
        if failures:
            raise failures.pop()
        return real(self)

    monkeypatch.setattr(socket.socket, "accept", failing)
    with connected(listener), asyncio.run(accept(listener)):
        assert not failures


def test_who_comes_as_the_listener_ends_can_be_had_by_the_next(listener: socket.socket) -> None:
    """Cancelled in the turn of the loop in which they came."""

    async def scene() -> None:
        loop, turn = asyncio.get_running_loop(), asyncio.Event()
        complaints: list[object] = []
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            waiting = group.create_task(accept(listener))
            loop.call_soon(turn.set)
            await turn.wait()  # it waits
            with connected(listener) as theirs:
                loop.add_writer(theirs, waiting.cancel)
                await asyncio.wait({waiting})
                loop.remove_writer(theirs)
                assert waiting.cancelled()
                with await accept(listener) as ours:
                    ours.send(b"hello")
                assert theirs.recv(5) == b"hello"
        assert not complaints

    asyncio.run(scene())
