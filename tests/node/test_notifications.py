"""What a subscriber is told is what the types say, and so the schema and docs/rpc.md."""

import asyncio
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

import msgspec

from onionchat.node.notifications import NOTIFICATIONS
from tests.node.street import Home, Street, befriend

ALL = {name: set(kind.__struct_fields__) for name, kind in NOTIFICATIONS.items()}


def test_every_kind_of_event_is_told_as_the_schema_says(tmp_path: Path, promptly: None) -> None:
    """Two nodes live through all there are: each key of each kind is seen, and no other."""
    seen: defaultdict[str, set[str]] = defaultdict(set)

    async def listen(home: Home, enough: asyncio.Event) -> None:
        assert home.profile is not None
        async for event in home.profile.feed.follow(0):
            msgspec.convert(event.params, NOTIFICATIONS[event.method])
            seen[event.method] |= event.params.keys()
            if seen == ALL:
                enough.set()

    async def scene() -> None:
        street, enough = Street(), asyncio.Event()
        alice, bob = Home("alice", tmp_path, street), Home("bob", tmp_path, street)
        async with alice.up(), bob.up(), asyncio.TaskGroup() as group:
            ears = [group.create_task(listen(home, enough)) for home in (alice, bob)]
            await befriend(alice, bob)
            await alice("send", name="bob", text="hello", wait="delivered", timeout=30)
            bob.lane.board.post(state="degraded")
            await bob("contact.remove", name="alice")
            with suppress(TimeoutError):
                async with asyncio.timeout(30):
                    await enough.wait()
            for ear in ears:
                ear.cancel()

    asyncio.run(scene())
    assert seen == ALL
