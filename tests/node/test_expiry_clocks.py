"""Real time counts for `send --expires`, whatever a clock on a wall says."""

from pathlib import Path

import pytest

from onionchat.node import expiry
from onionchat.node.clock import wall_clock
from tests.node.expiring import (
    HOUR,
    YEAR,
    ended,
    friends,
    give,
    heard,
    rebooted,
    states,
    until,
    wrong_by,
)
from tests.node.patience import pass_time, run

pytestmark = pytest.mark.usefixtures("promptly")


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
