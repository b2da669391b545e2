"""The store's thread in virtual time: SQLite is real, its slowness and its failures are made.

`Database` opens one thread for itself and hands it functions. A `Disk` takes them instead,
runs each at once, and answers a little later, one after the other. At a commit it can

- die before: the transaction is rolled back, nobody hears of it;
- die after: it is kept, nobody hears of it;
- be full: SQLite's own error, if the transaction has changed anything.

After each commit the events that it wrote go to the trace: that is when they were true.
"""

import random
from collections.abc import Callable
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any, Protocol

import peewee
import pytest
from sqlcipher3 import dbapi2

from onionchat.store import database
from onionchat.store.base import Row
from onionchat.store.database import Database
from tests.simulation.loop import HOST, VirtualLoop

QUICK = (0.0005, 0.02)
STALL = (0.5, 20.0)


class Killed(BaseException):
    """What a process that is dead gets for an answer. Nobody may handle it."""


class Life(Protocol):
    """One process, as its disk sees it."""

    over: bool

    def die(self) -> None: ...
    def saw(self, what: str, *words: Any) -> None: ...


class Disk:
    """In place of a `ThreadPoolExecutor` of one thread."""

    def __init__(self, life: Life, loop: VirtualLoop, chance: random.Random) -> None:
        self._life = life
        self._loop = loop
        self._chance = chance
        self._state = peewee._ConnectionState()
        self._lent = SimpleNamespace()
        self._free = 0.0
        self._connection: Any = None
        self._cursor = 0
        self.die_at: int | None = None
        self.die_before = False
        self.full = False
        self.stalls = 0.0

    def submit(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Future[Any]:
        if self._life.over:
            raise Killed
        answer: Future[Any] = Future()
        answer.set_running_or_notify_cancel()
        begin = self._connection
        try:
            result = self._run(function, arguments, named)
        except Exception as error:
            self._answer(answer.set_exception, error)
        else:
            if begin is None and self._connection is not None:
                self._cursor = self._newest()
            self._answer(answer.set_result, result)
        return answer

    def shutdown(self, *, wait: bool) -> None:
        """There is no thread."""

    def pull_out(self) -> None:
        """The process is gone: its connection is closed, wherever it was."""
        if self._connection is not None:
            self._here()
            self._connection.close()
            self._connection = None

    def _run(
        self, function: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        self._here()
        store = getattr(function, "__self__", None)
        if not (isinstance(store, Database) and function == store._run):
            result = function(*arguments, **named)
            self._connection = result if isinstance(result, dbapi2.Connection) else None
            return result
        (call,) = arguments
        self._connection = store._connected()
        before = self._connection.total_changes
        dies = self._dies_now()
        if dies and self.die_before:
            self._die()
        result = function(self._failing(call) if self.full else call)
        self._life.saw("commit")
        if self._connection.total_changes != before:
            self._record()
        if dies:
            self._die()
        return result

    def _here(self) -> None:
        """Every store's queries go to the connection of its own thread; there is one here."""
        shared = Row._meta.database
        shared._state, shared._lent = self._state, self._lent

    def _failing(self, call: Callable[[], Any]) -> Callable[[], Any]:
        def run() -> Any:
            before = self._connection.total_changes
            result = call()
            if self._connection.total_changes != before:
                error = dbapi2.OperationalError("database or disk is full")
                error.sqlite_errorcode = dbapi2.SQLITE_FULL
                raise error
            return result

        return run

    def _dies_now(self) -> bool:
        if self.die_at is None:
            return False
        self.die_at -= 1
        return self.die_at < 0

    def _die(self) -> None:
        self._life.die()
        raise Killed

    def _answer(self, give: Callable[[Any], None], what: Any) -> None:
        wait = self._chance.uniform(*QUICK)
        if self.stalls and self._chance.random() < self.stalls:
            wait = self._chance.uniform(*STALL)
        self._free = max(self._free, self._loop.now) + wait
        self._loop.outside(self._free - self._loop.now, self._give, give, what)

    def _give(self, give: Callable[[Any], None], what: Any) -> None:
        if not self._life.over:
            give(what)

    def _newest(self) -> int:
        return int(self._connection.execute(_NEWEST).fetchone()[0] or 0)

    def _record(self) -> None:
        """What was committed just now."""
        for cursor, kind, state, number, text, author, what, late, seq in self._connection.execute(
            _EVENTS, (self._cursor,)
        ).fetchall():
            self._cursor = cursor
            match kind, what:
                case "message.received", "notice":
                    self._life.saw("notice", author, text)
                case "message.received", _:
                    self._life.saw("received", text, bool(late), seq)
                case "message.state", _:
                    self._life.saw("state", text, state)
                case "contact.state", _:
                    self._life.saw("contact", number is not None, state)


_NEWEST = "SELECT max(cursor) FROM event"
_EVENTS = """
SELECT e.cursor, e.kind, e.state, m.message_id, m.text, c.name, m.kind, m.late, m.seq
FROM event e LEFT JOIN message m ON m.id = e.message_id LEFT JOIN contact c ON c.id = m.author_id
WHERE e.cursor > ? ORDER BY e.cursor
"""


def install(patch: pytest.MonkeyPatch) -> None:
    """From now on `Database` gets the disk of the machine that asks, in place of a thread."""
    patch.setattr(database, "ThreadPoolExecutor", _disk_here)
    shared = Row._meta.database  # which connection is whose is put back afterwards
    for name in ("_state", "_lent"):
        patch.setattr(shared, name, getattr(shared, name))


def _disk_here(*_: Any, **__: Any) -> Disk:
    host: Any = HOST.get()
    made: Disk = host.new_disk()
    return made
