"""A bare stream between two onions: what tor itself gives, beside which we are measured."""

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

ECHOES = 200
BULK = 8 << 20
"""Bytes; at 4 MiB/s two seconds, so that the slow start of a stream does not count."""


@dataclass(frozen=True, slots=True)
class Stream:
    """`round_trip` of one cell in seconds, median; `throughput` in bytes per second."""

    round_trip: float
    throughput: float


def measure(network: Info, home: Path) -> Stream:
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
        link = await _dial(here, OnionKey(identity.key))
        measured = Stream(await _echo(link), await _bulk(link))
        await link.close()
        serving.cancel()
    return measured


async def _answer(link: Link) -> None:
    """Echo what is small; swallow what is large and say when it is there."""
    for _ in range(ECHOES):
        await link.write(await _exactly(link, CELL))
    left = BULK
    while left and (data := await link.read()):
        left -= len(data)
    await link.write(b"!")
    await link.read()


async def _echo(link: Link) -> float:
    loop = asyncio.get_running_loop()
    times = []
    for _ in range(ECHOES):
        begin = loop.time()
        await link.write(secrets.token_bytes(CELL))
        await _exactly(link, CELL)
        times.append(loop.time() - begin)
    return statistics.median(times)


async def _bulk(link: Link) -> float:
    loop = asyncio.get_running_loop()
    begin = loop.time()
    for _ in range(BULK >> 16):
        await link.write(bytes(1 << 16))
    await _exactly(link, 1)
    return BULK / (loop.time() - begin)


async def _exactly(link: Link, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = await link.read(size - len(data))
        if not more:
            raise ConnectionError("the stream ended in the middle of a measurement")
        data += more
    return data


async def _dial(client: TorClient, onion: OnionKey) -> Link:
    """A descriptor may lag behind its upload, so it tries again."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            return await client.dial(onion, secrets.token_hex(8), loop.time() + 30)
        except DialError:
            continue
