"""What a broken connection swallowed comes again, as the same bytes, and is shown once."""

import asyncio
from pathlib import Path

import pytest

from onionchat.node import dialing, peer
from onionchat.node.dialing import Schedule
from onionchat.store import counts
from onionchat.tor.link import Link
from tests.node.street import Home, Street, befriend

PROMISED = 30


class Cut:
    """A link that the network breaks after so many reads, as tor does: without a word."""

    def __init__(self, link: Link, reads: int) -> None:
        self._link = link
        self._reads = reads

    async def read(self, n: int = 65536) -> bytes:
        self._reads -= 1
        if self._reads < 0:
            await self._link.close()
            return b""
        return await self._link.read(n)

    async def write(self, data: bytes) -> None:
        await self._link.write(data)

    async def close(self) -> None:
        await self._link.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redial at once, so that the test is about the protocol and not about waiting."""
    monkeypatch.setattr(dialing, "PATIENCE", 0.0)
    monkeypatch.setattr(peer, "Schedule", lambda: Schedule(lambda low, _: low))


def test_connections_that_break_all_the_time_lose_and_double_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        street = Street()
        alice, bob = Home("alice", tmp_path, street), Home("bob", tmp_path, street)
        async with asyncio.timeout(60), alice.up():
            async with bob.up():
                await befriend(alice, bob)
            street.wrap = lambda link: Cut(link, 3 + street.dials % 5)
            async with bob.up():
                await chatter(alice, bob)
        assert street.dials > PROMISED / 4, "the network did not break often enough to prove it"

    asyncio.run(scene())


async def chatter(alice: Home, bob: Home) -> None:
    """Both talk at once; everything arrives, in order."""
    for number in range(PROMISED):
        await alice("send", name="bob", text=f"to bob {number}")
        await bob("send", name="alice", text=f"to alice {number}")
    await alice.until(lambda: counts.totals().outbox == 0)
    await bob.until(lambda: counts.totals().outbox == 0)
    at_bob = [row.text for row in await bob("receive")]
    at_alice = [row.text for row in await alice("receive")]
    assert at_bob == [f"to bob {number}" for number in range(PROMISED)]
    assert at_alice == [f"to alice {number}" for number in range(PROMISED)]
