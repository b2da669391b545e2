"""What a backup holds and what it leaves out: with the history, and without."""

import asyncio

import msgspec
import pytest

from onionchat.node import talk
from onionchat.store import backup as rows
from onionchat.store import contacts, counts, endpoints, messages, requests
from onionchat.store.contacts import NewContact
from onionchat.store.endpoints import Named
from onionchat.store.models import Contact, Forgotten, Outbox, Receipt, Seen, Session
from onionchat.store.sequences import Arrivals, Whose
from onionchat.types import IdentityKey, MessageId, Millis, OnionKey, StreamId
from tests.node.moving import incoming, moved, notices, read, say, settled, taken, texts
from tests.node.street import Home, befriend

pytestmark = pytest.mark.usefixtures("promptly")


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
