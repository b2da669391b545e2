"""What a person decides about somebody: another name, the end, a fresh start, trust."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path

import pytest

from onionchat.crypto.address import format_address
from onionchat.crypto.identity import Identity
from onionchat.crypto.safety import safety_number
from onionchat.errors import (
    IdentityError,
    NotFoundError,
    RefusedError,
    ScarceError,
    UsageError,
    first_of,
)
from onionchat.node.greeting import NO_COMMON_SESSION
from onionchat.node.peers import Peers
from onionchat.protocol.events import Bye
from onionchat.store import contacts, counts, messages, requests
from onionchat.store.contacts import ContactRow
from tests.node.caller import Speech, call, greet, request, silence
from tests.node.street import Home, Street, befriend

pytestmark = pytest.mark.usefixtures("promptly")


@asynccontextmanager
async def friends(tmp_path: Path) -> AsyncIterator[tuple[Home, Home]]:
    """Alice and bob, both up, with a word said each way."""
    street = Street()
    alice, bob = (Home(name, tmp_path, street) for name in ("alice", "bob"))
    async with asyncio.timeout(60), alice.up(), bob.up():
        await befriend(alice, bob)
        await say(alice, "bob", "hello")
        await say(bob, "alice", "hello yourself")
        yield alice, bob


async def say(home: Home, to: str, text: str) -> str:
    """Send and wait for the receipt; the ID."""
    sent = await home("send", name=to, text=text, wait="delivered")
    return str(sent.id)


async def texts(home: Home, name: str) -> list[str]:
    return [row.text for row in await home("history", name=name) if row.kind == "text"]


async def notices(home: Home, name: str) -> list[str]:
    return [row.text for row in await home("history", name=name) if row.kind == "notice"]


def test_a_new_name_is_mine_alone_and_the_talk_goes_on(tmp_path: Path) -> None:
    async def scene() -> None:
        async with friends(tmp_path) as (alice, bob):
            row = await alice("contact.rename", name="bob", new_name="Bobby")
            assert (row.name, row.online) == ("Bobby", True)
            await alice("contact.rename", name="Bobby", new_name="BOBBY")  # it looks the same
            with pytest.raises(NotFoundError):
                await alice("send", name="bob", text="x")
            await say(alice, "BOBBY", "still there?")
            await say(bob, "alice", "yes")
            assert await texts(alice, "BOBBY") == [
                *("hello", "hello yourself", "still there?", "yes")
            ]
            with pytest.raises(UsageError):
                await alice("contact.rename", name="BOBBY", new_name="-x")

    asyncio.run(scene())


def test_a_name_that_looks_like_somebody_elses_is_refused(tmp_path: Path) -> None:
    async def scene() -> None:
        async with friends(tmp_path) as (alice, _):
            other = Home("other", tmp_path, Street())
            await alice("contact.add", name="carol", address=other.address)
            with pytest.raises(RefusedError):
                await alice("contact.rename", name="carol", new_name="Bоb")  # a Cyrillic o
            assert (await alice("contact.show", name="carol")).name == "carol"

    asyncio.run(scene())


def test_an_address_that_only_begins_the_same_is_somebody_elses(tmp_path: Path) -> None:
    """Who makes keys until one looks like bob's is not bob, whether they are named or come."""

    async def scene() -> None:
        async with friends(tmp_path) as (alice, bob):
            mallory = lookalike(bob.identity)
            address = format_address(mallory.key)
            with pytest.raises(NotFoundError):
                await alice("send", name=address, text="for bob")
            async with call(alice.street, alice, mallory) as caller:
                assert (await greet(caller)).sessions == ()
                await caller.send(Speech(caller).envelope(request("it is bob")), Bye())
                assert await silence(caller.link) == b""
            (asked,) = await alice.until(requests.all_rows)
            assert asked.key == mallory.key
            await alice("request.accept", who=address, name="carol")
            bobs, carols = [await alice("verify", name=name) for name in ("bob", "carol")]
            assert bobs.safety_number != carols.safety_number

    asyncio.run(scene())


def lookalike(them: Identity) -> Identity:
    """Somebody whose address begins with the same letters: one in a thousand does."""
    others = (Identity.from_seed(number.to_bytes(32)) for number in count())
    return next(other for other in others if other.service_id[:2] == them.service_id[:2])


def test_who_is_blocked_is_cut_off_at_once_and_comes_back_with_everything(tmp_path: Path) -> None:
    async def scene() -> None:
        async with friends(tmp_path) as (alice, bob):
            row = await alice("contact.block", name="bob")
            assert (row.state, row.online) == ("blocked", False)
            assert bob.profile is not None
            live = bob.profile.live
            assert live is not None
            await bob.until(lambda: not live.online_count())  # his connection has ended
            with pytest.raises(RefusedError):
                await alice("send", name="bob", text="no")
            await bob("send", name="alice", text="are you there?")
            waiting = (await bob("contact.show", name="alice")).waiting
            assert waiting == 1
            assert (
                await alice("contact.block", name="bob")
            ).state == "blocked"  # again is no error

            row = await alice("contact.unblock", name="bob")
            assert row.state == "contact"
            await say(alice, "bob", "sorry")
            await bob.until(lambda: not counts.totals().outbox)
            assert (await texts(alice, "bob"))[-2:] in (
                ["are you there?", "sorry"],
                ["sorry", "are you there?"],
            )
            assert NO_COMMON_SESSION not in await notices(alice, "bob")
            assert (await alice("contact.unblock", name="bob")).state == "contact"

    asyncio.run(scene())


def test_who_was_only_asked_is_asked_again_after_a_block(tmp_path: Path) -> None:
    async def scene() -> None:
        street = Street()
        alice, bob = (Home(name, tmp_path, street) for name in ("alice", "bob"))
        async with asyncio.timeout(60), alice.up():
            await alice("contact.add", name="bob", address=bob.address)
            await alice("contact.block", name="bob")
            async with bob.up():
                assert (await alice("contact.unblock", name="bob")).state == "requested"
                await bob.until(requests.all_rows)

    asyncio.run(scene())


def test_a_refused_address_is_unblocked_by_its_address(tmp_path: Path) -> None:
    async def scene() -> None:
        street = Street()
        alice, bob = (Home(name, tmp_path, street) for name in ("alice", "bob"))
        async with asyncio.timeout(60), alice.up(), bob.up():
            await bob("contact.add", name="alice", address=alice.address)
            (request,) = await alice.until(requests.all_rows)
            await alice("request.block", who=str(request.number))
            with pytest.raises(RefusedError):
                await alice("contact.add", name="bob", address=bob.address)
            row = await alice("contact.unblock", name=bob.address)
            assert (row.name, row.address, row.state) == (None, bob.address, "stranger")
            with pytest.raises(NotFoundError):
                await alice("contact.unblock", name=bob.address)
            row = await alice("contact.add", name="bob", address=bob.address)
            assert row.state == "requested"
            await alice.until(lambda: contacts.by_name("bob").state == "contact")  # type: ignore[union-attr]

    asyncio.run(scene())


def test_removed_is_removed_while_they_write(tmp_path: Path) -> None:
    """Nothing of them is left, nothing of the node falls over, and they can be asked anew."""

    async def scene() -> None:
        async with friends(tmp_path) as (alice, bob):
            for number in range(200):
                await bob("send", name="alice", text=str(number))
            await alice.until(lambda: counts.totals().unread > 5)
            gone = await alice("contact.remove", name="bob")
            assert (gone.name, gone.state) == ("bob", "removed")
            assert await alice("contact.list") == []
            assert await alice("receive") == []
            assert await alice.change(everything) == {}
            assert (await alice("status")).contacts.total == 0

            await alice("contact.add", name="robert", address=bob.address)
            await bob.until(lambda: not counts.totals().outbox)
            received = [row.text for row in await alice("receive") if row.kind == "text"]
            assert received == sorted(received, key=int)
            await say(alice, "robert", "who are you?")

    asyncio.run(scene())


def test_a_contact_who_vanished_ends_a_connection_and_nothing_else(tmp_path: Path) -> None:
    """The moment between a removal and the end of the connections, stretched."""

    async def scene() -> None:
        async with friends(tmp_path) as (alice, bob):
            await alice.change(lambda: contacts.remove(contact("bob")))
            await bob("send", name="alice", text="anybody?")
            while (await bob("contact.show", name="alice")).online:
                await bob.change(lambda: None)
            assert (await alice("status")).contacts.total == 0

    asyncio.run(scene())


def contact(name: str) -> ContactRow:
    found = contacts.by_name(name)
    assert found is not None
    return found


def everything() -> dict[str, int]:
    """What still refers to any contact."""
    from onionchat.store import models

    apart = (models.Identity, models.Reachability, models.Reader, models.Request, models.Refused)
    found = {
        model.__name__: model.select().count() for model in models.MODELS if model not in apart
    }
    return {name: count for name, count in found.items() if count}


def test_verifying_takes_the_number_that_the_other_side_reads(tmp_path: Path) -> None:
    async def scene() -> None:
        async with friends(tmp_path) as (alice, bob):
            number = safety_number(alice.identity.key, bob.identity.key)
            for home, name in ((alice, "bob"), (bob, "alice")):
                shown = await home("verify", name=name)
                assert (shown.safety_number, shown.verified) == (number, False)
            wrong = f"{(int(number[-5:]) + 1) % 100000:05d}"
            with pytest.raises(IdentityError):
                await alice("verify", name="bob", confirm=wrong)
            for bad in ("", "1234", "123456", "१२३४५", number):
                with pytest.raises(UsageError):
                    await alice("verify", name="bob", confirm=bad)
            with pytest.raises(IdentityError):
                await alice("send", name="bob", text="secret", verified=True)
            assert (await alice("verify", name="bob", confirm=number[-5:])).verified
            assert (await alice("contact.show", name="bob")).verified
            await alice("send", name="bob", text="secret", verified=True)

    asyncio.run(scene())


def test_what_was_held_back_leaves_when_they_are_verified_again(tmp_path: Path) -> None:
    async def scene() -> None:
        async with friends(tmp_path) as (alice, bob):
            number = safety_number(alice.identity.key, bob.identity.key)
            await alice("verify", name="bob", confirm=number[-5:])
            await alice("send", name="bob", text="one")
            await alice.change(lambda: contacts.hold(contact("bob").id))
            await alice("contact.list")
            with pytest.raises(IdentityError):
                await alice("send", name="bob", text="held")
            await alice("verify", name="bob", confirm=number[-5:])
            await say(alice, "bob", "two")
            assert (await texts(bob, "alice"))[-2:] == ["one", "two"]

    asyncio.run(scene())


def test_a_cleared_history_is_gone_and_copies_of_it_do_not_come_back(tmp_path: Path) -> None:
    async def scene() -> None:
        async with friends(tmp_path) as (alice, bob):
            sent = await say(bob, "alice", "burn this")
            cleared = await alice("history.clear", name="bob")
            assert cleared.deleted == 3
            assert await texts(alice, "bob") == []
            assert await texts(bob, "alice") == ["hello", "hello yourself", "burn this"]
            known = bytes.fromhex(sent)
            assert await alice.change(lambda: messages.known(contact("bob").id, [known]))  # type: ignore[list-item]
            await say(bob, "alice", "and this stays")
            assert await texts(alice, "bob") == ["and this stays"]

    asyncio.run(scene())


def test_clearing_keeps_what_waits_and_cancelling_takes_it_back(tmp_path: Path) -> None:
    async def scene() -> None:
        street = Street()
        alice, bob = (Home(name, tmp_path, street) for name in ("alice", "bob"))
        async with asyncio.timeout(60), alice.up():
            async with bob.up():
                await befriend(alice, bob)
                await say(alice, "bob", "hello")
            first = (await alice("send", name="bob", text="wait for him")).id
            second = (await alice("send", name="bob", text="regret")).id
            assert (await alice("history.clear", name="bob")).deleted == 1
            waiting = await alice("outbox.list")
            assert [(row.id, row.contact, row.state) for row in waiting] == [
                (first, "bob", "queued"),
                (second, "bob", "queued"),
            ]
            assert [row.id for row in await alice("outbox.list", after=first)] == [second]
            cancelled = await alice("outbox.cancel", id=second)
            assert (cancelled.state, cancelled.left) == ("cancelled", False)
            with pytest.raises(NotFoundError):
                await alice("outbox.cancel", id=second)
            async with bob.up():
                await alice.until(lambda: not counts.totals().outbox)
                assert await texts(bob, "alice") == ["hello", "wait for him"]
            states = [row.state for row in await alice("history", name="bob")]
            assert states == ["delivered", "cancelled"]

    asyncio.run(scene())


def test_why_a_message_waits(tmp_path: Path) -> None:
    async def scene() -> None:
        street = Street()
        alice, bob = (Home(name, tmp_path, street) for name in ("alice", "bob"))
        async with asyncio.timeout(60), alice.up():
            await alice("contact.add", name="bob", address=bob.address)
            await alice("send", name="bob", text="1")
            assert [row.reason for row in await alice("outbox.list")] == ["requested"]
            async with bob.up():
                await befriend(alice, bob)
                await alice.until(lambda: not counts.totals().outbox)
                await bob("contact.block", name="alice")
                await bob("contact.unblock", name="alice")
                await say(bob, "alice", "back")
            await alice("send", name="bob", text="2")
            await until_reason(alice, "offline")
            await alice.change(lambda: contacts.hold(contact("bob").id))
            assert [row.reason for row in await alice("outbox.list")] == ["identity"]
            await alice("contact.block", name="bob")
            assert [row.reason for row in await alice("outbox.list")] == ["blocked"]

    asyncio.run(scene())


async def until_reason(home: Home, reason: str) -> None:
    while [row.reason for row in await home("outbox.list")] != [reason]:
        assert home.profile is not None
        await home.profile.db.run(lambda: None)


def test_a_node_that_cannot_see_what_was_changed_does_not_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would know nothing of a contact who stands in its store."""

    async def disk_fails(*_: object, **__: object) -> None:
        raise ScarceError("the disk fails")

    async def scene() -> None:
        street = Street()
        alice, bob = (Home(name, tmp_path, street) for name in ("alice", "bob"))
        async with asyncio.timeout(5), alice.up():
            with suppress(ScarceError):
                await alice("contact.add", name="bob", address=bob.address)
            await asyncio.Event().wait()

    monkeypatch.setattr(Peers, "_look_at", disk_fails)
    with pytest.raises(BaseExceptionGroup) as ended:
        asyncio.run(scene())
    assert isinstance(first_of(ended.value), ScarceError)


def test_what_is_committed_while_the_node_ends_is_no_mistake(tmp_path: Path) -> None:
    """One of its tasks has failed, and a command is still at work: its next start sees to it."""

    async def fails() -> None:
        raise ScarceError("the disk fails")

    async def scene() -> None:
        alice = Home("alice", tmp_path, Street())
        async with alice.up():
            assert alice.profile is not None
            async with asyncio.TaskGroup() as group:
                peers = Peers(alice.profile, alice.lane, group)
                group.create_task(fails())
                try:
                    await asyncio.Event().wait()
                finally:
                    assert not await peers.changed(1)

    with pytest.raises(BaseExceptionGroup) as ended:
        asyncio.run(scene())
    assert isinstance(first_of(ended.value), ScarceError)
