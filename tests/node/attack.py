"""The frame of every attack: friends before it, nothing changed by it, friends after it."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from onionchat.crypto.identity import Identity
from tests.node.caller import contents
from tests.node.street import Home, Street, befriend


@asynccontextmanager
async def attacked(tmp_path: Path) -> AsyncIterator[tuple[Street, Home, Home]]:
    """Alice's door, for the length of an attack; afterwards nothing has happened to her."""
    street = Street()
    alice, bob = Home("alice", tmp_path, street), Home("bob", tmp_path, street)
    async with asyncio.timeout(300), alice.up():
        async with bob.up():
            await befriend(alice, bob)
            sent = await bob("send", name="alice", text="before", wait="delivered", timeout=30)
            assert sent.state == "delivered"
        await alone(alice)
        before = await contents(alice)
        yield street, alice, bob
        assert await contents(alice) == before
        async with bob.up():
            sent = await bob("send", name="alice", text="after", wait="delivered", timeout=30)
            assert sent.state == "delivered"
        assert [row.text for row in await alice("receive")] == ["before", "after"]


async def alone(home: Home) -> None:
    """Until nobody is connected: what a conversation writes, it has written."""
    assert home.profile is not None
    while (live := home.profile.live) is not None and live.online_count():
        await home.profile.db.run(lambda: None)


def mallory() -> Identity:
    return Identity.from_seed(secrets.token_bytes(32))
