"""What was deleted cannot be found in the file, not even by who has its key.

The pages are decrypted here by hand (SQLCipher 4: AES-256-CBC, the IV in the last 80 bytes of
a page), since a query shows only what is still there.
"""

import asyncio
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from onionchat.store import contacts, lifetimes, messages
from onionchat.store.contacts import NewContact
from onionchat.store.database import Database
from onionchat.types import IdentityKey, MessageId, Millis

KEY = bytes(range(32))
PAGE, RESERVED, IV, SALT = 4096, 80, 16, 16
SMALL, LARGE = "a needle in a haystack", "a large needle " * 1000


def decrypted(path: Path) -> bytes:
    """Every page of the database as SQLite sees it."""
    content = path.read_bytes()
    pages = [content[at : at + PAGE] for at in range(0, len(content), PAGE)]
    return b"".join(map(_page, range(len(pages)), pages))


def _page(number: int, page: bytes) -> bytes:
    iv = page[PAGE - RESERVED :][:IV]
    body = page[0 if number else SALT : PAGE - RESERVED]
    opener = Cipher(algorithms.AES(KEY), modes.CBC(iv)).decryptor()
    return opener.update(body) + opener.finalize()


def stored(path: Path, *, delete: bool) -> bytes:
    """The file after two messages were stored in it, and perhaps deleted, and it was closed."""

    def fill() -> None:
        who = NewContact("bob", "bob", IdentityKey(KEY), "contact", MessageId(bytes(16)))
        conversation = contacts.add(who, Millis(1)).conversation
        for number, text in enumerate((SMALL, LARGE, "what stays")):
            messages.add_own(conversation, MessageId(bytes([number]) * 16), text, Millis(2))

    async def main() -> None:
        async with await Database.open(path, KEY, create=True) as db:
            await db.run(fill)
        if delete:
            async with await Database.open(path, KEY) as db:
                await db.run(clear)

    def clear() -> None:
        (row,) = contacts.all_rows()
        assert messages.clear(row.conversation, row.id) == 3

    asyncio.run(main())
    return decrypted(path)


def test_the_log_has_nothing_of_what_was_erased(tmp_path: Path) -> None:
    """While the database is open, and the log would keep the pages as they were."""
    path, log = tmp_path / "store.db", tmp_path / "store.db-wal"

    def fill() -> int:
        who = NewContact("bob", "bob", IdentityKey(KEY), "contact", MessageId(bytes(16)))
        conversation = contacts.add(who, Millis(1)).conversation
        return messages.add_own(conversation, MessageId(bytes(16)), SMALL, Millis(2))

    async def main() -> None:
        async with await Database.open(path, KEY, create=True) as db:
            row = await db.run(fill)
            assert SMALL.encode() in decrypted(path) + logged(log)
            await db.run(lifetimes.erase, [row])
            assert SMALL.encode() in logged(log)
            await db.forget()
            assert not log.exists()
            assert SMALL.encode() not in decrypted(path)

    asyncio.run(main())


def logged(path: Path) -> bytes:
    """Every page in the write-ahead log: a header of 32 bytes, then frames with 24 bytes each."""
    content = path.read_bytes()[32:]
    frames = [content[at : at + 24 + PAGE] for at in range(0, len(content), 24 + PAGE)]
    numbers = [int.from_bytes(frame[:4], "big") - 1 for frame in frames]
    return b"".join(
        _page(number, frame[24:]) for number, frame in zip(numbers, frames, strict=True)
    )


def test_before_it_is_deleted_it_is_there(tmp_path: Path) -> None:
    content = stored(tmp_path / "store.db", delete=False)
    assert SMALL.encode() in content
    assert b"a large needle a large needle" in content


def test_deleted_text_is_overwritten(tmp_path: Path) -> None:
    content = stored(tmp_path / "store.db", delete=True)
    assert b"CREATE TABLE" in content, "these are the pages"
    assert b"needle" not in content
    assert not (tmp_path / "store.db-wal").exists()
