"""What happened, for whoever listens: a bot, `receive --follow`, a terminal interface.

Durable events are rows of the store: written in the transaction of what they report,
numbered by a cursor, and only references, so that deleting a message deletes its event's
content too. A subscriber that was away comes back with its cursor and misses nothing.
What is true only now (tor's state, who is online) is told to those who listen now and
has no cursor.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from onionchat.node.clock import rfc3339
from onionchat.store import contacts, events, messages
from onionchat.store.database import Database
from onionchat.store.events import EventRow

PAGE = 256
LIVE_BACKLOG = 64
"""Live events a slow listener may be behind; older ones are dropped, they are not true any more."""


@dataclass(frozen=True)
class Notification:
    """One event as it goes out: the kind, and its parameters (`cursor` in the durable ones)."""

    method: str
    params: dict[str, Any]


class _Listener:
    def __init__(self) -> None:
        self.wake = asyncio.Event()
        self.live: deque[Notification] = deque(maxlen=LIVE_BACKLOG)


class Feed:
    """Wakes listeners; the durable events themselves are read from the store."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._listeners: set[_Listener] = set()
        self._change = asyncio.Event()

    def announce(self) -> None:
        """A transaction has committed that may have written events."""
        for listener in self._listeners:
            listener.wake.set()
        self._changes()

    def live(self, method: str, params: dict[str, Any]) -> None:
        """Tell those who listen now."""
        for listener in self._listeners:
            listener.live.append(Notification(method, params))
            listener.wake.set()
        self._changes()

    def _changes(self) -> None:
        self._change.set()
        self._change = asyncio.Event()

    async def newest(self) -> int:
        return await self._db.run(events.newest)

    async def follow(self, since: int) -> AsyncIterator[Notification]:
        """Every event after the cursor, then what comes, for ever."""
        listener = _Listener()
        self._listeners.add(listener)
        try:
            while True:
                listener.wake.clear()
                page = await self._db.run(durable, since, PAGE)
                for notification in page:
                    since = notification.params["cursor"]
                    yield notification
                while listener.live:
                    yield listener.live.popleft()
                if not page:
                    await listener.wake.wait()
        finally:
            self._listeners.discard(listener)

    def next_change(self) -> asyncio.Event:
        """Set with the next announcement. Take it before you look, wait for it after: nothing in
        between is missed."""
        return self._change


def durable(since: int, limit: int) -> list[Notification]:
    """The stored events after a cursor, each with the reference that finds what it reports."""
    return [Notification(row.kind, _reference(row)) for row in events.after(since, limit)]


def _reference(row: EventRow) -> dict[str, Any]:
    params: dict[str, Any] = {"cursor": row.cursor, "at": rfc3339(row.at)}
    if row.message is not None:
        message_id, contact = messages.reference(row.message)
        params |= {"id": message_id.hex(), "contact": contact}
    if row.contact is not None:
        params["contact"] = contacts.by_id(row.contact).name
    if row.request is not None:
        params["number"] = row.request
    if row.state is not None:
        params["state"] = row.state
    return params
