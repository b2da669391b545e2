"""What `up --on-message` is told when a request and a message came in."""

import asyncio
from pathlib import Path
from typing import Any

from onionchat.node import arrivals
from tests.node.street import Home, Street, befriend


def test_a_request_and_a_message_ring(tmp_path: Path, promptly: None) -> None:
    async def scene() -> None:
        street, rung = Street(), asyncio.Queue[dict[str, Any]]()
        alice, bob = Home("alice", tmp_path, street), Home("bob", tmp_path, street)
        async with alice.up(), bob.up(), asyncio.TaskGroup() as group:
            assert bob.profile is not None
            telling = group.create_task(
                arrivals.tell(bob.profile, 0, rung.put_nowait, with_text=True)
            )
            await alice("contact.add", name="bob", address=bob.address, text="it is me")
            request = await rung.get()
            await bob("request.accept", who="1", name="alice")
            sent = await alice("send", name="bob", text="hello", wait="delivered", timeout=30)
            message = await rung.get()
            telling.cancel()
        assert request.pop("at")
        assert request == dict.fromkeys(message.keys() - {"at"}) | {
            "kind": "request",
            "number": 1,
            "text": "it is me",
        }
        assert message.pop("at")
        assert message == {
            "kind": "text",
            "id": sent.id,
            "contact": "alice",
            "conversation": "1",
            "number": None,
            "text": "hello",
        }

    asyncio.run(scene())


def test_a_text_that_nobody_asked_for_is_not_told(tmp_path: Path, promptly: None) -> None:
    async def scene() -> None:
        street, rung = Street(), asyncio.Queue[dict[str, Any]]()
        alice, bob = Home("alice", tmp_path, street), Home("bob", tmp_path, street)
        async with alice.up(), bob.up(), asyncio.TaskGroup() as group:
            assert bob.profile is not None
            await befriend(alice, bob)
            await alice("send", name="bob", text="hello", wait="delivered", timeout=30)
            telling = group.create_task(
                arrivals.tell(bob.profile, 0, rung.put_nowait, with_text=False)
            )
            message = await rung.get()
            telling.cancel()
        assert message.keys() == {"kind", "id", "contact", "conversation", "number", "at"}
        assert "hello" not in message.values()

    asyncio.run(scene())


def test_what_was_deleted_or_answered_before_does_not_ring(tmp_path: Path, promptly: None) -> None:
    async def scene() -> None:
        street, rung = Street(), asyncio.Queue[dict[str, Any]]()
        alice, bob = Home("alice", tmp_path, street), Home("bob", tmp_path, street)
        async with alice.up(), bob.up(), asyncio.TaskGroup() as group:
            await befriend(alice, bob)
            await alice("send", name="bob", text="hello", wait="delivered", timeout=30)
            await bob("history.clear", name="alice")
            await alice("send", name="bob", text="again", wait="delivered", timeout=30)
            assert bob.profile is not None
            telling = group.create_task(
                arrivals.tell(bob.profile, 0, rung.put_nowait, with_text=True)
            )
            assert (await rung.get())["text"] == "again"
            telling.cancel()

    asyncio.run(scene())
