"""`send --expires`, with whole nodes: it ends by itself, and what may have left is withdrawn."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from onionchat.errors import RefusedError, UndeliveredError
from onionchat.node import expiry
from onionchat.node.clock import DAY
from onionchat.node.events import durable
from onionchat.node.expiry import Expiries, Round
from onionchat.node.talk import Talk
from onionchat.node.verbs.messages import SendParams
from onionchat.store.models import Gap, Outbox
from tests.node.expiring import HOUR, ended, friends, give, heard, states, until
from tests.node.patience import pass_time, run
from tests.node.street import Home

pytestmark = pytest.mark.usefixtures("promptly")


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
