"""No query on the way of a message looks through a table, however long the history is."""

import asyncio
import re
from pathlib import Path

import pytest

from onionchat.store.base import Row
from onionchat.store.models import Message
from onionchat.store.sequences import Arrivals, Whose
from tests.load import filling
from tests.load.day import neighbours, settled, steps
from tests.load.work import Work, plans
from tests.node.caller import STREAM

SMALL = {"identity", "contact", "device", "member", "request", "reader", "_wrapped"} | {
    *("inbox", "admission", "invite", "reachability")
}
"""Tables with a row or two for each person at the most: looked through by who asks for all."""
PARTIAL = {"message_unread", "message_unread_by", "outbox_in_order", "outbox_open", "seen_due"} | {
    "outbox_expires"
}
"""Indices of what is unread or waits, and of nothing else."""
SHORT, LONG = 20, 6000
UNREAD = 5
DAYS = 3
TO_1000 = (
    "WITH RECURSIVE n(x) AS (VALUES(1) UNION ALL SELECT x + 1 FROM n LIMIT 1000) SELECT * FROM n"
)
FEW = 100
"""Tens of instructions: what a B-tree that is one level higher costs, and a batch cut elsewhere."""

pytestmark = pytest.mark.usefixtures("promptly")


def scanned(sql: str, plan: list[str]) -> set[str]:
    """The big tables that a query looks through."""
    names: dict[str, set[str]] = {}
    for table, alias in re.findall(r'"(\w+)" AS "(\w+)"', sql):
        names.setdefault(alias, set()).add(table)
    found: set[str] = set()
    for step in plan:
        scan = re.match(r"SCAN (?!CONSTANT ROW)(\w+)(?: USING (?:COVERING )?INDEX (\w+))?", step)
        if scan and scan[2] not in PARTIAL:
            found |= names.get(scan[1], {scan[1]})
    return found - SMALL


def test_no_query_scans_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        with plans(monkeypatch) as found:
            async with neighbours(tmp_path) as (alice, bob):
                (old, *_) = await bob("history", name="alice")
                for step in steps(alice, bob, old.id).values():
                    await step()
        assert len(found) > 60
        bad = {sql: plan for sql, plan in found.items() if scanned(sql, plan)}
        assert bad == {}

    asyncio.run(scene())


def test_a_scan_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with neighbours(tmp_path) as (_, bob):
            with plans(monkeypatch) as found:
                await bob.change(lambda: list(Message.select().where(Message.text == "hello")))
            ((sql, plan),) = found.items()
            assert scanned(sql, plan) == {"message"}

    asyncio.run(scene())


def place(directory: Path, name: str) -> Path:
    (directory / name).mkdir()
    return directory / name


async def work_of_a_day(directory: Path, length: int) -> dict[str, int]:
    """By step, with a history of this length at Bob's. Each step is taken on some days, and the
    least counts: the node has work of its own, too, which falls into one step or another."""
    found: dict[str, int] = {}
    async with neighbours(directory) as (alice, bob):
        await bob.change(lambda: filling.history("alice", length, unread=UNREAD))
        rows = await bob("history", name="alice", limit=length // 2)
        work = Work()
        await work.count(bob)
        for name, step in [*steps(alice, bob, rows[0].id).items()] * DAYS:
            before = work.done
            await step()
            found[name] = min(work.done - before, found.get(name, work.done))
    return found


def test_a_long_history_costs_no_more_than_a_short_one(tmp_path: Path) -> None:
    short = asyncio.run(work_of_a_day(place(tmp_path, "short"), SHORT))
    long = asyncio.run(work_of_a_day(place(tmp_path, "long"), LONG))
    more = {name: (short[name], long[name]) for name in short if long[name] > short[name] + FEW}
    assert more == {}


async def work_of_a_queue(directory: Path, length: int) -> int:
    """Until so many messages that waited for Bob have arrived, at Alice's."""
    async with neighbours(directory) as (alice, _):
        work = Work()
        await work.count(alice)

        await alice.change(lambda: filling.queue("bob", length))
        before = work.done
        await alice("send", name="bob", text="the last")
        await settled(alice)
        return work.done - before


def test_a_queue_that_is_four_times_as_long_costs_four_times_as_much(tmp_path: Path) -> None:
    """Measured 3.9; where each receipt looked through what waits, 12."""
    short = asyncio.run(work_of_a_queue(place(tmp_path, "short"), 500))
    long = asyncio.run(work_of_a_queue(place(tmp_path, "long"), 2000))
    assert long < 5 * short


async def work_of_a_late_number(directory: Path, gaps: int) -> int:
    """At Bob's, who waits for so many others."""

    def arrive(*numbers: int) -> None:
        arrivals = Arrivals()
        for number in numbers:
            arrivals.arrived(Whose(1, 1, STREAM), number, number)
        arrivals.save()

    async with neighbours(directory) as (_, bob):
        work = Work()
        await work.count(bob)
        await bob.change(lambda: arrive(*range(2, 2 * gaps + 1, 2)))
        before = work.done
        await bob.change(lambda: arrive(2 * gaps - 1))
        return work.done - before


def test_a_late_number_costs_the_same_however_many_are_missing(tmp_path: Path) -> None:
    few = asyncio.run(work_of_a_late_number(place(tmp_path, "few"), 20))
    many = asyncio.run(work_of_a_late_number(place(tmp_path, "many"), 2000))
    assert 0 < many < few + FEW


def test_a_store_counts_its_work(tmp_path: Path) -> None:
    async def scene() -> None:
        async with neighbours(tmp_path) as (_, bob):
            work = Work()
            await work.count(bob)
            await bob.change(lambda: Row._meta.database.execute_sql(TO_1000).fetchall())
            assert work.done > 100

    asyncio.run(scene())
