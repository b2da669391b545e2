"""An answer waits for a moment, however many are asked for: what comes at once says how busy the
node is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from onionchat.node import talk
from onionchat.node.connection import Connection
from onionchat.protocol.events import EnvelopeReceived, Event, Ping, Ponged
from onionchat.protocol.limits import RECEIPT_AFTER_MESSAGES, RECEIPT_DELAY_SECONDS
from onionchat.protocol.records import Text
from onionchat.store.models import Message, Outbox, Seen
from onionchat.store.outbox import OPEN
from onionchat.types import MessageId, Millis
from tests.node.caller import STREAM, Speech, call, contents, greet, silence
from tests.node.patience import by_hand, pass_time, run
from tests.node.street import Home, Street, befriend
from tests.node.town import neighbours, town

LATER = 5.0
"""Seconds; nothing else on a connection is due by then."""

HOUR = 3600.0

pytestmark = pytest.mark.usefixtures("promptly")


@asynccontextmanager
async def a_friend_calls(tmp_path: Path) -> AsyncIterator[tuple[Home, Connection]]:
    """Alice, and a greeted connection on which bob is played by hand."""
    street = Street()
    alice, bob = Home("alice", tmp_path, street), Home("bob", tmp_path, street)
    async with alice.up(dial=False):
        async with bob.up():
            await befriend(alice, bob)
        async with call(street, alice, bob.identity) as caller:
            await greet(caller)
            yield alice, caller


def test_a_pong_waits_as_a_receipt_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with a_friend_calls(tmp_path) as (alice, caller), asyncio.TaskGroup() as group:
            heard: list[Event] = []
            listening = group.create_task(listen(caller, heard))
            await caller.send(Ping(b"at once"))
            while Ponged(b"at once") not in heard:
                await contents(alice)
            monkeypatch.setattr(talk, "RECEIPT_DELAY_SECONDS", (LATER, LATER))
            with by_hand():
                await caller.send(*[Ping(b"later")] * RECEIPT_AFTER_MESSAGES)
                for _ in range(20):
                    await contents(alice)
                assert Ponged(b"later") not in heard
                pass_time(LATER)
            while Ponged(b"later") not in heard:
                await contents(alice)
            listening.cancel()

    run(scene())


def test_a_receipt_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def confirmed() -> bool:
        return not Outbox.select().where(Outbox.state.in_(OPEN)).exists()

    async def scene() -> None:
        async with town(homes := neighbours(tmp_path, "alice", "bob")):
            alice, bob = homes
            await bob.until(confirmed)
            monkeypatch.setattr(talk, "RECEIPT_DELAY_SECONDS", (LATER, LATER))
            with by_hand():
                await bob("send", name="alice", text="later", wait="sent")
                await alice.until(Message.select().where(Message.text == "later").exists)
                for _ in range(20):
                    await contents(alice)
                assert not await bob.change(confirmed)
                pass_time(LATER)
            await bob.until(confirmed)

    run(scene())


def test_a_receipt_that_is_repeated_waits_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = Text(MessageId(bytes(16)), STREAM, 1, Millis(0), None, "twice")
    is_answered = (
        Seen.select().where(Seen.message_id == said.id, Seen.receipt.is_null(False)).exists
    )

    async def scene() -> None:
        async with a_friend_calls(tmp_path) as (alice, caller), asyncio.TaskGroup() as group:
            heard: list[Event] = []
            listening = group.create_task(listen(caller, heard))
            envelope = Speech(caller).envelope(said)
            await caller.send(envelope)
            while not await alice.change(is_answered):
                pass
            monkeypatch.setattr(talk, "RECEIPT_DELAY_SECONDS", (LATER, LATER))
            with by_hand():
                await caller.send(envelope)
                for _ in range(20):
                    await contents(alice)
                assert not repeated(heard)
                pass_time(LATER)
            while not repeated(heard):
                await contents(alice)
            listening.cancel()

    run(scene())


async def listen(caller: Connection, heard: list[Event]) -> None:
    while events := await caller.events():
        heard.extend(events)


def repeated(heard: list[Event]) -> bool:
    return any(heard.count(event) > 1 for event in heard if isinstance(event, EnvelopeReceived))


def test_chance_gives_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    low, high = RECEIPT_DELAY_SECONDS
    monkeypatch.setattr(talk, "RECEIPT_DELAY_SECONDS", (low, high))

    async def scene() -> None:
        with by_hand():
            now = asyncio.get_running_loop().time()
            waits = [talk._in_a_moment(None) - now for _ in range(500)]
        assert low <= min(waits) < low + (high - low) / 4
        assert high - (high - low) / 4 < max(waits) <= high

    run(scene())


def test_who_asks_for_more_answers_than_may_wait_is_hung_up_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        async with asyncio.timeout(30), a_friend_calls(tmp_path) as (_, caller):
            monkeypatch.setattr(talk, "RECEIPT_DELAY_SECONDS", (HOUR, HOUR))
            await caller.send(*[Ping(b"later")] * (talk.REPLIES + 1))
            assert await silence(caller.link) == b""

    asyncio.run(scene())
