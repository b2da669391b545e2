"""Who is killed, stopped or frozen, and when. Only what this process has started.

Several people can be away at once, and a relay be in trouble besides. Whoever comes back is
left alone with all the others until what waited for them has arrived, or it is clear that it
is late; only then does the nemesis begin anything new.
"""

import asyncio
import os
import random
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from tests.soak import process
from tests.soak.network import pause
from tests.soak.resident import Resident
from tests.soak.trace import Trace

AT_ONCE = 2
"""People who may be away at the same time."""
PATIENCE = 90.0
"""Seconds that somebody who has returned is left alone."""
BREATH = (0.5, 3.0)
AWAY = (0.0, 8.0)
FROZEN = (1.0, 40.0)
RELAY_EVERY = (20.0, 60.0)
RELAY_FROZEN = (2.0, 20.0)
NODE, TOR = "onionchat.service", "torrc"

Pause = Callable[[float, float], Coroutine[Any, Any, None]]
Blow = Callable[[Resident, Pause], Coroutine[Any, Any, None]]


async def killed(who: Resident, wait: Pause) -> None:
    await who.kill()
    await wait(*AWAY)
    await who.start()


async def stopped(who: Resident, wait: Pause) -> None:
    await who.stop()
    await wait(*AWAY)
    await who.start()


async def node_killed(who: Resident, _: Pause) -> None:
    """The supervisor starts it again."""
    await process.kill(who.part(NODE))
    await who.until_published()


async def tor_killed(who: Resident, _: Pause) -> None:
    await process.kill(who.part(TOR))
    await who.until_published(wanted=False)
    await who.until_published()


async def node_frozen(who: Resident, wait: Pause) -> None:
    await _frozen(who, NODE, wait)


async def tor_frozen(who: Resident, wait: Pause) -> None:
    await _frozen(who, TOR, wait)


async def _frozen(who: Resident, part: str, wait: Pause) -> None:
    await process.freeze(who.part(part), wait(*FROZEN))
    await who.until_published()


BLOWS: dict[str, tuple[Blow, int]] = {
    "killed": (killed, 6),
    "stopped": (stopped, 3),
    "node killed": (node_killed, 3),
    "tor killed": (tor_killed, 2),
    "node frozen": (node_frozen, 1),
    "tor frozen": (tor_frozen, 1),
}
"""Each with its weight."""
RETURNS = ("killed", "stopped", "node killed")
"""After which somebody who was not there is there again."""


class Nemesis:
    def __init__(
        self, people: list[Resident], relays: list[Path], trace: Trace, draw: random.Random
    ) -> None:
        self._people = list(people)
        self._relays = relays
        self._trace = trace
        self._draw = draw
        self._away: set[str] = set()
        self._returned = 0
        self._calm = asyncio.Event()
        self._calm.set()
        self._ending = False

    async def run(self) -> None:
        """Until `end`; everybody is back then."""
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._harry())
            group.create_task(self._trouble())

    def end(self) -> None:
        self._ending = True

    async def _wait(self, low: float, high: float) -> None:
        await pause(self._draw.uniform(low, high))

    async def _harry(self) -> None:
        while not self._ending:
            await self._wait(*BREATH)
            await self._calm.wait()
            who = self._people.pop(self._draw.randrange(len(self._people)))
            weights = [weight for _, weight in BLOWS.values()]
            (how,) = self._draw.choices(list(BLOWS), weights)
            await self._strike(who, how)
            self._people.append(who)

    async def _strike(self, who: Resident, how: str) -> None:
        blow, _ = BLOWS[how]
        self._away.add(who.name)
        self._trace.note("away", who=who.name, how=how)
        await blow(who, self._wait)
        self._away.discard(who.name)
        self._trace.note("back", who=who.name, how=how)
        self._returned += 1
        self._calm.clear()
        await self._trace.arrived(
            {
                letter
                for letter in self._trace.waiting
                if who.name in letter[:2] and not self._away & set(letter[:2])
            },
            PATIENCE,
        )
        self._returned -= 1
        if self._returned == 0:
            self._calm.set()

    async def _trouble(self) -> None:
        """One relay, or authority, at a time."""
        while not self._ending:
            await self._wait(*RELAY_EVERY)
            await self._calm.wait()
            relay = self._draw.choice(self._relays)
            pid = process.child_in(os.getpid(), relay)
            if pid is None:
                continue
            how = self._draw.choice(("killed", "frozen"))
            self._trace.note("trouble", who=relay.name, how=how)
            if how == "killed":
                await process.kill(pid)
            else:
                await process.freeze(pid, self._wait(*RELAY_FROZEN))
            self._trace.note("over", who=relay.name, how=how)
