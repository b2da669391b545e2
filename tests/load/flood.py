"""One contact floods, and another must not feel it.

A message's time is that from the call of `send` at Bob's to the answer of `receive` at
Alice's, with no tor between them to hide behind: both are on one street. First while nobody
disturbs, then while Mallory does.
"""

import secrets
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from time import perf_counter
from typing import Protocol

from onionchat.crypto.identity import Identity
from onionchat.rpc.client import Client
from tests.child import Child
from tests.load import filling
from tests.load.bar import Bar
from tests.load.profiles import acquaint, fill
from tests.load.street_node import StreetNode, resident

MESSAGES = 300
PAUSE = 0.02
TIMES, MEMORY = 2.0, 150.0
PATIENCE = 60.0


def figures(directory: Path) -> Iterator[Bar]:
    alice, bob = StreetNode(directory, "alice"), StreetNode(directory, "bob")
    acquaint(alice, bob)
    seed = secrets.token_bytes(32)
    mallory = Identity.from_seed(seed).key
    fill(alice.paths, lambda: filling.befriend({"mallory": mallory}))
    words = (sys.executable, "-m", "tests.load.flooder", str(directory), seed.hex(), alice.address)
    with alice, bob:
        calm = message_times(alice, bob)
        with Child(words, stdout=subprocess.DEVNULL) as flooder:
            _until_it_comes(alice)
            disturbed = message_times(alice, bob)
            memory = resident(alice.process.pid)
            flooder.kill()
        with alice.client() as client:
            came = client.call("contact.show", name="mallory")["unread"]
    one, other = statistics.median(disturbed), statistics.median(calm)
    note = f"{one:.1f} ms, else {other:.1f} ms; {came:,} of hers came in meanwhile"
    yield Bar(
        "a message beside a flood, the time of one without", one / other, "times", TIMES, note
    )
    yield Bar("resident memory of who is flooded", memory, "MiB", MEMORY)


def _until_it_comes(alice: StreetNode) -> None:
    with alice.client() as client:
        client.call("receive", name="mallory", timeout=PATIENCE)


class Reached(Protocol):
    """Somebody whose node runs."""

    def client(self) -> Client: ...


def message_times(alice: Reached, bob: Reached) -> list[float]:
    """Milliseconds of each."""
    pause, times = Event(), []
    with alice.client() as here, bob.client() as there:
        cursor = 0
        while known := here.call("receive", name="bob", since=cursor):
            cursor = known[-1]["cursor"]
        for number in range(-1, MESSAGES):
            begin = perf_counter()
            there.call("send", name="alice", text=f"hello {number}")
            (row,) = here.call("receive", name="bob", since=cursor, timeout=PATIENCE)
            times.append((perf_counter() - begin) * 1000)
            cursor = row["cursor"]
            pause.wait(PAUSE)
    return times[1:]
