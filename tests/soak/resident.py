"""One person of the soak: a real `onionchat up`, and what can happen to it."""

import asyncio
from pathlib import Path
from typing import Any

from onionchat.errors import UnreachableError
from onionchat.paths import locate
from onionchat.rpc.client import Client
from tests.live.person import Person
from tests.soak import process
from tests.soak.network import pause

PUBLISHED = 300.0
"""Seconds after which a node that is not published is stuck, whatever the relays do."""
LOOK = 0.05


class Resident:
    """Every call is made on a thread of its own: it may take as long as the node is stopped."""

    def __init__(self, name: str, home: Path, client_torrc: Path) -> None:
        self.name = name
        self.address = ""
        self._person = Person(name, home, client_torrc)
        self._socket = locate(home, "default", {}).rpc_socket

    async def call(self, method: str, **params: Any) -> Any:
        def ask() -> Any:
            with Client.connect(self._socket) as client:
                return client.call(method, **params)

        return await asyncio.to_thread(ask)

    async def move_in(self) -> None:
        self.address = await asyncio.to_thread(self._person.init)
        await self.start()

    async def start(self) -> None:
        """Returns when the address is published."""
        await asyncio.to_thread(self._person.start, "--timeout", str(PUBLISHED))

    async def stop(self) -> None:
        await asyncio.to_thread(self._person.stop)

    async def kill(self) -> None:
        """Supervisor, node and tor, as if the power had failed."""
        await asyncio.to_thread(self._person.kill)
        await asyncio.to_thread(self._person, "down")  # returns when nothing of it is left

    def close(self) -> None:
        self._person.__exit__()

    def part(self, word: str) -> int:
        """The number of its node's process, or of its tor's."""
        assert self._person.up is not None
        pid = process.child(self._person.up.pid, word)
        assert pid is not None, f"{self.name} has no {word}"
        return pid

    async def until_published(self, *, wanted: bool = True) -> None:
        async with asyncio.timeout(PUBLISHED):
            while await self._published() is not wanted:
                await pause(LOOK)

    async def _published(self) -> bool:
        try:
            status = await self.call("status")
        except UnreachableError:
            return False
        inboxes = status["inboxes"]
        return bool(status["published"]) and inboxes["published"] == inboxes["total"]
