"""`send --delay` and `--at`, with whole nodes: nothing leaves, and nobody is dialled, before."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from onionchat.errors import UsageError
from onionchat.store.models import Outbox
from tests.node.expiring import HOUR, YEAR, friends, heard, rebooted, states, wrong_by
from tests.node.patience import pass_time, run
from tests.node.street import Home, Street, befriend

pytestmark = pytest.mark.usefixtures("promptly")


async def until_heard(home: Home, text: str) -> None:
    while (text, 0) not in await heard(home):
        await home.change(lambda: None)


async def left(home: Home) -> list[str]:
    return [row.reason for row in await home("outbox.list")]


async def settle(home: Home) -> None:
    """Whoever would do something has had the time to."""
    for _ in range(50):
        await home.change(lambda: None)


def test_it_leaves_at_its_moment_and_not_before(tmp_path: Path) -> None:
    async def scene() -> None:
        alice, bob = await friends(tmp_path)
        async with alice.up(), bob.up():
            sent = await alice("send", name="bob", text="later", delay=(HOUR, HOUR))
            assert sent.hint.startswith("queued; it leaves after ")
            await alice("send", name="bob", text="now", wait="delivered")
            assert await heard(bob) == [("now", 0)]
            assert await left(alice) == ["delayed"]
            pass_time(HOUR - 60)
            await alice("send", name="bob", text="still now", wait="delivered")
            assert await left(alice) == ["delayed"]
            pass_time(61)
            await until_heard(bob, "later")
            assert [row.missing for row in await bob("receive") if row.kind == "text"] == [0] * 3

    run(scene())


def test_nobody_is_dialled_for_what_leaves_later(tmp_path: Path) -> None:
    """Not when it is queued, and not when the node comes up: that would tell that it was."""

    async def scene() -> None:
        street = Street()
        alice, bob = Home("alice", tmp_path, street), Home("bob", tmp_path, street)
        async with alice.up(), bob.up():
            await befriend(alice, bob)
            await alice("send", name="bob", text="0", wait="delivered", timeout=30)
        before = street.dials
        async with alice.up(dial=False):
            await alice("send", name="bob", text="later", delay=(HOUR, HOUR))
            pass_time(HOUR - 60)
            await settle(alice)
        async with alice.up(dial=False):
            pass_time(30)
            await settle(alice)
            assert street.dials == before
            pass_time(HOUR)
            while street.dials == before:
                await alice.change(lambda: None)

    run(scene())


@pytest.mark.parametrize("jump", [YEAR, -YEAR])
def test_a_wall_clock_that_jumps_changes_nothing(tmp_path: Path, jump: int) -> None:
    async def scene() -> None:
        alice, bob = await friends(tmp_path)
        async with alice.up(), bob.up():
            at = datetime.now(UTC) + timedelta(hours=1)
            await alice("send", name="bob", text="at eight", at=at)
            assert alice.profile is not None
            alice.profile.clock = wrong_by(jump)
            await alice("send", name="bob", text="now", wait="delivered")
            assert await left(alice) == ["delayed"]
            pass_time(HOUR + 1)
            await until_heard(bob, "at eight")

    run(scene())


@pytest.mark.parametrize(("after", "leaves"), [(0.5 * HOUR, False), (2 * HOUR, True)])
def test_it_survives_a_reboot(tmp_path: Path, after: float, leaves: bool) -> None:
    async def scene() -> None:
        alice, bob = await friends(tmp_path)
        async with alice.up():
            await alice("send", name="bob", text="later", delay=(HOUR, HOUR))
        await rebooted(alice, after)
        async with alice.up(), bob.up():
            if not leaves:
                await alice("send", name="bob", text="now", wait="delivered")
                assert await left(alice) == ["delayed"]
                pass_time(HOUR / 2 + 1)
            await until_heard(bob, "later")

    run(scene())


def test_it_can_be_cancelled_without_a_trace(tmp_path: Path) -> None:
    async def scene() -> None:
        alice, bob = await friends(tmp_path)
        async with alice.up(), bob.up():
            sent = await alice("send", name="bob", text="never mind", delay=(HOUR, HOUR))
            assert not (await alice("outbox.cancel", id=sent.id)).left
            pass_time(2 * HOUR)
            await alice("send", name="bob", text="now", wait="delivered")
            assert await heard(bob) == [("now", 0)]
            assert await states(alice) == ["cancelled", "delivered"]

    run(scene())


def test_the_moment_is_anywhere_in_the_range(tmp_path: Path) -> None:
    async def scene() -> None:
        alice, _ = await friends(tmp_path)
        async with alice.up(dial=False):
            for _ in range(40):
                await alice("send", name="bob", text="some time", delay=(HOUR, 3 * HOUR))

            def hours() -> list[float]:
                held = Outbox.select().where(Outbox.not_before.is_null(False))
                return [(row.not_before - row.queued_at) / 3600_000 for row in held]

            drawn = await alice.change(hours)
            assert len(drawn) == 40
            assert all(1 <= each <= 3 for each in drawn)
            assert min(drawn) < 2 < max(drawn), "by chance once in 10^12"

    run(scene())


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    async def scene() -> None:
        alice, _ = await friends(tmp_path)
        hour_ago = datetime.now(UTC) - timedelta(hours=1)
        async with alice.up(dial=False):
            for params in (
                {"delay": (HOUR, HOUR), "at": datetime.now(UTC) + timedelta(hours=1)},
                {"at": hour_ago},
                {"at": datetime(2099, 1, 1)},  # noqa: DTZ001 - that is what is wrong with it
                {"delay": (HOUR, HOUR), "expires": 60.0},
            ):
                with pytest.raises(UsageError):
                    await alice("send", name="bob", text="hi", **params)
            assert await alice("outbox.list") == []

    run(scene())
