"""Who waits for a change, and who only looks."""

import asyncio
import gc
from pathlib import Path

from tests.node.street import Home, Street

LOOKS = 100


def events() -> int:
    return sum(isinstance(each, asyncio.Event) for each in gc.get_objects())


def test_who_looks_and_does_not_wait_leaves_nothing_behind(tmp_path: Path) -> None:
    """A program that asks for messages again and again would fill the node's memory, and each
    commit would wake all that it has left there."""

    async def scene() -> None:
        async with Home("alice", tmp_path, Street()).up() as alice:
            before = events()
            for _ in range(LOOKS):
                assert await alice("receive") == []
            assert events() - before < LOOKS / 2

    asyncio.run(scene())
