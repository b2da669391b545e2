"""A bare stream between two onions: what tor itself gives, beside which we are measured.

Each measurement dials anew, which takes new circuits: how long a cell takes differs from
one circuit to the next by more than anything that a program does, so a figure is made of
several. Echoes of one cell are the least that tor can carry; echoes of as many bytes as a
short message has on the wire show what eight cells cost (why so much: delivery.py).
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from onionchat.crypto.identity import Identity
from onionchat.node.clock import wait
from onionchat.protocol.limits import CELL
from onionchat.tor.address import unix
from onionchat.tor.client import TorClient
from onionchat.tor.dial_errors import DialError
from onionchat.tor.link import Link
from onionchat.tor.onions import Onion
from onionchat.tor.testnet import Info
from onionchat.types import OnionKey, Place
from tests.live.tors import own_tor, until

FRAME = 8 * CELL
"""Bytes on the wire of a short text."""
PIECE = 1 << 16


class Stream:
    """From one tor to an onion that another tor serves."""

    def __init__(self, client: TorClient, onion: OnionKey) -> None:
        self._client = client
        self._onion = onion

    async def echoes(self, size: int, count: int, rest: float = 0.0) -> list[float]:
        """Seconds from `size` bytes to the last of as many that come back; `rest` before each."""
        loop = asyncio.get_running_loop()
        link = await self._dial(size, size)
        times = []
        for _ in range(count):
            await wait(asyncio.Event(), loop.time() + rest)
            begin = loop.time()
            await link.write(secrets.token_bytes(size))
            await _exactly(link, size)
            times.append(loop.time() - begin)
        await link.close()
        return times

    async def transfer(self, size: int) -> float:
        """Seconds from the first of `size` bytes to the word that all are there."""
        loop = asyncio.get_running_loop()
        link = await self._dial(size, 1)
        begin = loop.time()
        for sent in range(0, size, PIECE):
            await link.write(bytes(min(PIECE, size - sent)))
        await _exactly(link, 1)
        seconds = loop.time() - begin
        await link.close()
        return seconds

    async def _dial(self, size: int, answer: int) -> Link:
        """A descriptor may lag behind its upload, so it tries again."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                link = await self._client.dial(
                    Place(self._onion), secrets.token_hex(8), loop.time() + 30
                )
            except DialError:
                continue
            await link.write(size.to_bytes(4, "big") + answer.to_bytes(4, "big"))
            return link


@asynccontextmanager
async def served(network: Info, home: Path) -> AsyncIterator[Stream]:
    """Two tors of their own in an existing directory, for as long as the block lasts."""
    identity = Identity.from_seed(secrets.token_bytes(32))
    onion = Onion(identity.tor_blob(), identity.service_id, unix(home / "onion"))
    async with (
        own_tor(home / "a", network) as here,
        own_tor(home / "b", network) as there,
        asyncio.TaskGroup() as group,
    ):
        serving = group.create_task(there.serve(onion, _answer, 4))
        await there.published(identity.service_id)
        await until(here, "ready")
        yield Stream(here, OnionKey(identity.key))
        serving.cancel()


async def _answer(link: Link) -> None:
    """First two sizes, of four bytes each; then for each time the one, as many as the other."""
    head = await _exactly(link, 8)
    size, answer = int.from_bytes(head[:4], "big"), int.from_bytes(head[4:], "big")
    while data := await _up_to(link, size):
        await link.write(data[:answer])


async def _exactly(link: Link, size: int) -> bytes:
    data = await _up_to(link, size)
    if len(data) < size:
        raise ConnectionError("the stream ended in the middle of a measurement")
    return data


async def _up_to(link: Link, size: int) -> bytes:
    """`size` bytes; fewer only at the end."""
    data = bytearray()
    while len(data) < size and (more := await link.read(size - len(data))):
        data += more
    return bytes(data)
