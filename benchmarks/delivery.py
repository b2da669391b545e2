"""Whole nodes over the private Tor network, beside a bare stream on the same one.

Throughput: a thousand messages that were queued while the other node was down, from the
connection to the last receipt, as wire bytes per second beside the stream's. Latency: from
the `send` call to the moment the other node says that the message is committed, beside
half of the stream's round trip.

All are measured in rounds, in turn, and each round has new circuits on both sides: a single
one is fast or slow by luck, and would say more about that than about us. Where it matters
most, a cell takes 8 ms on two circuits of three and 40 ms longer on the third, so there
are many: with few, a slow median of the peer would pass for a fast program.
"""

import asyncio
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain

from benchmarks.figure import Figure
from benchmarks.friends import client, next_event
from benchmarks.stream import FRAME, Stream
from onionchat.protocol.limits import CELL
from onionchat.rpc.client import Client
from tests.live.person import Person

ROUNDS = 5
MESSAGES = 40
"""In each round: 200 in all."""
CIRCUITS = 8
"""In each round, for the echoes of a cell: 40 in all."""
QUEUED = 1000


@dataclass(frozen=True, slots=True)
class Round:
    """Seconds: echoes of a cell and of a frame, and a transfer, over the bare stream; then
    the queue and single messages between nodes."""

    cell: list[float]
    frame: list[float]
    transfer: float
    queue: float
    single: list[float]


async def figures(alice: Person, bob: Person, stream: Stream) -> list[Figure]:
    rounds = [await _round(alice, bob, stream) for _ in range(ROUNDS)]
    single = [each.single for each in rounds]
    return [
        _latency("one cell", single, [each.cell for each in rounds], bar=2.5, goal=1.5),
        _latency("as many bytes", single, [each.frame for each in rounds]),
        _throughput([each.queue for each in rounds], [each.transfer for each in rounds]),
    ]


async def _round(alice: Person, bob: Person, stream: Stream) -> Round:
    return Round(
        cell=[
            seconds
            for _ in range(CIRCUITS)
            for seconds in await stream.echoes(CELL, MESSAGES // CIRCUITS)
        ],
        frame=await stream.echoes(FRAME, MESSAGES),
        transfer=await stream.transfer(QUEUED * FRAME),
        queue=await asyncio.to_thread(_deliver_queue, alice, bob),
        single=await asyncio.to_thread(_deliver_singly, alice, bob),
    )


def _latency(
    what: str,
    ours: Sequence[list[float]],
    echoes: Sequence[list[float]],
    *,
    bar: float | None = None,
    goal: float | None = None,
) -> Figure:
    """Medians of all rounds together; the note has those of each."""
    mine = [[seconds * 1000 for seconds in each] for each in ours]
    half = [[seconds / 2 * 1000 for seconds in each] for each in echoes]
    one, other = (statistics.median(chain.from_iterable(each)) for each in (mine, half))
    note = f"{one - other:+.1f} ms; rounds {_medians(mine)}, peer {_medians(half)}"
    name = f"delivery: half an echo of {what}"
    return Figure(name, one, other, "ms", one / other, False, bar, goal, note)


def _throughput(ours: list[float], stream: list[float]) -> Figure:
    mine, theirs = ([QUEUED * FRAME / 1024 / each for each in both] for both in (ours, stream))
    one, other = statistics.median(mine), statistics.median(theirs)
    name, note = (
        f"{QUEUED:,} queued messages: the stream",
        f"rounds {_row(mine)}, peer {_row(theirs)}",
    )
    return Figure(name, one, other, "KiB/s", one / other, True, 0.4, 0.65, note)


def _deliver_queue(alice: Person, bob: Person) -> float:
    """Bob is stopped while Alice queues, and comes back. Seconds."""
    bob.stop()
    with client(alice) as sender, ThreadPoolExecutor(1) as beside:
        for number in range(QUEUED):
            sender.call("send", name="bob", text=f"{number:>200}")
        sender.call("subscribe", since=None)
        # He is connected before his `up` returns: the clock must not wait for that.
        starting = beside.submit(bob.start)
        seconds = _until_delivered(sender)
        starting.result()
    return seconds


def _until_delivered(sender: Client) -> float:
    """Seconds from the connection to the last receipt."""
    while not next_event(sender, "contact.state").get("online"):
        pass
    begin = time.perf_counter()
    delivered = 0
    while delivered < QUEUED:
        delivered += next_event(sender, "message.state").get("state") == "delivered"
    return time.perf_counter() - begin


def _deliver_singly(alice: Person, bob: Person) -> list[float]:
    """Seconds of each; one is sent when the one before is there."""
    times = []
    with client(alice) as sender, client(bob) as receiver:
        receiver.call("subscribe", since=None)
        for number in range(MESSAGES):
            begin = time.perf_counter()
            sender.call("send", name="bob", text=f"message {number}")
            next_event(receiver, "message.received")
            times.append(time.perf_counter() - begin)
    return times


def _medians(rounds: Sequence[list[float]]) -> str:
    return _row([statistics.median(each) for each in rounds])


def _row(values: Sequence[float]) -> str:
    return " ".join(f"{value:.0f}" for value in values)
