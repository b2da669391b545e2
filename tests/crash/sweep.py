"""Trial after trial, several at once, over a list of points.

A list is walked in an order that spreads: any part of it has points of every scene, thread
and call. Between two lists the order changes, so that runs which were cut short add up.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.crash.nursery import Nursery, nursery
from tests.crash.scenes import SCENES
from tests.crash.trial import Point, Verdict, kill, points

LANES = 2
"""Trials at once: each is a victim, and a peer's work here."""


class Sweep:
    """A place with templates, and who makes victims."""

    def __init__(self, directory: Path, nurseries: list[Nursery]) -> None:
        self._directory = directory
        self._nurseries = nurseries
        self._trials = 0

    async def points(self, scenes: tuple[str, ...] = tuple(SCENES)) -> list[Point]:
        """All there are, scene by scene."""
        first, templates = self._nurseries[0], self._templates
        return [
            point
            for scene in scenes
            for point in await points(first, templates, self._directory / "counted", scene)
        ]

    async def kill(self, where: Iterator[Point], tell: Callable[[Verdict], None]) -> None:
        """One trial for each, until there are no more."""
        async with asyncio.TaskGroup() as group:
            for nursery in self._nurseries:
                group.create_task(self._lane(nursery, where, tell))

    async def _lane(
        self, nursery: Nursery, where: Iterator[Point], tell: Callable[[Verdict], None]
    ) -> None:
        for point in where:
            self._trials += 1
            directory = self._directory / f"trial{self._trials}"
            tell(await kill(nursery, self._templates, directory, point))

    @property
    def _templates(self) -> Path:
        return self._directory / "templates"


@asynccontextmanager
async def sweeping(directory: Path, lanes: int = LANES) -> AsyncIterator[Sweep]:
    """`directory` has the templates."""
    async with nursery() as first, nursery() as second:
        yield Sweep(directory, [first, second][:lanes])


def spread(found: list[Point], seed: int = 0) -> list[Point]:
    """In an order that is the same for the same seed."""
    return random.Random(seed).sample(found, len(found))
