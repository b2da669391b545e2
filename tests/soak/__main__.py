"""`python -m tests.soak MINUTES [SEED]`: so long, then the verdict on all runs together.

The seed says who is struck, how, and how long for; what that meets is up to the machine. The
trace of each run stays; the homes only of a run in which something was wrong.
"""

import asyncio
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from itertools import combinations
from pathlib import Path
from typing import Any

from onionchat.tor.testnet import Info
from tests.soak import chatter
from tests.soak.checker import check
from tests.soak.nemesis import Nemesis
from tests.soak.network import pause, private
from tests.soak.resident import LOOK, Resident
from tests.soak.tally import STATE, Tally
from tests.soak.trace import Trace, read

NAMES = ("alice", "bob", "carol", "dave")
THREADS = 64
LAST_PATIENCE = 180.0
"""Seconds after the last blow in which everything must arrive."""
PAGE = 500


async def soak(home: Path, minutes: float, seed: int, trace: Trace) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
    async with private(home / "net") as network, neighbourhood(home, network) as people:
        relays = [network.dir / name for name in network.nodes]
        nemesis = Nemesis(people, relays, trace, random.Random(seed))
        async with asyncio.TaskGroup() as group:
            reading = [group.create_task(chatter.read(each, trace)) for each in people]
            writing = [
                group.create_task(chatter.write(each, others(each, people), trace, random.Random()))
                for each in people
            ]
            striking = group.create_task(nemesis.run())
            await pause(minutes * 60)
            nemesis.end()
            await striking
            for task in writing:
                task.cancel()
            await settle(people, trace)
            for task in reading:
                task.cancel()
        await keep(people, trace)


@asynccontextmanager
async def neighbourhood(home: Path, network: Info) -> AsyncIterator[list[Resident]]:
    """Everybody knows everybody; they end with the block."""
    people = [Resident(name, home / name, network.client_torrc) for name in NAMES]
    try:
        async with asyncio.TaskGroup() as group:
            for each in people:
                group.create_task(each.move_in())
        for one, other in combinations(people, 2):
            await befriend(one, other)
        yield people
        for each in people:
            await each.stop()
    finally:
        for each in people:
            each.close()


async def befriend(one: Resident, other: Resident) -> None:
    await one.call("contact.add", name=other.name, address=other.address)
    while not (asked := await other.call("request.list")):
        await pause(LOOK)
    await other.call("request.accept", who=str(asked[0]["number"]), name=one.name)
    while (await one.call("contact.show", name=other.name))["state"] != "contact":
        await pause(LOOK)


def others(me: Resident, people: list[Resident]) -> list[Resident]:
    return [each for each in people if each is not me]


async def settle(people: list[Resident], trace: Trace) -> None:
    """Until everything is displayed, and its senders know it; or until it is clear that it is
    stuck, which the checker then finds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LAST_PATIENCE):
            await trace.arrived(set(trace.waiting), LAST_PATIENCE)
            while any([(await each.call("status"))["outbox"] for each in people]):
                await pause(LOOK)


async def keep(people: list[Resident], trace: Trace) -> None:
    """Every history, whole."""
    for me in people:
        for other in others(me, people):
            rows = [
                [row["direction"], row["text"], row["state"]] for row in await history(me, other)
            ]
            trace.note("kept", who=me.name, rows=rows, **{"with": other.name})


async def history(me: Resident, other: Resident) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    while True:
        before = rows[0]["id"] if rows else None
        page = await me.call("history", name=other.name, limit=PAGE, before=before)
        rows = page + rows
        if len(page) < PAGE:
            return rows


def main(minutes: float, seed: int) -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    STATE.mkdir(exist_ok=True)
    print(f"{minutes:g} minutes, seed {seed}", flush=True)
    home = Path(tempfile.mkdtemp(prefix="onionchat-soak-"))
    (home / "net").mkdir(mode=0o700)
    path = STATE / f"trace-{seed}.jsonl"
    trace = Trace(path)
    begin = time.monotonic()
    try:
        asyncio.run(soak(home, minutes, seed, trace))
    finally:
        trace.close()
        verdict = check(read(path))
        tally = Tally.load()
        tally.add((time.monotonic() - begin) / 60, verdict)
        tally.save()
        for line in verdict.violations:
            print(line)
    if verdict.violations:
        print(f"the homes are in {home}")
    else:
        shutil.rmtree(home)
    return report(tally)


def report(tally: Tally) -> int:
    for line in tally.report():
        print(line)
    bars = list(tally.bars())
    for line, kept in bars:
        print(f"{line}: {'ok' if kept else 'MISSED'}")
    passed = sum(kept for _, kept in bars)
    print(f"{passed} passed, {len(bars) - passed} failed")
    return 0 if passed == len(bars) else 1


if __name__ == "__main__":
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(10**6)
    sys.exit(main(float(sys.argv[1]), seed))
