"""What SQLite does for the program, counted and not timed, and how it goes about it.

`Work` counts SQLite's own instructions, so that a test can say that something costs the same
in a long history as in a short one, on any machine. `plans` are what EXPLAIN QUERY PLAN says
of every query that ran, with its values bound as they were: a written-out value can use an
index that a bound one cannot.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from onionchat.store.base import Row, ThreadConnection
from tests.node.street import Home

EVERY = 10
"""Instructions between two counts."""


class Work:
    """Of one home's store, in tens of instructions."""

    def __init__(self) -> None:
        self.done = 0

    async def count(self, home: Home) -> None:
        """From now on."""
        await home.change(self._begin)

    def _begin(self) -> None:
        Row._meta.database.connection().set_progress_handler(self._step, EVERY)

    def _step(self) -> int:
        self.done += 1
        return 0


@contextmanager
def plans(patch: pytest.MonkeyPatch) -> Iterator[dict[str, list[str]]]:
    """Every query that runs inside the block, and its plan."""
    found: dict[str, list[str]] = {}
    execute = ThreadConnection.execute_sql

    def explain(self: ThreadConnection, sql: str, params: Any = None) -> Any:
        if sql not in found:
            rows = execute(self, f"EXPLAIN QUERY PLAN {sql}", params).fetchall()
            found[sql] = [row[3] for row in rows]
        return execute(self, sql, params)

    with patch.context() as inner:
        inner.setattr(ThreadConnection, "execute_sql", explain)
        yield found
