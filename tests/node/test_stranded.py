"""A session that begins while another connection greets, and dies with its own connection."""

import asyncio
from pathlib import Path

import pytest

from onionchat.node.outbox import Batch
from onionchat.node.talk import Talk
from onionchat.store import counts, endpoints
from tests.node.test_people import friends, texts

pytestmark = pytest.mark.usefixtures("promptly")


def test_what_was_written_in_it_leaves_on_the_other_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when somebody writes just while they are unblocked: bob's dial begins a session after
    alice's dial has heard what sessions he has, and then his connection ends."""
    opening, greeted, written = asyncio.Event(), asyncio.Event(), asyncio.Event()
    listen, look = Talk._listen, Talk._what_waits

    async def scene() -> None:
        async with friends(tmp_path) as (alice, bob):

            async def slow_listen(self: Talk) -> None:
                if self._profile is bob.profile and self._opening:
                    await written.wait()
                elif self._profile is bob.profile:
                    greeted.set()
                await listen(self)

            async def slow_look(self: Talk, rows: tuple[int, ...]) -> Batch:
                mine = self._profile is bob.profile and self._opening
                if mine:
                    opening.set()
                    await greeted.wait()
                batch = await look(self, rows)
                if mine:
                    written.set()
                return batch

            await bob.change(lambda: endpoints.forget(1))  # he knows her address alone
            await alice("contact.block", name="bob")
            monkeypatch.setattr(Talk, "_listen", slow_listen)
            monkeypatch.setattr(Talk, "_what_waits", slow_look)
            await bob("send", name="alice", text="are you there?")
            await opening.wait()
            await alice("contact.unblock", name="bob")
            await bob.until(lambda: not counts.totals().outbox)
            assert "are you there?" in await texts(alice, "bob")

    asyncio.run(scene())
