"""A pong waits as a receipt does, however many are asked for: what comes at once says how busy
the node is."""

import asyncio
from pathlib import Path

import pytest

from onionchat.node import talk
from onionchat.protocol.events import Event, Ping, Ponged
from onionchat.protocol.limits import RECEIPT_AFTER_MESSAGES
from tests.node.caller import call, contents, greet
from tests.node.patience import by_hand, pass_time, run
from tests.node.street import Home, Street, befriend

LATER = 5.0
"""Seconds; nothing else on a connection is due by then."""

pytestmark = pytest.mark.usefixtures("promptly")


def test_a_pong_waits_as_a_receipt_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        street = Street()
        alice, bob = Home("alice", tmp_path, street), Home("bob", tmp_path, street)
        async with alice.up(dial=False):
            async with bob.up():
                await befriend(alice, bob)
            async with call(street, alice, bob.identity) as caller, asyncio.TaskGroup() as group:
                await greet(caller)
                heard: list[Event] = []

                async def listen() -> None:
                    while events := await caller.events():
                        heard.extend(events)

                listening = group.create_task(listen())
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
