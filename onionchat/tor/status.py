"""What the node knows of tor: one frozen snapshot, and a way to wait for the next.

A snapshot, not a stream of events: who looks late sees the truth of now, and nobody
has to drain anything. `Board.change(seen)` returns as soon as the snapshot differs
from the one the caller has already seen, so no change is missed and none is queued.
"""

import asyncio
from dataclasses import dataclass, replace
from typing import Any, Literal

State = Literal["starting", "bootstrapping", "ready", "degraded", "lost"]
"""starting: not connected yet. degraded: bootstrapped, but without circuits or network.
lost: was connected and is not; it is being tried again."""


@dataclass(frozen=True, slots=True)
class TorStatus:
    state: State = "starting"
    bootstrap: int = 0
    version: str | None = None
    warning: str | None = None
    published: frozenset[str] = frozenset()
    """Service IDs for which at least half of a round's uploads were accepted."""
    step: str | None = None
    """What tor is doing, in plain words, while something is still to come."""


class Board:
    """Holds the snapshot. Single-threaded, like everything on the loop."""

    def __init__(self) -> None:
        self.status = TorStatus()
        self._changed = asyncio.Event()

    def post(self, **fields: Any) -> None:
        status = replace(self.status, **fields)
        if status != self.status:
            self.status = status
            self._changed.set()
            self._changed = asyncio.Event()

    async def change(self, seen: TorStatus) -> TorStatus:
        """The first snapshot that is not `seen`."""
        while self.status == seen:
            await self._changed.wait()
        return self.status

    async def published(self, service_id: str) -> None:
        while service_id not in (status := self.status).published:
            await self.change(status)
