"""`send --expires`, with whole nodes: real time counts, whatever a clock on a wall says."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from onionchat.errors import RefusedError, UndeliveredError
from onionchat.node import expiry
from onionchat.node import uptime as kernel
from onionchat.node.clock import DAY, Clock, wall_clock
from onionchat.node.events import durable
from onionchat.node.expiry import Expiries, Round
from onionchat.node.talk import Talk
from onionchat.node.verbs.messages import SendParams
from onionchat.store.models import Gap, Outbox
from onionchat.types import Millis
from tests.node.patience import pass_time, run
from tests.node.street import Home, Street, befriend

HOUR = 3600.0
YEAR = 400 * DAY

pytestmark = pytest.mark.usefixtures("promptly")


def wrong_by(milliseconds: float) -> Clock:
    return lambda: Millis(int(wall_clock() + milliseconds))


async def friends(tmp_path: Path) -> tuple[Home, Home]:
    """Who have a session in common, and are both off again."""
    street = Street()
    alice, bob = Home("alice", tmp_path, street), Home("bob", tmp_path, street)
    async with alice.up(), bob.up():
        await befriend(alice, bob)
        await alice("send", name="bob", text="0", wait="delivered", timeout=30)
        await bob("receive.ack", cursors=[row.cursor for row in await bob("receive")])
    return alice, bob


async def give(home: Home, text: str, hours: float = 1.0, **more: Any) -> Any:
    return await home("send", name="bob", text=text, expires=hours * HOUR, **more)


async def states(home: Home) -> list[str]:
    rows = await home("history", name="bob")
    return [row.state for row in rows if row.direction == "out"][1:]


async def until(home: Home, *expected: str) -> None:
    while await states(home) != list(expected):
        await home.change(lambda: None)


async def ended(home: Home, *, believed: bool = True) -> int:
    """How many end if it is looked now."""
    profile = home.profile
    assert profile is not None
    now = profile.clock(), profile.uptime()
    look = partial(expiry.look, *now, believed=believed)
    found: Round = await home.change(look)
    return found.ended


async def heard(home: Home) -> list[tuple[str, int | None]]:
    """Unread texts, each with the number of those missing before it."""
    return [(row.text, row.missing) for row in await home("receive") if row.kind == "text"]


def test_what_nobody_got_in_time_is_not_sent_any_more(tmp_path: Path) -> None:
    async def scene() -> None:
        alice, bob = await friends(tmp_path)
        async with alice.up():
            assert alice.profile is not None
            sent = await give(alice, "too late")
            assert "; it expires at " in sent.hint
            (waiting,) = await alice("outbox.list")
            assert waiting.expires_at == sent.expires_at is not None
            pass_time(HOUR - 1)
            assert await ended(alice) == 0
            assert await states(alice) == ["queued"]
            pass_time(2)
            await until(alice, "expired")
            told = await alice.change(lambda: durable(0, 100))
            assert told[-1].params["state"] == "expired"
            async with bob.up():
                await alice("send", name="bob", text="in time", wait="delivered")
                assert await heard(bob) == [("in time", 0)]
            assert await alice("outbox.list") == []

    run(scene())


def test_who_waits_for_it_is_told(tmp_path: Path) -> None:
    async def scene() -> None:
        alice, _ = await friends(tmp_path)
        async with alice.up(), asyncio.TaskGroup() as group:
            waiting = group.create_task(told(alice))
            while not await states(alice):
                await alice.change(lambda: None)
            pass_time(HOUR)
            assert await waiting == UndeliveredError.exit_code

    async def told(alice: Home) -> int:
        with pytest.raises(UndeliveredError, match="expired") as ended:
            await give(alice, "now or never", wait="delivered")
        return ended.value.exit_code

    run(scene())


@pytest.mark.parametrize("jump", [YEAR, -YEAR])
def test_a_wall_clock_that_jumps_changes_nothing(tmp_path: Path, jump: int) -> None:
    async def scene() -> None:
        alice, _ = await friends(tmp_path)
        async with alice.up():
            assert alice.profile is not None
            await give(alice, "before")
            alice.profile.clock = wrong_by(jump)
            await give(alice, "meanwhile")
            assert await ended(alice) == 0
            alice.profile.clock = wall_clock
            assert await ended(alice) == 0
            alice.profile.clock = wrong_by(jump)
            pass_time(HOUR + 1)
            await until(alice, "expired", "expired")

    run(scene())


@pytest.mark.parametrize("jump", [0, YEAR, -YEAR])
def test_time_goes_on_while_the_node_is_down(tmp_path: Path, jump: int) -> None:
    async def scene() -> None:
        alice, _ = await friends(tmp_path)
        async with alice.up():
            await give(alice, "short")
            await give(alice, "long", hours=3)
        pass_time(2 * HOUR)
        alice.clock = wrong_by(jump)
        async with alice.up():
            await until(alice, "expired", "queued")

    run(scene())


def test_sleep_counts(tmp_path: Path) -> None:
    """The loop's clock stands still meanwhile, so nobody is woken when the time is over."""

    async def scene() -> None:
        alice, bob = await friends(tmp_path)
        async with alice.up():
            await give(alice, "good night")
            alice.slept = 8 * HOUR
            async with bob.up():
                await bob("send", name="alice", text="good morning", wait="delivered")
                assert await heard(bob) == []
            pass_time(expiry.TICK)
            await until(alice, "expired")

    run(scene())


async def rebooted(home: Home, after: float) -> None:
    """Switched off, and on again after so many seconds, by the clock on the wall."""
    home.boot = b"another boot"
    home.clock = wrong_by(after * 1000)


def test_after_a_reboot_the_wall_clock_tells_what_is_left(tmp_path: Path) -> None:
    async def scene() -> None:
        alice, _ = await friends(tmp_path)
        async with alice.up():
            await give(alice, "short")
            await give(alice, "long", hours=3)
        await rebooted(alice, 2 * HOUR)
        async with alice.up():
            await until(alice, "expired", "queued")
            pass_time(HOUR - 60)
            assert await ended(alice) == 0
            pass_time(120)
            await until(alice, "expired", "expired")

    run(scene())


def test_a_wrong_clock_after_a_reboot_gives_no_more_than_there_was(tmp_path: Path) -> None:
    async def scene() -> None:
        alice, _ = await friends(tmp_path)
        async with alice.up():
            await give(alice, "short")
        await rebooted(alice, -YEAR / 1000)
        async with alice.up():
            pass_time(HOUR - 60)
            assert await ended(alice) == 0
            pass_time(60)
            await until(alice, "expired")

    run(scene())


def test_after_a_reboot_no_clock_is_believed_before_tor_is_in_the_network(tmp_path: Path) -> None:
    async def scene() -> None:
        alice, bob = await friends(tmp_path)
        async with alice.up():
            await give(alice, "it was never too late")
        await rebooted(alice, YEAR / 1000)
        alice.tor = "bootstrapping"
        async with alice.up():
            assert alice.profile is not None
            assert await ended(alice, believed=False) == 0
            pass_time(90)
            assert await states(alice) == ["queued"]
            alice.profile.clock = wall_clock
            alice.lane.board.post(state="ready")
            async with bob.up():
                await until(alice, "delivered")

    run(scene())


def test_what_is_over_ends_as_soon_as_tor_is_in_the_network(tmp_path: Path) -> None:
    async def scene() -> None:
        alice, _ = await friends(tmp_path)
        async with alice.up():
            await give(alice, "too late")
        await rebooted(alice, 2 * HOUR)
        alice.tor = "bootstrapping"
        async with alice.up():
            assert await ended(alice, believed=False) == 0
            alice.lane.board.post(state="ready")
            await until(alice, "expired")

    run(scene())


def test_who_is_connected_proves_that_tor_works(tmp_path: Path) -> None:
    """The connection may be there before tor's state has said so."""

    async def scene() -> None:
        alice, bob = await friends(tmp_path)
        async with alice.up():
            await give(alice, "too late")
            await give(alice, "in time", hours=3)
        await rebooted(alice, 2 * HOUR)
        alice.tor = "bootstrapping"
        async with alice.up(), bob.up():
            while len(await heard(bob)) == 0:
                await bob.change(lambda: None)
            assert await heard(bob) == [("in time", 0)]

    run(scene())


def lost(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Every connection breaks as soon as an envelope is to leave, which is on the disk then."""
    write = Talk._write

    async def breaks(talk: Talk, wires: Any) -> None:
        if wires:
            raise ConnectionResetError("the network")
        await write(talk, wires)

    monkeypatch.setattr(Talk, "_write", breaks)
    return monkeypatch


def numbered() -> bool:
    return bool(Outbox.select().where(Outbox.wire.is_null(False)).exists())


def nothing_waits() -> bool:
    return not Outbox.select().where(Outbox.state.in_(["queued", "sent"])).exists()


@pytest.mark.parametrize("way", ["expired", "cancelled"])
def test_what_may_have_left_is_withdrawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    async def scene() -> None:
        alice, bob = await friends(tmp_path)
        async with alice.up():
            with monkeypatch.context() as patch:
                lost(patch)
                async with bob.up(dial=False):
                    sent = await give(alice, "on its way")
                    await alice.until(numbered)
            if way == "expired":
                pass_time(HOUR)
            else:
                assert (await alice("outbox.cancel", id=sent.id)).left
            await until(alice, way)
            async with bob.up(dial=False):
                pass_time(60)  # she has looked for him in vain, and looks again
                await alice.until(nothing_waits)
                assert await bob.change(lambda: Gap.select().count()) == 0
                await alice("send", name="bob", text="after it", wait="delivered")
                assert await heard(bob) == [("after it", 0)]
            assert await states(alice) == [way, "delivered"]

    run(scene())


def test_it_survives_a_crash_before_the_other_side_has_heard_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crash(Exception):  # noqa: N818 - no error: the machine is off
        """Nobody handles it."""

    async def crash(alice: Home, bob: Home) -> None:
        async with alice.up(), bob.up(dial=False):
            await give(alice, "on its way")
            await alice.until(numbered)
            pass_time(HOUR)
            await until(alice, "expired")
            raise Crash

    async def scene() -> None:
        alice, bob = await friends(tmp_path)
        with monkeypatch.context() as patch:
            lost(patch)
            with pytest.raises(ExceptionGroup):
                await crash(alice, bob)
        async with alice.up(), bob.up(dial=False):
            await alice("send", name="bob", text="after it", wait="delivered")
            assert await heard(bob) == [("after it", 0)]
            await alice.until(nothing_waits)

    run(scene())


def test_many_end_in_several_rounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "BATCH", 2)

    async def scene() -> None:
        alice, _ = await friends(tmp_path)
        async with alice.up():
            for number in range(5):
                await give(alice, str(number))
            pass_time(HOUR)
            await until(alice, *["expired"] * 5)

    run(scene())


def test_a_full_disk_only_delays_the_news(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    look, failures = expiry.look, [RefusedError("the disk is full")]

    def fails_once(*args: Any, **more: Any) -> Round:
        if failures:
            raise failures.pop()
        return look(*args, **more)

    async def scene() -> None:
        alice, _ = await friends(tmp_path)
        async with alice.up():
            await give(alice, "short")
            monkeypatch.setattr(expiry, "look", fails_once)
            pass_time(HOUR)
            while failures:
                await alice.change(lambda: None)
            while await states(alice) != ["expired"]:
                pass_time(expiry.TICK)

    run(scene())


def test_it_costs_nothing_while_nothing_expires(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float | None] = []
    look = Expiries._look

    async def counted(self: Expiries) -> float | None:
        looks.append(await look(self))
        return looks[-1]

    monkeypatch.setattr(Expiries, "_look", counted)

    async def scene() -> None:
        alice, bob = await friends(tmp_path)
        async with alice.up(), bob.up():
            await alice("send", name="bob", text="for ever", wait="delivered")
            before = len(looks)
            pass_time(30 * DAY / 1000)
            await alice("send", name="bob", text="and again", wait="delivered")
            assert len(looks) == before
        assert set(looks) == {None}

    run(scene())


@pytest.mark.parametrize("seconds", [0, -1, 366 * 24 * 3600 + 1, float("nan"), True, "2h"])
def test_no_other_time_is_taken(seconds: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"name": "bob", "text": "x", "expires": seconds}, SendParams)


def test_the_kernel_counts_from_a_boot_that_has_a_name() -> None:
    first, second = kernel.uptime(), kernel.uptime()
    assert first.boot == second.boot
    assert len(first.boot) == 16
    assert 0 < first.now <= second.now


def test_without_a_name_each_start_is_a_boot_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel, "_NAME", tmp_path / "nowhere")
    names = {kernel._boot.__wrapped__() for _ in range(2)}
    assert len(names) == 2
