"""Why something waits, for every reason there is; wherever it is asked, in the same words."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from onionchat.crypto.address import service_id
from onionchat.errors import RefusedError
from onionchat.node import greeting, why
from onionchat.node.clock import DAY, wall_clock
from onionchat.node.why import Why
from onionchat.protocol.limits import REQUEST_FOR_DAYS
from onionchat.store import contacts, counts, endpoints
from onionchat.store.contacts import ContactRow
from onionchat.tor.dial_errors import DialError, Starting
from onionchat.tor.link import Link
from onionchat.types import Millis, OnionKey
from tests.node.street import Home, Street, befriend

pytestmark = pytest.mark.usefixtures("promptly")

ANSWERS = [kind for kind in DialError.__subclasses__() if kind is not Starting]


async def said(home: Home) -> set[tuple[str | None, str | None, str | None]]:
    """What every place says of bob, for whom something waits."""
    return {
        (row.reason, row.why, row.hint)
        for row in [
            *await home("outbox.list"),
            await home("contact.show", name="bob"),
            *await home("contact.list"),
            *(await home("status")).waiting,
        ]
    }


async def until_said(home: Home, expected: Why) -> None:
    """Every place says it, and so does the sentence after the next `send`."""
    while await said(home) != {why.told(expected)}:
        await home.change(lambda: None)
    if expected.reason not in ("blocked", "identity"):
        sent = await home("send", name="bob", text="again")
        assert sent.hint.startswith("queued; ")
        assert sent.hint.endswith(f"; {expected.sentence}; {expected.hint}")


def test_every_answer_of_tor(tmp_path: Path) -> None:
    async def scene() -> None:
        street = Street()
        alice, bob = (Home(name, tmp_path, street) for name in ("alice", "bob"))
        async with asyncio.timeout(60), alice.up():
            async with bob.up():
                await befriend(alice, bob)
                assert (await alice("contact.show", name="bob")).why is None
            await alice("send", name="bob", text="you have gone")
            for kind in ANSWERS:
                street.trouble = kind()
                await alice("send", name="bob", text="so they are dialled")
                await until_said(alice, Why(kind.reason, kind.sentence, kind.next_step))
            (waiting,) = (await alice("status")).waiting
            assert (waiting.messages, waiting.contacts) == (1 + 2 * len(ANSWERS), 1)

    asyncio.run(scene())


def test_whom_our_question_has_not_reached_has_not_refused(tmp_path: Path) -> None:
    async def scene() -> None:
        street = Street()
        alice, bob = (Home(name, tmp_path, street) for name in ("alice", "bob"))
        async with asyncio.timeout(60), alice.up():
            await alice("contact.add", name="bob", address=bob.address)
            await alice("send", name="bob", text="1")
            await until_said(alice, why.NOT_REACHED)

    asyncio.run(scene())


def test_what_a_person_has_decided_comes_before_what_tor_says(tmp_path: Path) -> None:
    async def scene() -> None:
        street = Street()
        alice, bob = (Home(name, tmp_path, street) for name in ("alice", "bob"))
        async with asyncio.timeout(60), alice.up():
            async with bob.up():
                await alice("contact.add", name="bob", address=bob.address)
                await alice("send", name="bob", text="1")
                await bob.until(lambda: counts.totals().requests)
                await until_said(alice, why.NOT_ACCEPTED)
                await befriend(alice, bob)
                await alice.until(lambda: not counts.totals().outbox)
            await alice("send", name="bob", text="2")
            await until_said(alice, Why("offline", *away()))
            alice.lane.board.post(state="bootstrapping", warning="the network blocks tor")
            expected = Why("starting", "your own tor is not ready yet", "the network blocks tor")
            await until_said(alice, expected)
            await alice.change(lambda: contacts.hold(contact().id))
            await until_said(alice, why.HELD)
            await alice("contact.block", name="bob")
            await until_said(alice, why.BLOCKED)

    asyncio.run(scene())


def test_who_was_never_there_may_have_another_address(tmp_path: Path) -> None:
    async def scene() -> None:
        street = Street()
        alice, bob = (Home(name, tmp_path, street) for name in ("alice", "bob"))
        async with asyncio.timeout(60), alice.up():
            await alice("contact.add", name="bob", address=bob.address)
            await alice.change(lambda: contacts.accept(contact().id, wall_clock()))
            await alice("send", name="bob", text="anybody?")
            await until_said(alice, why.NEVER_SEEN)

    asyncio.run(scene())


def test_a_request_is_given_up_after_thirty_days(tmp_path: Path) -> None:
    async def scene() -> None:
        street = Street()
        alice, bob = (Home(name, tmp_path, street) for name in ("alice", "bob"))
        async with asyncio.timeout(60), alice.up():
            await alice("contact.add", name="bob", address=bob.address)
            await alice("send", name="bob", text="anybody?")
            assert alice.profile is not None
            later = Millis(wall_clock() + REQUEST_FOR_DAYS * DAY + 1000)
            alice.profile.clock = lambda: later
            await until_said(alice, why.GIVEN_UP)

    asyncio.run(scene())


async def bobs_places(alice: Home) -> list[OnionKey]:
    rows = await alice.change(lambda: endpoints.places(1, wall_clock()))
    return [place.onion for place in rows]


def test_somebody_else_at_the_address_is_not_offline(tmp_path: Path) -> None:
    async def scene() -> None:
        street = Street()
        alice, bob, mallory = (Home(name, tmp_path, street) for name in ("alice", "bob", "mallory"))
        async with asyncio.timeout(60), alice.up(), mallory.up():
            async with bob.up():
                await befriend(alice, bob)
            for onion in (bob.identity.service_id, *map(service_id, await bobs_places(alice))):
                street.served[onion] = street.served[mallory.identity.service_id]
            await alice("send", name="bob", text="is it you?")
            await until_said(alice, why.IMPOSTOR)

    asyncio.run(scene())


def test_who_hangs_up_before_the_greeting_is_not_called_an_impostor(tmp_path: Path) -> None:
    class Deaf:
        """A link to somebody who is full: it ends without a word."""

        def __init__(self, link: Link) -> None:
            self._link = link
            self.write, self.close = link.write, link.close

        async def read(self, n: int = 65536) -> bytes:
            await self._link.close()
            return b""

    async def scene() -> None:
        street = Street()
        alice, bob = (Home(name, tmp_path, street) for name in ("alice", "bob"))
        async with asyncio.timeout(60), alice.up(), bob.up():
            await befriend(alice, bob)
            await bob("contact.block", name="alice")
            await alice.change(lambda: endpoints.forget(1))
            street.wrap = Deaf
            await alice("send", name="bob", text="hello?")
            await until_said(alice, why.SILENT)

    asyncio.run(scene())


def test_a_full_disk_is_our_own_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = RefusedError("the disk is full: this could not be stored", "make room")

    settle = greeting.settle

    def refused(contact: ContactRow, *more: Any) -> greeting.Standing:
        if contact.name == "bob":
            raise full
        return settle(contact, *more)

    async def scene() -> None:
        street = Street()
        alice, bob = (Home(name, tmp_path, street) for name in ("alice", "bob"))
        async with asyncio.timeout(60), alice.up():
            async with bob.up():
                await befriend(alice, bob)
            async with bob.up(dial=False):
                monkeypatch.setattr(greeting, "settle", refused)
                await alice("send", name="bob", text="hello?")
                await until_said(alice, Why("full", full.message, full.hint))

    asyncio.run(scene())


def test_our_own_bug_is_nobodys_reason() -> None:
    with pytest.raises(ValueError, match="a bug"):
        why.failed(ValueError("a bug"))


def away() -> tuple[str, str]:
    from onionchat.tor.dial_errors import NotPublished

    return NotPublished.sentence, NotPublished.next_step


def contact() -> ContactRow:
    (row,) = contacts.all_rows()
    return row
