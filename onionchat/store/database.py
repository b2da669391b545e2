"""The one connection to the encrypted database, and the one thread that owns it.

`run(function)` is one transaction: the function runs on the database's thread between
BEGIN IMMEDIATE and COMMIT, and what it returned is given back only after COMMIT has; with
FULL sync that means it survives a power cut (measured: a weaker setting loses what was
acknowledged). Any exception rolls everything back. Somebody who stops waiting does not
stop the transaction: it ends whole, one way or the other.

SQLCipher is opened in one exact order with every setting read back, since SQLite ignores
a PRAGMA it does not know in silence (and plain SQLite ignores the key: the profile would
lie there in clear). An existing profile's database is never created anew: a missing, empty
or unreadable one is damage, and may be all that is left of somebody's profile.
"""

import asyncio
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import ParamSpec, Self, TypeVar

from sqlcipher3 import dbapi2

from onionchat.errors import DamagedError, LocalError, RefusedError
from onionchat.os_errors import about
from onionchat.store import migrations
from onionchat.store.base import Row
from onionchat.store.failures import explained, unreadable

P = ParamSpec("P")
R = TypeVar("R")
Migrate = Callable[[int, Callable[[str], object]], int]
"""(version found, execute one statement) -> version reached; inside one transaction."""

SETTINGS: dict[str, str | int] = {
    "journal_mode": "wal",
    "synchronous": 2,
    "secure_delete": 1,
    "temp_store": 2,
    "foreign_keys": 1,
    "trusted_schema": 0,
}
"""PRAGMA and the value it must read back as. synchronous 2 is FULL, temp_store 2 is memory."""
STATEMENTS = 256
"""Prepared ones that are kept. The program has about 150; the library would keep 100, and prepare
some of those that every message needs anew each time."""
_CHUNK = 1 << 20


class Database:
    """An open database. Use `open`, then `async with`."""

    def __init__(self, path: Path, key: bytes, migrate: Migrate) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._path = path
        self._key = key
        self._migrate = migrate
        self._connection: dbapi2.Connection | None = None

    @classmethod
    async def open(
        cls,
        path: Path,
        key: bytes,
        *,
        create: bool = False,
        migrate: Migrate = migrations.migrate,
    ) -> Self:
        """Unlock, check, and migrate to the newest schema; DamagedError, RefusedError.

        `key`: 32 raw bytes. `create`: a new profile; otherwise the file must be there.
        """
        db = cls(path, key, migrate)
        try:
            await _finished(db._thread.submit(db._connected, create=create))
        except BaseException:
            db._thread.submit(Row._meta.database.close)  # the caller may go before it is open
            db._thread.shutdown(wait=False)
            raise
        return db

    async def run(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """`function(*args)` as one transaction; returns after COMMIT has returned."""
        call = partial(function, *args, **kwargs)
        return await _finished(self._thread.submit(self._run, call))

    async def forget(self) -> None:
        """Nothing is left of what was deleted. The write-ahead log has the pages as they were
        before: it is folded into the file, where they are overwritten, and cut to nothing. The
        statements of a connection keep what they wrote last: the next one has none of them."""
        await _finished(self._thread.submit(self._forget))

    async def close(self) -> None:
        """When everything that was asked for is done. SQLite then folds its WAL into the file."""
        try:
            await _finished(self._thread.submit(Row._meta.database.close))
        finally:
            self._thread.shutdown(wait=False)

    def _run(self, call: Callable[[], R]) -> R:
        connection = self._connected()
        with self._damage_found():
            return _transaction(connection, call)

    def _forget(self) -> None:
        connection = self._connected()
        with self._damage_found(), explained():
            (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise LocalError("somebody else has the database open: its log cannot be emptied")
        self._connection = None
        Row._meta.database.close()

    def _connected(self, *, create: bool = False) -> dbapi2.Connection:
        """On the thread, as what follows."""
        if self._connection is None:
            with self._damage_found():
                self._connection = _open(self._path, self._key, create, self._migrate)
        return self._connection

    @contextmanager
    def _damage_found(self) -> Iterator[None]:
        """SQLCipher believes no page any more after one that it could not read, be it for a
        moment: the next transaction gets a new connection, or the same error."""
        try:
            yield
        except DamagedError as damaged:
            self._connection = None
            Row._meta.database.close()
            error = unreadable(self._path)
            if error is not None:
                raise error from damaged
            raise

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def _finished(future: Future[R]) -> R:
    """The result. A caller that is cancelled stops waiting; the thread does not stop working,
    and what it then fails with is nobody's. The loop may be gone by then."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def tell(_: object) -> None:
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(done.set)

    future.add_done_callback(tell)
    await done.wait()
    return future.result()


def _transaction(connection: dbapi2.Connection, call: Callable[[], R]) -> R:
    with explained():
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = call()
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:  # after a full disk SQLite has rolled back by itself
                connection.execute("ROLLBACK")
            if isinstance(error, StopIteration):  # asyncio cannot pass it on: a waiter would hang
                raise LocalError("a query ran out of rows it relied on") from error
            raise
        return result


def _open(path: Path, key: bytes, create: bool, migrate: Migrate) -> dbapi2.Connection:
    """On the database's own thread, which is the only one that may use the connection."""
    with explained(), ExitStack() as undo:
        if create:
            _make(path)
            undo.callback(path.unlink)
        else:
            _must_exist(path)
            _renew_wal(path)
        connection = dbapi2.connect(str(path), isolation_level=None, cached_statements=STATEMENTS)
        undo.callback(connection.close)
        _unlock(connection, key)
        _configure(connection)
        _must_be_writable(connection)
        _transaction(connection, partial(_upgrade, connection, migrate))
        Row._meta.database.lend(connection)
        undo.pop_all()
    return connection


def _make(path: Path) -> None:
    """An empty file, 0600; SQLite gives the same mode to the files it puts beside it."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        raise RefusedError(
            f"there is a database already: {path}", "choose another profile"
        ) from None


def _must_exist(path: Path) -> None:
    """SQLite would take an empty file for a new database; here it is a lost one."""
    if not path.is_file() or path.stat().st_size == 0:
        raise DamagedError(
            f"the profile's database is missing or empty: {path}",
            "restore a backup into another profile; nothing was changed here",
        )


def _renew_wal(path: Path) -> None:
    """What a process before us left in the WAL may be in the kernel's memory alone: of a sync
    that failed the kernel keeps what was to be written, and never writes it again. SQLite
    believes what it reads there, and what follows it would be lost with it in a power cut. So
    the same bytes go to the disk once more, or are not believed (docs/decisions/0006).
    """
    wal = path.with_name(path.name + "-wal")
    if not wal.is_file():
        return
    with about(wal), wal.open("r+b", buffering=0) as file:
        written = 0
        while chunk := file.read(_CHUNK):
            written += os.pwrite(file.fileno(), chunk, written)
            file.seek(written)
        os.fsync(file.fileno())


def _unlock(connection: dbapi2.Connection, key: bytes) -> None:
    """The raw key, so that SQLCipher derives nothing; then read something that needs it."""
    if len(key) != 32:
        raise LocalError("a database key is 32 bytes")
    connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    _set(connection, "cipher_log_level", "NONE")  # it would write to stderr
    if not connection.execute("PRAGMA cipher_version").fetchone():
        raise LocalError("this SQLite has no encryption; the profile was not opened")
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()


def _must_be_writable(connection: dbapi2.Connection) -> None:
    """SQLite opens for reading alone, in silence, what could not be opened for writing, be it
    for a moment. Nothing of this write is kept."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("PRAGMA user_version = 0")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _configure(connection: dbapi2.Connection) -> None:
    for name, value in SETTINGS.items():
        _set(connection, name, value)


def _set(connection: dbapi2.Connection, name: str, value: str | int) -> None:
    connection.execute(f"PRAGMA {name} = {value}")
    found = connection.execute(f"PRAGMA {name}").fetchone()
    if found != (value,):
        raise LocalError(f"SQLite keeps {name} at {found}, not {value}; the profile was not opened")


def _upgrade(connection: dbapi2.Connection, migrate: Migrate) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    newest = migrate(version, connection.execute)
    if newest != version:  # an opened database is not written to
        connection.execute(f"PRAGMA user_version = {newest:d}")
