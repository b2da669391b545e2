"""Who has said something is not listened to for a while, if there are others who could mind."""

from pathlib import Path

import pytest

from onionchat.node import talk
from onionchat.store.models import Admission, Contact, Outbox
from onionchat.store.outbox import OPEN
from tests.node.patience import pass_time, run
from tests.node.street import Home, Street, befriend

HOUR = 3600.0

pytestmark = pytest.mark.usefixtures("promptly")


def an_hours_rest(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(talk, "REST", 1e12)
    patch.setattr(talk, "LONGEST_REST", HOUR)


async def hear(alice: Home, who: str) -> str:
    (row,) = await alice("receive", name=who, timeout=60.0)
    await alice("receive.ack", cursors=[row.cursor])
    return str(row.text)


async def quiet(*homes: Home) -> None:
    """Everybody knows where the others are, and nothing is under way any more."""
    for home in homes:
        await home.until(lambda: Admission.select().where(Admission.known).count() == _friends())
        await home.until(lambda: not Outbox.select().where(Outbox.state.in_(OPEN)).exists())


def _friends() -> int:
    return int(Contact.select().count())


async def both_there(alice: Home) -> None:
    assert alice.profile is not None
    assert alice.profile.live is not None
    while alice.profile.live.online_count() < 2:
        changed = alice.profile.feed.next_change()
        await changed.wait()


def test_while_others_are_there_a_contact_waits_for_a_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        street = Street()
        alice, mallory = Home("alice", tmp_path, street), Home("mallory", tmp_path, street)
        bob = Home("bob", tmp_path, street)
        async with alice.up(), mallory.up(), bob.up():
            await befriend(alice, mallory)
            await befriend(alice, bob)
            await both_there(alice)
            await quiet(alice, mallory, bob)
            an_hours_rest(monkeypatch)
            await mallory("send", name="alice", text="one", wait="sent")
            assert await hear(alice, "mallory") == "one"
            await mallory("send", name="alice", text="two", wait="sent")
            await bob("send", name="alice", text="hello", wait="sent")
            assert await hear(alice, "bob") == "hello"
            assert await alice("receive", name="mallory") == []
            pass_time(HOUR)
            assert await hear(alice, "mallory") == "two"

    run(scene())


def test_who_is_alone_with_us_is_heard_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        street = Street()
        alice, mallory = Home("alice", tmp_path, street), Home("mallory", tmp_path, street)
        async with alice.up(), mallory.up():
            await befriend(alice, mallory)
            await quiet(alice, mallory)
            an_hours_rest(monkeypatch)
            for text in ("one", "two"):
                await mallory("send", name="alice", text=text, wait="delivered")
                assert await hear(alice, "mallory") == text

    run(scene())
