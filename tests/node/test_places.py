"""Two kinds of onion: the identity's for whoever comes first, inboxes for contacts alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from onionchat.crypto.address import service_id
from onionchat.crypto.identity import Identity
from onionchat.node import inboxes as ours
from onionchat.node import requests as asking
from onionchat.node.connection import Connection
from onionchat.node.verbs.reachable import ADVICE
from onionchat.protocol.channel import Channel
from onionchat.protocol.events import HandshakeDone
from onionchat.protocol.hello import Hello, Purpose
from onionchat.store import contacts, counts, endpoints, inboxes, outbox, requests
from onionchat.store.inboxes import InboxRow
from onionchat.store.models import Admission, Endpoint, Outbox, Session
from onionchat.tor.dial_errors import DialError, KeyRefused, NotPublished
from onionchat.tor.link import Link
from onionchat.types import Incarnation, Place
from tests.node.caller import Speech, call, greet, request, silence
from tests.node.patience import pass_time, run
from tests.node.street import Home, Street, befriend

pytestmark = pytest.mark.usefixtures("promptly")


class Town:
    """Alice and her friends, who know each other's inboxes."""

    def __init__(self, street: Street, homes: list[Home]) -> None:
        self.street = street
        self.homes = homes

    async def dial(self, place: Place) -> Link:
        return await self.homes[0].lane.dial(place, "token", 0.0)


@asynccontextmanager
async def town(directory: Path, *names: str) -> AsyncIterator[Town]:
    street = Street()
    homes = [Home(name, directory, street) for name in names]
    async with asyncio.timeout(90), asyncio.TaskGroup() as group:
        closing = asyncio.Event()
        ready = [group.create_task(_live(home, closing)) for home in homes]
        while not all(home.profile is not None and home.profile.live for home in homes):
            await asyncio.wait(ready, timeout=0.01)
        first, *others = homes
        for other in others:
            await befriend(first, other)
        for other in others:
            await first.until(lambda: settled(len(others)))
            await other.until(lambda: settled(1))
        try:
            yield Town(street, homes)
        finally:
            closing.set()


async def _live(home: Home, closing: asyncio.Event) -> None:
    async with home.up():
        await closing.wait()


def settled(friends: int) -> bool:
    """Everybody has said where they are, and knows that it is known."""
    keyed = Endpoint.select().where(Endpoint.client_key.is_null(False)).count()
    known = Admission.select().where(Admission.known).count()
    return bool(keyed >= friends and known >= friends)


async def place_of(home: Home, name: str) -> Place:
    """Where `home` would dial this contact."""

    def look() -> Place:
        contact = contacts.by_name(name)
        assert contact is not None
        return endpoints.places(contact.id, home.clock())[0]

    found: Place = await home.change(look)
    return found


async def rows(home: Home) -> list[InboxRow]:
    found: list[InboxRow] = await home.change(inboxes.all_rows)
    return found


async def gone(home: Home, place: Place) -> None:
    """Until an onion of theirs is down."""
    while service_id(place.onion) in home._street.served:
        await home.lane.change(home.lane.status)


async def delivered(home: Home, to: str, text: str) -> None:
    sent = await home("send", name=to, text=text, wait="delivered", timeout=60)
    assert sent.state == "delivered"


def test_contacts_talk_with_both_addresses_off(tmp_path: Path) -> None:
    async def scene() -> None:
        async with town(tmp_path, "alice", "bob") as here:
            alice, bob = here.homes
            for home in here.homes:
                assert (await home("reachable", state="off")).reachable == "off"
            for home, other in ((alice, "bob"), (bob, "alice")):
                assert home.profile is not None
                assert (await home("status")).inboxes.total == 1
                assert home.identity.service_id not in here.street.served
                place = await place_of(home, other)
                assert place.client_key is not None
                await (await here.dial(place)).close()
                await delivered(home, other, f"from {home.name}")

    run(scene())


def test_they_are_dialled_at_the_inbox_after_a_restart(tmp_path: Path) -> None:
    async def scene() -> None:
        async with town(tmp_path, "alice", "bob") as here:
            alice, bob = here.homes
            inbox = await place_of(bob, "alice")
        street = here.street
        alice, bob = (Home(h.name, tmp_path, street, seed=h._seed) for h in here.homes)
        async with alice.up(dial=False), bob.up(dial=False):
            await alice("reachable", state="off")
            street.dialled.clear()
            await delivered(bob, "alice", "again")
            assert street.dialled == [service_id(inbox.onion)]

    run(scene())


def test_nobody_gets_in_without_the_key_or_with_anothers_identity(tmp_path: Path) -> None:
    """Somebody passes their key on: whoever comes with it proves that they are no contact."""

    async def scene() -> None:
        async with town(tmp_path, "alice", "bob") as here:
            alice, bob = here.homes
            place = await place_of(bob, "alice")
            for key in (None, bytes(range(32))):
                with pytest.raises(DialError) as refused:
                    await here.dial(Place(place.onion, key))
                assert refused.value.reason == "unauthorised"
            mallory = Identity.from_seed(b"m" * 32)
            connection = Connection(
                await here.dial(place), Channel.dial(mallory, alice.identity.key), mallory.key
            )
            await connection.flush()
            await connection.expect(HandshakeDone)
            await connection.send(Hello(0, Purpose.TALK, Incarnation(bytes(16))))
            await connection.send(Speech(connection).envelope(request("let me in")))
            assert await silence(connection.link) == b""
            await connection.close()
            assert await alice("request.list") == []

    run(scene())


def test_a_removed_contact_never_gets_a_connection_and_the_others_notice_nothing(
    tmp_path: Path,
) -> None:
    async def scene(verb: str) -> None:
        async with town(tmp_path, "alice", "bob", "carol") as here:
            alice, bob, carol = here.homes
            theirs = await place_of(bob, "alice")
            hers = await place_of(carol, "alice")
            assert theirs.onion == hers.onion
            await alice(verb, name="bob")
            with pytest.raises(DialError):
                await here.dial(theirs)
            await carol.until(lambda: len(_places()) == 1 and _places()[0].onion != hers.onion)
            new = await place_of(carol, "alice")
            await gone(alice, theirs)  # for she has said that she knows
            with pytest.raises(NotPublished):
                await here.dial(theirs)
            with pytest.raises(KeyRefused):
                await here.dial(Place(new.onion, theirs.client_key))
            await delivered(carol, "alice", "still here")
            assert [row.kind for row in await carol("receive")] == []

    def _places() -> list[Place]:
        contact = contacts.by_name("alice")
        assert contact is not None
        return [place for place in endpoints.places(contact.id, 1) if place.client_key]  # type: ignore[arg-type]

    run(scene("contact.remove"))


def test_who_was_away_when_the_inbox_moved_comes_to_the_old_one(tmp_path: Path) -> None:
    """The old one stays for them, without the key of who was removed; then it goes."""

    async def scene() -> None:
        async with town(tmp_path, "alice", "bob", "carol") as here:
            places = [await place_of(home, "alice") for home in here.homes[1:]]
        street = here.street
        alice, _, carol = (Home(h.name, tmp_path, street, seed=h._seed) for h in here.homes)
        async with alice.up(dial=False):
            await alice("reachable", state="off")
            await alice("contact.remove", name="bob")
            await alice.until(lambda: len(inboxes.all_rows()) == 2)
            with pytest.raises(KeyRefused):
                await alice.lane.dial(places[0], "token", 0.0)
            async with carol.up(dial=False):
                await delivered(carol, "alice", "I was away")
                await gone(alice, places[1])
                with pytest.raises(NotPublished):
                    await alice.lane.dial(places[1], "token", 0.0)

    run(scene())


def test_an_old_inbox_goes_after_thirty_days_whoever_is_away(tmp_path: Path) -> None:
    async def scene() -> None:
        async with town(tmp_path, "alice", "bob", "carol") as here:
            pass
        alice = Home("alice", tmp_path, here.street, seed=here.homes[0]._seed)
        async with alice.up(dial=False):
            await alice("contact.remove", name="bob")
            now = alice.clock()
            await alice.change(lambda: ours.arrange(now))
            assert len(await rows(alice)) == 2
            await alice.change(lambda: ours.arrange(now + ours.CLOSING + 1))  # type: ignore[arg-type]
            assert len(await rows(alice)) == 1

    run(scene())


def test_a_request_under_way_is_finished_when_strangers_are_shut_out(tmp_path: Path) -> None:
    async def scene() -> None:
        street = Street()
        alice = Home("alice", tmp_path, street)
        stranger = Identity.from_seed(b"s" * 32)
        async with asyncio.timeout(60), alice.up(), call(street, alice, stranger) as caller:
            await greet(caller)
            await alice("reachable", state="off")
            while alice.identity.service_id in street.served:
                await alice.lane.change(alice.lane.status)
            with pytest.raises(KeyError):
                async with call(street, alice, stranger):
                    pass
            await caller.send(Speech(caller).envelope(request("half-way")))
            (asked,) = await alice.until(requests.all_rows)
            assert asked.text == "half-way"
            await alice("reachable", state="on")
            while alice.identity.service_id not in street.served:
                await alice.lane.change(alice.lane.status)

    run(scene())


def test_on_for_a_time_is_off_after_it_and_across_restarts(tmp_path: Path) -> None:
    async def scene() -> None:
        street = Street()
        alice = Home("alice", tmp_path, street)
        async with alice.up():
            told = await alice("reachable", state="on", seconds=7200)
            assert (told.reachable, told.off_at is None) == ("on", False)
            pass_time(7100)
            assert (await alice("reachable")).reachable == "on"
        async with alice.up():
            assert alice.identity.service_id in street.served
            pass_time(101)
            while alice.identity.service_id in street.served:
                await alice.lane.change(alice.lane.status)
            assert (await alice("reachable")).reachable == "off"
        async with alice.up():
            assert alice.identity.service_id not in street.served

    run(scene())


def test_a_time_that_was_given_is_no_longer_after_a_reboot_under_a_wrong_clock(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        alice = Home("alice", tmp_path, Street())
        async with alice.up():
            await alice("reachable", state="on", seconds=7200)
            now = alice.clock()
        alice.boot = b"another"
        alice.clock = lambda: now - 400 * 86_400_000  # type: ignore[assignment,return-value]
        async with alice.up():
            pass_time(7201)
            assert (await alice("reachable")).reachable == "off"

    run(scene())


def test_the_person_is_told_once_that_strangers_find_them(tmp_path: Path) -> None:
    async def scene() -> None:
        street = Street()
        alice, bob = (Home(name, tmp_path, street) for name in ("alice", "bob"))
        async with asyncio.timeout(60), alice.up(), bob.up():
            assert (await alice("status")).hint is None
            await befriend(alice, bob)
            hints = [(await alice("status")).hint for _ in range(3)]
            assert hints == [ADVICE, None, None]
            assert (await bob("status")).hint is None, "it stood behind the acceptance"
        carol = Home("carol", tmp_path, street)
        async with asyncio.timeout(60), carol.up(), alice.up():
            await carol("reachable", state="off")
            await carol("reachable", state="on")
            await befriend(carol, alice)
            assert (await carol("status")).hint is None, "who has decided needs no advice"

    run(scene())


def test_the_201st_contact_has_another_inbox(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(ours, "INBOX_CONTACTS", 2)

    async def scene() -> None:
        async with town(tmp_path, "alice", "bob", "carol", "dave") as here:
            alice, *others = here.homes
            assert sorted(len(row.client_keys) for row in await rows(alice)) == [1, 2]
            before = {home.name: await place_of(home, "alice") for home in others}
            await alice("contact.remove", name="dave")
            await gone(alice, before["dave"])
            for name in ("bob", "carol"):
                assert service_id(before[name].onion) in here.street.served, "it is not dave's"

    run(scene())


def test_a_new_session_says_it_again(tmp_path: Path) -> None:
    """Who has lost what we said dials the address; then they know."""

    async def scene() -> None:
        async with town(tmp_path, "alice", "bob") as here:
            _, bob = here.homes
            await bob.change(lambda: endpoints.forget(1))
            await bob.change(_forget_sessions)
            for connection in bob.profile.live._peers._by_contact[1]._talks:  # type: ignore[union-attr]
                await connection.connection.close()
            await bob("send", name="alice", text="who are you?")
            await bob.until(lambda: endpoints.places(1, bob.clock())[0].client_key)
            assert await bob.until(lambda: not counts.totals().outbox)

    def _forget_sessions() -> None:
        Session.delete().execute()

    run(scene())


def test_to_say_where_we_are_is_no_reason_to_dial(tmp_path: Path) -> None:
    """... unless they could not come by themselves."""

    async def scene() -> None:
        async with town(tmp_path, "alice", "bob", "carol") as here:
            pass
        alice = Home("alice", tmp_path, here.street, seed=here.homes[0]._seed)
        async with alice.up(dial=False):
            await alice("contact.remove", name="bob")
            await alice.until(lambda: len(inboxes.all_rows()) == 2)
            carol = await alice.change(lambda: contacts.by_name("carol"))
            assert await alice.change(
                lambda: Outbox.select().where(Outbox.tag == outbox.ENDPOINT).count()
            )
            reason = lambda: asking.reason_to_dial(carol.id, alice.clock())  # noqa: E731
            assert not await alice.change(reason)
            await alice("reachable", state="off")
            assert not await alice.change(reason), "the old inbox is there for her"
            await alice.change(lambda: inboxes.forget(alice.clock() + 1))  # type: ignore[arg-type]
            assert await alice.change(reason)

    run(scene())
