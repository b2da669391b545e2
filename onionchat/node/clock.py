"""Wall-clock time, in one place.

Timers run on the event loop's clock; the wall clock is only written beside messages
and shown to people, and nothing about security hangs on it. Both are injected, so that
a whole node can run in virtual time.

While a machine sleeps the loop's clock stands still (Linux: CLOCK_MONOTONIC), and nothing
that waits for it notices; another one does not (CLOCK_BOOTTIME), and the difference tells.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from onionchat.types import Millis

Clock = Callable[[], Millis]

DAY = 86_400_000
LOOK = 5.0
SLEPT = 10.0
"""Every LOOK seconds it is looked whether the machine has slept for SLEPT or more."""


def wall_clock() -> Millis:
    """Milliseconds since 1970, by this machine's clock."""
    return Millis(time.time_ns() // 1_000_000)


def rfc3339(moment: int | None) -> str | None:
    """`moment` in milliseconds as RFC 3339 UTC with milliseconds; None stays None.

    A peer's clock is foreign input: what lies beyond the year 9999 is shown as None.
    """
    if moment is None:
        return None
    try:
        whole = datetime.fromtimestamp(moment // 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{moment % 1000:03d}Z"


async def wait(event: asyncio.Event, until: float | None) -> bool:
    """Until `event` is set (True) or the loop's clock reads `until` (False); None: for ever."""
    try:
        async with asyncio.timeout_at(until):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def pause(seconds: float) -> None:
    """So long by the loop's clock, whatever happens meanwhile."""
    await asyncio.sleep(seconds)  # noqa: TID251 - the one place


def slept() -> float:
    """Seconds for which this machine has slept since it was started."""
    awake = time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.clock_gettime(time.CLOCK_BOOTTIME) - awake


async def sleeps(slept: Callable[[], float] = slept) -> AsyncIterator[float]:
    """For ever: each time the machine wakes, for how long it slept."""
    before = slept()
    while True:
        await pause(LOOK)
        now = slept()
        if now - before >= SLEPT:
            yield now - before
        before = now
