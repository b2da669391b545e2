"""An address that was turned off: how long until tor says that there is none.

Nobody gets a connection from the first moment (tests/live/test_inboxes.py). But directories keep
what was announced, for three hours, and until then tor tells whoever has the address that somebody
was there. On the private network a time period, after which other directories are asked for
another name, is over before that: it is 24 consensuses, four minutes, and two of them overlap.
"""

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path

from onionchat.crypto.identity import Identity
from onionchat.tor.address import unix
from onionchat.tor.client import TorClient
from onionchat.tor.dial_errors import DialError, NotPublished
from onionchat.tor.link import Link
from onionchat.tor.onions import Onion
from onionchat.types import OnionKey, Place
from tests.live.tors import HALF_WAY, dial, own_tor, until
from tests.load.bar import Bar
from tests.soak.network import pause, private

PERIOD = 24 * 10.0
"""Seconds: 24 times the interval of tor/testnet/config.py."""
LOOK = 1.0


def figures(directory: Path) -> Iterator[Bar]:
    seconds, links = asyncio.run(_forgotten(directory))
    yield Bar("connections to an address that is off", links, "links", 0)
    name = "until an address that is off is none to tor, in time periods"
    yield Bar(name, seconds / PERIOD, "periods", 2, f"{seconds:.0f} s")


async def _forgotten(directory: Path) -> tuple[float, int]:
    """Seconds from the moment an onion goes down until its descriptor is nowhere; and how many
    dials until then found somebody, if only a tor that refuses."""
    identity = Identity.from_seed(secrets.token_bytes(32))
    onion = Onion(identity.tor_blob(), identity.service_id, unix(directory / "onion"))
    place, closing, links = Place(OnionKey(identity.key)), asyncio.Event(), 0
    (directory / "net").mkdir(mode=0o700)
    async with (
        private(directory / "net") as network,
        own_tor(directory / "a", network) as stranger,
        own_tor(directory / "b", network) as owner,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(owner.serve(onion, _nobody, 4, closing))
        await owner.published(identity.service_id)
        await until(stranger, "ready")
        await (await dial(stranger, place)).close()
        closing.set()
        while identity.service_id in (seen := owner.status).published:
            await owner.change(seen)
        begin = asyncio.get_running_loop().time()
        while not isinstance(failure := await _failure(stranger, place), NotPublished):
            links += failure is None or isinstance(failure, HALF_WAY)
            await pause(LOOK)
        return asyncio.get_running_loop().time() - begin, links


async def _failure(client: TorClient, place: Place) -> DialError | None:
    """What a dial ends with, over a path of its own; None: with a link."""
    try:
        deadline = asyncio.get_running_loop().time() + 30
        link = await client.dial(place, secrets.token_hex(8), deadline)
    except DialError as error:
        return error
    await link.close()
    return None


async def _nobody(link: Link) -> None:
    """Whoever comes is let in, and left."""
    await link.close()
