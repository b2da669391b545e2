"""Two whole nodes: a request, an acceptance, messages both ways, restarts."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from onionchat.node import outbox
from onionchat.node.clock import DAY, wall_clock
from onionchat.node.inbox import UNSUPPORTED
from onionchat.store.outbox import DueRow
from onionchat.types import Millis, StreamId
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


@pytest.mark.usefixtures("promptly")
def test_wall_clocks_400_days_apart_and_changing_places_are_no_matter(tmp_path: Path) -> None:
    async def scene() -> None:
        street = Street()
        alice, bob = Home("alice", tmp_path, street), Home("bob", tmp_path, street)
        ahead = {"alice": 400, "bob": 0}
        alice.clock = lambda: Millis(wall_clock() + ahead["alice"] * DAY)
        bob.clock = lambda: Millis(wall_clock() + ahead["bob"] * DAY)
        said = []
        async with asyncio.timeout(60), alice.up(), bob.up():
            await befriend(alice, bob)
            for ahead["alice"], ahead["bob"] in ((400, 0), (0, 400), (-400, 400), (400, -400)):
                for speaker, other in ((alice, "bob"), (bob, "alice")):
                    said.append(f"{speaker.name} {ahead}")
                    sent = await speaker("send", name=other, text=said[-1], wait="delivered")
                    assert sent.state == "delivered"
            for home, other in ((alice, "bob"), (bob, "alice")):
                rows = await home("history", name=other)
                assert [row.text for row in rows] == said
                heard = await home("receive")
                assert [(row.missing, row.late) for row in heard] == [(0, False)] * 4

    asyncio.run(scene())


@pytest.mark.usefixtures("promptly")
def test_what_a_newer_version_says_is_named_as_that_and_receipted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps its place: nothing is missing, and what follows is read."""

    ours = outbox._record

    def newer(row: DueRow, stream: StreamId, seq: int) -> bytes:
        if row.text is None:
            return ours(row, stream, seq)
        head = row.message_id, stream, seq, row.queued_at, None
        return msgspec.msgpack.encode([77, *head, "colours", ["red"]])

    async def scene() -> None:
        street = Street()
        alice, bob = Home("alice", tmp_path, street), Home("bob", tmp_path, street)
        async with asyncio.timeout(60), alice.up(), bob.up():
            await befriend(alice, bob)
            with monkeypatch.context() as patch:
                patch.setattr(outbox, "_record", newer)
                sent = await alice("send", name="bob", text="red", wait="delivered", timeout=30)
            assert sent.state == "delivered"
            await alice("send", name="bob", text="and in words", wait="delivered", timeout=30)
            heard = [(row.kind, row.text, row.missing) for row in await bob("receive")]
            assert heard == [("unsupported", UNSUPPORTED, 0), ("text", "and in words", 0)]

    asyncio.run(scene())
