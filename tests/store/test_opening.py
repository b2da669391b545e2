"""Every setting takes, nothing is readable, and what is damaged or lost is said and left alone."""

import asyncio
import re
import secrets
import sqlite3
import stat
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlcipher3 import dbapi2

from onionchat.errors import DamagedError, LocalError, RefusedError
from onionchat.store import database, migrations
from onionchat.store.database import Database
from tests.store.names import KEY, add, names, read_again, sql, with_database


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
