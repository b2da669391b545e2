"""What the machine refuses the database, in our words."""

import errno
from pathlib import Path

import peewee
import pytest
from sqlcipher3 import dbapi2

from onionchat.errors import DamagedError, RefusedError
from onionchat.store.database import Database
from onionchat.store.failures import explained
from tests.store.names import KEY, add, names, sql, with_database


def test_a_full_disk_loses_nothing_and_is_over_when_there_is_room(tmp_path: Path) -> None:
    def fill() -> None:
        for n in range(10_000):
            add(f"{n:0512}")

    async def check(db: Database) -> None:
        await db.run(add, "before")
        await db.run(sql, "PRAGMA max_page_count = 1")  # SQLite takes what it has as the least
        with pytest.raises(RefusedError, match="disk is full") as caught:
            await db.run(fill)
        assert "room" in caught.value.hint
        assert await db.run(names) == ["before"]
        await db.run(sql, "PRAGMA max_page_count = 100000")
        await db.run(add, "after")
        assert await db.run(names) == ["before", "after"]

    with_database(tmp_path, check)


def test_another_program_in_the_database_is_refused(tmp_path: Path) -> None:
    async def check(db: Database) -> None:
        await db.run(sql, "PRAGMA busy_timeout = 1")
        other = dbapi2.connect(str(tmp_path / "store.db"), isolation_level=None)
        other.execute(f"PRAGMA key = \"x'{KEY.hex()}'\"")
        other.execute("BEGIN IMMEDIATE")
        try:
            with pytest.raises(RefusedError, match="another program"):
                await db.run(add, "one")
        finally:
            other.close()

    with_database(tmp_path, check)


def failure(code: int) -> dbapi2.OperationalError:
    error = dbapi2.OperationalError("in SQLite's words")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "kind", "word"),
    [
        (failure(13), RefusedError, "full"),
        (failure(11 | 1 << 8), DamagedError, "damaged"),
        (failure(26), DamagedError, "damaged"),
        (failure(8 | 3 << 8), RefusedError, "writing"),
        (failure(14), RefusedError, "writing"),
        (failure(10 | 4 << 8), RefusedError, "disk refused"),
        (peewee.OperationalError(failure(13)), RefusedError, "full"),
        (OSError(errno.ENOSPC, "No space left on device"), RefusedError, "full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), RefusedError, "full"),
        (failure(1), dbapi2.OperationalError, "SQLite's words"),
        (peewee.InterfaceError("closed"), peewee.InterfaceError, "closed"),
        (OSError(errno.EACCES, "Permission denied"), PermissionError, "denied"),
        (KeyError("anything else"), KeyError, "anything else"),
    ],
)
def test_failures_come_in_our_words_where_there_are_any(
    error: Exception, kind: type[Exception], word: str
) -> None:
    with pytest.raises(kind, match=word), explained():
        raise error
