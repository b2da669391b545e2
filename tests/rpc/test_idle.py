"""How long nobody has given a command is the kernel's to say, not the wall's or the loop's."""

import asyncio
from typing import Any

import pytest

from onionchat.node.clock import LOOK
from onionchat.rpc import idle
from onionchat.store.ending import Uptime


class Room:
    """A profile and a server in one, whose time passes while somebody waits for it."""

    def __init__(self) -> None:
        self.now = 1_000_000
        self.last_client = self.now
        self.visits: list[int] = []
        self.waits: list[float] = []
        self.locked_at: int | None = None

    def uptime(self) -> Uptime:
        return Uptime(b"", self.now)

    async def pause(self, seconds: float, *_: Any, **__: Any) -> None:
        self.waits.append(seconds)
        self.now += round(seconds * 1000)
        if self.visits and self.visits[0] <= self.now:
            self.last_client = self.visits.pop(0)

    def lock(self) -> None:
        self.locked_at = self.now


def locked_at(room: Room, after: float | None, patch: pytest.MonkeyPatch) -> int | None:
    patch.setattr(idle, "pause", room.pause)
    both: Any = room
    asyncio.run(idle.lock_after(after, both, both, room.lock))
    return room.locked_at


def test_so_long_after_the_last_command(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room()
    room.visits = [1_050_000, 1_100_000]
    assert locked_at(room, 60, monkeypatch) == pytest.approx(1_160_000, abs=100)


def test_a_night_asleep_is_seen_soon_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop's clock stood still: no wait is longer than the look for a sleep."""
    room = Room()
    locked_at(room, 3600, monkeypatch)
    assert max(room.waits) <= LOOK


def test_without_the_option_never(monkeypatch: pytest.MonkeyPatch) -> None:
    assert locked_at(Room(), None, monkeypatch) is None
