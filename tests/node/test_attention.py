"""What people cost who have proven nothing: one at a time, and a rest after each."""

import asyncio
from pathlib import Path
from typing import Any, Self

import pytest

from onionchat.crypto.identity import Identity
from onionchat.node import door, guests
from onionchat.node.attention import LONGEST_REST, REST, Attention
from onionchat.node.connection import ALL_OF_IT, Connection
from onionchat.protocol.channel import Channel
from onionchat.protocol.limits import UNPROVEN_BYTES
from tests.node.patience import by_hand, pass_time, run, turns
from tests.node.street import Home, Street
from tests.node.town import delivered, neighbours, talks, town

WORK = 0.002
HOUR = 3600.0


def test_after_each_there_is_a_rest_of_so_many_times_what_it_took() -> None:
    async def scene() -> None:
        attention, inside = Attention(), list[int]()

        async def stranger(number: int) -> None:
            async with attention:
                inside.append(number)
                pass_time(WORK)

        with by_hand():
            async with asyncio.TaskGroup() as group:
                for number in range(3):
                    group.create_task(stranger(number))
                    await turns()
                for here in ([0], [0, 1], [0, 1, 2]):
                    assert inside == here
                    pass_time(WORK * REST * 0.9)
                    await turns()
                    assert inside == here
                    pass_time(WORK * REST * 0.2)
                    await turns()

    run(scene())


def test_who_is_interrupted_while_they_wait_leaves_the_line_to_others() -> None:
    async def scene() -> None:
        attention = Attention()

        async def stranger() -> None:
            async with attention:
                pass

        with by_hand():
            async with attention:
                pass_time(WORK)
            async with asyncio.TaskGroup() as group:
                waiting = group.create_task(stranger())
                await turns()
                waiting.cancel()
            pass_time(WORK * REST)
            await stranger()

    run(scene())


def test_who_stood_still_meanwhile_does_not_keep_everybody_out() -> None:
    async def scene() -> None:
        attention = Attention()
        with by_hand():
            async with attention:
                pass_time(HOUR)
            pass_time(LONGEST_REST)
            async with attention:
                pass

    run(scene())


class Knocking:
    """A link over which something came."""

    def __init__(self, said: bytes) -> None:
        self._said = said

    async def read(self, n: int = 0) -> bytes:
        said, self._said = self._said, b""
        return said

    async def write(self, data: bytes) -> None:
        return

    async def close(self) -> None:
        return


def test_nothing_is_done_for_who_had_to_go_while_they_waited() -> None:
    async def scene() -> None:
        attention, channel = Attention(), Channel.answer(Identity.from_seed(bytes(32)))
        connection = Connection(Knocking(b"\x01"), channel, attention=attention)
        with by_hand():
            async with attention:
                pass_time(WORK)
            async with asyncio.TaskGroup() as group:
                waiting = group.create_task(connection.events())
                await turns()
                await connection.close()
                pass_time(WORK * REST)
            assert waiting.result() == []
            assert channel.want == UNPROVEN_BYTES

    run(scene())


@pytest.mark.usefixtures("promptly")
def test_a_contact_has_all_of_it_whoever_dialled(tmp_path: Path) -> None:
    async def scene() -> None:
        async with town(homes := neighbours(tmp_path, "alice", "bob")):
            for home in homes:
                for talk in talks(home):
                    assert talk.connection.attention is ALL_OF_IT

    asyncio.run(scene())


@pytest.mark.usefixtures("promptly")
def test_what_a_guest_says_first_is_opened_in_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has an invite has proven nothing by it."""
    inside, opened = list[Attention](), list[int]()

    class Watched(Attention):
        async def __aenter__(self) -> Self:
            await super().__aenter__()
            inside.append(self)
            return self

        async def __aexit__(self, *error: object) -> None:
            inside.remove(self)
            await super().__aexit__(*error)

    def watched(*said: Any) -> bytes | None:
        opened.append(len(inside))
        return token(*said)

    async def scene() -> None:
        street = Street()
        alice, bob = Home("alice", tmp_path, street), Home("bob", tmp_path, street)
        async with asyncio.timeout(60), alice.up(), bob.up():
            made = await alice("invite.make", name="bob")
            await bob("contact.add", name="alice", address=made.invite)
            await delivered(bob, "alice", "hello")
        assert opened == [1]

    token = guests._token
    monkeypatch.setattr(guests, "_token", watched)
    monkeypatch.setattr(door, "Attention", Watched)
    asyncio.run(scene())
