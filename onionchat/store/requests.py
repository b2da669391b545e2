"""People who ask to be contacts, and keys that were told no."""

from dataclasses import dataclass

from onionchat.store import events
from onionchat.store.models import Refused, Request
from onionchat.types import IdentityKey, Millis, StreamId


@dataclass(frozen=True, slots=True)
class RequestRow:
    """`number` is shown to the person and never used for another request."""

    number: int
    key: IdentityKey
    text: str
    stream: StreamId
    at: Millis


def add(key: IdentityKey, text: str, stream: StreamId, now: Millis, *, limit: int) -> bool:
    """Keep it, unless the key waits or was refused already, or `limit` others wait."""
    refused = Refused.select().where(Refused.key == key).exists()
    if refused or by_key(key) is not None or Request.select().count() >= limit:
        return False
    number = Request.insert(key=key, text=text, stream=stream, at=now).execute()
    events.request_received(number, now)
    return True


def all_rows() -> list[RequestRow]:
    """Oldest first."""
    return list(Request.select().order_by(Request.number).objects(RequestRow))


def by_number(number: int) -> RequestRow | None:
    row: RequestRow | None = (
        Request.select().where(Request.number == number).objects(RequestRow).first()
    )
    return row


def by_key(key: IdentityKey) -> RequestRow | None:
    row: RequestRow | None = Request.select().where(Request.key == key).objects(RequestRow).first()
    return row


def remove(number: int) -> None:
    Request.delete().where(Request.number == number).execute()


def refuse(key: IdentityKey, state: str, now: Millis) -> None:
    """From now on this key is a stranger whose requests are not stored."""
    Refused.replace(key=key, state=state, at=now).execute()


def refusal(key: IdentityKey) -> str | None:
    """rejected, blocked, or None."""
    state: str | None = Refused.select(Refused.state).where(Refused.key == key).scalar()
    return state


def forgive(key: IdentityKey) -> None:
    """The person has changed their mind."""
    Refused.delete().where(Refused.key == key).execute()
