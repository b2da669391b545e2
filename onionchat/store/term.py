"""How much is left of a time that the person gave to something of the node's own.

It ends by the kernel's clock in the boot of the machine in which it was given; after a reboot
by what the wall clock says is left, and never after more than was given (as ending.py has it
for messages). So neither a clock that is set nor a machine that sleeps makes it longer.
"""

from typing import Any

from onionchat.store.ending import Uptime
from onionchat.types import Millis


def over_at(given: int, uptime: Uptime) -> int:
    """On the kernel's clock of this boot: the end of a time that is given now, in milliseconds."""
    return uptime.now + given


def left(row: Any, now: Millis, uptime: Uptime) -> int:
    """Milliseconds to the end of the row's time, 0 or less when it is over. The row has `since`
    and `until` in Unix time, and `boot` and `over_at`, which are made good for this boot."""
    if row.boot != uptime.boot:
        row.boot = uptime.boot
        row.over_at = over_at(min(row.until - now, row.until - row.since), uptime)
        row.save()
    remaining: int = row.over_at - uptime.now
    return remaining
