"""`python -m tests.crash [KIND[=COUNT]...]`: go on counting until there are so many.

What was counted before is taken along (tally.py), so a long run may be stopped at any time.
"""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

import pytest

from tests.crash import powercut, profiles, strace
from tests.crash.nursery import nursery
from tests.crash.sweep import Sweep, spread, sweeping
from tests.crash.tally import STATE, Tally
from tests.crash.trial import sockets
from tests.crash.verdict import KILL, Point, Verdict

KINDS = {"kills": 10_000, "faults": 9_000, "images": 20_000, "control": 1_000}
CONTROL = powercut.Take(settings={"synchronous": 1})
"""NORMAL: more than one image in ten must have lost something, or the others mean nothing."""
IMAGES = 200
"""Of each recording."""
MEMORY = Path("/dev/shm")  # noqa: S108 - a directory of our own is made in it
"""What the disk keeps is a model here: where there is a file system in memory, there."""


async def sweep_over(kind: str, directory: Path, wanted: int) -> Tally:
    """Kills, or faults."""
    tally = Tally.load(kind)

    def tell(verdict: Verdict) -> None:
        tally.walked += 1
        if tally.recovered(verdict.recovery):
            print(f"{verdict.point} came back after {verdict.recovery:.1f} s", flush=True)
        if verdict.violations or verdict.reached:
            tally.count(verdict.point.scene, failed=bool(verdict.violations))
        else:
            tally.unreached += 1
        tally.save()
        for line in verdict.violations:
            print(verdict.point, line, flush=True)
        if tally.walked % 100 == 0:
            print(f"{tally.total} {kind}, {tally.failed} failed", flush=True)

    async with sweeping(directory / "templates", directory) as sweep:
        while tally.total < wanted:
            await sweep.strike(await _rest(sweep, tally, wanted), tell)
    return tally


async def _rest(sweep: Sweep, tally: Tally, wanted: int) -> Iterator[Point]:
    """Of the list that was begun."""
    of_kind = [p for p in await sweep.points() if (p.what == KILL) == (tally.name == "kills")]
    print(f"{tally.name}: list {tally.list} of {len(of_kind)} points", flush=True)

    def walk() -> Iterator[Point]:
        for point in spread(of_kind, tally.list)[tally.walked :]:
            if tally.total >= wanted:
                return
            yield point
        tally.list, tally.walked = tally.list + 1, 0

    return walk()


async def power_cuts(kind: str, directory: Path, wanted: int) -> Tally:
    """Recording after recording."""
    tally = Tally.load(kind)
    async with nursery() as mother:
        while tally.total < wanted:
            random = Random(tally.list)
            take = CONTROL if kind == "control" else powercut.any_take(random)
            made = await powercut.record(mother, directory / "templates", directory / "take", take)
            async for image in powercut.images(made, directory / "image", IMAGES, random):
                tally.count(take.kind, failed=bool(image.lost))
                for line in image.lost if take != CONTROL else ():
                    print(take, f"seed {tally.list}, step {image.step}:", line, flush=True)
            tally.list += 1
            tally.save()
            print(f"{tally.total} {kind}, {tally.failed} failed", flush=True)
    return tally


def main(*words: str) -> int:
    if not strace.usable():
        sys.exit(strace.MISSING)
    patch = pytest.MonkeyPatch()
    profiles.promptly(patch)
    profiles.cheaply(patch)
    wanted = {kind: int(count or KINDS[kind]) for kind, _, count in _split(words or KINDS)}
    tallies = [_run(kind, count) for kind, count in wanted.items()]
    for tally in tallies:
        tally.tell()
    passed, failed = map(sum, zip(*map(_judged, tallies), strict=True))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def _judged(tally: Tally) -> tuple[int, int]:
    """How many passed and failed; the control is one trial, which passes if enough was lost."""
    if tally.name != "control":
        return tally.passed, tally.failed
    seen = tally.failed > tally.total / 10
    return int(seen), int(not seen)


def _split(words: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    return (word.partition("=") for word in words)


def _run(kind: str, wanted: int) -> Tally:
    directory = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
    try:
        profiles.make_templates(directory / "templates")
        tally = asyncio.run(
            (power_cuts if kind in ("images", "control") else sweep_over)(kind, directory, wanted)
        )
        for trial in directory.glob("trial*"):  # something was wrong: to be looked at
            shutil.copytree(trial, STATE / trial.name, symlinks=True, ignore=sockets)
    finally:
        shutil.rmtree(directory)
    return tally


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
