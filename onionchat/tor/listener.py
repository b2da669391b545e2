"""Where tor delivers the links that strangers and friends open to our onion.

The socket is a door that anyone in the world can knock on through tor, and no one on
this machine but us may touch: a unix socket of mode 0600, or, for a tor that runs as
another user, a port on 127.0.0.1.

- At most `limit` links are open; one more is closed at once, so that its peer learns it
  now and not at a time-out.
- Every link belongs to a task in the listener's own group: when the listener ends, each
  of them has ended. What `on_link` lets escape ends the listener, so it handles its own.
- It can close and let the links that are open end by themselves (`serve`).
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Never

from onionchat.accepting import accept, rest
from onionchat.os_errors import about
from onionchat.own_socket import remove_stale
from onionchat.tor.address import Address, TcpAddress, UnixAddress
from onionchat.tor.link import READ_MAX, Link, StreamLink

BACKLOG = 256
"""Links that may wait while the node is busy, for a second at the most; tor retries nothing."""

SPACING = 0.004
"""Seconds between two links: each costs half a millisecond before it has said a word, and a crowd
must not fill the node's time with them. tor opens a few in a second."""

OnLink = Callable[[Link], Awaitable[None]]


class Listener:
    """One listening socket. `address` is where it really is (the port 0 is resolved)."""

    def __init__(self, sock: socket.socket, address: Address) -> None:
        self._socket = sock
        self.address = address

    async def run(self, on_link: OnLink, limit: int) -> Never:
        """Serve for ever; the links end with it."""
        async with asyncio.TaskGroup() as links:
            await self.accept(links, on_link, limit)
        raise AssertionError("nobody ends this but by cancelling it")

    async def accept(self, group: asyncio.TaskGroup, on_link: OnLink, limit: int) -> Never:
        """Take links for ever; they belong to `group`."""
        links: set[asyncio.Task[None]] = set()
        while True:
            sock = await accept(self._socket)
            if len(links) >= limit:
                sock.close()
                await rest(SPACING)
                continue
            task = group.create_task(_carry(sock, on_link))
            links.add(task)
            task.add_done_callback(links.discard)
            task.add_done_callback(partial(_close, sock))
            await rest(SPACING)


async def _carry(sock: socket.socket, on_link: OnLink) -> None:
    link = StreamLink(*await asyncio.open_connection(sock=sock, limit=READ_MAX))
    try:
        await on_link(link)
    finally:
        await link.close()


def _close(sock: socket.socket, _: asyncio.Task[None]) -> None:
    """A task that is cancelled before its first step has closed nothing."""
    sock.close()


async def serve(
    target: Address,
    on_link: OnLink,
    limit: int,
    closing: asyncio.Event,
    announced: Callable[[Address], AbstractContextManager[None]],
) -> None:
    """Take links at `target`, `limit` at once, and be `announced` there, until `closing`;
    returns when the links that are open then have ended."""
    async with asyncio.TaskGroup() as links:
        with listening(target) as listener, announced(listener.address):
            accepting = links.create_task(listener.accept(links, on_link, limit))
            try:
                await closing.wait()
            finally:  # nobody may wait for a socket that is closed
                accepting.cancel()
                await asyncio.wait({accepting})


@contextmanager
def listening(target: Address) -> Iterator[Listener]:
    """Bound before the first await, so that its address can be given to tor."""
    family = socket.AF_UNIX if isinstance(target, UnixAddress) else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        address = _bind(sock, target)
        sock.listen(BACKLOG)
        try:
            yield Listener(sock, address)
        finally:
            if isinstance(address, UnixAddress):
                address.path.unlink(missing_ok=True)


def _bind(sock: socket.socket, target: Address) -> Address:
    if isinstance(target, TcpAddress):
        sock.bind((target.host, target.port))
        return TcpAddress(*sock.getsockname())
    remove_stale(target.path)
    umask = os.umask(0o177)
    try:
        with about(target.path):
            sock.bind(bytes(target.path))
    finally:
        os.umask(umask)
    return target
