"""Disks that are put back, installations that forget, two machines with one state."""

import asyncio
import shutil
from pathlib import Path

import pytest

from onionchat.errors import IdentityError
from onionchat.node import dialing, greeting, peer
from onionchat.node.dialing import Schedule
from onionchat.node.inbox import CLONE_ALARM
from onionchat.store import contacts, counts, sessions
from onionchat.store.models import Contact, Message, Outbox, Session
from tests.node.street import Home, Street, befriend


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redial at once, so that the test is about the protocol and not about waiting."""
    monkeypatch.setattr(dialing, "PATIENCE", 0.0)
    monkeypatch.setattr(peer, "Schedule", lambda: Schedule(lambda low, _: low))


def households(tmp_path: Path) -> tuple[Home, Home]:
    street = Street()
    return Home("alice", tmp_path, street), Home("bob", tmp_path, street)


async def exchange(alice: Home, bob: Home, text: str) -> None:
    """One text each way, delivered."""
    await alice("send", name="bob", text=f"{text} from alice", wait="delivered", timeout=30)
    await bob("send", name="alice", text=f"{text} from bob", wait="delivered", timeout=30)


async def read(home: Home) -> list[str]:
    """What is unread, marked as read."""
    rows = await home("receive")
    await home("receive.ack", cursors=[row.cursor for row in rows])
    return [row.text for row in rows]


def test_an_old_copy_of_a_disk_is_noticed_on_both_sides_and_loses_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        alice, bob = households(tmp_path)
        async with asyncio.timeout(60), alice.up():
            async with bob.up():
                await befriend(alice, bob)
                await exchange(alice, bob, "before")
            copy = shutil.copytree(bob.directory, tmp_path / "copy")
            async with bob.up():
                await exchange(alice, bob, "forgotten")
                await read(alice)
            shutil.rmtree(bob.directory)
            shutil.move(copy, bob.directory)
            async with bob.up():
                await exchange(alice, bob, "after")
                at_alice, at_bob = await read(alice), await read(bob)
        assert greeting.ROLLED_BACK_PEER in at_alice
        assert greeting.ROLLED_BACK_ME in at_bob
        assert at_alice.count("after from bob") == 1
        assert at_bob.count("after from alice") == 1

    asyncio.run(scene())


def test_what_waits_in_a_session_that_the_peer_lost_is_encrypted_again(tmp_path: Path) -> None:
    async def scene() -> None:
        alice, bob = households(tmp_path)
        async with asyncio.timeout(60), alice.up():
            async with bob.up():
                await befriend(alice, bob)
                await exchange(alice, bob, "before")
                await read(bob)
            await lose_sessions(bob)
            sent = await alice("send", name="bob", text="waits")
            async with bob.up():
                await alice.until(lambda: counts.totals().outbox == 0)
                (got,) = [row for row in await bob("receive") if row.kind == "text"]
                assert (got.id, got.text, got.missing) == (sent.id, "waits", 0)
                assert greeting.NO_COMMON_SESSION in await read(alice)
                await exchange(alice, bob, "goes on")

    asyncio.run(scene())


def test_a_verified_contact_without_a_common_session_is_held_back(tmp_path: Path) -> None:
    async def scene() -> None:
        alice, bob = households(tmp_path)
        async with asyncio.timeout(60), alice.up():
            async with bob.up():
                await befriend(alice, bob)
                await exchange(alice, bob, "before")
            await alice.change(lambda: Contact.update(verified=True).execute())
            await lose_sessions(bob)
            await alice("send", name="bob", text="secret", verified=True)
            async with bob.up():
                await alice.until(lambda: contacts.all_rows()[0].held)
                assert not (await alice("contact.show", name="bob")).verified
                with pytest.raises(IdentityError):
                    await alice("send", name="bob", text="more")
                await bob("send", name="alice", text="it is me", wait="delivered", timeout=30)
                assert "secret" not in await read(bob)
                waiting = await alice.change(lambda: Outbox.select(Outbox.state).tuples()[:])
                assert [state for (state,) in waiting][-1] == "queued"

    asyncio.run(scene())


def test_a_clone_that_sends_is_told_to_the_person(tmp_path: Path) -> None:
    async def scene() -> None:
        alice, bob = households(tmp_path)
        async with asyncio.timeout(60), alice.up(), bob.up():
            await befriend(alice, bob)
            await exchange(alice, bob, "before")
            copied = await alice.change(states)
            await alice("send", name="bob", text="mine", wait="delivered", timeout=30)
            await alice.change(lambda: Session.update(state=copied).execute())
            await alice("send", name="bob", text="the thief's")
            await bob.until(lambda: notice(CLONE_ALARM))
            assert "the thief's" not in await read(bob)

    asyncio.run(scene())


def states() -> bytes:
    """What a thief copies, whose machine then goes on from there: the session in use."""
    (row,) = sessions.live(1)
    return row.state


def notice(text: str) -> bool:
    return bool(Message.select().where(Message.kind == "notice", Message.text == text).exists())


async def lose_sessions(home: Home) -> None:
    """As a restored backup: contacts without any session."""
    async with home.store() as profile:
        await profile.db.run(lambda: Session.delete().execute())
        assert await profile.db.run(sessions.live, 1) == []
