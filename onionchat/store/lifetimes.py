"""How long what is said in a conversation stays, and the messages whose time is over.

A message that was sent to disappear has its seconds from the beginning, and its time once it
was read (theirs) or has ended (ours: delivered, cancelled, expired). That time is first noted
by the wall clock, in the transaction of what began it, with a boot that no machine has had.
`adopt` then gives it one on the kernel's clock, as ending.py does it for what expires: within a
boot no clock on a wall counts, and none gives more than the message's seconds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from peewee import fn

from onionchat.store.ending import Uptime
from onionchat.store.models import Conversation, Event, Forgotten, Member, Message, Outbox
from onionchat.store.outbox import OPEN, SHOWN
from onionchat.store.prepared import Prepared, argument, at_most
from onionchat.types import MessageId, Millis

NO_BOOT = b""


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Of one conversation, in seconds; 0: no limit. `keep` is ours, `they_keep` theirs."""

    disappear: int
    change: int
    keep: int
    they_keep: int


def of(conversation: int) -> Lifetimes:
    found = _OF.first(conversation)
    assert found is not None
    return Lifetimes(*found)


def set_disappear(conversation: int, seconds: int, change: int) -> None:
    update = Conversation.update(disappear=seconds, change=change)
    update.where(Conversation.id == conversation).execute()


def set_keep(conversation: int, seconds: int) -> None:
    Conversation.update(keep=seconds).where(Conversation.id == conversation).execute()


def set_they_keep(conversation: int, contact: int, seconds: int) -> None:
    theirs = (Member.conversation == conversation) & (Member.contact == contact)
    Member.update(keep=seconds).where(theirs).execute()


def begin(rows: Iterable[int], now: Millis) -> None:
    """The time of these messages begins, of those that have one, if it has not."""
    _BEGIN.many((now, row) for row in rows)


def begin_delivered(conversation: int, ids: Iterable[MessageId], now: Millis) -> None:
    """The same for messages of ours that are delivered."""
    _BEGIN_DELIVERED.many((now, number, conversation) for number in ids)


def begin_read(cursors: Iterable[int], now: Millis) -> None:
    """The same for messages that came in, by their events."""
    _BEGIN_READ.many((now, cursor) for cursor in cursors)


def begun() -> bool:
    """Has a time begun that was not given to the kernel's clock yet?"""
    return _BEGUN.first(NO_BOOT) is not None


def adopt(uptime: Uptime, now: Millis) -> None:
    """Times of another boot, or of none yet, become times of this one."""
    for part in _ADOPT:
        part.change(uptime.boot, uptime.now, now)


def over(uptime: Uptime, limit: int) -> list[int]:
    """Messages that are to be gone."""
    return [row for (row,) in _OVER(uptime.boot, uptime.now, limit)]


def next_over(uptime: Uptime) -> int | None:
    """When the next one is, on this boot's clock."""
    ((moment,),) = _NEXT(uptime.boot)
    return None if moment is None else int(moment)


def kept_too_long(now: Millis, limit: int) -> list[int]:
    """What is older than its conversation is kept, but for what is not delivered yet."""
    return [row for (row,) in _KEPT_TOO_LONG(now, limit)]


def erase(rows: list[int]) -> None:
    """Nothing is left of these messages but, of theirs, that they came: a copy of one may still
    be on its way. Of ours that ended on their way the ciphertext stays, in which the other side
    may have to jump over them (outbox.py); nobody has its key."""
    gone = Message.id.in_(rows)
    theirs = Message.select(Message.author, Message.message_id).where(
        gone, Message.author.is_null(False), Message.kind != "notice"
    )
    fields = [Forgotten.contact, Forgotten.message_id]
    Forgotten.insert_from(theirs, fields).on_conflict_ignore().execute()
    in_flight = Outbox.shown.in_(rows) & Outbox.wire.is_null(False)
    Outbox.update(shown=None, record=None).where(in_flight).execute()
    Message.delete().where(gone).execute()


def _begin(*which: Any) -> Any:
    change = Message.update(gone_at=argument(0) + Message.disappears * 1000, boot=NO_BOOT)
    return change.where(*which, Message.disappears.is_null(False), Message.gone_at.is_null())


def _running(*which: Any) -> Any:
    return (Message.gone_at.is_null(False), *which)


def _kept_too_long() -> Any:
    waiting = Outbox.select(Outbox.shown).where(SHOWN, Outbox.state.in_(OPEN))
    return (
        Message.select(Message.id)
        .join(Conversation)
        .where(Conversation.keep > 0, Message.at < argument(0) - Conversation.keep * 1000)
        .where(Message.id.not_in(waiting))
    )


def _adopt(another: Any) -> Any:
    left = fn.min(Message.gone_at - argument(2), Message.disappears * 1000)
    change = Message.update(boot=argument(0), over_at=left + argument(1))
    return change.where(*_running(another))


_OF = Prepared(
    lambda: (
        Conversation.select(
            Conversation.disappear, Conversation.change, Conversation.keep, Member.keep
        )
        .join(Member)
        .where(Conversation.id == argument(0))
    )
)
_BEGIN = Prepared(lambda: _begin(Message.id == argument(1)))
_BEGIN_DELIVERED = Prepared(
    lambda: _begin(
        Message.message_id == argument(1),
        Message.author.is_null(),
        Message.conversation == argument(2),
    )
)
_BEGIN_READ = Prepared(
    lambda: _begin(Message.id == Event.select(Event.message).where(Event.cursor == argument(1)))
)
_BEGUN = Prepared(lambda: Message.select(Message.id).where(*_running(Message.boot == argument(0))))
_ADOPT = (
    Prepared(lambda: _adopt(Message.boot < argument(0))),
    Prepared(lambda: _adopt(Message.boot > argument(0))),
)
"""Two, for SQLite looks through the table for an OR."""
_OVER = Prepared(
    lambda: (
        Message.select(Message.id)
        .where(*_running(Message.boot == argument(0), Message.over_at <= argument(1)))
        .limit(at_most(2))
    )
)
_KEPT_TOO_LONG = Prepared(lambda: _kept_too_long().limit(at_most(1)))
_NEXT = Prepared(
    lambda: Message.select(fn.min(Message.over_at)).where(*_running(Message.boot == argument(0)))
)
