"""What an inbox costs: the same conversation over it and over the onion of the identity, in turn.

Two nodes in this process, each with a tor of its own. Where they know only the other's address they
meet there, else at an inbox. Message time is from the `send` call to the moment the other side has
committed the message; throughput is that of many messages sent at once, until the last is there.

Each round dials anew over fresh circuits on both sides, since one is fast or slow by luck (see
delivery.py), and who begins moves on.

The bar of a message's time is for one that is written after a rest, as people write. Right behind
another it takes 12 or 52 ms, as the kernels between the relays acknowledge (delivery.py), and more
often the one or the other on each circuit: three runs of 20 circuits each gave 0.91, 1.05 and 1.35
times of the same thing. That row is shown, and says nothing about inboxes.
"""

import asyncio
import secrets
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.figure import Figure
from benchmarks.stream import FRAME
from onionchat.store.models import Endpoint, Message
from onionchat.tor.testnet import Info
from tests.live.house import House
from tests.node.town import delivered, forget_places, hang_up, peers, town
from tests.soak.network import pause

ROUNDS = 20
SINGLE = 10
"""In each round: 200 in all, over each; and as many after a rest."""
REST = 0.5
"""Seconds; by then the receipt of the message before has come back, too."""
MANY = 200
BAR = 1.1


@dataclass
class Times:
    """Seconds: of single messages after a rest and right behind another, and of MANY at once."""

    rested: list[float] = field(default_factory=list)
    single: list[float] = field(default_factory=list)
    many: list[float] = field(default_factory=list)


def figures(network: Info, home: Path) -> Iterator[Figure]:
    inbox, address = asyncio.run(_measured(network, home))
    yield _message("a message over the inbox: over the address", inbox.rested, address.rested, BAR)
    yield _message("right behind another: over the address", inbox.single, address.single)
    one, other = (MANY * FRAME / 1024 / statistics.median(it.many) for it in (inbox, address))
    name = f"{MANY} messages over the inbox: over the address"
    yield Figure(name, one, other, "KiB/s", one / other, True, 1 / BAR, note="over the same")


def _message(name: str, ours: list[float], theirs: list[float], bar: float | None = None) -> Figure:
    one, other = (1000 * statistics.median(times) for times in (ours, theirs))
    note = f"medians of {len(ours)}, over {ROUNDS} circuits each"
    return Figure(name, one, other, "ms", one / other, False, bar, note=note)


async def _measured(network: Info, home: Path) -> tuple[Times, Times]:
    alice, bob = (House(name, home, network) for name in ("alice", "bob"))
    inbox, address = Times(), Times()
    async with town([alice, bob], patience=None):
        theirs, hers = await alice.change(_inboxes), await bob.change(_inboxes)
        for turn in range(ROUNDS):
            for times in (inbox, address) if turn % 2 else (address, inbox):
                await _know(alice, "bob", theirs if times is inbox else [])
                await _know(bob, "alice", hers if times is inbox else [])
                await _meet_anew(alice, bob)
                await _talk(alice, bob, times)
    return inbox, address


async def _know(house: House, friend: str, places: list[dict[str, Any]]) -> None:
    """These places, and the address."""
    await forget_places(house, friend)
    if places:
        await house.change(Endpoint.insert_many(places).execute)


async def _meet_anew(alice: House, bob: House) -> None:
    for house in (alice, bob):
        for peer in peers(house):
            peer._token = secrets.token_hex(16)
        await hang_up(house)
    await delivered(alice, "bob", "here I am")


async def _talk(alice: House, bob: House, times: Times) -> None:
    for number in range(SINGLE):
        await pause(REST)
        times.rested.append(await _said(alice, bob, f"rested {number}"))
    for number in range(SINGLE):
        times.single.append(await _said(alice, bob, f"message {number}"))
    times.many.append(await _said(alice, bob, *(f"{number:>200}" for number in range(MANY))))


async def _said(alice: House, bob: House, *texts: str) -> float:
    """Seconds until all of them are there."""
    loop = asyncio.get_running_loop()
    before = await bob.change(_messages)
    begin = loop.time()
    for text in texts:
        await alice("send", name="bob", text=text)
    await bob.until(lambda: _messages() == before + len(texts))
    return loop.time() - begin


def _messages() -> int:
    return int(Message.select().count())


def _inboxes() -> list[dict[str, Any]]:
    """What is known of the other's."""
    return list(Endpoint.select().where(Endpoint.client_key.is_null(False)).dicts())
