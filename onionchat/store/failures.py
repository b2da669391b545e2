"""What SQLite and the file system say when they fail, as sentences with a next step."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import peewee
from sqlcipher3 import dbapi2

from onionchat import os_errors
from onionchat.errors import DamagedError, RefusedError, ScarceError, UserError
from onionchat.os_errors import about

_CHUNK = 1 << 20


@contextmanager
def explained() -> Iterator[None]:
    """A failure inside leaves as a UserError if this file has words for it, else unchanged."""
    try:
        yield
    except (peewee.PeeweeException, dbapi2.Error, OSError, MemoryError) as error:
        known = _known(error)
        if known is None:
            raise
        raise known from error


def unreadable(path: Path) -> ScarceError | None:
    """What the disk says if it will not read all of this file. SQLite says of such a file what
    it says of a damaged one. Nobody may have it open: closing it gives up SQLite's locks."""
    try:
        with about(path):
            if path.is_file():  # what is none could keep us waiting for ever
                _read(path)
    except OSError as error:
        known = os_errors.known_as(error)
        return known if isinstance(known, ScarceError) else None
    return None


def _read(path: Path) -> None:
    with path.open("rb", buffering=0) as file:
        while file.read(_CHUNK):
            pass


def _known(error: Exception) -> UserError | None:
    if isinstance(error, OSError | MemoryError):
        return os_errors.known_as(error)
    original = getattr(error, "orig", error)  # peewee wraps what the library raised
    return _of_sqlite(getattr(original, "sqlite_errorcode", 0))


def _of_sqlite(code: int) -> UserError | None:
    """By the result code (sqlite.org/rescode.html), whose low byte is the kind."""
    match code & 0xFF:
        case dbapi2.SQLITE_FULL:
            return os_errors.disk_full()
        case dbapi2.SQLITE_CORRUPT | dbapi2.SQLITE_NOTADB:
            return DamagedError(  # or the disk answered EIO for a moment
                "the profile's database does not open with its key, or is damaged",
                "try again; if it stays so, restore a backup into another profile; nothing was "
                "changed here",
            )
        case dbapi2.SQLITE_BUSY | dbapi2.SQLITE_LOCKED:
            return RefusedError("another program uses the profile's database", "stop it first")
        case dbapi2.SQLITE_READONLY | dbapi2.SQLITE_CANTOPEN | dbapi2.SQLITE_PERM:
            return RefusedError(
                "the profile's database cannot be opened for writing",
                "check who owns the profile's directory and whether its disk is read-only",
            )
        case dbapi2.SQLITE_IOERR:
            return ScarceError(
                "the disk refused to read or write the profile's database",
                "look for free space and for disk errors (`dmesg`), then try again",
            )
    return None
