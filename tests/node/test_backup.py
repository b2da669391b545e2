"""A profile moves to another machine: what is there again, and what the other side sees."""

import asyncio
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import msgspec
import pytest

from onionchat.node import backup, greeting, talk
from onionchat.node.clock import wall_clock
from onionchat.store import backup as rows
from onionchat.store import contacts, counts, endpoints, messages, requests, restore
from onionchat.store.backup_content import Content
from onionchat.store.contacts import NewContact
from onionchat.store.database import Database
from onionchat.store.endpoints import Named
from onionchat.store.models import Contact, Forgotten, Outbox, Receipt, Seen, Session
from onionchat.store.sequences import Arrivals, Whose
from onionchat.types import IdentityKey, MessageId, Millis, OnionKey, StreamId
from tests.node.street import Home, Street, befriend

pytestmark = pytest.mark.usefixtures("promptly")


@pytest.fixture
def street() -> Street:
    return Street()


@pytest.fixture
def alice(tmp_path: Path, street: Street) -> Home:
    return Home("alice", tmp_path, street)


@pytest.fixture
def bob(tmp_path: Path, street: Street) -> Home:
    """Who moves."""
    return Home("bob", tmp_path, street)


async def taken(home: Home, *, history: bool = True) -> Content:
    """What a backup of a running home holds, as it comes out of a file."""
    assert home.profile is not None
    content = await home.profile.db.run(rows.take, wall_clock(), history=history)
    return msgspec.msgpack.decode(msgspec.msgpack.encode(content), type=Content)


async def moved(home: Home, content: Content) -> Home:
    """The same person on another machine, from nothing but the backup."""
    place = Path(mkdtemp(dir=home.directory))
    new = Home(home.name, place, home._street)
    new._seed, new.identity, new.address = content.seed, home.identity, home.address
    async with await Database.open(new.directory / "store.db", new._key, create=True) as db:
        await db.run(restore.put_back, content, backup.reborn(content), wall_clock())
    return new


async def say(home: Home, text: str, wait: Any = "delivered") -> None:
    other = "bob" if home.name == "alice" else "alice"
    await home("send", name=other, text=text, wait=wait, timeout=30)


async def texts(home: Home) -> list[str]:
    """Every text of the talk, with how far it has got where it is one's own."""
    other = "bob" if home.name == "alice" else "alice"
    shown = await home("history", name=other)
    return [f"{row.text} {row.state}" for row in shown if row.kind == "text"]


async def notices(home: Home) -> list[str]:
    other = "bob" if home.name == "alice" else "alice"
    return [row.text for row in await home("history", name=other) if row.kind == "notice"]


async def incoming(home: Home) -> list[tuple[str, int | None]]:
    """Unread texts, each with the number of those missing before it."""
    return [(row.text, row.missing) for row in await home("receive") if row.kind == "text"]


async def read(home: Home) -> None:
    await home("receive.ack", cursors=[row.cursor for row in await home("receive")])


async def settled(home: Home) -> None:
    await home.until(lambda: counts.totals().outbox == 0)


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


def test_without_the_history_people_and_numbers_are_back(alice: Home, bob: Home) -> None:
    async def scene() -> None:
        async with asyncio.timeout(60), alice.up():
            async with bob.up():
                await befriend(alice, bob)
                await bob.change(lambda: Contact.update(verified=True).execute())
                await say(alice, "one")
                await say(bob, "two")
                assert await bob.change(rows.left_out) == 1
                content = await taken(bob, history=False)
                assert content.messages == 0
            new = await moved(bob, content)
            async with new.up():
                await say(new, "I am back")
                await say(alice, "welcome")
                assert await texts(new) == ["I am back delivered", "welcome unread"]
                assert await incoming(new) == [("welcome", 0)]
                assert (await new("contact.show", name="alice")).verified
                assert await notices(new) == []

    asyncio.run(scene())


def test_without_the_history_what_was_read_is_not_shown_again(
    alice: Home, bob: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody has read yet is: the backup does not hold it."""

    async def scene() -> None:
        async with asyncio.timeout(60), alice.up():
            async with bob.up():
                await befriend(alice, bob)
                await say(alice, "0")
                monkeypatch.setattr(talk, "RECEIPT_DELAY_SECONDS", (3600.0, 3600.0))
                await alice("send", name="bob", text="read")
                await bob.until(lambda: counts.totals().unread == 2)
                await read(bob)
                await alice("send", name="bob", text="unread")
                await bob.until(lambda: counts.totals().unread == 1)
                content = await taken(bob, history=False)
            monkeypatch.setattr(talk, "RECEIPT_DELAY_SECONDS", (0.0, 0.0))
            async with (await moved(bob, content)).up() as new:
                await settled(alice)
                assert await incoming(new) == [("unread", 0)]

    asyncio.run(scene())


def test_a_backup_of_the_restored_profile_is_the_same(alice: Home, bob: Home) -> None:
    """Every row, from both states of a request to a gap and a refusal."""

    async def scene() -> None:
        async with asyncio.timeout(60), alice.up(), bob.up():
            await befriend(alice, bob)
            await say(alice, "one")
            await read(bob)
            await say(bob, "two")
            await say(alice, "three")
            await bob("send", name="alice", text="four")
            await bob.change(fill)
            for history in (True, False):
                content = await taken(bob, history=history)
                place = await moved(bob, content)
                async with place.store() as profile:
                    place.profile = profile
                    again = await taken(place, history=history)
                    assert await place.change(lambda: rows.last_number("event")) > 10**12
                same = {"made_at": content.made_at}
                assert msgspec.structs.replace(again, **same) == content

    asyncio.run(scene())


def fill() -> None:
    """What a short talk does not bring."""
    now, number = Millis(1), iter(range(200))

    def key() -> IdentityKey:
        return IdentityKey(bytes([next(number)]) * 32)

    for name, state in (("c", "requested"), ("d", "blocked")):
        new = NewContact(name, name, key(), state, MessageId(bytes(16)), "it is me")
        row = contacts.add(new, now)
    Contact.update(blocked_from="contact", verified=True, held=True).where(
        Contact.id == row.id
    ).execute()
    messages.add_notice(row.conversation, row.id, "a notice", now)
    arrivals = Arrivals()
    arrivals.arrived(Whose(row.conversation, row.device, StreamId(bytes(8))), 7, 9)
    arrivals.save()
    endpoints.learn(row.device, Named(OnionKey(key()), key(), 3, StreamId(bytes(8)), 1), now)
    Forgotten.insert(contact=row.id, message_id=bytes(16)).execute()
    requests.refuse(key(), "rejected", now)
    for who in (key(), key()):
        requests.add(who, "let me in", StreamId(bytes(8)), now, limit=50)
    requests.remove(requests.all_rows()[-1].number)


def test_a_backup_holds_nothing_that_must_not_exist_twice(
    alice: Home, bob: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        async with asyncio.timeout(60), alice.up(), bob.up():
            await befriend(alice, bob)
            await say(alice, "one")
            monkeypatch.setattr(talk, "RECEIPT_DELAY_SECONDS", (3600.0, 3600.0))
            await say(bob, "two", wait="sent")
            assert bob.profile is not None
            content = msgspec.msgpack.encode(await taken(bob))
            secret = await bob.change(once_only)
            assert len(secret) == 6
            for value in (*secret, bytes(bob.profile.me.incarnation)):
                assert content.find(value) < 0

    asyncio.run(scene())


def once_only() -> set[bytes]:
    """One of each kind of value, of those that there are."""
    state, wire = Session.select(Session.state).scalar(), Outbox.wire.is_null(False)
    return {
        *(state, state[-32:], Session.select(Session.sid).scalar()),
        Outbox.select(Outbox.wire).where(wire).scalar(),
        Seen.select(Seen.digest).scalar(),
        Receipt.select(Receipt.wire).scalar(),
    }


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
