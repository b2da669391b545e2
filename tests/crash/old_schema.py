"""A database as the first version of the schema had it, made of one that is newer.

Row by row into a new file whose tables are the released steps' own SQL.
"""

from contextlib import closing
from pathlib import Path

from sqlcipher3 import dbapi2

from onionchat.store.migrations import VERSION_1

TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"


def rewrite(path: Path, key: bytes) -> None:
    """In place; nobody has it open."""
    older = path.with_name("older.db")
    with closing(dbapi2.connect(str(older), isolation_level=None)) as connection:
        execute = connection.execute
        execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        execute("PRAGMA journal_mode = wal")
        connection.executescript(VERSION_1)
        execute("PRAGMA user_version = 1")
        execute(f"ATTACH '{path}' AS newer KEY \"x'{key.hex()}'\"")
        for (table,) in execute(TABLES).fetchall():
            found = execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall()
            columns = ", ".join(name for (name,) in found)
            execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM newer.{table}")  # noqa: S608 - our own names
        execute("DELETE FROM sqlite_sequence")
        execute("INSERT INTO sqlite_sequence SELECT * FROM newer.sqlite_sequence")
    older.chmod(0o600)
    older.replace(path)
