"""The network as the node sees it: five names, and no tor in them.

`TorClient` is the real one. A simulation hands the node another with virtual time and
planted faults, and a whole node runs on it unchanged.
"""

from typing import Never, Protocol

from onionchat.tor.link import Link
from onionchat.tor.listener import OnLink
from onionchat.tor.onions import Onion
from onionchat.tor.status import TorStatus
from onionchat.types import OnionKey


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

    async def serve(self, onion: Onion, on_link: OnLink, limit: int) -> Never:
        """Keep the onion up and hand over its links, until cancelled; then it goes away."""
        ...

    async def dial(self, onion: OnionKey, token: str, deadline: float) -> Link:
        """DialError, whose `reason` is for the outbox. `deadline` is in the loop's time."""
        ...
