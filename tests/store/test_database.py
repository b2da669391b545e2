"""What is committed stays, what fails leaves nothing, and nobody meets another's transaction."""

import asyncio
import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import peewee
import pytest

from onionchat.errors import DamagedError, LocalError, RefusedError
from onionchat.store.database import Database, _finished
from tests.store.names import KEY, add, names, read_again, with_database


def test_what_was_run_is_there_after_opening_again(tmp_path: Path) -> None:
    async def check(db: Database) -> None:
        await db.run(add, name="one")
        assert await db.run(names) == ["one"]

    with_database(tmp_path, check)
    assert read_again(tmp_path / "store.db") == ["one"]


class Interruption(BaseException):
    """As a KeyboardInterrupt would be, without stopping the tests."""


@pytest.mark.parametrize("error", [ValueError, Interruption, RefusedError])
def test_an_exception_leaves_nothing_behind(tmp_path: Path, error: type[BaseException]) -> None:
    def add_and_fail() -> None:
        add("never")
        raise error("no")

    async def check(db: Database) -> None:
        with pytest.raises(error, match="no"):
            await db.run(add_and_fail)
        assert await db.run(names) == []
        await db.run(add, "after")
        assert await db.run(names) == ["after"]

    with_database(tmp_path, check)


def test_a_query_that_stops_an_iteration_does_not_hang_its_caller(tmp_path: Path) -> None:
    async def check(db: Database) -> None:
        with pytest.raises(LocalError):
            await db.run(lambda: next(iter(names())))

    with_database(tmp_path, check)


def test_a_broken_constraint_is_peewees_own_error(tmp_path: Path) -> None:
    def twice() -> None:
        add("one")
        with pytest.raises(peewee.IntegrityError):
            add("one")
        add("two")

    async def check(db: Database) -> None:
        await db.run(twice)
        with pytest.raises(peewee.IntegrityError):
            await db.run(add, "two")
        assert await db.run(names) == ["one", "two"]

    with_database(tmp_path, check)


def test_a_cancelled_caller_does_not_tear_its_transaction(tmp_path: Path) -> None:
    """It ends whole, and what was asked for after it comes after it."""
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        add("one")
        begun.set()
        assert go_on.wait(30)
        add("two")

    async def check(db: Database) -> None:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(db.run(slow))
            await asyncio.to_thread(begun.wait, 30)
            queued = group.create_task(db.run(add, "three"))
            later = group.create_task(db.run(names))
            await asyncio.to_thread(lambda: None)  # both are in the queue now
            running.cancel()
            queued.cancel()
            await asyncio.wait([running, queued])
            assert running.cancelled()
            assert queued.cancelled()
            assert not later.done()
            go_on.set()
        assert later.result() == ["one", "two", "three"]

    with_database(tmp_path, check)


def test_a_failure_after_its_caller_has_gone_is_nobodys(tmp_path: Path) -> None:
    """asyncio would report it as an error of the program."""
    reported: list[dict[str, Any]] = []
    begun, go_on = threading.Event(), threading.Event()

    def fail() -> None:
        begun.set()
        go_on.wait()
        raise RefusedError("the disk is full")

    async def check(db: Database) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: reported.append(context))
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(db.run(fail))
            await asyncio.to_thread(begun.wait)
            asking.cancel()
        go_on.set()
        assert await db.run(names) == []
        del asking
        gc.collect()

    with_database(tmp_path, check)
    assert reported == []


def test_who_has_gone_with_their_loop_hears_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As who was interrupted while the database was opened: the thread ends after the loop."""
    go_on = threading.Event()

    async def ask(thread: ThreadPoolExecutor) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(0):
                await _finished(thread.submit(go_on.wait))

    with ThreadPoolExecutor(1) as thread:
        asyncio.run(ask(thread))
        go_on.set()
    assert caplog.records == []


def test_the_result_comes_after_the_commit(tmp_path: Path) -> None:
    """A copy of the files at that moment has it: what a power cut would leave.

    Trying another key on it first does no harm, though SQLite then folds the WAL in.
    """

    async def check(db: Database) -> None:
        await db.run(add, "one")
        copy = tmp_path / "copy"
        copy.mkdir()
        for name in ("store.db", "store.db-wal"):
            (copy / name).write_bytes((tmp_path / name).read_bytes())

    with_database(tmp_path, check)
    with pytest.raises(DamagedError):
        read_again(tmp_path / "copy" / "store.db", bytes(32))
    assert read_again(tmp_path / "copy" / "store.db") == ["one"]


def test_two_databases_in_one_process_do_not_meet(tmp_path: Path) -> None:
    async def main() -> None:
        one, two = (tmp_path / "one.db", tmp_path / "two.db")
        async with (
            await Database.open(one, KEY, create=True) as first,
            await Database.open(two, bytes(32), create=True) as second,
        ):
            await asyncio.gather(*(first.run(add, f"first {n}") for n in range(9)))
            await second.run(add, "second")
            assert await second.run(names) == ["second"]
            assert await first.run(names) == [f"first {n}" for n in range(9)]

    asyncio.run(main())


def test_a_query_outside_of_run_fails(tmp_path: Path) -> None:
    async def check(_: Database) -> None:
        with pytest.raises(peewee.InterfaceError):
            names()

    with_database(tmp_path, check)
