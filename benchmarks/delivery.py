"""Whole nodes over the private Tor network, beside a bare stream on the same one.

Latency: from the `send` call to the moment the other node says that the message is
committed, beside half of the stream's round trip. Throughput: a thousand queued messages
until the last receipt is in, as wire bytes per second beside the stream's.
"""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.stream import Stream
from onionchat.paths import locate
from onionchat.rpc.client import Client
from tests.live.person import Person

MESSAGES = 200
QUEUED = 1000
FRAME = 3904
"""Bytes on the wire of a short text: a frame of eight cells."""


def latency(alice: Person, bob: Person, stream: Stream) -> list[Figure]:
    times = []
    with client(alice) as sender, client(bob) as receiver:
        receiver.call("subscribe", since=None)
        for number in range(MESSAGES):
            begin = time.perf_counter()
            sender.call("send", name="bob", text=f"message {number}")
            _next(receiver, "message.received")
            times.append(time.perf_counter() - begin)
    ours, peer = statistics.median(times) * 1000, stream.round_trip / 2 * 1000
    return [
        Figure(
            name="delivery: half an echo of the stream",
            ours=ours,
            peer=peer,
            ratio=ours / peer,
            bar=2.5,
            goal=1.5,
            higher_is_better=False,
            note=f"ms, median of {MESSAGES}; {ours - peer:.1f} ms more",
        )
    ]


def throughput(alice: Person, bob: Person, stream: Stream) -> list[Figure]:
    """Bob is stopped while Alice queues, and comes back."""
    bob.stop()
    with client(alice) as sender:
        for number in range(QUEUED):
            sender.call("send", name="bob", text=f"{number:>200}")
        sender.call("subscribe", since=None)
        bob.start()
        begin = _connected(sender)
        delivered = 0
        while delivered < QUEUED:
            delivered += _next(sender, "message.state").get("state") == "delivered"
        seconds = time.perf_counter() - begin
    ours = QUEUED * FRAME / seconds
    return [
        Figure(
            name="1,000 queued messages: the stream",
            ours=ours / 1024,
            peer=stream.throughput / 1024,
            ratio=ours / stream.throughput,
            bar=0.4,
            goal=0.65,
            higher_is_better=True,
            note=f"KiB/s on the wire; {seconds:.2f} s in all",
        )
    ]


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


def _connected(subscriber: Client) -> float:
    """When the other one is there."""
    while not _next(subscriber, "contact.state").get("online"):
        pass
    return time.perf_counter()
