"""Two whole nodes: a request, an acceptance, messages both ways, restarts."""

import asyncio
from pathlib import Path

from tests.node.street import Home, Street, befriend


def test_a_request_is_accepted_and_a_text_is_delivered_and_receipted(tmp_path: Path) -> None:
    async def scene() -> None:
        street = Street()
        alice, bob = Home("alice", tmp_path, street), Home("bob", tmp_path, street)
        async with alice.up(), bob.up():
            await befriend(alice, bob)
            sent = await alice("send", name="bob", text="hello", wait="delivered", timeout=30)
            assert sent.state == "delivered"
            (got,) = await bob("receive", timeout=30)
            assert (got.text, got.seq, got.missing, got.late) == ("hello", 1, 0, False)
            back = await bob("send", name="alice", text="and back", wait="delivered", timeout=30)
            assert back.state == "delivered"
            (got,) = await alice("receive", timeout=30)
            assert got.text == "and back"

    asyncio.run(scene())
