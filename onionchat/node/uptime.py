"""The kernel's clock, which counts from the boot of the machine through every sleep.

The wall clock can be set and the loop's stands still while the machine sleeps; this one does
neither, and goes on when the node is started again. It ends with the boot, which has a name.
"""

import secrets
import time
from functools import cache
from pathlib import Path

from onionchat.store.ending import Uptime

_NAME = Path("/proc/sys/kernel/random/boot_id")


def uptime() -> Uptime:
    return Uptime(_boot(), time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000)


@cache
def _boot() -> bytes:
    """Where the name cannot be read, each start of the node is a boot of its own."""
    try:
        return bytes.fromhex(_NAME.read_text().strip().replace("-", ""))
    except (OSError, ValueError):
        return secrets.token_bytes(16)
