"""One authenticated channel over one link: events in, frames out.

The channel is pure; this is the only place that moves its bytes. Everything a peer can
do wrong arrives here as RemoteError and ends the connection; nobody above sees bytes.
A greeting, from the first byte to the second hello, has 30 seconds in all, not for each
read, so that one byte a second does not hold a place.
"""

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TypeVar

from onionchat.errors import RemoteError
from onionchat.protocol.channel import Channel
from onionchat.protocol.events import Event, Frame
from onionchat.tor.link import Link
from onionchat.types import IdentityKey

NOBODY = IdentityKey(b"")
ALL_OF_IT = nullcontext()

Expected = TypeVar("Expected")


class HungUp(RemoteError):  # noqa: N818 - named for what happened
    """The peer closed the connection before it had greeted: no proof that it is another."""


class Connection:
    """A link and its channel. `initiator` is the identity key of the side that dialled;
    for a connection that somebody else opened it is empty until they have proven theirs.
    `attention`: what comes in is worked on inside. `came_in`: when the last bytes did, on the
    loop's clock."""

    def __init__(
        self,
        link: Link,
        channel: Channel,
        initiator: IdentityKey = NOBODY,
        attention: AbstractAsyncContextManager[object] = ALL_OF_IT,
    ) -> None:
        self.link = link
        self.channel = channel
        self.initiator = initiator
        self.attention = attention
        self.came_in = 0.0
        self._ahead: list[Event] = []
        self._closed = False

    async def events(self) -> list[Event]:
        """What came in next; empty when the peer has hung up."""
        if self._ahead:
            ahead, self._ahead = self._ahead, []
            return ahead
        while data := await self.link.read(self.channel.want):
            self.came_in = asyncio.get_running_loop().time()
            async with self.attention:
                if self._closed:  # while they waited for it, and others wait behind them
                    return []
                events = self.channel.receive(data)
            await self.flush()
            if events:
                return events
        return []

    async def expect(self, kind: type[Expected]) -> Expected:
        """The next event, which must be a `kind`; the rest waits for `events`."""
        events = await self.events()
        if not events:
            raise HungUp("the peer hung up before it had greeted")
        first, self._ahead = events[0], events[1:]
        if not isinstance(first, kind):
            raise RemoteError("the peer sent something else where a greeting belongs")
        return first

    async def send(self, *frames: Frame) -> None:
        self.channel.send(*frames)
        await self.flush()

    async def flush(self) -> None:
        if data := self.channel.take():
            await self.link.write(data)

    async def close(self) -> None:
        self._closed = True
        await self.link.close()
