"""Somebody unknown may leave one request; everything else they say leaves no trace."""

import asyncio
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest

from onionchat.crypto.address import format_address, service_id
from onionchat.crypto.identity import Identity
from onionchat.node import strangers
from onionchat.node.verbs.requests import Request
from onionchat.protocol import padding
from onionchat.protocol.events import Bye, Envelope, Ping
from onionchat.protocol.hello import Hello
from onionchat.protocol.limits import PENDING_REQUESTS, STRANGER_CONNECTIONS, STRANGER_SECONDS
from onionchat.protocol.records import (
    Accept,
    Empty,
    Endpoint,
    Known,
    Receipt,
    Text,
    Withdrawn,
)
from onionchat.store import contacts, requests
from onionchat.store.contacts import ContactRow
from onionchat.types import MessageId, Millis, OnionKey
from tests.node import patience
from tests.node.attack import attacked, mallory
from tests.node.caller import STREAM, Speech, call, contents, greet, request, silence
from tests.node.street import Home, Street, befriend
from tests.node.town import delivered, forget_places, neighbours, place_of, town

pytestmark = pytest.mark.usefixtures("promptly")

ID = MessageId(b"a message's name")
HEAD = (ID, STREAM, 1, Millis(0), None)


async def visit(street: Street, home: Home, me: Identity, *said: Known | bytes) -> Hello:
    """Pass by, until nobody is at the door and what they left is stored."""
    hello = await pass_by(street, home, me, *said)
    await home.lane.quiet()
    return hello


async def pass_by(street: Street, home: Home, me: Identity, *said: Known | bytes) -> Hello:
    """Greet, say this, say goodbye, and hear nothing; the hello that greeted us."""
    async with call(street, home, me) as caller:
        hello = await greet(caller)
        speech = Speech(caller)
        frames = [speech.raw(it) if isinstance(it, bytes) else speech.envelope(it) for it in said]
        await caller.send(*frames, Bye())
        assert await silence(caller.link) == b""
    return hello


async def pending(home: Home) -> list[Request]:
    rows: list[Request] = await home("request.list")
    return rows


def test_only_a_request_is_heard(tmp_path: Path) -> None:
    other: list[Known | bytes] = [
        Empty(),
        Receipt((ID,)),
        Text(*HEAD, "let me in"),
        Accept(*HEAD),
        Endpoint(*HEAD, OnionKey(mallory().key), None, 0),
        Withdrawn(*HEAD, 1, 9),
        padding.pad(b"\xc1"),
        padding.pad(b""),
        bytes(1522),
        padding.pad(b"\x92\xcc\x80\xc0"),
    ]

    async def scene() -> None:
        async with attacked(tmp_path) as (street, alice, _):
            for said in other:
                await visit(street, alice, mallory(), said)
            await visit(street, alice, mallory(), *other)

    asyncio.run(scene())


def test_envelopes_of_no_session_and_pings_are_not_answered(tmp_path: Path) -> None:
    async def scene() -> None:
        async with (
            attacked(tmp_path) as (street, alice, _),
            call(street, alice, mallory()) as caller,
        ):
            await greet(caller)
            noise = [Envelope(bytes([n]) * size) for n, size in enumerate((0, 1, 90, 31000))]
            await caller.send(*noise, Ping(b"there?"), *noise, Bye())
            assert await silence(caller.link) == b""

    asyncio.run(scene())


def test_a_stranger_gets_no_receipt(tmp_path: Path) -> None:
    """Neither while they wait for one nor when what they said is stored."""

    async def scene() -> None:
        street = Street()
        alice, new = Home("alice", tmp_path, street), mallory()
        async with asyncio.timeout(60), alice.up(), call(street, alice, new) as caller:
            await greet(caller)
            await caller.send(Speech(caller).envelope(request("let me in")))
            await alice.until(lambda: requests.by_key(new.key))
            await caller.send(Bye())
            assert await silence(caller.link) == b""

    asyncio.run(scene())


def test_a_text_behind_a_request_is_not_stored(tmp_path: Path) -> None:
    async def scene() -> None:
        street = Street()
        alice = Home("alice", tmp_path, street)
        async with asyncio.timeout(30), alice.up():
            await visit(street, alice, mallory(), request(), Text(*HEAD, "and another thing"))
            after = await contents(alice)
            kept = {name: len(rows) for name, rows in after.items() if rows}
            assert kept == {"Identity": 1, "Request": 1, "Event": 1}
            assert [row.text for row in await pending(alice)] == [request().text]

    asyncio.run(scene())


def test_one_request_for_each_key_and_fifty_in_all(tmp_path: Path) -> None:
    async def scene() -> None:
        street = Street()
        alice, carol = Home("alice", tmp_path, street), Home("carol", tmp_path, street)
        async with asyncio.timeout(60), alice.up():
            insistent = mallory()
            for number in range(3):
                await visit(street, alice, insistent, request(f"call {number}", number))
            await visit(street, alice, mallory(), *(request("again", n) for n in range(9)))
            assert [row.text for row in await pending(alice)] == ["call 0", "again"]
            for number in range(PENDING_REQUESTS + 3):
                await visit(street, alice, mallory(), request(f"flood {number}"))
            waiting = await pending(alice)
            assert len(waiting) == PENDING_REQUESTS
            assert waiting[-1].text == f"flood {PENDING_REQUESTS - 3}"
            assert len((await contents(alice))["Event"]) == PENDING_REQUESTS
            await alice("request.reject", who=str(waiting[0].number))
            async with carol.up():
                await befriend_late(carol, alice)

    asyncio.run(scene())


async def befriend_late(asking: Home, asked: Home) -> None:
    """As `befriend`, where others have asked too."""
    await asking("contact.add", name=asked.name, address=asked.address)

    await asked.until(lambda: requests.by_key(asking.identity.key))
    await asked("request.accept", who=asking.address, name=asking.name)
    sent = await asked("send", name=asking.name, text="hello", wait="delivered", timeout=30)
    assert sent.state == "delivered"


def test_unknown_rejected_and_blocked_see_the_same(tmp_path: Path) -> None:
    """The same hello, the same silence, and a second request of the refused is not stored."""

    async def scene() -> None:
        street = Street()
        alice, bob = Home("alice", tmp_path, street), Home("bob", tmp_path, street)
        rejected, blocked = mallory(), mallory()
        async with asyncio.timeout(60), alice.up():
            async with bob.up():
                await befriend(alice, bob)
            await visit(street, alice, rejected, request("first"))
            await visit(street, alice, blocked, request("second"))
            for verb, key in (("request.reject", rejected), ("request.block", blocked)):
                await alice(verb, who=format_address(key.key))
        async with asyncio.timeout(60), alice.up(dial=False):
            await alice.change(lambda: block(bob.identity))
        async with asyncio.timeout(60), alice.up():
            before = await contents(alice)
            seen = [
                await visit(street, alice, who, request("once more"))
                for who in (rejected, blocked, bob.identity)
            ]
            assert await contents(alice) == before
            seen.append(await visit(street, alice, mallory(), request()))
            assert seen == [seen[0]] * 4
            assert seen[0].sessions == ()

    asyncio.run(scene())


def test_nobody_is_hung_up_on_before_others(tmp_path: Path) -> None:
    """Who is refused is listened to like who is not; only nothing comes of it."""

    async def scene() -> None:
        street = Street()
        alice, bob = Home("alice", tmp_path, street), Home("bob", tmp_path, street)
        rejected, blocked, unknown = mallory(), mallory(), mallory()
        async with asyncio.timeout(60), alice.up():
            async with bob.up():
                await befriend(alice, bob)
            await alice("contact.block", name="bob")
            for verb, key in (("request.reject", rejected), ("request.block", blocked)):
                await visit(street, alice, key, request("first"))
                await alice(verb, who=format_address(key.key))
            async with asyncio.TaskGroup() as group, AsyncExitStack() as ends:
                hearing = []
                for who in (rejected, blocked, bob.identity, unknown):
                    caller = await ends.enter_async_context(call(street, alice, who))
                    await greet(caller)
                    await caller.send(Speech(caller).envelope(request("once more")))
                    hearing.append(group.create_task(silence(caller.link)))
                await alice.until(lambda: requests.by_key(unknown.key))
                assert [hung_up.done() for hung_up in hearing] == [False] * 4

    asyncio.run(scene())


def test_a_stranger_never_waits_for_the_disk(tmp_path: Path) -> None:
    """How long a write takes would tell whether there was one."""

    async def scene() -> None:
        street = Street()
        alice, new = Home("alice", tmp_path, street), mallory()
        async with asyncio.timeout(60), alice.up(), call(street, alice, new) as caller:
            await greet(caller)
            async with alice.busy():
                await caller.send(Speech(caller).envelope(request("let me in")), Bye())
                assert await silence(caller.link) == b""
            await alice.until(lambda: requests.by_key(new.key))

    asyncio.run(scene())


@pytest.mark.parametrize("they", ["leave", "stay"])
def test_a_request_is_stored_when_nobody_waits_for_it(tmp_path: Path, they: str) -> None:
    """When they have gone, or have been there longer than anybody needs to."""

    async def scene() -> None:
        street = Street()
        alice, new = Home("alice", tmp_path, street), mallory()
        async with alice.up(), call(street, alice, new) as caller:
            await greet(caller)
            with patience.by_hand():
                await caller.send(Speech(caller).envelope(request("let me in")))
                for _ in range(20):
                    patience.pass_time(strangers.PARTING / 40)
                    assert await pending(alice) == []
                if they == "leave":
                    await caller.send(Bye())
                while not await pending(alice):
                    patience.pass_time(strangers.PARTING / 40)

    patience.run(scene())


def block(them: Identity) -> None:
    contacts.block(row_of(them), Millis(0))


def row_of(them: Identity) -> ContactRow:
    row = contacts.by_key(them.key)
    assert row is not None
    return row


def test_a_text_is_stored_as_it_came(tmp_path: Path) -> None:
    """What a terminal would obey is rendered harmless where it is shown, not here."""
    text = "\x1b[2J\x9b31m\u202egnp.exe\u2066\x07\n\t\x7f\u0000\u200d"

    async def scene() -> None:
        street = Street()
        alice = Home("alice", tmp_path, street)
        async with asyncio.timeout(30), alice.up():
            await visit(street, alice, mallory(), request(text))
            assert [row.text for row in await pending(alice)] == [text]

    asyncio.run(scene())


def test_the_ninth_stranger_takes_the_place_of_another(tmp_path: Path) -> None:
    async def scene() -> None:
        async with attacked(tmp_path) as (street, alice, _), AsyncExitStack() as stack:
            idle = [
                await stack.enter_async_context(call(street, alice, mallory()))
                for _ in range(STRANGER_CONNECTIONS)
            ]
            for caller in idle:
                await greet(caller)
            await pass_by(street, alice, mallory(), Empty())
            async with asyncio.TaskGroup() as group:
                reads = [group.create_task(caller.link.read(1)) for caller in idle]
                await asyncio.wait(reads, return_when=asyncio.FIRST_COMPLETED)
                over = [read for read in reads if read.done()]
                assert [read.result() for read in over] == [b""]
                for read in reads:
                    read.cancel()

    asyncio.run(scene())


@pytest.mark.parametrize("knows", ["an inbox", "the address alone"])
def test_strangers_keep_no_friend_out(tmp_path: Path, knows: str) -> None:
    """With every stranger's place taken a friend who comes then is let in all the same."""

    async def scene() -> None:
        async with town(homes := neighbours(tmp_path, "alice", "bob")):
            alice, bob = homes
            if knows == "the address alone":
                await forget_places(bob, "alice")
            where = service_id((await place_of(bob, "alice")).onion)
        street = alice.street
        async with asyncio.timeout(60), alice.up(dial=False), AsyncExitStack() as stack:
            for _ in range(STRANGER_CONNECTIONS):
                await greet(await stack.enter_async_context(call(street, alice, mallory())))
            street.dialled.clear()
            async with bob.up(dial=False):
                await delivered(bob, "alice", "hi")
            assert street.dialled == [where]

    asyncio.run(scene())


def test_a_stranger_is_listened_to_for_a_minute(tmp_path: Path) -> None:
    """In all, however often they say something."""

    async def scene() -> None:
        async with (
            attacked(tmp_path) as (street, alice, _),
            call(street, alice, mallory()) as caller,
        ):
            await greet(caller)
            seconds = 0
            with suppress(ConnectionError), patience.by_hand():
                while seconds < 2 * STRANGER_SECONDS:
                    await caller.send(Ping(b"still here"))
                    patience.pass_time(1.0)
                    await contents(alice)
                    seconds += 1
            assert STRANGER_SECONDS - 1 <= seconds <= STRANGER_SECONDS + 2

    patience.run(scene())
