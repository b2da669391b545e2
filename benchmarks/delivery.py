"""Whole nodes over the private Tor network, beside a bare stream on the same one.

Latency: from the `send` call to the moment the other node says that the message is
committed, beside half of the stream's round trip. Throughput: a thousand queued messages
until the last receipt is in, as wire bytes per second beside the stream's.
"""

import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.stream import FRAME, Stream
from onionchat.paths import locate
from onionchat.rpc.client import Client
from tests.live.person import Person

MESSAGES = 200
QUEUED = 1000


def latency(alice: Person, bob: Person, stream: Stream) -> list[Figure]:
    """Only the first has a bar. The second says how much of the difference is tor's."""
    ours = _latency(alice, bob) * 1000
    return [
        _beside("half an echo of one cell", ours, stream.cell / 2 * 1000, bar=2.5, goal=1.5),
        _beside("half an echo of as many bytes", ours, stream.frame / 2 * 1000),
    ]


def _latency(alice: Person, bob: Person) -> float:
    """Seconds, median."""
    times = []
    with client(alice) as sender, client(bob) as receiver:
        receiver.call("subscribe", since=None)
        for number in range(MESSAGES):
            begin = time.perf_counter()
            sender.call("send", name="bob", text=f"message {number}")
            _next(receiver, "message.received")
            times.append(time.perf_counter() - begin)
    return statistics.median(times)


def _beside(
    what: str, ours: float, peer: float, *, bar: float | None = None, goal: float | None = None
) -> Figure:
    note = f"median of {MESSAGES}; {ours - peer:+.1f} ms"
    return Figure(f"delivery: {what}", ours, peer, "ms", ours / peer, False, bar, goal, note)


def throughput(alice: Person, bob: Person, stream: Stream) -> Figure:
    """Bob is stopped while Alice queues, and comes back."""
    bob.stop()
    with client(alice) as sender, ThreadPoolExecutor(1) as beside:
        for number in range(QUEUED):
            sender.call("send", name="bob", text=f"{number:>200}")
        sender.call("subscribe", since=None)
        # He is connected before his `up` returns: the clock must not wait for that.
        starting = beside.submit(bob.start)
        seconds = _until_delivered(sender)
        starting.result()
    ours = QUEUED * FRAME / seconds
    return Figure(
        name="1,000 queued messages: the stream",
        ours=ours / 1024,
        peer=stream.throughput / 1024,
        unit="KiB/s",
        ratio=ours / stream.throughput,
        higher_is_better=True,
        bar=0.4,
        goal=0.65,
        note=f"bytes on the wire; {seconds:.2f} s in all",
    )


def _until_delivered(sender: Client) -> float:
    """Seconds from the connection to the last receipt."""
    while not _next(sender, "contact.state").get("online"):
        pass
    begin = time.perf_counter()
    delivered = 0
    while delivered < QUEUED:
        delivered += _next(sender, "message.state").get("state") == "delivered"
    return time.perf_counter() - begin


@contextmanager
def client(person: Person) -> Iterator[Client]:
    path = locate(person.home, "default", {}).rpc_socket
    with Client.connect(path) as connected:
        yield connected


@contextmanager
def friends(home: Path, client_torrc: Path) -> Iterator[tuple[Person, Person]]:
    """Two people with running nodes who have accepted each other."""
    torrc = client_torrc
    with Person("alice", home / "a", torrc) as alice, Person("bob", home / "b", torrc) as bob:
        alice.init()
        address = bob.init()
        bob.start()
        alice.start()
        with client(bob) as watching:
            watching.call("subscribe", since=None)
            alice.one("contact", "add", "bob", address)
            number = _next(watching, "request.received")["number"]
            bob.one("request", "accept", str(number), "--name", "alice")
        alice.one("send", "bob", "--wait", "delivered", stdin="first")
        yield alice, bob


def _next(subscriber: Client, method: str) -> dict[str, object]:
    while (event := subscriber.notification(timeout=120))["method"] != method:
        pass
    params: dict[str, object] = event["params"]
    return params
