"""Single misfortunes in virtual time, each of which a day of faults has shown to matter."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from onionchat.node import talk
from onionchat.node.clock import pause
from onionchat.node.greeting import ROLLED_BACK_ME
from onionchat.node.talk import Talk
from onionchat.store.models import Event, Identity, Session
from tests.simulation.machine import Machine
from tests.simulation.trace import Trace
from tests.simulation.world import Plan, Story, World, play

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


def scene(story: Story) -> Trace:
    """Anna and Ben are friends and connected when the story begins."""

    async def told(world: World) -> None:
        await world.begin()
        await pause(MINUTE)
        await story(world)
        for machine in world.machines:
            await machine.stop()

    trace = Trace()
    play(Plan(1), trace, told, machines=2)
    return trace


async def deliver(machine: Machine, name: str, text: str) -> float:
    """How long it takes until `name` has this text."""
    begin = machine.world.loop.now
    await machine("send", name=name, text=text, wait="delivered")
    return machine.world.loop.now - begin


async def row_of(machine: Machine, table: Any) -> Any:
    assert machine.profile is not None
    return await machine.profile.db.run(lambda: table.select().tuples()[:])


def test_after_a_sleep_dead_connections_are_found_within_a_minute() -> None:
    async def story(world: World) -> None:
        anna, _ = world.machines
        assert (await anna("contact.show", name="ben")).online
        anna.tor.drop(silently=True)  # and tor notices nothing
        world.loop.sleep(anna)
        await pause(8 * HOUR)
        world.loop.wake(anna)
        assert await deliver(anna, "ben", "anna>ben 1") < 90

    scene(story)


def test_who_wakes_is_greeted_by_those_who_have_something_for_them() -> None:
    async def story(world: World) -> None:
        anna, ben = world.machines
        ben.tor.drop(silently=True)
        world.loop.sleep(ben)
        await anna("send", name="ben", text="anna>ben 1")
        await pause(8 * HOUR)
        begin = world.loop.now
        world.loop.wake(ben)
        while await anna("outbox.list"):
            await pause(1)
        assert world.loop.now - begin < 90

    scene(story)


def test_a_full_disk_is_not_knocked_at_all_the_time() -> None:
    async def story(world: World) -> None:
        anna, ben = world.machines
        ben.set_disk(full=True)
        await anna("send", name="ben", text="anna>ben 1")
        before = world.trace.counts["dial"]
        await pause(HOUR)
        assert world.trace.counts["dial"] - before < 30
        ben.set_disk(full=False)
        begin = world.loop.now
        while await anna("outbox.list"):
            await pause(5)
        assert world.loop.now - begin < 40 * MINUTE

    scene(story)


def test_who_writes_and_writes_does_not_make_us_knock_all_the_time() -> None:
    async def story(world: World) -> None:
        anna, ben = world.machines
        await ben.stop()
        before = world.trace.counts["dial"]
        for number in range(720):
            await anna("send", name="ben", text=f"anna>ben {number}")
            await pause(5)
        assert world.trace.counts["dial"] - before < 70

    scene(story)


def test_a_connection_that_takes_nothing_is_given_up() -> None:
    """So much is under way that not even a ping can be written."""

    async def story(world: World) -> None:
        anna, _ = world.machines
        for end in anna.tor.ends:
            end.circuit.silent = True
        for number in range(200):
            await anna("send", name="ben", text=f"anna>ben {number}")
        begin = world.loop.now
        while await anna("outbox.list"):
            await pause(5)
        assert world.loop.now - begin < 10 * MINUTE

    scene(story)


def test_a_path_that_died_in_silence_is_found_by_the_first_message() -> None:
    """Neither side has closed anything, and tor knows nothing."""

    async def story(world: World) -> None:
        anna, _ = world.machines
        for end in anna.tor.ends:
            end.circuit.silent = True
        assert await deliver(anna, "ben", "anna>ben 1") < 90

    scene(story)


def test_a_receipt_does_not_die_with_another_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The old connection is dead on both sides and neither has noticed when the new one brings
    a message; its author keeps the new one, and would wait for the receipt for ever."""
    monkeypatch.setattr(talk, "ANSWER", DAY)

    async def story(world: World) -> None:
        anna, _ = world.machines
        for end in anna.tor.ends:
            end.circuit.silent = True
        assert await deliver(anna, "ben", "anna>ben 1") < HOUR

    scene(story)


def test_a_receipt_that_was_lost_and_is_forgotten_is_asked_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ben's was committed, its connection ended before it was written, and what Anna said on
    another has answered its chain since: he keeps its bytes no more. The connection lives on."""
    write = Talk._write
    lost: list[bytes] = []

    async def swallowed(talk: Talk, wires: Sequence[bytes]) -> None:
        if lost or not wires or talk._peer.name != "anna":
            await write(talk, wires)
        else:
            lost.extend(wires)

    async def story(world: World) -> None:
        anna, ben = world.machines
        await deliver(anna, "ben", "anna>ben 1")
        with monkeypatch.context() as patch:
            patch.setattr(Talk, "_write", swallowed)
            await anna("send", name="ben", text="anna>ben 2")
            while not lost:
                await pause(1)
        await deliver(ben, "anna", "ben>anna 1")
        await deliver(anna, "ben", "anna>ben 3")
        assert [row.state for row in await anna("outbox.list")] == ["sent"]
        async with asyncio.timeout(5 * MINUTE):
            while await anna("outbox.list"):
                await pause(5)

    scene(story)


def test_an_old_disk_counts_anew_and_trusts_no_session() -> None:
    async def story(world: World) -> None:
        anna, _ = world.machines
        await deliver(anna, "ben", "anna>ben 1")
        await anna.stop()
        outside = anna.paths.generation.read_bytes()
        anna.copy()
        await anna.start()
        await deliver(anna, "ben", "anna>ben 2")
        ((_, _, stream, *_),) = await row_of(anna, Identity)
        await anna.stop()
        forgotten = anna.paths.generation.read_bytes()
        assert forgotten != outside
        anna.put_back()
        anna.paths.generation.write_bytes(forgotten)
        await anna.start()
        ((_, _, now, *_),) = await row_of(anna, Identity)
        assert now != stream
        assert {row[4] for row in await row_of(anna, Session)} == {"broken"}
        await deliver(anna, "ben", "anna>ben 3")

    trace = scene(story)
    assert [entry.words[0] for entry in trace.entries if entry.what == "warning"]
    numbers = [e.words[2] for e in trace.entries if e.what == "received" and e.who == "ben"]
    assert numbers[-1] == 1


def test_a_disk_that_was_put_back_with_all_its_files_learns_it_from_a_friend() -> None:
    async def story(world: World) -> None:
        anna, _ = world.machines
        await anna.stop()
        anna.copy()
        await anna.start()
        await deliver(anna, "ben", "anna>ben 1")
        ((_, _, stream, *_),) = await row_of(anna, Identity)
        await anna.stop()
        anna.put_back()
        await anna.start()
        await deliver(anna, "ben", "anna>ben 2")
        ((_, _, now, *_),) = await row_of(anna, Identity)
        assert now != stream

    trace = scene(story)
    assert ROLLED_BACK_ME in [e.words[1] for e in trace.entries if e.what == "notice"]


def test_a_clock_that_was_years_ahead_does_not_delay_a_request_by_years() -> None:
    async def story(world: World) -> None:
        anna, ben = world.machines
        await ben("contact.remove", name="anna")
        await ben.stop()
        await anna("contact.remove", name="ben")
        anna.skew = int(400 * DAY * 1000)
        await anna("contact.add", name="ben", address=ben.address)
        await ben.start()
        while not (asked := await ben("request.list")):
            await pause(10)
        await ben("request.reject", who=str(asked[0].number))  # as good as lost
        anna.skew = 0
        before = world.trace.counts["dial"]
        await anna.stop()
        await anna.start()
        await pause(2 * DAY)
        assert world.trace.counts["dial"] > before

    scene(story)


def test_who_is_connected_and_says_nothing_leaves_the_disk_alone() -> None:
    """But for the person, who looks every ten minutes whether anything has come."""

    async def story(world: World) -> None:
        looks = len(world.machines) * 10 * 6
        before = world.trace.counts["commit"]
        await pause(10 * HOUR)
        assert world.trace.counts["commit"] - before < 2 * looks

    scene(story)


def test_old_events_are_forgotten_and_a_clock_that_is_ahead_makes_none_old() -> None:
    async def story(world: World) -> None:
        anna, _ = world.machines
        await deliver(anna, "ben", "anna>ben 1")
        before = await row_of(anna, Event)
        anna.skew = int(400 * DAY * 1000)
        await pause(2 * DAY)
        assert await row_of(anna, Event) == before
        await deliver(anna, "ben", "anna>ben 2")  # now they are old
        await pause(2 * DAY)
        left = await row_of(anna, Event)
        assert {row[0] for row in left}.isdisjoint(row[0] for row in before)
        assert [row[1] for row in left] == ["message.state", "message.state"]

    scene(story)
