"""Is anybody still there?

Pings go out when nothing came for a minute or so, at random moments; a peer that is not heard for
three of them is gone, whatever tor believes, and so is one that does not take them. After the
machine has slept, or when messages were written and nothing at all comes back, that would be long:
then half a minute is enough.
"""

import asyncio
import random
from typing import TYPE_CHECKING

from onionchat.node.clock import pause, wait

if TYPE_CHECKING:
    from onionchat.node.talk import Talk

PING_AFTER = (60.0, 90.0)
GONE_AFTER = 240.0
DOUBT = 30.0
"""Seconds for an answer when there is a reason to think that nobody is there any more."""
QUIET = 10.0
"""Seconds without an envelope after which a connection that does not speak says goodbye."""

_random = random.SystemRandom()


class KeepAlive:
    """Of one connection."""

    def __init__(self, talk: "Talk") -> None:
        self._talk = talk
        self._heard = _now()
        self._doubted = asyncio.Event()

    def heard(self) -> None:
        """Something came."""
        self._heard = _now()

    def doubt(self) -> None:
        """There is a reason to think that nobody is there any more."""
        self._doubted.set()

    async def run(self) -> bool:
        """Until the connection is over: True if it may be, and the peer can hear a goodbye."""
        while True:
            if await wait(self._doubted, _now() + self._patience()):
                self._doubted.clear()
                if not await self._answers():
                    return False
            await self._talk.lasted()
            quiet = _now() - self._heard
            if quiet >= QUIET and not self._talk.speaks:
                return True
            if quiet >= GONE_AFTER:
                return False
            if quiet >= PING_AFTER[0] and not await self._ping(GONE_AFTER - quiet):
                return False

    def _patience(self) -> float:
        return _random.uniform(*PING_AFTER) if self._talk.speaks else QUIET

    async def _answers(self) -> bool:
        heard, deadline = self._heard, _now() + DOUBT
        if not await self._ping(DOUBT):
            return False
        await pause(deadline - _now())
        return self._heard != heard

    async def _ping(self, patience: float) -> bool:
        """One that cannot even be written, because so much is unread, is not waited for."""
        try:
            async with asyncio.timeout(patience):
                await self._talk.ping()
        except TimeoutError:
            return False
        return True


def _now() -> float:
    return asyncio.get_running_loop().time()
