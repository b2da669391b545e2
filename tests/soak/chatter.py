"""Everybody writes to everybody, all the time, and reads what comes, each message once.

A reader keeps its cursor, as a bot does: what `receive` gives after it was not given before.
A `send` that the node did not live to answer is only noted as tried: it may have been kept.
"""

import random
from itertools import count
from typing import Never

from onionchat.errors import UndeliveredError, UnreachableError
from tests.soak.network import pause
from tests.soak.resident import Resident
from tests.soak.trace import Trace

EVERY = 3.0
"""Seconds between two messages of one person, on average."""
LONGEST = 6000
BEFORE_NEXT_LOOK = 0.2
READ = 5.0
"""Seconds that one `receive` waits."""


async def write(me: Resident, others: list[Resident], trace: Trace, draw: random.Random) -> Never:
    for number in count():
        await pause(draw.expovariate(1 / EVERY))
        other = draw.choice(others)
        filling = "x" * draw.choice((0, 0, 0, 300, 2000, LONGEST))
        letter = (me.name, other.name, f"{me.name} to {other.name} {number} {filling}")
        trace.tried(letter)
        try:
            await me.call("send", name=other.name, text=letter[2])
        except UnreachableError:
            continue
        trace.acknowledged(letter)
    raise AssertionError


async def read(me: Resident, trace: Trace) -> Never:
    cursor = 0
    while True:
        try:
            rows = await me.call("receive", since=cursor, timeout=READ)
        except UndeliveredError:
            continue
        except UnreachableError:
            await pause(BEFORE_NEXT_LOOK)
            continue
        for row in rows:
            letter = (row["contact"], me.name, row["text"])
            how = {name: row[name] for name in ("kind", "late", "missing")}
            trace.displayed(letter, **how)
            cursor = row["cursor"]
