"""Wall-clock time, in one place.

Timers run on the event loop's clock; the wall clock is only written beside messages
and shown to people, and nothing about security hangs on it. Both are injected, so that
a whole node can run in virtual time.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

from onionchat.types import Millis

Clock = Callable[[], Millis]

DAY = 86_400_000


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
