"""Names in a database: the least that can be stored, for tests of the database itself."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from onionchat.store.base import Row
from onionchat.store.database import Database
from onionchat.store.models import Reader

KEY = bytes(range(32))
Check = Callable[[Database], Coroutine[Any, Any, None]]


def add(name: str) -> None:
    Reader.create(name=name, cursor=0)


def names() -> list[str]:
    return [name for (name,) in Reader.select(Reader.name).order_by(Reader.id).tuples()]


def sql(statement: str) -> Any:
    return Row._meta.database.execute_sql(statement).fetchone()


def with_database(tmp_path: Path, check: Check) -> None:
    """Run `check` on a new database."""

    async def main() -> None:
        async with await Database.open(tmp_path / "store.db", KEY, create=True) as db:
            await check(db)

    asyncio.run(main())


def read_again(path: Path, key: bytes = KEY) -> list[str]:
    async def main() -> list[str]:
        async with await Database.open(path, key) as db:
            return await db.run(names)

    return asyncio.run(main())
