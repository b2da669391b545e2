"""`python -m tests.crash kills [COUNT]`: go on counting until there are so many.

What was counted before is taken along (tally.py), so a long run may be stopped at any time.
"""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash import profiles, strace
from tests.crash.sweep import Sweep, spread, sweeping
from tests.crash.tally import STATE, Tally
from tests.crash.trial import Point, Verdict, sockets
from tests.node.patience import hurry

MEMORY = Path("/dev/shm")  # noqa: S108 - a directory of our own is made in it
"""A kill is about the process, not the disk: where there is a file system in memory, there."""


async def kills(directory: Path, wanted: int) -> Tally:
    tally = Tally.load("kills")

    def tell(verdict: Verdict) -> None:
        tally.walked += 1
        if verdict.violations or verdict.reached:
            tally.count(verdict.point.scene, failed=bool(verdict.violations))
        else:
            tally.unreached += 1
        tally.slowest = max(tally.slowest, verdict.recovery)
        tally.save()
        for line in verdict.violations:
            print(verdict.point, line, flush=True)
        if tally.walked % 100 == 0:
            print(f"{tally.passed + tally.failed} kills, {tally.failed} failed", flush=True)

    async with sweeping(directory) as sweep:
        while tally.passed + tally.failed < wanted:
            await sweep.kill(await _rest(sweep, tally, wanted), tell)
    return tally


async def _rest(sweep: Sweep, tally: Tally, wanted: int) -> Iterator[Point]:
    """Of the list that was begun."""
    found = spread(await sweep.points(), tally.list)
    print(f"list {tally.list}: {len(found)} points", flush=True)

    def walk() -> Iterator[Point]:
        for point in found[tally.walked :]:
            if tally.passed + tally.failed >= wanted:
                return
            yield point
        tally.list, tally.walked = tally.list + 1, 0

    return walk()


def main(what: str, count: str) -> int:
    assert what == "kills"
    if not strace.usable():
        sys.exit(strace.MISSING)
    patch = pytest.MonkeyPatch()
    hurry(patch)
    profiles.cheaply(patch)
    directory = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
    try:
        profiles.make_templates(directory / "templates")
        tally = asyncio.run(kills(directory, int(count)))
        _keep_failed(directory)
    finally:
        shutil.rmtree(directory)
    for kind, number in sorted(tally.kinds.items()):
        print(f"{number} of {kind}")
    print(f"slowest recovery {tally.slowest:.2f} s; {tally.unreached} points were not reached")
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


def _keep_failed(directory: Path) -> None:
    """To be looked at."""
    for trial in directory.glob("trial*"):
        shutil.copytree(trial, STATE / trial.name, symlinks=True, ignore=sockets)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
