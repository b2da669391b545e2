"""An invite lets one person in, once, while nobody else can find us."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from onionchat.crypto.address import service_id
from onionchat.crypto.identity import Identity
from onionchat.errors import NotFoundError, RefusedError, UsageError
from onionchat.node import invites as rules
from onionchat.node.connection import Connection
from onionchat.node.peer import Peer
from onionchat.protocol import invite
from onionchat.protocol.channel import Channel
from onionchat.protocol.events import Bye
from onionchat.protocol.invite import Invite
from onionchat.protocol.records import Guest, Known
from onionchat.store import contacts, inboxes, invites, outbox, requests
from onionchat.store.contacts import NewContact
from onionchat.tor.dial_errors import NotPublished
from onionchat.types import MessageId, Millis, Place
from tests.node.caller import STREAM, Speech, greet, request, silence
from tests.node.patience import by_hand, pass_time, run
from tests.node.street import Home, Street

pytestmark = pytest.mark.usefixtures("promptly")


def guest(token: bytes) -> Guest:
    return Guest(MessageId(bytes(16)), STREAM, 1, Millis(0), None, token)


@asynccontextmanager
async def at_home(directory: Path, *names: str) -> AsyncIterator[list[Home]]:
    """Nobody can be found at their address."""
    street = Street()
    homes = [Home(name, directory, street) for name in names]
    async with asyncio.TaskGroup() as group:
        closing = asyncio.Event()
        up = [asyncio.Event() for _ in homes]
        for home, event in zip(homes, up, strict=True):
            group.create_task(_live(home, event, closing))
        for event in up:
            await event.wait()
        try:
            yield homes
        finally:
            closing.set()


async def _live(home: Home, up: asyncio.Event, closing: asyncio.Event) -> None:
    async with home.up():
        await home("reachable", state="off")
        up.set()
        await closing.wait()


@asynccontextmanager
async def visit(home: Home, theirs: Invite, me: Identity) -> AsyncIterator[Connection]:
    """Somebody at the invite's onion, who may say what no honest guest says."""
    link = await home.lane.dial(place(theirs), "token", 0.0)
    connection = Connection(link, Channel.dial(me, home.identity.key), me.key)
    try:
        await greet(connection)
        yield connection
    finally:
        await connection.close()


def place(theirs: Invite) -> Place:
    return Place(theirs.onion, theirs.client_key)


async def gone(home: Home, theirs: Invite) -> None:
    """Until the invite's onion is down."""
    async with asyncio.timeout(60):
        while service_id(theirs.onion) in home.street.served:
            await home.lane.change(home.lane.status)
    with pytest.raises(NotPublished):
        await home.lane.dial(place(theirs), "token", 0.0)


async def talk(one: Home, other: Home, names: tuple[str, str]) -> None:
    """Both ways; `names`: what each calls the other."""
    for home, name in ((one, names[0]), (other, names[1])):
        sent = await home("send", name=name, text=f"from {home.name}", wait="delivered", timeout=60)
        assert sent.state == "delivered"


def states() -> list[tuple[str, str]]:
    return [(row.name, row.state) for row in contacts.all_rows()]


def test_two_people_whom_nobody_can_find_become_contacts(tmp_path: Path) -> None:
    async def scene() -> None:
        async with at_home(tmp_path, "alice", "bob") as (alice, bob):
            made = await alice("invite.make", name="bob")
            theirs = invite.decode(made.invite)
            assert [row.number for row in await alice("invite.list")] == [made.number]
            added = await bob("contact.add", name="alice", address=f"> {made.invite.upper()}\n")
            assert (added.name, added.state) == ("alice", "contact")
            await talk(bob, alice, ("alice", "bob"))
            await gone(alice, theirs)
            assert await alice("invite.list") == []
            said = [row.text for row in (await alice("history", name="bob"))]
            assert said[0] == rules.CAME
            assert await bob.change(states) == [("alice", "contact")]
            (row,) = await bob.change(contacts.all_rows)
            assert row.next_offer is None

    run(scene())


def test_the_first_guest_is_the_only_one(tmp_path: Path) -> None:
    """And who comes second, or without the token, cannot tell which of the two they are."""

    async def scene() -> None:
        async with at_home(tmp_path, "alice", "bob") as (alice, bob):
            theirs = invite.decode((await alice("invite.make")).invite)
            mallory = Identity.from_seed(b"m" * 32)
            await turned_away(alice, theirs, mallory, guest(bytes(16)))
            await turned_away(alice, theirs, mallory, request("let me in"))
            async with unsettled(alice):
                await bob("contact.add", name="alice", address=invite.encode(theirs))
                await alice.until(contacts.all_rows)
                await turned_away(alice, theirs, mallory, guest(theirs.token))
            await talk(bob, alice, ("alice", "guest-1"))
            assert await alice.change(states) == [("guest-1", "contact")]
            assert await alice("request.list") == []

    run(scene())


@asynccontextmanager
async def unsettled(home: Home) -> AsyncIterator[None]:
    """In here an invite that was used is not gone: its guest knows no inbox yet."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inboxes, "can_come", lambda _: False)
        yield
    assert home.profile is not None
    home.profile.running().rearrange()


async def turned_away(home: Home, theirs: Invite, me: Identity, record: Known) -> None:
    """They are told nothing and change nothing."""
    async with visit(home, theirs, me) as caller:
        before = await home.change(states)
        await caller.send(Speech(caller).envelope(record), Bye())
        assert await silence(caller.link) == b""
        assert await home.change(states) == before


def test_nobody_at_an_invite_is_hung_up_on_before_others(tmp_path: Path) -> None:
    """Who has no token, who comes second and who was blocked are listened to alike."""

    async def scene() -> None:
        async with at_home(tmp_path, "alice", "bob") as (alice, bob):
            theirs = invite.decode((await alice("invite.make")).invite)
            blocked, second, nobody = (Identity.from_seed(bytes([n]) * 32) for n in range(1, 4))
            await alice.change(lambda: requests.refuse(blocked.key, "blocked", alice.clock()))
            tokens = {blocked: theirs.token, second: theirs.token, nobody: bytes(16)}
            async with (
                unsettled(alice),
                asyncio.TaskGroup() as group,
                AsyncExitStack() as ends,
            ):
                hearing = []
                for who, token in tokens.items():
                    caller = await ends.enter_async_context(visit(alice, theirs, who))
                    if who is second:
                        await bob("contact.add", name="alice", address=invite.encode(theirs))
                        await alice.until(contacts.all_rows)
                    await caller.send(Speech(caller).envelope(guest(token)))
                    hearing.append(group.create_task(silence(caller.link)))
                for _ in range(20):
                    await alice.change(states)
                assert [hung_up.done() for hung_up in hearing] == [False] * 3

    run(scene())


def test_a_guest_whose_first_connection_breaks_comes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(peer: Peer, *_: Any, **__: Any) -> None:
        monkeypatch.undo()
        raise ConnectionError

    async def scene() -> None:
        async with at_home(tmp_path, "alice", "bob") as (alice, bob):
            monkeypatch.setattr(Peer, "receive_guest", breaks)
            made = await alice("invite.make", name="bob")
            await bob("contact.add", name="alice", address=made.invite)
            await alice.until(contacts.all_rows)
            pass_time(60)
            await talk(bob, alice, ("alice", "bob"))
            await gone(alice, invite.decode(made.invite))
            kinds = [row.kind for row in await alice("history", name="bob")]
            assert kinds.count("notice") == 1

    run(scene())


def test_an_invite_that_is_over_becomes_a_request(tmp_path: Path) -> None:
    async def scene() -> None:
        async with at_home(tmp_path, "bob") as (bob,):
            street = bob.street
            alice = Home("alice", tmp_path, street)
            async with alice.up():
                made = await alice("invite.make", name="bob", seconds=3600)
                await alice("invite.cancel", number=made.number)
                await gone(alice, invite.decode(made.invite))
                await bob("contact.add", name="alice", address=made.invite)
                await bob("send", name="alice", text="are you there?")
                now = bob.clock()
                bob.clock = lambda: Millis(now + 3_600_001)
                assert bob.profile is not None
                bob.profile.clock = bob.clock
                pass_time(3600)
                (asked,) = await alice.until(requests.all_rows)
                assert await bob.change(states) == [("alice", "requested")]
                assert rules.OVER in [row.text for row in await bob("history", name="alice")]
                await bob("reachable", state="on")
                await alice("request.accept", who=str(asked.number), name="bob")
                await talk(alice, bob, ("bob", "alice"))
                said = {row.text for row in await alice("history", name="bob")}
                assert said == {"are you there?", "from alice", "from bob"}

    run(scene())


def test_who_has_asked_before_is_let_in_by_the_invite(tmp_path: Path) -> None:
    """Either of them; the request that waited is answered."""

    async def scene() -> None:
        async with at_home(tmp_path, "alice", "bob", "carol") as (alice, bob, carol):
            await alice("contact.add", name="bob", address=bob.address)
            await carol("contact.add", name="alice", address=alice.address)
            for home in (bob, carol):
                made = await alice("invite.make", name=f"{home.name}-2")
                await home("contact.add", name="alice", address=made.invite)
                known = "bob" if home is bob else "carol-2"
                await talk(home, alice, ("alice", known))
                await gone(alice, invite.decode(made.invite))
            assert sorted(await alice.change(states)) == [
                ("bob", "contact"),
                ("carol-2", "contact"),
            ]

    run(scene())


@pytest.mark.timeout(30)
def test_who_had_asked_before_has_a_key_to_an_inbox_at_once(tmp_path: Path) -> None:
    """And not only when the node next looks at its onions: no time passes here."""

    async def scene() -> None:
        async with at_home(tmp_path, "alice", "bob") as (alice, bob):
            await alice("contact.add", name="bob", address=bob.address)
            made = await alice("invite.make")
            with by_hand():
                await bob("contact.add", name="alice", address=made.invite)
                seen = alice.lane.status
                while not await alice.change(inboxes.all_rows):
                    seen = await alice.lane.change(seen)

    run(scene())


def test_two_who_invite_each_other_are_contacts_once(tmp_path: Path) -> None:
    async def scene() -> None:
        async with at_home(tmp_path, "alice", "bob") as (alice, bob):
            hers, his = await alice("invite.make", name="bob"), await bob("invite.make")
            await bob("contact.add", name="alice", address=hers.invite)
            await alice.until(contacts.all_rows)
            same = await alice("contact.add", name="bob", address=his.invite)
            assert same.state == "contact"
            await talk(alice, bob, ("bob", "alice"))
            assert await alice.change(states) == [("bob", "contact")]
            assert await bob.change(states) == [("alice", "contact")]
            assert [row.number for row in await bob("invite.list")] == [his.number]

    run(scene())


@pytest.mark.parametrize("was", ["somebody who asked", "a contact"])
def test_nobody_who_was_blocked_comes_in_by_an_invite(tmp_path: Path, was: str) -> None:
    mallory = Identity.from_seed(b"m" * 32)

    def block() -> None:
        if was == "a contact":
            new = NewContact("mallory", "mallory", mallory.key, "contact", MessageId(bytes(16)))
            contacts.block(contacts.add(new, Millis(0)), Millis(0))
        else:
            requests.refuse(mallory.key, "blocked", Millis(0))

    async def scene() -> None:
        async with at_home(tmp_path, "alice") as (alice,):
            theirs = invite.decode((await alice("invite.make")).invite)
            await alice.change(block)
            await turned_away(alice, theirs, mallory, guest(theirs.token))
            assert len(await alice("invite.list")) == 1

    run(scene())


@pytest.mark.parametrize("verb", ["contact.remove", "contact.block"])
def test_a_guest_who_is_removed_at_once_does_not_come_back(tmp_path: Path, verb: str) -> None:
    async def scene() -> None:
        async with at_home(tmp_path, "alice", "bob") as (alice, bob):
            theirs = invite.decode((await alice("invite.make", name="bob")).invite)
            async with unsettled(alice):
                await bob("contact.add", name="alice", address=invite.encode(theirs))
                await alice.until(contacts.all_rows)
                await alice(verb, name="bob")
                await gone(alice, theirs)

    run(scene())


def test_an_invite_is_over_when_its_time_is_whatever_the_clock_says(tmp_path: Path) -> None:
    async def scene() -> None:
        alice = Home("alice", tmp_path, Street())
        async with alice.up():
            theirs = invite.decode((await alice("invite.make", seconds=7200)).invite)
            now = alice.clock()
        alice.boot = b"another"
        alice.clock = lambda: Millis(now - 400 * 86_400_000)
        async with alice.up():
            assert service_id(theirs.onion) in alice.street.served
            pass_time(7201)
            await gone(alice, theirs)

    run(scene())


def test_who_asks_and_cannot_be_found_is_told_so(tmp_path: Path) -> None:
    async def scene() -> None:
        async with at_home(tmp_path, "alice", "bob") as (alice, bob):
            asked = await alice("contact.add", name="bob", address=bob.address)
            assert asked.state == "requested"
            assert "reachable --for" in asked.hint
            await alice("reachable", state="on")
            again = await alice("contact.add", name="bob", address=bob.address)
            assert again.hint is None

    run(scene())


def test_what_is_refused(tmp_path: Path) -> None:
    async def scene() -> None:
        async with at_home(tmp_path, "alice", "bob") as (alice, bob):
            made = await alice("invite.make", name="bob")
            with pytest.raises(RefusedError, match="your own invite"):
                await alice("contact.add", name="me2", address=made.invite)
            with pytest.raises(UsageError, match="cut short"):
                await bob("contact.add", name="alice", address=made.invite[:-3])
            with pytest.raises(UsageError, match="no word"):
                await bob("contact.add", name="alice", address=made.invite, text="hello")
            assert bob.profile is not None
            now, bob.profile.clock = bob.clock(), lambda: Millis(now + 86_400_001)
            with pytest.raises(RefusedError, match="expired"):
                await bob("contact.add", name="alice", address=made.invite)
            bob.profile.clock = lambda: Millis(now - 40 * 86_400_000)
            with pytest.raises(RefusedError, match="future"):
                await bob("contact.add", name="alice", address=made.invite)
            assert await bob.change(contacts.all_rows) == []
            assert await bob.change(outbox.wanted) == set()
            for seconds in (59, 31 * 86_400):
                with pytest.raises(UsageError, match="a minute to 30 days"):
                    await alice("invite.make", seconds=seconds)
            with pytest.raises(NotFoundError, match="number 9"):
                await alice("invite.cancel", number=9)
            for _ in range(rules.OPEN_INVITES - 1):
                await alice("invite.make")
            with pytest.raises(RefusedError, match="wait for their guests"):
                await alice("invite.make")

    run(scene())


def test_an_invite_prints_no_secret(tmp_path: Path) -> None:
    async def scene() -> None:
        async with at_home(tmp_path, "alice") as (alice,):
            made = await alice("invite.make")
            assert made.invite not in f"{made}{made!r}"
            (row,) = await alice.change(invites.all_rows)
            for secret in (row.seed, row.client_key, row.token):
                assert repr(secret) not in repr(row)

    run(scene())
