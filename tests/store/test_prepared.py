"""How often SQLite makes a plan for a query whose text is made once."""

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from onionchat import store
from onionchat.store.base import Row
from onionchat.store.contacts import ContactRow
from onionchat.store.models import Message
from onionchat.store.prepared import Prepared, argument, at_most
from tests.store.one_contact import with_a_contact

TIMES = 3


def plans(directory: Path, place: Callable[[int], Any]) -> int:
    """How many are made for a query that runs some times, each time with another limit."""
    made: list[int] = []

    def note(action: int, *_: Any) -> int:
        made.append(action)
        return int(dbapi2.SQLITE_OK)

    def scene(_: ContactRow) -> None:
        query = Prepared(lambda: Message.select(Message.id).limit(place(0)))
        connection = Row._meta.database.connection()
        connection.set_authorizer(note)
        for limit in range(TIMES):
            query(limit)

    with_a_contact(directory, scene)
    return made.count(dbapi2.SQLITE_SELECT)


def test_a_limit_does_not_make_a_plan_each_time(tmp_path: Path) -> None:
    assert plans(tmp_path, at_most) == 1


def test_one_that_is_bound_as_it_is_would(tmp_path: Path) -> None:
    assert plans(tmp_path, argument) >= TIMES


def test_no_prepared_query_has_a_limit_that_does() -> None:
    found = 0
    for part in pkgutil.iter_modules(store.__path__, f"{store.__name__}."):
        for name, query in vars(importlib.import_module(part.name)).items():
            if isinstance(query, Prepared):
                found += 1
                sql, _ = query._build().sql()
                assert "LIMIT ?" not in sql, f"{part.name}.{name}: at_most() is for this"
    assert found > 50
