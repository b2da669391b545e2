"""When a message that was given a time is over.

`send --expires 2h` means two hours as people count them: awake or asleep, with the node
running or not, whatever is done to the clock on the wall. What is not known to be delivered
by then is not sent any more, and ends as expired.

- In the boot of the machine in which it was queued, the kernel's clock decides: it counts
  sleep and cannot be set. A wall clock that jumps 400 days and back changes nothing.
- After a reboot only the wall clock can tell how long the machine was off. It is believed
  once tor is in the network, for tor works with nothing but about the right time; and never
  for more than the message was given. Until then nothing can be sent anyway.

What is to leave later (`send --delay`, `--at`) is held back by the same clocks, and released by
this task. `--at` is a length of time too, from the moment when it was queued: setting the clock
afterwards moves it as little as it moves an expiry.

Nothing that is over leaves, whatever this task does: what is to be sent is asked for its time
in the transaction that takes it (node/outbox.py). This task only says so in time: it sleeps
until the next message is over, but looks once a minute, since the loop's clock stands still
while the machine sleeps. While nothing expires it does nothing.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Never

from onionchat.errors import RefusedError
from onionchat.node.clock import wait
from onionchat.node.lifetimes import erase
from onionchat.node.profile import Profile
from onionchat.node.withdrawal import withdraw
from onionchat.store import contacts, ending, holding
from onionchat.store.ending import OpenRow, Uptime
from onionchat.store.holding import Moment
from onionchat.store.outbox import Expiry
from onionchat.tor.network import Network
from onionchat.types import Millis

TICK = 60.0
BATCH = 500
"""Messages that end in one transaction."""


def after(seconds: float, now: Millis, uptime: Uptime) -> Expiry:
    """When something is over that is given so long."""
    given = round(seconds * 1000)
    return Expiry(Millis(now + given), uptime.boot, uptime.now + given)


def later(seconds: float, now: Millis, uptime: Uptime) -> Moment:
    """When something leaves that is held back for so long."""
    given = round(seconds * 1000)
    return Moment(Millis(now + given), uptime.boot, uptime.now + given)


@dataclass(frozen=True)
class Round:
    """What one look found: how many ended, for whom there is something to send now, and when to
    look again (None: when something is queued that has a time), on the kernel's clock."""

    ended: int
    told: frozenset[int]
    next: int | None


class Expiries:
    """The task that ends what is over, and erases what has disappeared (node/lifetimes.py)."""

    def __init__(self, profile: Profile, network: Network) -> None:
        self._profile = profile
        self._network = network
        self._stir = asyncio.Event()

    def stir(self) -> None:
        """Something was queued that expires or has begun to disappear; tor is in the network now;
        the machine has slept."""
        self._stir.set()

    async def run(self) -> Never:
        while True:
            self._stir.clear()
            now = asyncio.get_running_loop().time()
            pause: float | None = TICK
            with suppress(RefusedError):  # a full disk: it is over all the same
                pause = await self._look()
            await wait(self._stir, None if pause is None else now + pause)

    async def _look(self) -> float | None:
        """Seconds until the next look."""
        profile, uptime = self._profile, self._profile.uptime()
        believed = self._network.status.state == "ready"
        found = await profile.db.run(look, profile.clock(), uptime, believed=believed)
        if found.ended:
            profile.feed.announce()
        for contact in found.told:
            await profile.changed(contact)
        times = [time for time in (found.next, await erase(profile)) if time is not None]
        return min(TICK, max(0.0, min(times) - uptime.now) / 1000) if times else None


def look(now: Millis, uptime: Uptime, *, believed: bool) -> Round:
    """End what is over, so much of it as fits one transaction. `believed`: the wall clock."""
    if believed:
        ending.adopt_all(uptime, now)
        holding.adopt(uptime, now)
    rows = ending.over(uptime, BATCH)
    told = {contact for contact, theirs in _by_contact(rows) if _end(contact, theirs, now)}
    told |= holding.release(uptime)
    times = (ending.next_over(uptime), holding.next_moment(uptime))
    first = min((time for time in times if time is not None), default=None)
    return Round(len(rows), frozenset(told), first)


def _end(contact: int, rows: list[OpenRow], now: Millis) -> bool:
    return withdraw(contacts.by_id(contact), rows, "expired", now)


def _by_contact(rows: Iterable[tuple[int, OpenRow]]) -> Iterable[tuple[int, list[OpenRow]]]:
    in_order = sorted(rows, key=lambda row: row[0])
    for contact, theirs in groupby(in_order, key=lambda row: row[0]):
        yield contact, [row for _, row in theirs]
