"""Tor as the node uses it: onions that stay up, dials, and a status.

One task, `run`, holds the control connection and is never done with it:

    connect -> steer (steering.py) -> lost -> wait 1 s, then x1.5 up to 60 s -> connect

tor may die, be restarted, be stopped or lose its network at any time; none of that ends
`run`. What is wanted (the onions of `serve`) is kept here and put up again on every new
connection, because tor forgets them with the old one. Only a wrong key, which is our own
bug, gets out of `run`.

Never used, each for a reason (protocol.md 7): NEWNYM cuts everybody's circuits and drops
keys, SETCONF drops client-authorisation keys, DROPGUARDS costs anonymity, Detach leaves
onions that outlive us.
"""

import asyncio
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Never

from onionchat.crypto.address import service_id
from onionchat.errors import UnreachableError
from onionchat.tor import authorisation, listener, socks
from onionchat.tor.address import Address
from onionchat.tor.attach import Attachment
from onionchat.tor.control import Control
from onionchat.tor.control_errors import one_line
from onionchat.tor.dial_errors import Starting
from onionchat.tor.doors import socks_trouble
from onionchat.tor.link import Link
from onionchat.tor.listener import OnLink
from onionchat.tor.onions import VIRTUAL_PORT, Onion
from onionchat.tor.status import Board, TorStatus
from onionchat.tor.steering import Steering
from onionchat.types import Place

FIRST_PAUSE = 1.0
GROWTH = 1.5
LONGEST_PAUSE = 60.0


class TorClient:
    """The `Network` that is really tor."""

    def __init__(self, tor: Attachment) -> None:
        self._tor = tor
        self._board = Board()
        self._wanted: dict[str, Onion] = {}
        self._control: Control | None = None
        self._patient_until = 0.0

    @property
    def status(self) -> TorStatus:
        return self._board.status

    async def change(self, seen: TorStatus) -> TorStatus:
        """The first snapshot that differs from `seen`."""
        return await self._board.change(seen)

    async def published(self, service_id: str) -> None:
        """Returns when the onion can be found."""
        await self._board.published(service_id)

    async def dial(self, place: Place, token: str, deadline: float) -> Link:
        """A link to the place's virtual port; DialError. `token`: 1 to 255 ASCII characters,
        the same for one contact and new for a fresh path. `deadline` is in the loop's time."""
        if self.status.state in ("starting", "bootstrapping"):
            raise Starting
        await authorisation.tell(self._control, place)
        host = f"{service_id(place.onion)}.onion"
        return await socks.dial(self._tor.socks, host, VIRTUAL_PORT, token, deadline)

    async def forget(self, place: Place) -> None:
        """Nothing of it is left in tor's memory: no key, and no descriptor."""
        await authorisation.withdraw(self._control, place)

    async def serve(
        self, onion: Onion, on_link: OnLink, limit: int, closing: asyncio.Event | None = None
    ) -> None:
        """Keep the onion up and hand over its links, `limit` at once, until `closing`; returns
        when those that are open have ended. Needs `run` in another task of the caller's group."""

        @contextmanager
        def announced(target: Address) -> Iterator[None]:
            self._want(replace(onion, target=target))
            try:
                yield
            finally:
                if self._wanted[onion.service_id].target == target:
                    del self._wanted[onion.service_id]
                self._nudge()

        await listener.serve(onion.target, on_link, limit, closing or asyncio.Event(), announced)

    def authorise(self, service_id: str, clients: AbstractSet[bytes]) -> None:
        """Down, the pause that directories need, and up again (steering.py)."""
        self._want(replace(self._wanted[service_id], clients=frozenset(clients)))

    def _want(self, onion: Onion) -> None:
        self._wanted[onion.service_id] = onion
        self._nudge()

    async def run(self) -> Never:
        """Steer tor for ever."""
        pause = FIRST_PAUSE
        self._patient_until = asyncio.get_running_loop().time() + self._tor.patience
        while True:
            try:
                await self._connected()
            except UnreachableError as lost:
                if self._control is not None:  # it was good for a while
                    pause = FIRST_PAUSE
                self._lost(lost)
            await self._wait(pause)
            pause = min(pause * GROWTH, LONGEST_PAUSE)

    async def _connected(self) -> None:
        control = await Control.connect(
            self._tor.control, cookie=self._tor.cookie, password=self._tor.password
        )
        self._control = control
        try:
            trouble = await socks_trouble(self._tor.socks)
            await Steering(control, self._wanted, self._board, trouble).run()
        finally:
            await control.close()

    def _lost(self, error: UnreachableError) -> None:
        self._control = None
        starting = self.status.state == "starting"
        if starting and asyncio.get_running_loop().time() < self._patient_until:
            return
        self._board.post(
            state="starting" if starting else "lost",
            bootstrap=0,
            step=None,
            warning=one_line(error),
            published=frozenset(),
        )

    def _nudge(self) -> None:
        if self._control is not None:
            self._control.nudge()

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.Event().wait()
