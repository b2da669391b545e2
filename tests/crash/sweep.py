"""Trial after trial, several at once, over a list of points.

A list is walked in an order that spreads: any part of it has points of every scene, thread
and call. Between two lists the order changes, so that runs which were cut short add up.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from tests.crash.nursery import Nursery, nursery
from tests.crash.points import points
from tests.crash.scenes import SCENES
from tests.crash.strikes import strike
from tests.crash.trial import Trial
from tests.crash.verdict import Point, Verdict

LANES = 2
"""Trials at once: each is a victim, and a peer's work here."""
FROM_NOTHING = 20
"""In each of so many trials who recovers starts as a process does that nothing was made
ready for."""


@dataclass
class Sweep:
    """Trials are in `directory`; what is `weak` in them: weaknesses.py."""

    templates: Path
    directory: Path
    nurseries: list[Nursery]
    weak: str | None
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    async def points(self) -> list[Point]:
        """All there are, scene by scene."""
        there = (self.nurseries[0], self.templates, self.directory / "counted")
        return [point for scene in SCENES for point in await points(*there, scene)]

    async def strike(self, where: Iterator[Point], tell: Callable[[Verdict], None]) -> None:
        """One trial for each, until there are no more."""
        async with asyncio.TaskGroup() as group:
            for nursery in self.nurseries:
                group.create_task(self._lane(nursery, where, tell))

    async def _lane(
        self, nursery: Nursery, where: Iterator[Point], tell: Callable[[Verdict], None]
    ) -> None:
        for point in where:
            number = next(self._numbers)
            there = (nursery, self.templates, self.directory / f"trial{number}")
            anew = number % FROM_NOTHING == 0
            tell(await Trial(*there, Verdict(point), anew, self.weak).run(strike))


@asynccontextmanager
async def sweeping(
    templates: Path, directory: Path, weak: str | None = None
) -> AsyncIterator[Sweep]:
    async with AsyncExitStack() as stack:
        nurseries = [await stack.enter_async_context(nursery()) for _ in range(LANES)]
        yield Sweep(templates, directory, nurseries, weak)


def spread(found: list[Point], seed: int = 0) -> list[Point]:
    """In an order that is the same for the same seed."""
    return random.Random(seed).sample(found, len(found))
