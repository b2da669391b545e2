"""Mistakes that could be in the program, put into a victim: each instrument must see them.

An instrument that has never been seen red proves nothing.
"""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from onionchat.errors import RefusedError
from onionchat.store import database


def commits_late(patch: pytest.MonkeyPatch) -> None:
    """Once it has started, what was told as done is committed some transactions later."""
    calls = count(1)

    def transaction(connection: Any, call: Callable[[], Any]) -> Any:
        if not connection.in_transaction:
            connection.execute("BEGIN IMMEDIATE")
        result, number = call(), next(calls)
        if number < 8 or number % 8 == 0:
            connection.execute("COMMIT")
        return result

    patch.setattr(database, "_transaction", transaction)


def hears_no_failure(patch: pytest.MonkeyPatch) -> None:
    """A commit that failed is told as done."""
    real = database._transaction

    def transaction(connection: Any, call: Callable[[], Any]) -> Any:
        results: list[Any] = []

        def remembered() -> Any:
            results.append(call())
            return results[0]

        try:
            return real(connection, remembered)
        except RefusedError:
            return results[0]

    patch.setattr(database, "_transaction", transaction)


def believes_the_wal(patch: pytest.MonkeyPatch) -> None:
    """What a process that died had left there is taken for what is on the disk."""
    patch.setattr(database, "_renew_wal", lambda _: None)


WEAKNESSES = {weak.__name__: weak for weak in (commits_late, hears_no_failure, believes_the_wal)}
