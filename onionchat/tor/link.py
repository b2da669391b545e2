"""A link: bytes to and from one peer, through tor or through anything that stands in.

The node sees three methods and no socket, so that a simulated tor can hand it links
over a virtual network. What a link promises:

- `read` returns b"" at the end and also when the other side broke off: a peer that
  vanishes is ordinary here, and no news beyond "it is over".
- `write` returns when the bytes are on their way, not when they arrived, and holds the
  writer back while more than HIGH_WATER wait in this process.
- `close` never raises and never hangs: what was written gets LINGER to leave, because a
  tor that was stopped would keep it waiting for ever.
"""

import asyncio
from typing import Protocol

from onionchat.tor.address import Address, UnixAddress

READ_MAX = 64 * 1024
"""One read: 134 onion-service cells, and a bound on what an unread link holds in memory."""

HIGH_WATER = 256 * 1024
"""Four reads ahead: tor's own window on an onion circuit is at most about 236 kB."""

LINGER = 2.0
"""Seconds for the last bytes to leave; half of what a clean stop may take, and then some."""


class Link(Protocol):
    async def read(self, n: int = READ_MAX) -> bytes:
        """1 to `n` bytes, or b"" when there will be no more."""
        ...

    async def write(self, data: bytes) -> None:
        """ConnectionError when the link is over."""
        ...

    async def close(self) -> None:
        """For good; a second time does nothing."""
        ...


class StreamLink:
    """A link over a pair of asyncio streams."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._closed = False
        writer.transport.set_write_buffer_limits(high=HIGH_WATER)

    async def read(self, n: int = READ_MAX) -> bytes:
        try:
            return await self._reader.read(min(n, READ_MAX))
        except OSError:
            return b""

    async def read_exactly(self, n: int) -> bytes:
        """For a dialogue with known lengths; ConnectionError when it ends early."""
        try:
            return await self._reader.readexactly(n)
        except asyncio.IncompleteReadError as error:
            raise ConnectionResetError("the link ended early") from error

    async def write(self, data: bytes) -> None:
        if self._closed or self._writer.is_closing():
            raise ConnectionResetError("the link is over")
        self._writer.write(data)
        try:
            await self._writer.drain()
        except OSError as error:  # the kernel has no buffer for it, or worse
            raise ConnectionResetError("the link broke") from error

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._writer.close()
        try:
            async with asyncio.timeout(LINGER):
                await self._writer.wait_closed()
        except (TimeoutError, asyncio.CancelledError) as late:
            self._writer.transport.abort()  # not after it has closed: CPython 3.11 trips
            if isinstance(late, asyncio.CancelledError):
                raise
        except OSError:
            return


async def connect(address: Address) -> StreamLink:
    """OSError when nobody listens there."""
    if isinstance(address, UnixAddress):
        streams = await asyncio.open_unix_connection(address.path, limit=READ_MAX)
    else:
        streams = await asyncio.open_connection(address.host, address.port, limit=READ_MAX)
    return StreamLink(*streams)
