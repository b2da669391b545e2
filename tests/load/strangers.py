"""Strangers crowd at the door, and a contact must not feel it.

As in `flood`, a message's time is that from `send` at Bob's to `receive` at Alice's with no tor
between them, first in calm, then while the crowd does what one core can do.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.child import Child
from tests.load.bar import Bar
from tests.load.flood import message_times
from tests.load.profiles import acquaint
from tests.load.street_node import StreetNode, cpu, resident

MINUTES = 10.0
TIMES, GROWTH = 2.0, 64.0


def figures(directory: Path, minutes: float = MINUTES) -> Iterator[Bar]:
    alice, bob = StreetNode(directory, "alice"), StreetNode(directory, "bob")
    acquaint(alice, bob)
    words = (sys.executable, "-m", "tests.load.crowd", str(directory), alice.address)
    with alice, bob:
        calm = message_times(alice, bob)
        before, disturbed = resident(alice.process.pid), list[float]()
        with Child(words, stdout=subprocess.DEVNULL) as crowd:
            end = time.monotonic() + 60 * minutes
            while time.monotonic() < end:
                disturbed += message_times(alice, bob)
            growth = resident(alice.process.pid) - before
            work = cpu(crowd.pid) / (60 * minutes)
            crowd.kill()
    one, other = statistics.median(disturbed), statistics.median(calm)
    note = f"{one:.1f} ms, else {other:.1f} ms; the crowd used {work:.0%} of a core"
    yield Bar(
        "a message beside a crowd, the time of one without", one / other, "times", TIMES, note
    )
    yield Bar("resident memory that the crowd costs", growth, "MiB", GROWTH)
