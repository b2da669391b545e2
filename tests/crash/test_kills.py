"""Wherever the process is killed, nothing acknowledged is lost and nothing comes twice."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash import profiles, strace
from tests.crash.sweep import spread, sweeping
from tests.crash.trial import Point, Verdict

KILLS = 60

pytestmark = [strace.needed, pytest.mark.usefixtures("quickly")]


def test_whoever_is_killed_anywhere_goes_on(tmp_path: Path) -> None:
    profiles.make_templates(tmp_path / "templates")
    verdicts: list[Verdict] = []

    async def scene() -> None:
        async with sweeping(tmp_path) as sweep:
            await sweep.kill(until_enough(spread(await sweep.points())), verdicts.append)

    def until_enough(points: list[Point]) -> Iterator[Point]:
        """Counts differ a little from run to run: a few points are never reached."""
        for point in points:
            if sum(verdict.reached for verdict in verdicts) >= KILLS:
                return
            yield point

    asyncio.run(scene())
    assert [verdict for verdict in verdicts if verdict.violations] == []
    assert sum(verdict.reached for verdict in verdicts) >= KILLS
    assert max(verdict.recovery for verdict in verdicts) < 5
