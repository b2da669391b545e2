"""What lets one set of tables serve several open databases.

Each open database has a thread of its own and is the only one that thread ever sees. So
the models are bound to a name that means, on every thread, that thread's database. Outside
of one a query fails at once: nothing reaches a database but through `Database.run`.
"""

import threading
from typing import Any

from peewee import Model, SqliteDatabase

from onionchat.errors import LocalError


class _OfThisThread(threading.local):
    database: SqliteDatabase | None = None


_of_this_thread = _OfThisThread()


def use(database: SqliteDatabase) -> None:
    """From now on this thread's queries go to `database`."""
    _of_this_thread.database = database


class _Current:
    """Stands where peewee expects a database; everything is asked of the real one."""

    def get_binary_type(self) -> type[bytes]:
        """Asked when a table is defined, before any database is open."""
        return bytes

    def __getattr__(self, name: str) -> Any:
        if _of_this_thread.database is None:
            raise LocalError("a query outside of Database.run")
        return getattr(_of_this_thread.database, name)


class Row(Model):  # type: ignore[misc] # peewee ships no types
    class Meta:
        database = _Current()
        legacy_table_names = True
