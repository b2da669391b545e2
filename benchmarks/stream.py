"""A bare stream between two onions: what tor itself gives, beside which we are measured.

Three things: the echo of one cell, which is the least that tor can carry; the echo of as
many bytes as a short message has on the wire, since tor takes longer for eight cells than
for one; and the throughput of as many bytes as the queued messages have, on a stream of
its own, so that both have the same share of slow start.
"""

import asyncio
import secrets
import statistics
from dataclasses import dataclass
from pathlib import Path

from onionchat.crypto.identity import Identity
from onionchat.protocol.limits import CELL
from onionchat.tor.address import unix
from onionchat.tor.client import TorClient
from onionchat.tor.dial_errors import DialError
from onionchat.tor.link import Link
from onionchat.tor.onions import Onion
from onionchat.tor.testnet import Info
from onionchat.types import OnionKey
from tests.live.tors import own_tor, until

FRAME = 8 * CELL
"""Bytes on the wire of a short text."""
ECHOES = 200
BULK = 1000 * FRAME
TRANSFERS = 3
PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Stream:
    """Round trips of a cell and of a frame in seconds, `throughput` in bytes per second."""

    cell: float
    frame: float
    throughput: float


def measure(network: Info, home: Path) -> Stream:
    home.mkdir()
    return asyncio.run(_measure(network, home))


async def _measure(network: Info, home: Path) -> Stream:
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
        key = OnionKey(identity.key)
        cell, frame = await _echo(here, key, CELL), await _echo(here, key, FRAME)
        bulks = [await _bulk(here, key) for _ in range(TRANSFERS)]
        serving.cancel()
    return Stream(cell, frame, BULK / statistics.median(bulks))


async def _answer(link: Link) -> None:
    """The first eight bytes are a size. After each that many bytes, send as many back; or, if
    it is the size of the bulk, one byte."""
    size = int.from_bytes(await _exactly(link, 8), "big")
    while data := await _up_to(link, size):
        await link.write(b"!" if size == BULK else data)


async def _echo(client: TorClient, onion: OnionKey, size: int) -> float:
    """Seconds, median."""
    loop = asyncio.get_running_loop()
    link = await _dial(client, onion, size)
    times = []
    for _ in range(ECHOES):
        begin = loop.time()
        await link.write(secrets.token_bytes(size))
        await _exactly(link, size)
        times.append(loop.time() - begin)
    await link.close()
    return statistics.median(times)


async def _bulk(client: TorClient, onion: OnionKey) -> float:
    """Seconds."""
    loop = asyncio.get_running_loop()
    link = await _dial(client, onion, BULK)
    begin = loop.time()
    for sent in range(0, BULK, PIECE):
        await link.write(bytes(min(PIECE, BULK - sent)))
    await _exactly(link, 1)
    seconds = loop.time() - begin
    await link.close()
    return seconds


async def _exactly(link: Link, size: int) -> bytes:
    data = await _up_to(link, size)
    if len(data) < size:
        raise ConnectionError("the stream ended in the middle of a measurement")
    return data


async def _up_to(link: Link, size: int) -> bytes:
    """`size` bytes, fewer only at the end."""
    data = bytearray()
    while len(data) < size and (more := await link.read(size - len(data))):
        data += more
    return bytes(data)


async def _dial(client: TorClient, onion: OnionKey, size: int) -> Link:
    """A descriptor may lag behind its upload, so it tries again. Says which size is to come."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            link = await client.dial(onion, secrets.token_hex(8), loop.time() + 30)
        except DialError:
            continue
        await link.write(size.to_bytes(8, "big"))
        return link
