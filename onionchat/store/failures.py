"""What SQLite and the file system say when they fail, as sentences with a next step."""

import errno

import peewee
from sqlcipher3 import dbapi2

from onionchat.errors import DamagedError, RefusedError, UserError

FULL_HINT = "make room, then try again; nothing was lost"


def disk_full() -> RefusedError:
    return RefusedError("the disk is full: this could not be stored", FULL_HINT)


def explained(error: BaseException) -> BaseException:
    """The same failure in this program's words where there are any, else `error` itself."""
    if isinstance(error, peewee.PeeweeException) and error.args:
        error = error.args[0] if isinstance(error.args[0], dbapi2.Error) else error
    if isinstance(error, dbapi2.Error):
        return _of_sqlite(getattr(error, "sqlite_errorcode", 0)) or error
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full()
    return error


def _of_sqlite(code: int) -> UserError | None:
    """By the extended result code (sqlite.org/rescode.html); its low byte is the kind."""
    match code & 0xFF:
        case dbapi2.SQLITE_FULL:
            return disk_full()
        case dbapi2.SQLITE_CORRUPT | dbapi2.SQLITE_NOTADB:
            return DamagedError(
                "the profile's database is damaged, or belongs to another keyslot",
                "restore a backup into another profile; nothing was changed here",
            )
        case dbapi2.SQLITE_BUSY | dbapi2.SQLITE_LOCKED:
            return RefusedError("another program uses the profile's database", "stop it first")
        case dbapi2.SQLITE_READONLY | dbapi2.SQLITE_CANTOPEN | dbapi2.SQLITE_PERM:
            return RefusedError(
                "the profile's database cannot be opened for writing",
                "check who owns the profile's directory and whether its disk is read-only",
            )
        case dbapi2.SQLITE_IOERR:
            return RefusedError(
                "the disk refused to read or write the profile's database",
                "look for free space and for disk errors (`dmesg`)",
            )
    return None
