"""`python -m tests.load.besiegers HOME NETWORK ADDRESS`: twenty strangers a second, over Tor.

Each comes over a path of its own, does what one of the crowd does (crowd.py), and goes. What
`tor` makes of the proof of work that is asked of them is up to tor. It says, one JSON object a
line, how many have set out and how many have found the door, whenever a hundred more set out.
"""

import asyncio
import json
import os
import secrets
import signal
import sys
from contextlib import suppress
from itertools import count, cycle
from pathlib import Path
from typing import Never

from onionchat.crypto.address import parse_address
from onionchat.errors import OnionchatError
from onionchat.hardening import die_with_parent
from onionchat.tor.client import TorClient
from onionchat.tor.dial_errors import DialError
from onionchat.tor.testnet import Info
from onionchat.types import IdentityKey, OnionKey, Place
from tests.live.tors import own_tor, until
from tests.load.crowd import Stranger, ask, hang_up, leave_it_there, sit
from tests.soak.network import pause

EVERY = 1 / 20
"""Seconds."""
PATIENCE = 60.0
SAID = 100


class Siege:
    def __init__(self, client: TorClient, whom: IdentityKey) -> None:
        self._client = client
        self._whom = whom
        self._arrived = 0

    async def run(self) -> Never:
        ways: cycle[Stranger] = cycle((sit, hang_up, leave_it_there, ask))
        async with asyncio.TaskGroup() as group:
            for number in count():
                group.create_task(self._come(next(ways)))
                if number % SAID == 0:
                    print(json.dumps({"set_out": number, "arrived": self._arrived}), flush=True)
                await pause(EVERY)
        raise AssertionError("it never ends")

    async def _come(self, way: Stranger) -> None:
        deadline = asyncio.get_running_loop().time() + PATIENCE
        with suppress(DialError, OSError, EOFError, OnionchatError):
            place = Place(OnionKey(self._whom))
            link = await self._client.dial(place, secrets.token_hex(8), deadline)
            self._arrived += 1
            try:
                await way(link, self._whom)
            finally:
                await link.close()


async def besiege(home: Path, network: Info, whom: IdentityKey) -> None:
    async with own_tor(home, network) as client:
        await until(client, "ready")
        await Siege(client, whom).run()


if __name__ == "__main__":
    die_with_parent(signal.SIGTERM, os.getppid())
    home, torrc, address = sys.argv[1:]
    network = Info(Path(torrc).parent, Path(torrc), ())
    asyncio.run(besiege(Path(home), network, parse_address(address)))
