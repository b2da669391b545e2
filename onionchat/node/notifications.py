"""What a subscriber is told, as types: each kind of event and what it carries.

A key that may be absent is one of several shapes: events with a `cursor` are stored and
told again to who comes back; the others are true only now. `node/events.py` makes them.
"""

import msgspec
from msgspec import UNSET, UnsetType


class MessageReceived(msgspec.Struct, frozen=True):
    """The text is fetched with `receive`."""

    cursor: int
    at: str
    id: str
    contact: str


class MessageState(msgspec.Struct, frozen=True):
    """A message of ours is `sent`, `delivered`, `cancelled` or `expired`; `delivered` may come
    after the last two, if it had left before."""

    cursor: int
    at: str
    id: str
    contact: str
    state: str


class ContactState(msgspec.Struct, frozen=True):
    """With a cursor: what a contact has become. Without: who comes and goes (`online`), and
    who was removed."""

    contact: str
    cursor: int | UnsetType = UNSET
    at: str | UnsetType = UNSET
    state: str | UnsetType = UNSET
    online: bool | UnsetType = UNSET


class RequestReceived(msgspec.Struct, frozen=True):
    """Somebody asks to be a contact: see `request.list`."""

    cursor: int
    at: str
    number: int


class TorChange(msgspec.Struct, frozen=True):
    """Told whenever it changes."""

    state: str
    bootstrap: int
    step: str | None
    warning: str | None


NOTIFICATIONS: dict[str, type[msgspec.Struct]] = {
    "message.received": MessageReceived,
    "message.state": MessageState,
    "contact.state": ContactState,
    "request.received": RequestReceived,
    "tor.state": TorChange,
}
