"""One of two connections ends, and with it the only end that knew its session."""

import asyncio
from pathlib import Path

import pytest

from onionchat.node.connection import Connection
from onionchat.node.talk import _Over
from onionchat.protocol.events import EnvelopeReceived
from onionchat.protocol.records import Empty
from onionchat.store import outbox
from tests.node.caller import Speech, call, greet
from tests.node.street import Home, Street, befriend
from tests.node.town import delivered, neighbours, talks, town

pytestmark = pytest.mark.usefixtures("promptly")


async def envelope(connection: Connection) -> bytes:
    """The next that comes in."""
    while True:
        for event in await connection.events():
            if isinstance(event, EnvelopeReceived):
                return event.wire


def test_what_only_they_could_open_is_written_again_for_who_is_left(tmp_path: Path) -> None:
    """Alice by hand: she dials twice and starts a session each time. Bob's message leaves in
    the second; that connection ends before she says that she has it."""

    async def scene() -> None:
        street = Street()
        alice, bob = Home("alice", tmp_path, street), Home("bob", tmp_path, street)
        async with asyncio.timeout(60), bob.up():
            async with alice.up():
                await befriend(alice, bob)
            async with call(street, bob, alice.identity) as first:
                await greet(first)
                async with call(street, bob, alice.identity) as second:
                    await greet(second)
                    await second.send(Speech(second).envelope(Empty()))
                    await bob("send", name="alice", text="hello")
                    await envelope(second)
                await bob.until(lambda: outbox.in_flight(1) == 0)
                await first.send(Speech(first).envelope(Empty()))
                await envelope(first)
                (row,) = await bob("outbox.list")
                assert (row.contact, row.state) == ("alice", "sent")

    asyncio.run(scene())


def test_nothing_is_said_behind_a_bye_and_what_was_to_be_said_comes_anew(tmp_path: Path) -> None:
    """One task of a connection says bye while another is about to write a message."""

    async def scene() -> None:
        async with town(homes := neighbours(tmp_path, "alice", "bob")):
            alice, _ = homes
            for talk in talks(alice):
                await talk.say_bye()
                with pytest.raises(_Over):
                    await talk._write([b"an envelope that was about to leave"])
            await delivered(alice, "bob", "hello")

    asyncio.run(scene())
