"""A whole node in this process, with a real tor of its own (tests/node/street.py has them without).

Its tor is started again whenever it dies, as a supervisor does.
"""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from onionchat.crypto.address import service_id
from onionchat.tor.address import unix
from onionchat.tor.client import TorClient
from onionchat.tor.control import Control
from onionchat.tor.link import Link
from onionchat.tor.testnet import Info
from onionchat.types import Place
from tests.live.tors import IMPATIENCE, again, own_tor
from tests.node.street import Home, Street
from tests.soak import process


class House(Home):
    def __init__(self, name: str, directory: Path, testnet: Info) -> None:
        super().__init__(name, directory, Street())
        self._testnet = testnet
        self._tor = self.directory / "tor"

    @asynccontextmanager
    async def network(self) -> AsyncIterator[TorClient]:
        async with own_tor(self._tor, self._testnet, keep=again) as self.client:
            yield self.client

    @asynccontextmanager
    async def up(self, *, dial: bool = True) -> AsyncIterator[Home]:
        """Found by everybody who may."""
        async with super().up(dial=dial):
            await self.client.published(self.identity.service_id)
            yield self

    async def dial(self, place: Place) -> Link:
        """Over a path of its own."""
        deadline = asyncio.get_running_loop().time() + IMPATIENCE
        return await self.client.dial(place, secrets.token_hex(8), deadline)

    async def until_down(self, place: Place) -> None:
        """Until an onion of theirs is."""
        while service_id(place.onion) in (seen := self.client.status).published:
            await self.client.change(seen)

    async def ask_tor(self, command: str) -> list[str]:
        """Somebody else says this to their tor."""
        control = await Control.connect(unix(self._tor / "control"), cookie=self._tor / "cookie")
        answer = await control.ask(command)
        await control.close()
        return answer

    async def kill_tor(self) -> None:
        pid = process.child_in(os.getpid(), self._tor)
        assert pid is not None
        await process.kill(pid)
