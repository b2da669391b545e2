"""What lets one set of tables serve several open databases.

Each `Database` owns one thread and lends it its connection; a query goes to the connection
of the thread it runs on. peewee keeps its connection per thread already. This only leaves
the making of it to us, because how SQLCipher is opened is ours to get right (database.py).
A query on any other thread fails at once: nothing reaches a database but through
`Database.run`.
"""

import threading
from typing import Any

import peewee
from sqlcipher3 import dbapi2


class ThreadConnection(peewee.SqliteDatabase):  # type: ignore[misc] # untyped here: setup.cfg
    """peewee's SQLite dialect on whatever connection this thread was lent."""

    def __init__(self) -> None:
        self._lent = threading.local()
        super().__init__("the connection of this thread", autoconnect=False)

    def lend(self, connection: dbapi2.Connection) -> None:
        """From now on, queries on this thread go to `connection`; `close` closes it."""
        self._lent.connection = connection
        self.connect()

    def _connect(self) -> Any:
        return self._lent.connection


class Row(peewee.Model):  # type: ignore[misc] # untyped here: setup.cfg
    """A table's row. Rows stay inside the store; what leaves it are plain values."""

    class Meta:
        database = ThreadConnection()
        legacy_table_names = True
