"""What is committed stays, what fails leaves nothing, and no other key or library opens it."""

import asyncio
import errno
import gc
import re
import secrets
import sqlite3
import stat
import threading
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path
from typing import Any

import peewee
import pytest
from sqlcipher3 import dbapi2

from onionchat.errors import DamagedError, LocalError, RefusedError
from onionchat.store import database, migrations
from onionchat.store.base import Row
from onionchat.store.database import Database
from onionchat.store.failures import explained
from onionchat.store.models import Reader

KEY = bytes(range(32))
Check = Callable[[Database], Coroutine[Any, Any, None]]


def add(name: str) -> None:
    Reader.create(name=name, cursor=0)


def names() -> list[str]:
    return [name for (name,) in Reader.select(Reader.name).order_by(Reader.id).tuples()]


def sql(statement: str) -> Any:
    return Row._meta.database.execute_sql(statement).fetchone()


def with_database(tmp_path: Path, check: Check) -> None:
    """Run `check` on a new database."""

    async def main() -> None:
        async with await Database.open(tmp_path / "store.db", KEY, create=True) as db:
            await check(db)

    asyncio.run(main())


def read_again(path: Path, key: bytes = KEY) -> list[str]:
    async def main() -> list[str]:
        async with await Database.open(path, key) as db:
            return await db.run(names)

    return asyncio.run(main())


# Transactions


def test_what_was_run_is_there_after_opening_again(tmp_path: Path) -> None:
    async def check(db: Database) -> None:
        await db.run(add, name="one")
        assert await db.run(names) == ["one"]

    with_database(tmp_path, check)
    assert read_again(tmp_path / "store.db") == ["one"]


class Interruption(BaseException):
    """As a KeyboardInterrupt would be, without stopping the tests."""


@pytest.mark.parametrize("error", [ValueError, Interruption, RefusedError])
def test_an_exception_leaves_nothing_behind(tmp_path: Path, error: type[BaseException]) -> None:
    def add_and_fail() -> None:
        add("never")
        raise error("no")

    async def check(db: Database) -> None:
        with pytest.raises(error, match="no"):
            await db.run(add_and_fail)
        assert await db.run(names) == []
        await db.run(add, "after")
        assert await db.run(names) == ["after"]

    with_database(tmp_path, check)


def test_a_query_that_stops_an_iteration_does_not_hang_its_caller(tmp_path: Path) -> None:
    async def check(db: Database) -> None:
        with pytest.raises(LocalError):
            await db.run(lambda: next(iter(names())))

    with_database(tmp_path, check)


def test_a_broken_constraint_is_peewees_own_error(tmp_path: Path) -> None:
    def twice() -> None:
        add("one")
        with pytest.raises(peewee.IntegrityError):
            add("one")
        add("two")

    async def check(db: Database) -> None:
        await db.run(twice)
        with pytest.raises(peewee.IntegrityError):
            await db.run(add, "two")
        assert await db.run(names) == ["one", "two"]

    with_database(tmp_path, check)


def test_a_cancelled_caller_does_not_tear_its_transaction(tmp_path: Path) -> None:
    """It ends whole, and what was asked for after it comes after it."""
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        add("one")
        begun.set()
        assert go_on.wait(30)
        add("two")

    async def check(db: Database) -> None:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(db.run(slow))
            await asyncio.to_thread(begun.wait, 30)
            queued = group.create_task(db.run(add, "three"))
            later = group.create_task(db.run(names))
            await asyncio.to_thread(lambda: None)  # both are in the queue now
            running.cancel()
            queued.cancel()
            await asyncio.wait([running, queued])
            assert running.cancelled()
            assert queued.cancelled()
            assert not later.done()
            go_on.set()
        assert later.result() == ["one", "two", "three"]

    with_database(tmp_path, check)


def test_a_failure_after_its_caller_has_gone_is_nobodys(tmp_path: Path) -> None:
    """asyncio would report it as an error of the program."""
    reported: list[dict[str, Any]] = []
    begun, go_on = threading.Event(), threading.Event()

    def fail() -> None:
        begun.set()
        go_on.wait()
        raise RefusedError("the disk is full")

    async def check(db: Database) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: reported.append(context))
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(db.run(fail))
            await asyncio.to_thread(begun.wait)
            asking.cancel()
        go_on.set()
        assert await db.run(names) == []
        del asking
        gc.collect()

    with_database(tmp_path, check)
    assert reported == []


def test_the_result_comes_after_the_commit(tmp_path: Path) -> None:
    """A copy of the files at that moment has it: what a power cut would leave.

    Trying another key on it first does no harm, though SQLite then folds the WAL in.
    """

    async def check(db: Database) -> None:
        await db.run(add, "one")
        copy = tmp_path / "copy"
        copy.mkdir()
        for name in ("store.db", "store.db-wal"):
            (copy / name).write_bytes((tmp_path / name).read_bytes())

    with_database(tmp_path, check)
    with pytest.raises(DamagedError):
        read_again(tmp_path / "copy" / "store.db", bytes(32))
    assert read_again(tmp_path / "copy" / "store.db") == ["one"]


def test_two_databases_in_one_process_do_not_meet(tmp_path: Path) -> None:
    async def main() -> None:
        one, two = (tmp_path / "one.db", tmp_path / "two.db")
        async with (
            await Database.open(one, KEY, create=True) as first,
            await Database.open(two, bytes(32), create=True) as second,
        ):
            await asyncio.gather(*(first.run(add, f"first {n}") for n in range(9)))
            await second.run(add, "second")
            assert await second.run(names) == ["second"]
            assert await first.run(names) == [f"first {n}" for n in range(9)]

    asyncio.run(main())


def test_a_query_outside_of_run_fails(tmp_path: Path) -> None:
    async def check(_: Database) -> None:
        with pytest.raises(peewee.InterfaceError):
            names()

    with_database(tmp_path, check)


# Opening


def test_every_setting_is_on_for_the_queries(tmp_path: Path) -> None:
    async def check(db: Database) -> None:
        for name, value in database.SETTINGS.items():
            assert await db.run(sql, f"PRAGMA {name}") == (value,)
        assert await db.run(sql, "PRAGMA cipher_log_level") == ("NONE",)

    with_database(tmp_path, check)
    assert database.SETTINGS == {
        "journal_mode": "wal",
        "synchronous": 2,
        "secure_delete": 1,
        "temp_store": 2,
        "foreign_keys": 1,
        "trusted_schema": 0,
    }


@pytest.mark.parametrize("name", database.SETTINGS)
def test_a_setting_that_does_not_take_refuses_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setitem(database.SETTINGS, name, "7")  # means nothing to any of them
    with pytest.raises(LocalError, match=name):
        asyncio.run(Database.open(tmp_path / "store.db", KEY, create=True))
    assert list(tmp_path.iterdir()) == []


def test_a_library_without_encryption_refuses_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The standard library's, which takes the key without a word."""
    monkeypatch.setattr(database, "dbapi2", sqlite3)
    monkeypatch.setattr(database, "_set", lambda *_: None)
    with pytest.raises(LocalError, match="no encryption"):
        asyncio.run(Database.open(tmp_path / "store.db", KEY, create=True))


def test_nothing_readable_is_on_the_disk(tmp_path: Path) -> None:
    async def check(db: Database) -> None:
        await db.run(add, "needle in a haystack")
        for name in ("store.db", "store.db-wal", "store.db-shm"):
            assert b"needle" not in (tmp_path / name).read_bytes()
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600

    with_database(tmp_path, check)
    content = (tmp_path / "store.db").read_bytes()
    assert not re.search(rb"needle|SQLite format|CREATE TABLE", content)
    plain = sqlite3.connect(tmp_path / "store.db")
    with closing(plain), pytest.raises(sqlite3.DatabaseError):
        plain.execute("SELECT * FROM reader")


def test_another_key_is_damage_and_changes_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with_database(tmp_path, lambda db: db.run(add, "one"))
    before = (tmp_path / "store.db").read_bytes()
    for key in (bytes(32), secrets.token_bytes(32)):
        with pytest.raises(DamagedError):
            read_again(tmp_path / "store.db", key)
    assert (tmp_path / "store.db").read_bytes() == before
    assert read_again(tmp_path / "store.db") == ["one"]
    assert capfd.readouterr() == ("", "")  # SQLCipher would write to stderr by itself


@pytest.mark.parametrize("size", [0, 1, 31])
def test_a_key_of_another_length_is_our_bug(tmp_path: Path, size: int) -> None:
    with pytest.raises(LocalError):
        asyncio.run(Database.open(tmp_path / "store.db", bytes(size), create=True))


def test_a_damaged_first_page_is_damage(tmp_path: Path) -> None:
    with_database(tmp_path, lambda db: db.run(add, "one"))
    content = bytearray((tmp_path / "store.db").read_bytes())
    for place in range(0, 4096, 512):
        content[place] ^= 1
        (tmp_path / "store.db").write_bytes(content)
        with pytest.raises(DamagedError):
            read_again(tmp_path / "store.db")
        content[place] ^= 1


def test_damage_found_later_is_damage_too(tmp_path: Path) -> None:
    with_database(tmp_path, lambda db: db.run(add, "one"))
    content = bytearray((tmp_path / "store.db").read_bytes())
    content[4096 + 100 :: 4096] = bytes(b ^ 1 for b in content[4096 + 100 :: 4096])
    (tmp_path / "store.db").write_bytes(content)
    with pytest.raises(DamagedError):
        read_again(tmp_path / "store.db")


def test_one_that_was_opened_for_reading_alone_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As SQLite does by itself where the disk or the descriptors fail it for a moment."""
    with_database(tmp_path, lambda db: db.run(add, "one"))
    connect = dbapi2.connect

    def for_reading(path: str, **options: Any) -> Any:
        return connect(f"file:{path}?mode=ro", uri=True, **options)

    with monkeypatch.context() as patch:
        patch.setattr(dbapi2, "connect", for_reading)
        with pytest.raises(RefusedError, match="for writing"):
            read_again(tmp_path / "store.db")
    assert read_again(tmp_path / "store.db") == ["one"]


def test_a_page_that_could_not_be_read_for_a_moment_is_read_again(tmp_path: Path) -> None:
    with_database(tmp_path, lambda db: db.run(add, "one"))
    path = tmp_path / "store.db"
    content = path.read_bytes()

    async def check() -> None:
        async with await Database.open(path, KEY) as db:
            path.write_bytes(content[:4096] + bytes(b ^ 1 for b in content[4096:]))
            for _ in range(2):
                with pytest.raises(DamagedError):
                    await db.run(names)
            path.write_bytes(content)
            assert await db.run(names) == ["one"]
            await db.run(add, "two")

    asyncio.run(check())
    assert read_again(path) == ["one", "two"]


@pytest.mark.parametrize("leave", ["nothing", "an empty file", "a directory"])
def test_a_lost_database_is_never_made_anew(tmp_path: Path, leave: str) -> None:
    path = tmp_path / "store.db"
    if leave == "an empty file":
        path.touch()
    elif leave == "a directory":
        path.mkdir()
    with pytest.raises(DamagedError, match="missing or empty"):
        read_again(path)
    assert not path.exists() or path.is_dir() or path.stat().st_size == 0


def test_an_existing_one_is_not_created_again(tmp_path: Path) -> None:
    with_database(tmp_path, lambda db: db.run(add, "one"))
    with pytest.raises(RefusedError):
        asyncio.run(Database.open(tmp_path / "store.db", KEY, create=True))
    assert read_again(tmp_path / "store.db") == ["one"]


def test_a_failed_creation_leaves_no_file_and_no_thread(tmp_path: Path) -> None:
    def migrate(_: int, execute: Callable[[str], object]) -> int:
        execute("CREATE TABLE half (id)")
        raise ValueError("half way")

    threads = threading.active_count()
    with pytest.raises(ValueError, match="half way"):
        asyncio.run(Database.open(tmp_path / "store.db", KEY, create=True, migrate=migrate))
    assert list(tmp_path.iterdir()) == []
    for thread in threading.enumerate():
        if thread.name.startswith("store"):
            thread.join(10)
    assert threading.active_count() <= threads


def test_a_migration_is_whole_or_not_at_all(tmp_path: Path) -> None:
    def half(version: int, execute: Callable[[str], object]) -> int:
        execute("CREATE TABLE half (id)")
        raise ValueError(version)

    def count(version: int, _: Callable[[str], object]) -> int:
        return version

    with_database(tmp_path, lambda db: db.run(add, "one"))
    path = tmp_path / "store.db"
    newest = len(migrations.STEPS)
    with pytest.raises(ValueError, match=str(newest)):
        asyncio.run(Database.open(path, KEY, migrate=half))

    async def check() -> None:
        async with await Database.open(path, KEY, migrate=count) as db:
            assert await db.run(sql, "PRAGMA user_version") == (newest,)
            assert await db.run(sql, "SELECT name FROM sqlite_schema WHERE name = 'half'") is None

    asyncio.run(check())


# Failures of the machine


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
