"""Whole nodes over the private Tor network, beside a bare stream on the same one.

Throughput: a thousand messages that were queued while the other node was down, from the
connection to the last receipt, as wire bytes per second beside the stream's. Latency: from
the `send` call to the moment the other node says that the message is committed, beside
half of the stream's round trip; each message right behind the one before, and each after a
rest, as people write.

All are measured in rounds, in turn, and each round has new circuits on both sides: a single
one is fast or slow by luck, and would say more about that than about us. Where it matters
most, a cell takes 8 ms on two circuits of three and 40 ms longer on the third, so there
are many: with few, a slow median of the peer would pass for a fast program.

A message right behind another misses its bar, and nothing of ours can change that. In tor its
frame of eight cells is 4112 bytes, and a buffer of tor's holds a little less than 4096, so
each hop writes it in two. tor leaves Nagle's algorithm on: the second waits until the first
is acknowledged, which a kernel puts off by 40 ms when it has just sent something the other
way, such as our receipt or tor's own SENDME. Echoes of one to six cells take 8 ms, those of
eight and nine 52. With TCP_NODELAY forced upon every tor of the network, as an experiment,
eight cells take 10 ms, and a message 12, right behind another or not. But the connections are
the relays', tor has no option for it, and the size is the protocol's. Our own part is 4 to
6 ms, and tor's scheduler, which writes every few milliseconds, swallows a change of half a
one: a store query less on the way of each message made no difference.
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
REST = 0.5
"""Seconds; by then the receipt of the message before has come back, too."""
RESTED = 20
"""In each round: 100 in all, of each."""
RESTED_CIRCUITS = 4
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
    rested_cell: list[float]
    rested: list[float]


async def figures(alice: Person, bob: Person, stream: Stream) -> list[Figure]:
    rounds = [await _round(alice, bob, stream) for _ in range(ROUNDS)]
    single = [each.single for each in rounds]
    rested, rested_cell = [each.rested for each in rounds], [each.rested_cell for each in rounds]
    return [
        _latency("half an echo of one cell", single, [each.cell for each in rounds], 2.5, 1.5),
        _latency("half an echo of as many bytes", single, [each.frame for each in rounds]),
        _latency("after a rest, half an echo of one cell", rested, rested_cell),
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
        single=await asyncio.to_thread(_deliver_singly, alice, bob, MESSAGES, 0.0),
        rested_cell=[
            seconds
            for _ in range(RESTED_CIRCUITS)
            for seconds in await stream.echoes(CELL, RESTED // RESTED_CIRCUITS, REST)
        ],
        rested=await asyncio.to_thread(_deliver_singly, alice, bob, RESTED, REST),
    )


def _latency(
    what: str,
    ours: Sequence[list[float]],
    echoes: Sequence[list[float]],
    bar: float | None = None,
    goal: float | None = None,
) -> Figure:
    """Medians of all rounds together; the note has those of each."""
    mine = [[seconds * 1000 for seconds in each] for each in ours]
    half = [[seconds / 2 * 1000 for seconds in each] for each in echoes]
    one, other = (statistics.median(chain.from_iterable(each)) for each in (mine, half))
    note = f"{one - other:+.1f} ms; rounds {_medians(mine)}, peer {_medians(half)}"
    return Figure(f"delivery: {what}", one, other, "ms", one / other, False, bar, goal, note)


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


def _deliver_singly(alice: Person, bob: Person, messages: int, rest: float) -> list[float]:
    """Seconds of each; one is sent when the one before is there and `rest` is over."""
    times = []
    with client(alice) as sender, client(bob) as receiver:
        receiver.call("subscribe", since=None)
        for number in range(messages):
            time.sleep(rest)
            begin = time.perf_counter()
            sender.call("send", name="bob", text=f"message {number}")
            next_event(receiver, "message.received")
            times.append(time.perf_counter() - begin)
    return times


def _medians(rounds: Sequence[list[float]]) -> str:
    return _row([statistics.median(each) for each in rounds])


def _row(values: Sequence[float]) -> str:
    return " ".join(f"{value:.0f}" for value in values)
