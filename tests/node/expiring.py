"""Two friends, and messages that are over after a while: what tests of `send --expires` share."""

from functools import partial
from pathlib import Path
from typing import Any

from onionchat.node import expiry
from onionchat.node.clock import DAY, Clock, wall_clock
from onionchat.node.expiry import Round
from onionchat.types import Millis
from tests.node.street import Home, Street, befriend

HOUR = 3600.0
YEAR = 400 * DAY


def wrong_by(milliseconds: float) -> Clock:
    return lambda: Millis(int(wall_clock() + milliseconds))


async def friends(tmp_path: Path) -> tuple[Home, Home]:
    """Who have a session in common, and are both off again."""
    street = Street()
    alice, bob = Home("alice", tmp_path, street), Home("bob", tmp_path, street)
    async with alice.up(), bob.up():
        await befriend(alice, bob)
        await alice("send", name="bob", text="0", wait="delivered", timeout=30)
        await bob("receive.ack", cursors=[row.cursor for row in await bob("receive")])
    return alice, bob


async def give(home: Home, text: str, hours: float = 1.0, **more: Any) -> Any:
    return await home("send", name="bob", text=text, expires=hours * HOUR, **more)


async def states(home: Home) -> list[str]:
    rows = await home("history", name="bob")
    return [row.state for row in rows if row.direction == "out"][1:]


async def until(home: Home, *expected: str) -> None:
    while await states(home) != list(expected):
        await home.change(lambda: None)


async def ended(home: Home, *, believed: bool = True) -> int:
    """How many end if it is looked now."""
    profile = home.profile
    assert profile is not None
    now = profile.clock(), profile.uptime()
    look = partial(expiry.look, *now, believed=believed)
    found: Round = await home.change(look)
    return found.ended


async def heard(home: Home) -> list[tuple[str, int | None]]:
    """Unread texts, each with the number of those missing before it."""
    return [(row.text, row.missing) for row in await home("receive") if row.kind == "text"]


async def rebooted(home: Home, after: float) -> None:
    """Switched off, and on again after so many seconds, by the clock on the wall."""
    home.boot = b"another boot"
    home.clock = wrong_by(after * 1000)
