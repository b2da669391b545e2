"""The one connection to the encrypted database, and the one thread that owns it.

`run(function)` is one transaction: the function runs on the database's thread between
BEGIN IMMEDIATE and COMMIT, and what it returned is given back only after COMMIT has; with
FULL sync that means it survives a power cut. Any exception rolls everything back. Somebody
who stops waiting does not stop the transaction: it ends whole, one way or the other.

SQLCipher, opened with every setting read back, since SQLite ignores a PRAGMA it does not
know in silence (and plain SQLite ignores the key: the profile would lie there in clear).
An existing profile's database is never created anew: a missing or unreadable one is damage.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ParamSpec, Self, TypeVar

from peewee import SqliteDatabase
from sqlcipher3 import dbapi2

from onionchat.errors import DamagedError, LocalError, OnionchatError, RefusedError
from onionchat.store import base
from onionchat.store.failures import explained
from onionchat.store.migrations import migrate

P = ParamSpec("P")
R = TypeVar("R")

SETTINGS = {
    "journal_mode": "wal",
    "synchronous": 2,
    "secure_delete": 1,
    "temp_store": 2,
    "foreign_keys": 1,
    "trusted_schema": 0,
}
"""PRAGMA and the value it must read back as. synchronous 2 is FULL, temp_store 2 is memory."""


class _Cipher(SqliteDatabase):  # type: ignore[misc] # peewee ships no types
    """peewee over SQLCipher; `key` is the raw 32-byte database key."""

    def __init__(self, path: Path, key: bytes) -> None:
        super().__init__(str(path), thread_safe=False)
        self._key = key

    def _connect(self) -> Any:
        connection = dbapi2.connect(str(self.database), isolation_level=None)
        try:
            _unlock(connection, self._key)
        except BaseException:
            connection.close()
            raise
        self._add_conn_hooks(connection)
        return connection


def _unlock(connection: Any, key: bytes) -> None:
    """Key first, then every setting, each read back."""
    connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    connection.execute("PRAGMA cipher_log_level = NONE")
    if not connection.execute("PRAGMA cipher_version").fetchone():
        raise LocalError("this SQLite has no encryption; the profile was not opened")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    for name, value in SETTINGS.items():
        connection.execute(f"PRAGMA {name} = {value}")
        found = connection.execute(f"PRAGMA {name}").fetchone()[0]
        if found != value:
            raise LocalError(f"SQLite keeps {name} at {found!r}; the profile was not opened")


class Database:
    """An open database. Use `open`, then `async with`."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._cipher = _Cipher(path, key)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")

    @classmethod
    async def open(cls, path: Path, key: bytes, *, create: bool = False) -> Self:
        """Unlock, check, and migrate to the newest schema; DamagedError, RefusedError.

        `key`: 32 raw bytes. `create`: a new profile; otherwise the file must be there.
        """
        if create == path.exists():
            raise _missing_or_there(path, create)
        database = cls(path, key)
        try:
            await database._call(database._prepare)
        except BaseException:
            await database.close()
            raise
        return database

    async def run(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """`function(*args)` as one transaction; returns after COMMIT has returned."""
        return await self._call(lambda: self._transaction(lambda: function(*args, **kwargs)))

    async def close(self) -> None:
        """After this nothing of the database is open, in this process or on its thread."""
        await self._call(self._cipher.close)
        self._thread.shutdown()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _call(self, function: Callable[[], R]) -> R:
        loop = asyncio.get_running_loop()
        return await asyncio.shield(loop.run_in_executor(self._thread, _translated, function))

    def _transaction(self, function: Callable[[], R]) -> R:
        with self._cipher.atomic("IMMEDIATE"):
            return function()

    def _prepare(self) -> None:
        base.use(self._cipher)
        self._cipher.connect()
        execute = self._cipher.execute_sql
        version = execute("PRAGMA user_version").fetchone()[0]
        with self._cipher.atomic("IMMEDIATE"):
            newest = migrate(version, execute)
            execute(f"PRAGMA user_version = {newest}")


def _missing_or_there(path: Path, create: bool) -> OnionchatError:
    if create:
        return RefusedError(f"there is a database already: {path}", "choose another profile")
    return DamagedError(
        f"the profile's database is missing: {path}",
        "restore a backup into another profile; nothing was changed here",
    )


def _translated(function: Callable[[], R]) -> R:
    """SQLite's failures in our words: a full disk and a damaged file are not bugs."""
    try:
        return function()
    except Exception as error:
        told = explained(error)
        if told is error:
            raise
        raise told from error
