"""Taking connections in, one after another.

Not with the event loop's own `sock_accept`: when it is cancelled it may have accepted already,
and then nobody has the connection in hand, or it complains to the terminal (seen when a node
ended while a command connected).

A machine without descriptors or memory left is not the end: whoever listens waits a moment
and goes on.
"""

import asyncio
import errno
import socket
from contextlib import suppress

RESOURCE_PAUSE = 1.0
"""Seconds to wait when the machine has no descriptors or memory left for a connection."""

_SCARCE = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


async def accept(listener: socket.socket) -> socket.socket:
    """The next connection, which does not block; `listener` must not either."""
    while True:
        try:
            sock, _ = listener.accept()
        except BlockingIOError:
            await _readable(listener)
        except ConnectionAbortedError:
            continue
        except OSError as error:
            if error.errno not in _SCARCE:
                raise
            await rest(RESOURCE_PAUSE)
        else:
            sock.setblocking(False)
            return sock


async def rest(seconds: float) -> None:
    """So long by the loop's clock."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()


async def _readable(sock: socket.socket) -> None:
    loop, somebody = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sock, somebody.set)
    try:
        await somebody.wait()
    finally:
        loop.remove_reader(sock)
