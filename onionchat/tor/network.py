"""The network as the node sees it: seven names, and no tor in them.

`TorClient` is the real one. A simulation hands the node another with virtual time and
planted faults, and a whole node runs on it unchanged.
"""

import asyncio
from collections.abc import Set as AbstractSet
from typing import Protocol

from onionchat.tor.link import Link
from onionchat.tor.listener import OnLink
from onionchat.tor.onions import Onion
from onionchat.tor.status import TorStatus
from onionchat.types import Place


class Network(Protocol):
    @property
    def status(self) -> TorStatus:
        """What is known now."""
        ...

    async def change(self, seen: TorStatus) -> TorStatus:
        """The first snapshot that differs from `seen`."""
        ...

    async def published(self, service_id: str) -> None:
        """Returns when the onion can be found."""
        ...

    async def serve(
        self, onion: Onion, on_link: OnLink, limit: int, closing: asyncio.Event | None = None
    ) -> None:
        """Keep the onion up and hand over its links, until `closing`: then it goes away at once,
        and this returns when the links that are open have ended. Cancelled, they end too."""
        ...

    def authorise(self, service_id: str, clients: AbstractSet[bytes]) -> None:
        """From now on these are the clients of an onion that is served. Links stay open."""
        ...

    async def dial(self, place: Place, token: str, deadline: float) -> Link:
        """DialError, whose `reason` is for the outbox. `deadline` is in the loop's time."""
        ...

    async def forget(self, place: Place) -> None:
        """A place that was dialled with a key never will be again."""
        ...
