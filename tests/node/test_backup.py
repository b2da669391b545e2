"""A profile moves to another machine: what is there again, and what the other side sees."""

import asyncio
from typing import Any

import pytest

from onionchat.node import greeting, talk
from onionchat.store import contacts, counts, requests
from onionchat.store.backup_content import Content
from onionchat.store.models import Contact
from tests.node.moving import incoming, moved, notices, read, say, settled, taken, texts
from tests.node.street import Home, befriend

pytestmark = pytest.mark.usefixtures("promptly")


def test_talk_backup_talk_destroy_restore_talk(alice: Home, bob: Home) -> None:
    async def scene() -> None:
        async with asyncio.timeout(60), alice.up():
            async with bob.up():
                await befriend(alice, bob)
                await say(alice, "one")
                await say(bob, "two")
                await read(bob)
                await say(alice, "three")
                content = await taken(bob)
                await say(alice, "after the backup")
                await say(bob, "forgotten by bob")
            new = await moved(bob, content)
            await alice("send", name="bob", text="while bob was away")
            async with new.up():
                await settled(alice)
                await say(new, "I am back")
                await say(alice, "welcome")
                assert await incoming(new) == [
                    ("three", 0),
                    ("while bob was away", 1),
                    ("welcome", 0),
                ]
                assert await texts(new) == [
                    "one read",
                    "two delivered",
                    "three unread",
                    "while bob was away unread",
                    "I am back delivered",
                    "welcome unread",
                ]
                assert await notices(new) == []
                assert await texts(alice) == [
                    "one delivered",
                    "two unread",
                    "three delivered",
                    "after the backup delivered",
                    "forgotten by bob unread",
                    "while bob was away delivered",
                    "I am back unread",
                    "welcome delivered",
                ]
                assert await notices(alice) == [greeting.NO_COMMON_SESSION]
                assert [missing for _, missing in await incoming(alice)] == [0, 0, 0]

    asyncio.run(scene())


def test_what_had_not_arrived_arrives_once(
    alice: Home, bob: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Received but not receipted, and never sent; the same from the other side."""

    async def scene() -> None:
        async with asyncio.timeout(60):
            async with bob.up():
                async with alice.up():
                    await befriend(alice, bob)
                    await say(alice, "0")
                    await say(bob, "0")
                    with monkeypatch.context() as patch:
                        patch.setattr(talk, "RECEIPT_DELAY_SECONDS", (3600.0, 3600.0))
                        await bob("send", name="alice", text="received")
                        await alice("send", name="bob", text="received")
                        await alice.until(lambda: counts.totals().unread == 2)
                        await bob.until(lambda: counts.totals().unread == 2)
                await bob("send", name="alice", text="waits")
                content = await taken(bob)
            new = await moved(bob, content)
            assert [m.sending.state for m in mine(content)] == ["delivered", "sent", "queued"]
            async with alice.up():
                await alice("send", name="bob", text="waits")
                async with new.up():
                    await settled(alice)
                    await settled(new)
                    for home in (alice, new):
                        assert await incoming(home) == [("0", 0), ("received", 0), ("waits", 0)]
                        own = [text for text in await texts(home) if "delivered" in text]
                        assert own == ["0 delivered", "received delivered", "waits delivered"]

    asyncio.run(scene())


def mine(content: Content) -> list[Any]:
    (contact,) = content.contacts
    return [message for message in contact.messages if message.sending is not None]


def test_who_had_verified_us_holds_back_until_they_have_asked(alice: Home, bob: Home) -> None:
    async def scene() -> None:
        async with asyncio.timeout(60), alice.up():
            async with bob.up():
                await befriend(alice, bob)
                await say(bob, "one")
                await alice.change(lambda: Contact.update(verified=True).execute())
                content = await taken(bob)
            new = await moved(bob, content)
            await alice("send", name="bob", text="secret")
            async with new.up():
                await say(new, "I am back")
                assert await notices(alice) == [greeting.NO_COMMON_SESSION]
                assert await texts(new) == ["one delivered", "I am back delivered"]
                number = (await alice("verify", name="bob")).safety_number
                await alice("verify", name="bob", confirm=number[-5:])
                await settled(alice)
                assert await incoming(new) == [("secret", 0)]

    asyncio.run(scene())


def test_a_yes_that_had_not_arrived_is_said_again(alice: Home, bob: Home) -> None:
    """Also without the history: whoever asked would wait for ever."""

    async def scene() -> None:
        async with asyncio.timeout(60):
            async with bob.up():
                async with alice.up():
                    await alice("contact.add", name="bob", address=bob.address)
                    await bob.until(requests.all_rows)
                await bob("request.accept", who="1", name="alice")
                content = await taken(bob, history=False)
            new = await moved(bob, content)
            async with alice.up(), new.up():
                await alice.until(lambda: contacts.by_id(1).state == "contact")
                await say(alice, "hello")
                await say(new, "hello")
                assert await incoming(alice) == await incoming(new) == [("hello", 0)]

    asyncio.run(scene())


def test_a_request_that_was_not_answered_is_answered_after_the_move(alice: Home, bob: Home) -> None:
    async def scene() -> None:
        async with asyncio.timeout(60), alice.up():
            async with bob.up():
                await bob("contact.add", name="alice", address=alice.address)
                await alice.until(requests.all_rows)
                content = await taken(bob)
            new = await moved(bob, content)
            async with new.up():
                await alice("request.accept", who="1", name="bob")
                await new.until(lambda: contacts.by_id(1).state == "contact")
                await say(new, "hello")
                assert await incoming(alice) == [("hello", 0)]
                assert await notices(alice) == await notices(new) == []

    asyncio.run(scene())


def test_old_and_new_at_once_are_told_and_nothing_is_lost_in_silence(
    alice: Home, bob: Home
) -> None:
    """Two machines with one identity: each message reaches one of them, the other shows a gap."""

    async def scene() -> None:
        async with asyncio.timeout(60), alice.up(dial=False):
            async with bob.up():
                await befriend(alice, bob)
                await say(bob, "0")
                await say(alice, "0")
                await read(alice)
                await read(bob)
                new = await moved(bob, await taken(bob))
            for turn in range(1, 6):
                async with bob.up(), new.up():
                    await bob("send", name="alice", text=f"old {turn}")
                    await new("send", name="alice", text=f"new {turn}")
                    await alice("send", name="bob", text=str(turn))
                    await settled(alice)
            async with bob.up():
                await settled(bob)
                await alice("send", name="bob", text="to the old")
                await settled(alice)
                at_old = await incoming(bob)
                assert greeting.NO_COMMON_SESSION in await notices(bob)
            async with new.up():
                await settled(new)
                await alice("send", name="bob", text="to the new")
                await settled(alice)
                at_new = await incoming(new)
                assert greeting.NO_COMMON_SESSION in await notices(new)
            assert greeting.NO_COMMON_SESSION in await notices(alice)
            told = sorted(f"{who} {turn}" for who in ("old", "new") for turn in range(1, 6))
            assert sorted(text for text, _ in await incoming(alice)) == told
            sent = {*map(str, range(1, 6)), "to the old", "to the new"}
            for there, last in ((at_old, 6), (at_new, 7)):
                # At least: that she is somewhere else has numbers, too, and goes to one of them.
                assert len(there) + sum(gap or 0 for _, gap in there) >= last
                assert len(there) == len(dict(there))
            assert dict(at_old + at_new).keys() == sent

    asyncio.run(scene())
