"""Verbs about what waits: for whom, since when, why (node/why.py); and cancelling it.

What was not made ready to leave is taken back for good. What was, is not sent again, but may
have arrived, and nothing pretends otherwise (node/withdrawal.py).
"""

import msgspec

from onionchat.errors import NotFoundError, UsageError
from onionchat.node import why
from onionchat.node.clock import rfc3339
from onionchat.node.profile import Live, Profile
from onionchat.node.verbs.registry import verb
from onionchat.node.why import Why
from onionchat.node.withdrawal import withdraw
from onionchat.store import contacts, ending, outbox
from onionchat.store.contacts import ContactRow
from onionchat.store.outbox import WaitingRow
from onionchat.types import MessageId, Millis

PAGE = 500


class OutboxParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`after`: the `id` of the last message of the page before."""

    after: str | None = None


class CancelParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str


class Waiting(msgspec.Struct, frozen=True):
    """`attempts`: how often its bytes were handed to a connection. `reason`: why it waits, as a
    word, `why` as a sentence, `hint` the next step; null while nothing is known against it.
    `left`: it was made ready to leave, so it may have arrived. `leaves_at`: it is held back until
    then; the reason is `delayed`."""

    id: str
    contact: str
    state: str
    queued_at: str | None
    attempts: int
    reason: str | None
    why: str | None
    hint: str | None
    expires_at: str | None
    left: bool
    leaves_at: str | None = None


@verb("outbox.list", OutboxParams, offline=True)
async def list_all(profile: Profile, params: OutboxParams) -> list[Waiting]:
    """Messages that are not known to have arrived, oldest first, at most 500 at once."""
    return await profile.db.run(_list, params, profile.live, profile.clock())


@verb("outbox.cancel", CancelParams)
async def cancel(profile: Profile, params: CancelParams) -> Waiting:
    """Do not send a message, or not again if it has `left`: then it may have arrived."""
    profile.running()
    row, shown = await profile.change(_cancel, params.id, profile.clock())
    profile.running().expires()
    if shown.left:
        await profile.changed(row.contact)
    return shown


def _list(params: OutboxParams, live: Live | None, now: Millis) -> list[Waiting]:
    after = 0 if params.after is None else _find(params.after).id
    rows = outbox.waiting(after, PAGE)
    people = {contact: contacts.by_id(contact) for contact in {row.contact for row in rows}}
    reasons = {contact: why.of(row, live, now) for contact, row in people.items()}
    return [_shown(row, people[row.contact], reasons[row.contact]) for row in rows]


def _cancel(message_id: str, now: Millis) -> tuple[WaitingRow, Waiting]:
    row = _find(message_id)
    contact = contacts.by_id(row.contact)
    withdraw(contact, [ending.open_row(row.id)], "cancelled", now)
    return row, msgspec.structs.replace(_shown(row, contact, None), state="cancelled")


def _find(text: str) -> WaitingRow:
    try:
        row = outbox.find(MessageId(bytes.fromhex(text)))
    except ValueError:
        raise UsageError(
            "a message ID is 32 hexadecimal digits", "see `onionchat outbox list`"
        ) from None
    if row is None:
        raise NotFoundError("no message with this ID waits", "see `onionchat outbox list`")
    return row


def _shown(row: WaitingRow, contact: ContactRow, reason: Why | None) -> Waiting:
    word, sentence, hint = why.told(why.DELAYED if row.not_before else reason)
    return Waiting(
        id=row.message_id.hex(),
        contact=contact.name,
        state=row.state,
        queued_at=rfc3339(row.queued_at),
        attempts=row.attempts,
        reason=word,
        why=sentence,
        hint=hint,
        expires_at=rfc3339(row.expires_at),
        left=bool(row.numbered),
        leaves_at=rfc3339(row.not_before),
    )
