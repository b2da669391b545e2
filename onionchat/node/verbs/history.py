"""Verbs about what was said: show it, delete it.

A message that disappears begins to when it is shown here (node/lifetimes.py).

What is deleted here is deleted here only; the other side keeps what it has. A message of
ours that still waits to be delivered stays until it is, or is cancelled.
"""

from typing import Annotated

import msgspec

from onionchat.errors import NotFoundError, UsageError
from onionchat.node import people
from onionchat.node.clock import rfc3339
from onionchat.node.profile import Profile
from onionchat.node.verbs.registry import verb
from onionchat.store import lifetimes, messages
from onionchat.store.contacts import ContactRow
from onionchat.store.messages import HistoryRow
from onionchat.types import MessageId, Millis

LONGEST_LIST = 1000
Count = Annotated[int, msgspec.Meta(ge=1, le=2**31)]


class HistoryParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    limit: Count = 50
    before: str | None = None


class Shown(msgspec.Struct, frozen=True):
    id: str
    kind: str
    contact: str
    conversation: str
    direction: str
    text: str
    state: str
    sent_at: str | None
    received_at: str | None
    disappears_at: str | None = None


class ClearParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str


class Cleared(msgspec.Struct, frozen=True):
    deleted: int


@verb("history", HistoryParams, offline=True)
async def history(profile: Profile, params: HistoryParams) -> list[Shown]:
    """The newest messages with a contact, oldest first."""
    shown, begun = await profile.db.run(_history, params, profile.clock())
    if begun and profile.live is not None:
        profile.live.expires()
    return shown


@verb("history.clear", ClearParams)
async def clear(profile: Profile, params: ClearParams) -> Cleared:
    """Delete what was said with a contact, read or not, but for what waits to be delivered."""
    profile.running()
    return await profile.erase(_clear, params.name)


def _clear(name: str) -> Cleared:
    contact = people.find(name)
    return Cleared(messages.clear(contact.conversation, contact.id))


def _history(params: HistoryParams, now: Millis) -> tuple[list[Shown], bool]:
    contact = people.find(params.name)
    before = None if params.before is None else _row(contact, params.before)
    limit = max(1, min(LONGEST_LIST, params.limit))
    rows = messages.history(contact.conversation, limit, before)
    begins = [row.row for row in rows if row.author and row.disappears and not row.gone_at]
    if begins:
        lifetimes.begin(begins, now)
        rows = messages.history(contact.conversation, limit, before)
    return [_as_shown(contact, row) for row in rows], bool(begins)


def _row(contact: ContactRow, text: str) -> int:
    try:
        message_id = MessageId(bytes.fromhex(text))
    except ValueError:
        raise UsageError("a message ID is 32 hexadecimal digits", "see `history --json`") from None
    row = messages.find(contact.conversation, message_id)
    if row is None:
        raise NotFoundError("no such message in this conversation", "see `history --json`")
    return row


def _as_shown(contact: ContactRow, row: HistoryRow) -> Shown:
    outgoing = row.author is None
    return Shown(
        id=row.message_id.hex(),
        kind=row.kind,
        contact=contact.name,
        conversation=conversation_id(contact.conversation),
        direction="out" if outgoing else "in",
        text=row.text,
        state=(row.state or "queued") if outgoing else ("unread" if row.unread else "read"),
        sent_at=rfc3339(row.clock),
        received_at=rfc3339(row.delivered_at if outgoing else row.at),
        disappears_at=rfc3339(row.gone_at),
    )


def conversation_id(row: int) -> str:
    """How scripts tell conversations apart."""
    return f"{row:x}"
