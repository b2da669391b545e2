"""Who moves to another machine, and what both have heard of each other: for tests of backups."""

from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import msgspec

from onionchat.node import backup
from onionchat.node.clock import wall_clock
from onionchat.store import backup as rows
from onionchat.store import counts, restore
from onionchat.store.backup_content import Content
from onionchat.store.database import Database
from tests.node.street import Home


async def taken(home: Home, *, history: bool = True) -> Content:
    """What a backup of a running home holds, as it comes out of a file."""
    assert home.profile is not None
    content = await home.profile.db.run(rows.take, wall_clock(), history=history)
    return msgspec.msgpack.decode(msgspec.msgpack.encode(content), type=Content)


async def moved(home: Home, content: Content) -> Home:
    """The same person on another machine, from nothing but the backup."""
    place = Path(mkdtemp(dir=home.directory))
    new = Home(home.name, place, home.street)
    new._seed, new.identity, new.address = content.seed, home.identity, home.address
    async with await Database.open(new.directory / "store.db", new._key, create=True) as db:
        await db.run(restore.put_back, content, backup.reborn(content), wall_clock())
    return new


async def say(home: Home, text: str, wait: Any = "delivered") -> None:
    other = "bob" if home.name == "alice" else "alice"
    await home("send", name=other, text=text, wait=wait, timeout=30)


async def texts(home: Home) -> list[str]:
    """Every text of the talk, with how far it has got where it is one's own."""
    other = "bob" if home.name == "alice" else "alice"
    shown = await home("history", name=other)
    return [f"{row.text} {row.state}" for row in shown if row.kind == "text"]


async def notices(home: Home) -> list[str]:
    other = "bob" if home.name == "alice" else "alice"
    return [row.text for row in await home("history", name=other) if row.kind == "notice"]


async def incoming(home: Home) -> list[tuple[str, int | None]]:
    """Unread texts, each with the number of those missing before it."""
    return [(row.text, row.missing) for row in await home("receive") if row.kind == "text"]


async def read(home: Home) -> None:
    await home("receive.ack", cursors=[row.cursor for row in await home("receive")])


async def settled(home: Home) -> None:
    await home.until(lambda: counts.totals().outbox == 0)
