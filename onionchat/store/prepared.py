"""Queries whose SQL is made once.

peewee makes the text of a query anew each time, and on the way of a message that costs ten
times what SQLite then does with it (measured: 0.7 ms against 0.06 for one contact). Such a
query is written in peewee's words as always, with `argument(n)` where a value will stand,
and only its text is kept.

    _BY_KEY = Prepared(lambda: Contact.select(Contact.id).where(Contact.key == argument(0)))
    rows = _BY_KEY(key)
"""

from collections.abc import Callable, Iterable
from typing import Any

from peewee import Value

from onionchat.store.base import Row


class _Position:
    """Stands in the list of a query's values for one that is not known yet."""

    def __init__(self, position: int) -> None:
        self.position = position


def argument(position: int) -> Any:
    """The place of the call's argument number `position`, from 0."""
    return Value(_Position(position), converter=False)


def at_most(position: int) -> Any:
    """The same in a LIMIT. What is bound there alone SQLite looks at when it plans, and it plans
    anew whenever another value is bound: nine tenths of what such a query cost (measured)."""
    return argument(position) + 0


class Prepared:
    """One query. Values are SQLite's own: a boolean comes back as 0 or 1."""

    def __init__(self, build: Callable[[], Any]) -> None:
        self._build = build
        self._sql = ""
        self._values: list[Any] = []

    def __call__(self, *arguments: Any) -> list[tuple[Any, ...]]:
        """The rows."""
        rows: list[tuple[Any, ...]] = self._execute(arguments).fetchall()
        return rows

    def first(self, *arguments: Any) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._execute(arguments).fetchone()
        return row

    def insert(self, *arguments: Any) -> int:
        """Of an INSERT: the new row's number."""
        row: int = self._execute(arguments).lastrowid
        return row

    def change(self, *arguments: Any) -> int:
        """Of an UPDATE or DELETE: how many rows."""
        count: int = self._execute(arguments).rowcount
        return count

    def many(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Once for each row of arguments."""
        for row in rows:
            self._execute(row)

    def _execute(self, arguments: tuple[Any, ...]) -> Any:
        if not self._sql:
            self._sql, self._values = self._build().sql()
        values = [
            arguments[value.position] if isinstance(value, _Position) else value
            for value in self._values
        ]
        return Row._meta.database.execute_sql(self._sql, values)
