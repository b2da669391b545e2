"""How much of the node's time goes to people who have proven nothing yet.

An answer to a stranger's first word costs a millisecond or two of a core, and a crowd can ask
for more of them than a core has. So one is answered after another, and after each comes a rest of
seven times as long as it took: what a crowd says at one of our doors gets an eighth of this node's
time at the most, in small pieces, and a contact's message waits for one piece. That they come at
all is paced before (tor/listener.py). Measured without it, beside a thousand who sit at the door
and others who come and go as fast as they can: five times as long for a message.
Fifty a second are answered all the same, more than tor brings.
"""

import asyncio
from typing import Self

from onionchat.node.clock import pause

REST = 7.0
LONGEST_REST = 1.0
"""Seconds; a process that stood still must not keep everybody out."""


class Attention:
    """One at a time, in the order in which they came: `async with`."""

    def __init__(self) -> None:
        self._line = asyncio.Lock()
        self._began = 0.0
        self._free_at = 0.0

    async def __aenter__(self) -> Self:
        await self._line.acquire()
        try:
            await pause(self._free_at - asyncio.get_running_loop().time())
        except BaseException:
            self._line.release()
            raise
        self._began = asyncio.get_running_loop().time()
        return self

    async def __aexit__(self, *_: object) -> None:
        now = asyncio.get_running_loop().time()
        self._free_at = now + min(REST * (now - self._began), LONGEST_REST)
        self._line.release()
