"""Durable events: what happened, as references with a cursor, written with what they report."""

from collections.abc import Iterable
from dataclasses import dataclass

from peewee import fn

from onionchat.store.models import Event
from onionchat.store.prepared import Prepared, argument, at_most
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
    return [EventRow(*row) for row in _AFTER(cursor, limit)]


def messages_received(messages: Iterable[int], now: Millis) -> None:
    _OF_MESSAGE.many(("message.received", now, message, None) for message in messages)


def messages_state(messages: Iterable[int], state: str, now: Millis) -> None:
    _OF_MESSAGE.many(("message.state", now, message, state) for message in messages)


def contact_state(contact: int, state: str, now: Millis) -> None:
    Event.insert(kind="contact.state", at=now, contact=contact, state=state).execute()


def request_received(request: int, now: Millis) -> None:
    Event.insert(kind="request.received", at=now, request=request).execute()


def prune(now: Millis) -> None:
    """Forget events that are older than anybody may come back for. What tells of a message
    that came goes with the message. A clock that is ahead makes nothing old: an event counts
    as old beside the newest, too."""
    newest = Event.select(Event.at).order_by(Event.cursor.desc()).limit(1).scalar() or now
    old = Event.at < min(now, newest) - KEPT
    Event.delete().where(old, Event.kind != "message.received").execute()


_OF_MESSAGE = Prepared(
    lambda: Event.insert(kind=argument(0), at=argument(1), message=argument(2), state=argument(3))
)
_AFTER = Prepared(
    lambda: (
        Event.select().where(Event.cursor > argument(0)).order_by(Event.cursor).limit(at_most(1))
    )
)
