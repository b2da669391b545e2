"""Durable events: what happened, as references with a cursor, written with what they report."""

from collections.abc import Iterable
from dataclasses import dataclass

from peewee import fn

from onionchat.store.models import Event
from onionchat.types import Millis

KEPT = 30 * 24 * 3600 * 1000
"""Milliseconds that an event is kept."""


@dataclass(frozen=True, slots=True)
class EventRow:
    """`message`, `contact` and `request` are row numbers; one of them is set."""

    cursor: int
    kind: str
    at: Millis
    message: int | None
    contact: int | None
    request: int | None
    state: str | None


def newest() -> int:
    """The highest cursor, 0 before the first event."""
    return Event.select(fn.max(Event.cursor)).scalar() or 0


def after(cursor: int, limit: int) -> list[EventRow]:
    rows = Event.select().where(Event.cursor > cursor).order_by(Event.cursor).limit(limit)
    return [EventRow(*row) for row in rows.tuples()]


def messages_received(messages: Iterable[int], now: Millis) -> None:
    _many("message.received", now, [(message, None) for message in messages])


def messages_state(messages: Iterable[int], state: str, now: Millis) -> None:
    _many("message.state", now, [(message, state) for message in messages])


def contact_state(contact: int, state: str, now: Millis) -> None:
    Event.insert(kind="contact.state", at=now, contact=contact, state=state).execute()


def request_received(request: int, now: Millis) -> None:
    Event.insert(kind="request.received", at=now, request=request).execute()


def prune(now: Millis) -> None:
    """Forget events that are older than anybody may come back for; unread messages stay."""
    Event.delete().where(Event.at < now - KEPT, Event.kind != "message.received").execute()


def _many(kind: str, now: Millis, rows: list[tuple[int, str | None]]) -> None:
    values = [(kind, now, message, state) for message, state in rows]
    if values:
        Event.insert_many(values, [Event.kind, Event.at, Event.message, Event.state]).execute()
