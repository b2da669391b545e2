"""Wherever the process is killed, or the system fails it: nothing acknowledged is lost,
nothing comes twice, and each failure is gone on from or told in a sentence."""

import asyncio
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path

import pytest

from tests.crash import scenes, strace
from tests.crash.sweep import spread, sweeping
from tests.crash.verdict import KILL, Point, Verdict

SHARE, PARTS = {"kills": 60, "faults": 30}, 3
"""How many of each, and in how many tests."""

pytestmark = strace.needed
Strike = Callable[..., list[Verdict]]


@pytest.fixture
def strike(templates: Path, tmp_path: Path) -> Strike:
    """Point after point, until what was found is enough."""

    def struck(
        points: list[Point], enough: Callable[[list[Verdict]], bool], weak: str | None = None
    ) -> list[Verdict]:
        verdicts: list[Verdict] = []

        async def scene() -> None:
            async with sweeping(templates, tmp_path, weak) as sweep:
                wanted = takewhile(lambda _: not enough(verdicts), points)
                await sweep.strike(wanted, verdicts.append)

        asyncio.run(scene())
        return verdicts

    return struck


def reached(verdicts: list[Verdict]) -> int:
    """Counts differ a little from run to run: a few points are never reached."""
    return sum(verdict.reached for verdict in verdicts)


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("kind", SHARE)
def test_whatever_happens_anywhere_it_goes_on(
    strike: Strike, points: list[Point], kind: str, part: int
) -> None:
    of_kind = [point for point in points if (point.what == KILL) == (kind == "kills")]
    share = SHARE[kind] // PARTS
    verdicts = strike(spread(of_kind)[part::PARTS], lambda found: reached(found) >= share)
    assert [verdict for verdict in verdicts if verdict.violations] == []
    assert reached(verdicts) >= share


@pytest.mark.parametrize(
    ("weak", "what", "lasting"),
    [("commits_late", KILL, False), ("hears_no_failure", "ENOSPC", True)],
)
def test_a_weakness_is_seen(
    strike: Strike,
    points: list[Point],
    monkeypatch: pytest.MonkeyPatch,
    weak: str,
    what: str,
    lasting: bool,
) -> None:
    monkeypatch.setattr(scenes, "STUCK", 3.0)  # something will be
    there = [
        point
        for point in points
        if (point.scene, point.thread, point.call) == ("send", "store", "pwrite64")
        and (point.what, point.lasting) == (what, lasting)
    ]

    def seen(verdicts: list[Verdict]) -> bool:
        told = {line for verdict in verdicts for line in verdict.violations}
        return "a text that was acknowledged is lost" in told

    early = there[: len(there) // 4]  # who commits less writes less, and never gets to the end
    assert seen(strike(spread(early)[:20], seen, weak))
