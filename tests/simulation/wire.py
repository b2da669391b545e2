"""Links over a simulated circuit: bytes arrive later and in order, or not at all.

A link can break (both ends learn it after a while; what was under way may be cut anywhere),
fall silent (nobody learns anything, as when a machine loses its network), clog, or have a
byte changed by somebody on the way. Backpressure is tor's: a writer waits while much of what
it wrote has not been read.
"""

import asyncio
import random
from collections.abc import Callable
from typing import Any

from onionchat.tor.link import READ_MAX
from tests.simulation.loop import VirtualLoop

WINDOW = 480 * 1024
"""Bytes between a writer and its reader: what this process, two tors and a circuit hold."""


class Circuit:
    """What two ends have in common: the weather between them."""

    def __init__(self, loop: VirtualLoop, chance: random.Random, lag: float) -> None:
        self.loop = loop
        self.chance = chance
        self.lag = lag
        self.silent = False
        self.clogged_until = 0.0
        self.corrupt = False
        self.ends: tuple[End, End] = (End(self), End(self))
        for end, other in zip(self.ends, self.ends[::-1], strict=True):
            end.other = other

    @property
    def over(self) -> bool:
        return all(end.closed or end.hung_up for end in self.ends)

    def delay(self) -> float:
        clog = max(0.0, self.clogged_until - self.loop.now)
        return clog + self.lag * self.chance.uniform(0.8, 1.6)

    def break_(self) -> None:
        """Each end learns it in its time; of what was under way some may still arrive."""
        for end in self.ends:
            end.cut()


class End:
    """One side's link (onionchat.tor.link.Link)."""

    other: "End"

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self._loop = circuit.loop
        self._inbox = bytearray()
        self._under_way = 0
        self._arrives = 0.0
        self._changed: list[asyncio.Future[None]] = []
        self._deaf = False
        self.closed = False
        self.hung_up = False
        self.owner: Callable[[], bool] = lambda: True

    async def read(self, n: int = READ_MAX) -> bytes:
        while not self._inbox and not self.hung_up and not self.closed:
            await self._change()
        data = bytes(self._inbox[: min(n, READ_MAX)])
        del self._inbox[: len(data)]
        if data:
            self.other._stir()
        return data

    async def write(self, data: bytes) -> None:
        self._must_be_open()
        self._send(data)
        while self._held() > WINDOW:
            await self._change()
            self._must_be_open()

    def _must_be_open(self) -> None:
        if self.closed or self.hung_up or not self.owner():
            raise ConnectionResetError("the link is over")

    async def close(self) -> None:
        self.shut()

    def shut(self) -> None:
        """Nothing more from here; the other end learns it behind what was written."""
        if not self.closed:
            self.closed = True
            self._stir()
            self.other._later(self.other._learn)

    def cut(self) -> None:
        """The circuit is gone: what is under way to this end may be cut anywhere."""
        if not self.hung_up and not self.closed:
            self._deaf = self.circuit.chance.random() < 0.7
            self._loop.outside(self.circuit.delay(), self._learn)

    def _held(self) -> int:
        return self.other._under_way + len(self.other._inbox)

    def _send(self, data: bytes) -> None:
        if self.circuit.corrupt:
            self.circuit.corrupt = False
            data = _changed_somewhere(data, self.circuit.chance)
        self.other._under_way += len(data)
        self.other._later(self.other._arrive, data)

    def _later(self, what: Callable[..., None], *words: Any) -> None:
        """In order, at this end: never in one instant with what came before."""
        self._arrives = max(self._arrives + 1e-5, self._loop.now + self.circuit.delay())
        self._loop.outside(self._arrives - self._loop.now, what, *words)

    def _arrive(self, data: bytes) -> None:
        self._under_way -= len(data)
        if self.closed or self.hung_up or self.circuit.silent:
            return
        if self._deaf:  # the last that comes, and not all of it
            self._inbox += data[: self.circuit.chance.randrange(len(data) + 1)]
            self.hang_up()
            return
        self._inbox += data
        self._stir()

    def hang_up(self) -> None:
        """From now on this end knows that it is over."""
        self.hung_up = True
        self._stir()
        self.other._stir()

    def _learn(self) -> None:
        if not self.circuit.silent:
            self.hang_up()

    async def _change(self) -> None:
        changed: asyncio.Future[None] = self._loop.create_future()
        self._changed.append(changed)
        await changed

    def _stir(self) -> None:
        waiting, self._changed = self._changed, []
        for future in waiting:
            if not future.done():
                future.set_result(None)


def _changed_somewhere(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :]
