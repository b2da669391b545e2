"""Asking, being asked, saying yes: who learns what, and how often."""

import asyncio
from pathlib import Path

import pytest

from onionchat.crypto.address import format_address
from onionchat.errors import RefusedError
from onionchat.node import dialing, why
from onionchat.node.clock import DAY, wall_clock
from onionchat.node.dialing import PATIENCE
from onionchat.protocol.events import Bye
from onionchat.protocol.records import Accept, Endpoint, Receipt, Text, Withdrawn
from onionchat.store import contacts, requests
from onionchat.store.models import Contact
from onionchat.types import MessageId, Millis, OnionKey
from tests.node import patience
from tests.node.attack import mallory
from tests.node.caller import STREAM, Speech, call, contents, greet, request, silence
from tests.node.street import Home, Street, befriend

pytestmark = pytest.mark.usefixtures("promptly")

HEAD = (MessageId(b"a message's name"), STREAM, 1, Millis(0), None)


class Clock:
    """A wall clock that is put forward by hand."""

    def __init__(self) -> None:
        self.days = 0.0

    def __call__(self) -> Millis:
        return Millis(wall_clock() + int(self.days * DAY))


def homes(tmp_path: Path) -> tuple[Street, Home, Home]:
    street = Street()
    return street, Home("alice", tmp_path, street), Home("bob", tmp_path, street)


def is_friend(name: str) -> bool:
    row = contacts.by_name(name)
    return row is not None and row.state == "contact"


async def both_talk(alice: Home, bob: Home) -> None:
    """Nothing of the beginning is missing or doubled."""
    for sender, reader in ((alice, bob), (bob, alice)):
        sent = await sender("send", name=reader.name, text="hi", wait="delivered", timeout=30)
        assert sent.state == "delivered"
        assert [(row.text, row.missing) for row in await reader("receive")] == [("hi", 0)]


def test_two_who_ask_each_other_have_both_said_yes(tmp_path: Path) -> None:
    async def scene() -> None:
        _, alice, bob = homes(tmp_path)
        async with asyncio.timeout(30), alice.up(), bob.up():
            async with asyncio.TaskGroup() as group:
                group.create_task(alice("contact.add", name="bob", address=bob.address))
                group.create_task(bob("contact.add", name="alice", address=alice.address))
            await alice.until(lambda: is_friend("bob"))
            await bob.until(lambda: is_friend("alice"))
            await both_talk(alice, bob)
            for home in (alice, bob):
                assert await home("request.list") == []
                assert len((await contents(home))["Contact"]) == 1

    asyncio.run(scene())


def test_asking_back_somebody_who_asked_while_we_were_away(tmp_path: Path) -> None:
    """Alice's request found nobody; bob's finds alice, who has asked: that is a yes."""

    async def scene() -> None:
        _, alice, bob = homes(tmp_path)
        async with asyncio.timeout(30), alice.up():
            await alice("contact.add", name="bob", address=bob.address)
            async with bob.up():
                await bob("contact.add", name="alice", address=alice.address)
                await alice.until(lambda: is_friend("bob"))
                await bob.until(lambda: is_friend("alice"))
                await both_talk(alice, bob)

    asyncio.run(scene())


def test_a_request_that_is_a_yes_is_answered_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bob has knocked a moment ago, and will not at once again; but it is no failure that alice
    hangs up when she has asked."""
    monkeypatch.setattr(dialing, "PATIENCE", PATIENCE)
    monkeypatch.setattr(dialing, "BACKOFF_SECONDS", (3600.0,))

    async def scene() -> None:
        _, alice, bob = homes(tmp_path)
        async with asyncio.timeout(30), alice.up(), bob.up():
            await bob("contact.add", name="alice", address=alice.address)
            await alice.until(requests.all_rows)
            await alice("request.reject", who="1")
            await alice("contact.unblock", name=bob.address)
            await alice("contact.add", name="bob", address=bob.address)
            await bob.until(lambda: is_friend("alice"))
            while (await bob("contact.show", name="alice")).why != why.LEFT.sentence:
                pass
            patience.pass_time(PATIENCE)
            await alice.until(lambda: is_friend("bob"))

    patience.run(scene())


def test_a_yes_reaches_somebody_who_was_away(tmp_path: Path) -> None:
    async def scene() -> None:
        _, alice, bob = homes(tmp_path)
        async with asyncio.timeout(30), bob.up():
            async with alice.up():
                await alice("contact.add", name="bob", address=bob.address)
                await bob.until(requests.all_rows)
            await bob("request.accept", who="1", name="alice")
            async with alice.up(dial=False):
                assert bob.profile is not None
                await bob("send", name="alice", text="are you back?")
                await alice.until(lambda: is_friend("bob"))
                await alice("receive", timeout=10)
                await alice("receive.ack", cursors=[r.cursor for r in await alice("receive")])
                await both_talk(alice, bob)

    asyncio.run(scene())


def test_a_request_is_offered_once_a_day_whatever_happens(tmp_path: Path) -> None:
    """Not when the person asks again, not when the network comes back, not at a restart."""

    async def scene() -> None:
        street, alice, bob = homes(tmp_path)
        async with asyncio.timeout(30), bob.up():
            async with alice.up():
                await ask(alice, bob)
                assert await dials(street, alice) == 1
                await alice("contact.add", name="bob", address=bob.address)
                await nudge(alice)
                assert await dials(street, alice) == 1
            async with alice.up():
                assert await dials(street, alice) == 1
            assert len(await bob("request.list")) == 1

    asyncio.run(scene())


@pytest.mark.parametrize(("days", "offered"), [(0.9, 1), (1.4, 2), (29.0, 2), (31.0, 1)])
def test_a_request_is_offered_again_after_a_day_for_thirty_days(
    tmp_path: Path, days: float, offered: int
) -> None:
    async def scene() -> None:
        street, alice, bob = homes(tmp_path)
        alice.clock = clock = Clock()
        async with asyncio.timeout(30), bob.up():
            async with alice.up():
                await ask(alice, bob)
            clock.days = days
            async with alice.up():
                assert await dials(street, alice) == offered
                await nudge(alice)
                assert await dials(street, alice) == offered

    asyncio.run(scene())


def test_whoever_is_not_there_when_the_day_is_over_is_not_dialled_without_end(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        street, alice, bob = homes(tmp_path)
        async with asyncio.timeout(30):
            async with bob.up(), alice.up():
                await ask(alice, bob)
            async with alice.store() as profile:
                await profile.db.run(lambda: Contact.update(next_offer=1).execute())
            before = street.dials
            async with alice.up():
                assert await dials(street, alice) == before + 1

    asyncio.run(scene())


def test_somebody_we_have_asked_may_say_yes_and_nothing_else(tmp_path: Path) -> None:
    async def scene() -> None:
        street, alice, _ = homes(tmp_path)
        asked = mallory()
        other = (
            Text(*HEAD, "pay at once"),
            Receipt((HEAD[0],)),
            Endpoint(*HEAD, OnionKey(mallory().key), None, 0),
            Withdrawn(*HEAD, 1, 9),
        )
        async with asyncio.timeout(30), alice.up():
            await alice("contact.add", name="bob", address=format_address(asked.key))
            before = await contents(alice)
            for record in other:
                async with call(street, alice, asked) as caller:
                    hello = await greet(caller)
                    assert hello.sessions == ()
                    speech = Speech(caller)
                    await caller.send(speech.envelope(record), Bye())
                    await silence(caller.link)
            after = await contents(alice)
            assert {k: v for k, v in after.items() if k != "Contact"} == {
                k: v for k, v in before.items() if k != "Contact"
            }
            assert (await alice("contact.show", name="bob")).state == "requested"
            async with call(street, alice, asked) as caller:
                await greet(caller)
                speech = Speech(caller)
                await caller.send(speech.envelope(Accept(*HEAD)))
                await alice.until(lambda: is_friend("bob"))

    asyncio.run(scene())


def test_a_yes_from_somebody_we_never_asked_is_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        street, alice, _ = homes(tmp_path)
        async with asyncio.timeout(30), alice.up():
            before = await contents(alice)
            async with call(street, alice, mallory()) as caller:
                await greet(caller)
                await caller.send(Speech(caller).envelope(Accept(*HEAD)), Bye())
                assert await silence(caller.link) == b""
            assert await contents(alice) == before

    asyncio.run(scene())


def test_a_request_of_a_friend_is_answered_with_a_yes_and_is_no_request(tmp_path: Path) -> None:
    """Who lost everything but their key asks again: the friend is still a friend."""

    async def scene() -> None:
        street, alice, bob = homes(tmp_path)
        async with asyncio.timeout(30), alice.up():
            async with bob.up():
                await befriend(alice, bob)
                await bob("send", name="alice", text="before", wait="delivered", timeout=30)
            for number in range(3):
                async with call(street, alice, bob.identity) as caller:
                    await greet(caller)
                    await caller.send(Speech(caller).envelope(request("me again", number)))
                    await silence(caller.link)
            assert await alice("request.list") == []
            waiting = [r for r in (await contents(alice))["Outbox"] if "queued" in r or "sent" in r]
            assert [row[4] for row in waiting].count(4) == 1
            async with bob.up():
                sent = await bob("send", name="alice", text="after", wait="delivered", timeout=30)
                assert sent.state == "delivered"
                texts = [r.text for r in await alice("receive") if r.kind == "text"]
                assert texts == ["before", "after"]

    asyncio.run(scene())


def test_the_name_of_who_is_accepted(tmp_path: Path) -> None:
    """Without one: anon-NUMBER. One that is taken or looks like another: the request stays."""

    async def scene() -> None:
        street, alice, bob = homes(tmp_path)
        async with asyncio.timeout(30), alice.up():
            async with bob.up():
                await befriend(alice, bob)
            for number in range(2):
                async with call(street, alice, mallory()) as caller:
                    await greet(caller)
                    await caller.send(Speech(caller).envelope(request("hi", number)), Bye())
                    await silence(caller.link)
            await alice.lane.quiet()
            first, second = [row.number for row in await alice("request.list")]
            for taken in ("bob", "b\u043eb", "BOB"):
                with pytest.raises(RefusedError):
                    await alice("request.accept", who=str(first), name=taken)
            assert len(await alice("request.list")) == 2
            added = await alice("request.accept", who=str(first))
            assert (added.name, added.state) == (f"anon-{first}", "contact")
            added = await alice("request.accept", who=str(second), name="carol")
            assert added.name == "carol"
            assert await alice("request.list") == []

    asyncio.run(scene())


async def ask(alice: Home, bob: Home) -> None:
    """A request that has left: when it is offered again is written down."""
    await alice("contact.add", name=bob.name, address=bob.address)
    await bob.until(requests.all_rows)
    while not await alice.change(lambda: contacts.all_rows()[0].next_offer):
        pass


async def dials(street: Street, home: Home) -> int:
    """How many dials there were, when the node has had time for many more."""
    for _ in range(60):
        await contents(home)
    return street.dials


async def nudge(home: Home) -> None:
    """The network comes back."""
    assert home.profile is not None
    node = home.profile.live
    assert node is not None
    node._peers.network_is_back()  # type: ignore[attr-defined] # the event itself is tor's
