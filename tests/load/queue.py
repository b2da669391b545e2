"""So many messages that wait for somebody who was never there; and then they come."""

from collections.abc import Iterator
from functools import partial
from itertools import zip_longest
from pathlib import Path
from threading import Event
from time import monotonic

from tests.load import filling
from tests.load.bar import Bar
from tests.load.profiles import acquaint, fill
from tests.load.street_node import StreetNode, best_start, resident

TRANSACTION = 1000
LOOK = 0.2
START, MEMORY = 3.0, 150.0


def figures(directory: Path, count: int) -> Iterator[Bar]:
    alice, bob = StreetNode(directory, "alice"), StreetNode(directory, "bob")
    acquaint(alice, bob)
    size = min(TRANSACTION, count)
    parts = range(0, count, size)
    fill(alice.paths, *(partial(filling.queue, "bob", size, first=n) for n in parts))
    seconds = best_start(alice)
    yield Bar(f"start with {count:,} messages that wait", seconds, "s", START)
    try:
        with bob:
            begin = monotonic()
            memory = _drain(alice, bob)
            rate = count / (monotonic() - begin)
            wrong = misplaced(_heard(bob), [filling.text(n) for n in range(count)])
    finally:
        alice.stop()
    yield Bar("resident memory while they leave", memory[0], "MiB", MEMORY)
    yield Bar("resident memory of who gets them", memory[1], "MiB", MEMORY)
    yield Bar("not delivered once and in order", wrong, "messages", 0, f"{rate:,.0f} messages/s")


def _drain(alice: StreetNode, bob: StreetNode) -> tuple[float, float]:
    """Until nothing waits; the most memory that each had."""
    most = (0.0, 0.0)
    pause = Event()
    with alice.client() as client:
        while client.call("status")["outbox"]:
            here, there = resident(alice.process.pid), resident(bob.process.pid)
            most = (max(most[0], here), max(most[1], there))
            pause.wait(LOOK)
    return most


def _heard(bob: StreetNode) -> list[str]:
    heard: list[str] = []
    cursor = 0
    with bob.client() as client:
        while rows := client.call("receive", since=cursor):
            heard += [row["text"] for row in rows]
            cursor = rows[-1]["cursor"]
    return heard


def misplaced(heard: list[str], wanted: list[str]) -> int:
    """How many places of the list hold another message than they should, none, or one too many."""
    return sum(one != other for one, other in zip_longest(heard, wanted))
