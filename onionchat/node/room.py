"""A bounded number of places for people who have not earned one for good.

When all are taken, a random one makes room: the oldest would be the slow honest one, and
to turn the newcomer away would let whoever sits there keep everybody out. The place is
given away before anything is waited for, so that a crowd that comes at once cannot take
more places than there are.
"""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

_random = random.SystemRandom()


class Visitor(Protocol):
    """Their connection."""

    async def close(self) -> None: ...


class Room:
    """So many of them at once."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._inside: list[Visitor] = []

    @asynccontextmanager
    async def place(self, visitor: Visitor) -> AsyncIterator[None]:
        """A place until the block ends; the connection that had to go is closed."""
        leaving = None
        if len(self._inside) >= self._places:
            leaving = self._inside.pop(_random.randrange(len(self._inside)))
        self._inside.append(visitor)
        try:
            if leaving is not None:
                await leaving.close()
            yield
        finally:
            if visitor in self._inside:
                self._inside.remove(visitor)
