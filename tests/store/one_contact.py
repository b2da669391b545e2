"""A store with one contact in it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from onionchat.store import contacts
from onionchat.store.contacts import ContactRow, NewContact
from onionchat.store.database import Database
from onionchat.types import IdentityKey, MessageId, Millis

NOW = Millis(1_800_000_000_000)
HERS = IdentityKey(b"k" * 32)


def with_a_contact(directory: Path, scene: Callable[[ContactRow], None]) -> None:
    """`scene` runs inside a transaction."""

    def transaction() -> None:
        scene(contacts.add(NewContact("bob", "bob", HERS, "contact", MessageId(bytes(16))), NOW))

    async def run() -> None:
        async with await Database.open(directory / "store.db", bytes(32), create=True) as db:
            await db.run(transaction)

    asyncio.run(run())
