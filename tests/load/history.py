"""A long history with one person: how fast it opens, and what is asked of it all the time."""

import statistics
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from onionchat.rpc.client import Client
from tests.load import filling
from tests.load.bar import Bar
from tests.load.profiles import acquaint, fill
from tests.load.street_node import StreetNode, best_start

TRANSACTION = 50_000
UNREAD = 1000
OPEN, PAGE, COUNT = 2.0, 20.0, 5.0
ROUNDS = 100


def figures(directory: Path, count: int) -> Iterator[Bar]:
    alice, bob = StreetNode(directory, "alice"), StreetNode(directory, "bob")
    acquaint(alice, bob)
    size = min(TRANSACTION, count)
    parts = [partial(filling.history, "bob", size, first=n) for n in range(0, count - size, size)]
    last = partial(filling.history, "bob", size, first=count - size, unread=min(UNREAD, size // 2))
    fill(alice.paths, *parts, last)
    size_on_disk = alice.paths.database.stat().st_size >> 20
    seconds = best_start(alice)
    try:
        yield Bar(f"open with {count:,} messages", seconds, "s", OPEN, f"{size_on_disk:,} MiB")
        with alice.client() as client:
            yield from _asked(client)
    finally:
        alice.stop()


def _asked(client: Client) -> Iterator[Bar]:
    old = _somewhere_in_the_middle(client)
    pages: dict[str, tuple[str, dict[str, Any]]] = {
        "a page of 50, the newest": ("history", {"name": "bob", "limit": 50}),
        "a page of 50, far back": ("history", {"name": "bob", "limit": 50, "before": old}),
        "50 unread messages": ("receive", {"limit": 50}),
    }
    for name, (method, params) in pages.items():
        yield _figure(name, client, method, params, PAGE)
    for method in ("status", "contact.list"):
        yield _figure(f"the count of the unread, by {method}", client, method, {}, COUNT)


def _figure(name: str, client: Client, method: str, params: dict[str, Any], limit: float) -> Bar:
    times = []
    for _ in range(ROUNDS):
        begin = perf_counter()
        client.call(method, **params)
        times.append((perf_counter() - begin) * 1000)
    worst = f"median of {ROUNDS}, worst {max(times):.1f} ms"
    return Bar(name, statistics.median(times), "ms", limit, worst)


def _somewhere_in_the_middle(client: Client) -> str:
    before = None
    for _ in range(20):
        page = client.call("history", name="bob", limit=1000, before=before)
        before = page[0]["id"] if page else before
    assert isinstance(before, str)
    return before
