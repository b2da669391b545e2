"""What was cancelled or has expired: not sent again, no gap at the other side, and the truth."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from onionchat.node import withdrawal
from onionchat.node.rollback import count_anew
from onionchat.protocol import records
from onionchat.store import events, outbox
from onionchat.store.models import Outbox
from onionchat.types import StreamId
from tests.node.two_stores import Pair, gaps, late, pair, shown, states

Scene = Callable[[Pair], Awaitable[None]]


def play(tmp_path: Path, scene: Scene) -> None:
    async def run() -> None:
        async with AsyncExitStack() as stack:
            await scene(await pair(tmp_path, stack))

    asyncio.run(run())


async def told(both: Pair) -> list[str]:
    """The states that Alice's events tell of, in order."""
    return [str(row.state) for row in await both.alice.do(events.after, 0, 100)][1:]


async def withdrawn(both: Pair) -> list[tuple[StreamId, int, int, int]]:
    """What Alice's Withdrawns say: stream, number, first, last."""

    def found() -> list[bytes]:
        rows = Outbox.select(Outbox.record).where(Outbox.tag == outbox.WITHDRAWN)
        return [record for (record,) in rows.order_by(Outbox.id).tuples()]

    said = [records.decode(record) for record in await both.alice.do(found)]
    return [
        (each.stream, each.seq, each.first, each.last)
        for each in said
        if isinstance(each, records.Withdrawn)
    ]


def test_what_never_left_leaves_no_trace(tmp_path: Path) -> None:
    async def scene(both: Pair) -> None:
        await both.say(hours=1)
        await both.say()
        await both.pass_hours(1)
        assert await withdrawn(both) == []
        await both.quiet()
        assert await both.bob.do(shown) == ["text 2"]
        assert await both.alice.do(states) == {"text 1": "expired", "text 2": "delivered"}
        assert await told(both) == ["expired", "sent", "delivered"]

    play(tmp_path, scene)


def test_what_left_and_was_lost_opens_no_gap(tmp_path: Path) -> None:
    async def scene(both: Pair) -> None:
        await both.say(hours=1)
        await both.leave()
        await both.say()
        await both.connect(arrives=False)
        both.alice.left.clear()
        await both.pass_hours(1)
        await both.leave()
        assert len(both.alice.left) == 2
        await both.arrive(one_by_one=True)
        await both.quiet()
        assert await both.bob.do(shown) == ["text 2"]
        assert await both.alice.do(states) == {"text 1": "expired", "text 2": "delivered"}

    play(tmp_path, scene)


def test_nothing_that_is_over_leaves_before_it_has_ended(tmp_path: Path) -> None:
    """Whoever ends it may be late: the machine slept, or the disk is full."""

    async def scene(both: Pair) -> None:
        await both.say(hours=1)
        await both.leave()
        await both.say(hours=1)
        both.hours += 1
        await both.connect(arrives=False)
        await both.leave()
        assert both.alice.left == []
        assert await both.alice.do(states) == {"text 1": "sent", "text 2": "queued"}

    play(tmp_path, scene)


@pytest.mark.parametrize("left", [False, True], ids=["queued", "left"])
def test_what_was_queued_before_a_reboot_is_asked_for_its_time_too(
    tmp_path: Path, left: bool
) -> None:
    async def scene(both: Pair) -> None:
        both.hours = 1000
        await both.say(hours=1)
        await both.say(hours=3)
        if left:
            await both.leave()
        both.boot, both.hours, both.wall = b"another boot", 0, 2
        if left:
            await both.connect(arrives=False)
        else:
            await both.leave()
        await both.arrive_in_any_order()
        assert await both.bob.do(shown) == ["text 2"]

    play(tmp_path, scene)


@pytest.mark.parametrize("receipt", ["late", "lost"])
def test_what_arrived_all_the_same_becomes_delivered(tmp_path: Path, receipt: str) -> None:
    async def scene(both: Pair) -> None:
        await both.say(hours=1)
        await both.leave()
        await both.arrive()
        if receipt == "lost":
            both.bob.left.clear()
        await both.pass_hours(1)
        assert await both.alice.do(states) == {"text 1": "expired"}
        await both.confirm()
        await both.quiet()
        assert await both.alice.do(states) == {"text 1": "delivered"}
        assert await both.bob.do(shown) == ["text 1"]
        assert await told(both) == ["sent", "expired", "delivered"]

    play(tmp_path, scene)


def test_a_message_that_comes_behind_its_withdrawal_is_shown_as_late(tmp_path: Path) -> None:
    """A stalled connection gives up what it had, later than a new one brings the Withdrawn. No
    gap is left to say that others came first."""

    async def scene(both: Pair) -> None:
        await both.say(hours=1)
        await both.leave()
        stalled = list(both.alice.left)
        both.alice.left.clear()
        await both.pass_hours(1)
        await both.quiet()
        assert await both.alice.do(states) == {"text 1": "expired"}
        both.alice.left += stalled
        await both.arrive()
        await both.confirm()
        assert await both.alice.do(states) == {"text 1": "delivered"}
        assert await both.bob.do(shown) == ["text 1"]
        assert await both.bob.do(late) == [True]

    play(tmp_path, scene)


def test_numbers_that_follow_each_other_go_in_one_record(tmp_path: Path) -> None:
    async def scene(both: Pair) -> None:
        for hours in (1, 1, None, 1):
            await both.say(hours)
        await both.leave()
        both.alice.left.clear()
        await both.pass_hours(1)
        stream = both.alice.me.stream
        assert await withdrawn(both) == [(stream, 5, 1, 2), (stream, 6, 4, 4)]
        await both.quiet()
        assert await both.bob.do(shown) == ["text 3"]

    play(tmp_path, scene)


def test_what_never_comes_is_said_before_anything_is_repeated(tmp_path: Path) -> None:
    """Who heard the repeated text alone would wait for the number of the one that is over."""

    async def scene(both: Pair) -> None:
        await both.say(hours=1)
        await both.say()
        await both.leave()
        await both.pass_hours(1)
        await both.connect(arrives=False)
        await both.arrive()  # which looks for gaps
        assert await both.bob.do(shown) == ["text 2"]
        await both.confirm()
        assert await both.alice.do(states) == {"text 1": "expired", "text 2": "delivered"}

    play(tmp_path, scene)


def test_what_waits_longer_than_a_withdrawal_goes_behind_it(tmp_path: Path) -> None:
    """Its number is higher, and would open a gap for as long as the Withdrawn needs."""

    async def scene(both: Pair) -> None:
        await both.say(hours=1)
        await both.leave()
        await both.arrive()
        await both.say(hours=1)
        await both.leave()
        both.alice.left.clear()
        for _ in range(3):
            await both.say()
        await both.pass_hours(1)
        await both.leave()
        await both.arrive(one_by_one=True)
        assert len(await both.bob.do(shown)) == 4

    play(tmp_path, scene)


def test_what_may_be_jumped_over_counts_as_in_flight(tmp_path: Path) -> None:
    """Else messages that expire could make a chain longer than the other side follows."""

    async def scene(both: Pair) -> None:
        for _ in range(3):
            await both.say(hours=1)
        await both.leave()
        await both.pass_hours(1)
        assert await both.alice.do(outbox.in_flight, 1) == 3
        await both.quiet()
        assert await both.alice.do(outbox.in_flight, 1) == 0

    play(tmp_path, scene)


def test_cancelled_on_the_way_is_the_same(tmp_path: Path) -> None:
    async def scene(both: Pair) -> None:
        lost = await both.say()
        await both.leave()
        both.alice.left.clear()
        there = await both.say()
        await both.leave()
        await both.arrive_in_any_order()
        both.bob.left.clear()
        for message_id in (lost, there):
            await both.cancel(message_id)
        assert await both.bob.do(gaps) == 1
        await both.quiet()
        assert await both.bob.do(gaps) == 0
        assert await both.alice.do(states) == {"text 1": "cancelled", "text 2": "delivered"}

    play(tmp_path, scene)


def test_a_stream_of_before_an_old_disk_was_put_back_is_closed_too(tmp_path: Path) -> None:
    async def scene(both: Pair) -> None:
        for hours in (None, 1, None):
            await both.say(hours)
        await both.leave()
        del both.alice.left[1]
        await both.arrive_in_any_order()
        assert await both.bob.do(gaps) == 1
        await both.alice.do(count_anew)
        await both.pass_hours(1)
        assert await withdrawn(both) == [(both.alice.me.stream, 2, 2, 2)]
        await both.quiet()
        assert await both.bob.do(gaps) == 0
        assert await both.bob.do(shown) == ["text 1", "text 3"]

    play(tmp_path, scene)


def test_it_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash between the state and the Withdrawn would leave a gap for ever."""

    class PowerCut(BaseException):
        """Nobody handles it."""

    def cut(*_: object) -> None:
        raise PowerCut

    async def scene(both: Pair) -> None:
        await both.say(hours=1)
        await both.leave()
        both.alice.left.clear()
        with monkeypatch.context() as patch:
            patch.setattr(withdrawal, "_queue", cut)
            with pytest.raises(PowerCut):
                await both.pass_hours(1)
        assert await both.alice.do(states) == {"text 1": "sent"}
        await both.pass_hours(0)
        assert await both.alice.do(states) == {"text 1": "expired"}
        await both.quiet()
        assert await both.alice.do(outbox.in_flight, 1) == 0

    play(tmp_path, scene)


def test_a_hostile_range_gets_no_more_receipts_than_there_are_messages(tmp_path: Path) -> None:
    async def scene(both: Pair) -> None:
        for _ in range(3):
            await both.say()
        await both.quiet()
        message_id = await both.say()
        await both.leave()

        def everything() -> None:
            head = (message_id, both.alice.me.stream, 4, 0, None)
            record = records.encode(records.Withdrawn(*head, 1, 2**53 - 1))  # type: ignore[arg-type]
            Outbox.update(record=record, wire=None).where(Outbox.wire.is_null(False)).execute()

        await both.alice.do(everything)
        both.alice.left.clear()
        await both.leave()
        await both.arrive()
        assert len(both.bob.left) == 1
        await both.confirm()
        assert set((await both.alice.do(states)).values()) == {"delivered"}

    play(tmp_path, scene)


def test_a_withdrawn_that_comes_again_is_answered_with_all_that_it_took_back(
    tmp_path: Path,
) -> None:
    """Its receipt was lost, and is not kept any more: what was cancelled is not sent again, so
    nothing else would ask whether it is there (seen in a simulated day)."""

    async def scene(both: Pair) -> None:
        first = await both.say()
        await both.leave()
        await both.cancel(first)
        await both.leave()
        await both.answer()
        await both.confirm()
        await both.arrive()
        await both.say()
        await both.leave()
        await both.arrive()  # she has heard him: he forgets how he answered before
        await both.quiet()
        assert await both.bob.do(shown) == ["text 1", "text 2"]
        assert await both.alice.do(states) == {"text 1": "delivered", "text 2": "delivered"}

    play(tmp_path, scene)
