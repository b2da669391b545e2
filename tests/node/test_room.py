"""Places for strangers: never more than there are, and never given to one who has left."""

import asyncio
from contextlib import AsyncExitStack

from onionchat.node.room import Room

PLACES = 4


class Slow:
    """A link that takes until the end of the test to close."""

    def __init__(self, gate: asyncio.Event) -> None:
        self._gate = gate
        self.told = 0

    async def read(self, n: int = 0) -> bytes:
        return b""

    async def write(self, data: bytes) -> None:
        return

    async def close(self) -> None:
        self.told += 1
        await self._gate.wait()


def test_a_crowd_that_comes_while_others_are_leaving_is_bounded_too() -> None:
    async def scene() -> None:
        gate, room = asyncio.Event(), Room(PLACES)
        links = [Slow(gate) for _ in range(5 * PLACES)]
        arrived = asyncio.Semaphore(0)

        async def visit(link: Slow) -> None:
            arrived.release()
            async with room.place(link):
                await gate.wait()

        async with asyncio.TaskGroup() as group:
            for link in links:
                group.create_task(visit(link))
            for _ in links:
                await arrived.acquire()
            assert [link.told for link in links].count(0) == PLACES
            assert max(link.told for link in links) == 1
            gate.set()

    asyncio.run(scene())


def test_chance_says_who_makes_room() -> None:
    """It is the first, the last or any other: whoever is slow must not be the one each time."""

    async def scene() -> None:
        gate, room = asyncio.Event(), Room(PLACES)
        gate.set()
        inside, left = list[Slow](), set[int]()
        async with AsyncExitStack() as stack:
            for _ in range(100 * PLACES):
                inside.append(Slow(gate))
                await stack.enter_async_context(room.place(inside[-1]))
                gone = [at for at, link in enumerate(inside) if link.told]
                left.update(gone)
                for at in gone:
                    del inside[at]
        assert left == set(range(PLACES))

    asyncio.run(scene())


def test_a_place_that_was_left_is_free_again() -> None:
    async def scene() -> None:
        gate, room = asyncio.Event(), Room(PLACES)
        gate.set()
        links = [Slow(gate) for _ in range(5 * PLACES)]
        for link in links:
            async with room.place(link):
                pass
        assert not any(link.told for link in links)

    asyncio.run(scene())
