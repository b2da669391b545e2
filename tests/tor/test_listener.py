import asyncio
import os
import socket
import stat
from contextlib import suppress
from pathlib import Path

import pytest

from onionchat.errors import RefusedError
from onionchat.tor import listener as module
from onionchat.tor.address import TcpAddress, UnixAddress
from onionchat.tor.link import Link, connect
from onionchat.tor.listener import Listener, listening
from tests.node.patience import by_hand, pass_time, run, turns


async def echo(link: Link) -> None:
    while data := await link.read():
        await link.write(data)


def test_links_arrive_and_end_with_the_listener(tmp_path: Path) -> None:
    ended: list[str] = []

    async def on_link(link: Link) -> None:
        try:
            await echo(link)
        finally:
            ended.append("link")

    async def run() -> None:
        with listening(UnixAddress(tmp_path / "s")) as listener:
            async with asyncio.TaskGroup() as group:
                serving = group.create_task(listener.run(on_link, 4))
                link = await connect(listener.address)
                await link.write(b"hi")
                assert await link.read() == b"hi"
                serving.cancel()
                assert await link.read() == b""
                assert ended == ["link"]
                await link.close()

    asyncio.run(run())
    assert not (tmp_path / "s").exists()


def test_a_link_that_comes_as_the_listener_ends_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accepted, and cancelled before anybody has it in hand."""
    taken: list[socket.socket] = []
    accept = socket.socket.accept

    async def run() -> None:
        with listening(UnixAddress(tmp_path / "s")) as listener:
            async with asyncio.TaskGroup() as group:
                serving = group.create_task(listener.run(echo, 4))

                def accept_and_end(self: socket.socket) -> tuple[socket.socket, object]:
                    sock, address = accept(self)
                    taken.append(sock)
                    asyncio.get_running_loop().call_soon(serving.cancel)
                    return sock, address

                first = await connect(listener.address)
                await first.write(b"it listens")
                await first.read()
                monkeypatch.setattr(socket.socket, "accept", accept_and_end)
                second = await connect(listener.address)
                await asyncio.wait({serving})
                for link in (first, second):
                    await link.close()

    asyncio.run(run())
    assert [sock.fileno() for sock in taken] == [-1]


def test_one_link_too_many_is_closed_at_once_and_room_is_given_back(tmp_path: Path) -> None:
    async def run() -> None:
        with listening(UnixAddress(tmp_path / "s")) as listener:
            async with asyncio.TaskGroup() as group:
                serving = group.create_task(listener.run(echo, 1))
                first = await connect(listener.address)
                await first.write(b"1")
                assert await first.read() == b"1"
                second = await connect(listener.address)
                assert await second.read() == b""
                await first.close()
                await second.close()
                while not await _answers(listener):
                    pass
                serving.cancel()

    asyncio.run(run())


def test_a_crowd_is_let_in_one_after_another(tmp_path: Path) -> None:
    """Each costs something before they have said a word."""
    inside: list[Link] = []

    async def on_link(link: Link) -> None:
        inside.append(link)
        await link.read()

    async def scene() -> None:
        with listening(UnixAddress(tmp_path / "s")) as listener, by_hand():
            async with asyncio.TaskGroup() as group:
                serving = group.create_task(listener.run(on_link, 8))
                crowd = [await connect(listener.address) for _ in range(3)]
                for number in range(1, len(crowd) + 1):
                    while len(inside) < number:
                        await turns()
                    await turns()
                    assert len(inside) == number
                    pass_time(module.SPACING * 1.1)
                serving.cancel()
            for link in crowd:
                await link.close()

    run(scene())


async def _answers(listener: Listener) -> bool:
    link = await connect(listener.address)
    try:
        await link.write(b"?")
        return await link.read() == b"?"
    except ConnectionError:
        return False
    finally:
        await link.close()


def test_nobody_else_may_touch_the_socket(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        with listening(UnixAddress(tmp_path / "s")):
            assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o600
            now = os.umask(0)
    finally:
        os.umask(umask)
    assert now == 0


def test_a_stale_socket_is_removed_and_nothing_else_is(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    with listening(UnixAddress(path)):
        pass
    path.symlink_to("/dev/null")
    with pytest.raises(RefusedError), listening(UnixAddress(path)):
        pass
    assert path.is_symlink()


def test_any_free_port_is_made_known() -> None:
    with listening(TcpAddress("127.0.0.1", 0)) as listener:
        assert isinstance(listener.address, TcpAddress)
        assert listener.address.port > 0


def test_what_a_link_lets_escape_ends_the_listener(tmp_path: Path) -> None:
    async def broken(link: Link) -> None:
        raise LookupError

    async def run() -> None:
        with listening(UnixAddress(tmp_path / "s")) as listener:
            async with asyncio.TaskGroup() as group:
                group.create_task(listener.run(broken, 1))
                link = await connect(listener.address)
                with suppress(ConnectionError):
                    await link.read()
                await link.close()

    with pytest.raises(ExceptionGroup) as ended:
        asyncio.run(run())
    assert ended.group_contains(LookupError)
