"""An unlocked profile: who we are, what is stored, and the node if one runs.

Every verb gets one. A command that works without a node opens the profile itself, under
the same lock; `live` is None then. A profile is made once, never re-made: where a keyslot
exists and the database does not, that is damage and said so.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ParamSpec, Protocol, TypeVar

from onionchat.crypto.identity import Identity
from onionchat.errors import UnreachableError
from onionchat.node.clock import Clock, wall_clock
from onionchat.node.events import Feed
from onionchat.store.database import Database
from onionchat.store.identity import Me
from onionchat.tor.status import TorStatus

P = ParamSpec("P")
R = TypeVar("R")


class Live(Protocol):
    """What the verbs need of a running node."""

    @property
    def tor(self) -> TorStatus: ...
    @property
    def published(self) -> bool: ...
    def online(self, contact: int) -> bool: ...
    def online_count(self) -> int: ...
    def reason(self, contact: int) -> str | None: ...
    async def changed(self, contact: int) -> None: ...
    def stop(self) -> None: ...


@dataclass
class Profile:
    """The open store and the identity in it."""

    db: Database
    me: Me
    identity: Identity = field(repr=False)
    feed: Feed
    clock: Clock = wall_clock
    live: Live | None = None

    def running(self) -> Live:
        """The node, for verbs that make no sense without one."""
        if self.live is None:
            raise UnreachableError("the node is not running", "start it with `onionchat up`")
        return self.live

    async def change(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """One transaction that may write events: commit, then tell who listens."""
        result = await self.db.run(function, *args, **kwargs)
        self.feed.announce()
        return result

    async def changed(self, contact: int) -> None:
        """Something was committed for this contact; a running node should look."""
        if self.live is not None:
            await self.live.changed(contact)
