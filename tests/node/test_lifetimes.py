"""Messages that disappear, and talks that are not kept for ever, with whole nodes."""

import asyncio
from pathlib import Path

import pytest

from onionchat.crypto.vault import Cost
from onionchat.node import expiry, inbox, lifetimes
from onionchat.node.clock import DAY, wall_clock
from onionchat.node.lifetimes import agreed
from onionchat.node.profile import create_profile, unlocked
from onionchat.paths import locate
from onionchat.protocol import records
from onionchat.store import backup, contacts, messages
from onionchat.store import lifetimes as times
from onionchat.store.contacts import NewContact
from onionchat.store.ending import Uptime
from onionchat.store.lifetimes import Lifetimes
from onionchat.store.models import Conversation, Forgotten, Message, Outbox, Session
from onionchat.types import IdentityKey, MessageId, Millis, StreamId
from tests.node.expiring import HOUR, YEAR, friends, heard, rebooted, wrong_by
from tests.node.patience import pass_time, run
from tests.node.street import Home

pytestmark = pytest.mark.usefixtures("promptly")


async def agree(alice: Home, bob: Home, seconds: float = HOUR) -> None:
    """Alice decides; both know it."""
    await alice("contact.disappearing", name="bob", seconds=int(seconds))
    while (await bob("contact.show", name="alice")).disappearing != (int(seconds) or None):
        await bob.change(lambda: None)


async def send(home: Home, text: str, to: str = "bob") -> None:
    await home("send", name=to, text=text, wait="delivered", timeout=30)


async def texts(home: Home) -> list[str]:
    """What the store has, shown to nobody."""

    def rows() -> list[str]:
        return [row.text for row in Message.select().where(Message.kind == "text")]

    found: list[str] = await home.change(rows)
    return found


async def until_gone(home: Home, text: str) -> None:
    while text in await texts(home):
        await home.change(lambda: None)


async def looked(home: Home) -> None:
    """What is over by now is erased."""
    assert home.profile is not None
    await lifetimes.erase(home.profile)


async def later(seconds: float, *homes: Home) -> None:
    """What has begun is on the kernel's clock when that is put forward; the wall's is not."""
    for home in homes:
        await looked(home)
    pass_time(seconds)


def test_it_is_gone_at_both_sides_an_hour_after_it_was_read_and_delivered(tmp_path: Path) -> None:
    async def scene() -> None:
        alice, bob = await friends(tmp_path)
        async with alice.up(), bob.up():
            await agree(alice, bob)
            await send(alice, "burn this")
            await later(HOUR - 60, alice)
            await looked(alice)
            assert "burn this" in await texts(alice)
            pass_time(120)
            await until_gone(alice, "burn this")
            assert "burn this" in await texts(bob), "nobody has read it"
            assert ("burn this", 0) in await heard(bob)
            await later(HOUR - 60, bob)
            await looked(bob)
            assert "burn this" in await texts(bob)
            pass_time(120)
            await until_gone(bob, "burn this")
            assert await bob.change(lambda: Forgotten.select().count()) == 1
            assert await alice.change(lambda: Outbox.select().where(Outbox.shown).count()) == 1

    run(scene())


def test_what_the_other_side_sends_disappears_too_and_they_are_told(tmp_path: Path) -> None:
    async def scene() -> None:
        alice, bob = await friends(tmp_path)
        async with alice.up(), bob.up():
            await agree(alice, bob)
            (told,) = await bob("receive")
            assert told.kind == "notice"
            assert told.text == (
                "They have decided that messages here disappear 1 hour after they were read."
            )
            await send(bob, "me too", to="alice")
            (shown,) = [row for row in await alice("receive") if row.kind == "text"]
            assert shown.disappears_at is not None
            await later(HOUR + 1, alice, bob)
            await until_gone(alice, "me too")
            await until_gone(bob, "me too")
            await bob("contact.disappearing", name="alice", seconds=0)
            while (await alice("contact.show", name="bob")).disappearing is not None:
                await alice.change(lambda: None)
            assert "not disappear any more" in (await alice("receive"))[-1].text
            await send(bob, "this stays", to="alice")
            await alice("receive")
            pass_time(2 * HOUR)
            await looked(alice)
            assert "this stays" in await texts(alice)

    run(scene())


def test_a_look_at_the_history_is_reading_it(tmp_path: Path) -> None:
    async def scene() -> None:
        alice, bob = await friends(tmp_path)
        async with alice.up(), bob.up():
            await agree(alice, bob)
            await send(alice, "seen")
        async with bob.store() as profile:
            bob.profile = profile
            assert (await bob("history", name="alice"))[-1].disappears_at is not None
            await later(HOUR + 1, bob)
            await looked(bob)
            assert "seen" not in await texts(bob)

    run(scene())


@pytest.mark.parametrize("jump", [-YEAR, YEAR])
def test_a_wall_clock_that_is_set_changes_nothing(tmp_path: Path, jump: int) -> None:
    async def scene() -> None:
        alice, bob = await friends(tmp_path)
        async with alice.up(), bob.up():
            await agree(alice, bob)
            await send(alice, "burn this")
            await heard(bob)
            for home in (alice, bob):
                await looked(home)
                assert home.profile is not None
                home.profile.clock = wrong_by(jump)
                await looked(home)
                assert "burn this" in await texts(home)
            pass_time(HOUR + 1)
            await until_gone(alice, "burn this")
            await until_gone(bob, "burn this")

    run(scene())


@pytest.mark.parametrize("after", [2 * HOUR, -YEAR / 1000])
def test_a_reboot_gives_nobody_more_time(tmp_path: Path, after: float) -> None:
    """With a right clock it is gone at once, with one that was set back after its hour."""

    async def scene() -> None:
        alice, bob = await friends(tmp_path)
        async with alice.up(), bob.up():
            await agree(alice, bob)
            await send(alice, "burn this")
            await heard(bob)
            await looked(bob)
        await rebooted(bob, after)
        bob.tor = "starting"
        async with bob.up():
            if after < 0:
                await later(HOUR + 1, bob)
            await until_gone(bob, "burn this")

    run(scene())


def test_sleep_counts(tmp_path: Path) -> None:
    async def scene() -> None:
        alice, bob = await friends(tmp_path)
        async with alice.up(), bob.up():
            await agree(alice, bob)
            await send(alice, "burn this")
            await heard(bob)
            await later(expiry.TICK, alice, bob)
            bob.slept = alice.slept = HOUR
            await until_gone(bob, "burn this")
            await until_gone(alice, "burn this")

    run(scene())


def test_it_comes_back_with_no_copy(tmp_path: Path) -> None:
    async def scene() -> None:
        alice, bob = await friends(tmp_path)
        async with alice.up(), bob.up():
            await agree(alice, bob)
            await send(alice, "burn this")
            await heard(bob)
            await later(HOUR + 1, bob)
            await until_gone(bob, "burn this")

            def again() -> set[MessageId]:
                (row,) = contacts.all_rows()
                (number,) = [row.message_id for row in Forgotten.select()]
                return messages.known(row.id, [number])

            assert await bob.change(again)

    run(scene())


def test_what_was_cancelled_disappears_too(tmp_path: Path) -> None:
    async def scene() -> None:
        alice, bob = await friends(tmp_path)
        async with alice.up(), bob.up():
            await agree(alice, bob)
        async with alice.up(dial=False):
            sent = await alice("send", name="bob", text="never mind")
            pass_time(2 * HOUR)
            await looked(alice)
            assert "never mind" in await texts(alice), "it waits"
            await alice("outbox.cancel", id=sent.id)
            await later(HOUR + 1, alice)
            await until_gone(alice, "never mind")

    run(scene())


def test_who_does_not_know_it_gets_nothing_to_keep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older version has neither record."""

    async def scene() -> None:
        alice, bob = await friends(tmp_path)
        async with alice.up(), bob.up():
            with monkeypatch.context() as older:
                older.setattr(records, "_KNOWN_TAGS", range(7))
                await alice("contact.disappearing", name="bob", seconds=int(HOUR))
                await send(alice, "burn this")
                shown = [(row.kind, row.text) for row in await bob("receive")]
            assert shown == [("unsupported", inbox.UNSUPPORTED)] * 2

    run(scene())


def test_both_decide_at_once_and_mean_the_same(tmp_path: Path) -> None:
    async def scene() -> None:
        alice, bob = await friends(tmp_path)
        async with alice.up(dial=False):
            await alice("contact.disappearing", name="bob", seconds=60)
        async with bob.up(dial=False):
            await bob("contact.disappearing", name="alice", seconds=int(HOUR))
        async with alice.up(), bob.up():
            await send(alice, "hello")
            await send(bob, "hello", to="alice")
            assert (await alice("contact.show", name="bob")).disappearing == 60
            assert (await bob("contact.show", name="alice")).disappearing == 60

    run(scene())


def said(change: int, disappear: int) -> records.Lifetimes:
    head = MessageId(bytes(16)), StreamId(bytes(8)), 1, Millis(0), None
    return records.Lifetimes(*head, disappear, change, 0)


@pytest.mark.parametrize(
    ("ours", "theirs", "both"),
    [
        ((1, 60), (2, 3600), (3600, 2)),
        ((2, 60), (1, 3600), (60, 2)),
        ((2, 60), (1, 0), (60, 2)),
        ((1, 60), (2, 0), (0, 2)),
        ((2, 3600), (2, 60), (60, 2)),
        ((2, 0), (2, 60), (60, 2)),
        ((2, 60), (2, 0), (60, 2)),
        ((0, 0), (0, 0), (0, 0)),
    ],
)
def test_the_later_decision_holds_and_of_two_at_once_the_shorter_time(
    ours: tuple[int, int], theirs: tuple[int, int], both: tuple[int, int]
) -> None:
    for mine, other in ((ours, theirs), (theirs, ours)):
        change, disappear = mine
        assert agreed(Lifetimes(disappear, change, 0, 0), said(*other)) == both


def test_what_is_older_than_it_is_kept_goes_and_the_other_side_sees_the_rule(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        alice, bob = await friends(tmp_path)
        async with alice.up(), bob.up():
            bob.clock = wrong_by(-31 * DAY)
            assert bob.profile is not None
            bob.profile.clock = bob.clock
            await send(alice, "old")
            bob.profile.clock = wall_clock
            await send(alice, "new")
            shown = await bob("contact.keep", name="alice", seconds=30 * 86400)
            assert shown.keep == 30 * 86400
            assert await texts(bob) == ["0", "new"]
            assert await texts(alice) == ["0", "old", "new"]
            while (await alice("contact.show", name="bob")).they_keep != 30 * 86400:
                await alice.change(lambda: None)
            (told,) = await alice("receive")
            assert told.text == "They keep what is said here for 30 days at most from now on."

    run(scene())


def test_what_is_not_delivered_yet_is_not_too_old(tmp_path: Path) -> None:
    async def scene() -> None:
        alice, _ = await friends(tmp_path)
        async with alice.up(dial=False):
            assert alice.profile is not None
            alice.profile.clock = wrong_by(-31 * DAY)
            await alice("send", name="bob", text="still on its way")
            alice.profile.clock = wall_clock
            await alice("contact.keep", name="bob", seconds=86400)
            assert "still on its way" in await texts(alice)

    run(scene())


def test_when_no_session_is_left_it_is_said_again(tmp_path: Path) -> None:
    """Somebody who restored a backup has forgotten what was agreed."""

    async def scene() -> None:
        alice, bob = await friends(tmp_path)
        async with alice.up(), bob.up():
            await agree(alice, bob)

        def forget() -> None:
            Session.delete().execute()
            Conversation.update(disappear=0, change=0).execute()

        async with bob.store() as profile:
            await profile.db.run(forget)
        async with alice.up(), bob.up():
            while (await bob("contact.show", name="alice")).disappearing != int(HOUR):
                await bob.change(lambda: None)

    run(scene())


def test_what_opens_the_profile_next_erases_first(tmp_path: Path) -> None:
    """A command that needs no node, two hours after the node was stopped."""
    paths = locate(tmp_path, "anna", {})
    create_profile(paths, b"pass", Cost.FLOOR)
    bob = NewContact("bob", "bob", IdentityKey(bytes(32)), "contact", MessageId(bytes(16)))

    def fill(uptime: Uptime, now: Millis) -> None:
        talk = contacts.add(bob, now).conversation
        row = messages.add_own(talk, MessageId(bytes(16)), "burn this", now, int(HOUR))
        times.begin([row], now)
        times.adopt(Uptime(uptime.boot, uptime.now - int(2 * HOUR * 1000)), now)

    async def scene() -> None:
        async with unlocked(paths, b"pass") as profile:
            await profile.db.run(fill, profile.uptime(), profile.clock())
        async with unlocked(paths, b"pass") as profile:
            assert await profile.db.run(lambda: Message.select().count()) == 0

    asyncio.run(scene())


def test_what_is_to_disappear_is_in_no_backup(tmp_path: Path) -> None:
    """Neither its text nor its record; of theirs it is known that they came."""

    async def scene() -> None:
        alice, bob = await friends(tmp_path)
        async with alice.up(), bob.up():
            await agree(alice, bob)
            await send(alice, "burn this")
            await send(bob, "and this", to="alice")
            for home in (alice, bob):
                taken = await home.change(lambda: backup.take(wall_clock(), history=True))
                (row,) = taken.contacts
                kept = [each.text for each in row.messages if each.kind == "text"]
                assert kept == ["0"]
                assert len(row.forgotten) == 1

    run(scene())
