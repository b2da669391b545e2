"""Messages that disappear, and how long a conversation is kept: what two people agree on.

**Disappearing.** Either side sets a time for both, and may change it; the other side is told in
the talk. It holds for what is sent from then on, and each such message carries its seconds with
it (a Fleeting, protocol 5), so that both sides mean the same also while a change is on its way.
There is no way back to a plain text for a program that does not know Fleeting: it shows "needs a
newer version" instead of a text that it would keep.

- At its reader the time begins when the text was given to a face for the first time (`receive`,
  `history`, a bot): what nobody has read does not disappear unread.
- At its author it begins when it is known to be delivered, or was cancelled or has expired.
- The kernel's clock decides (store/lifetimes.py). After a reboot the wall clock may shorten the
  time and not prolong it: a message that goes too early is the smaller harm.
- While no node runs nothing is erased. Whatever opens the profile next does that first.

**Keeping.** Each side may say for how long it keeps anything of the conversation, which the other
side can see. That is days, by the wall clock.

Erased means: overwritten in the database, and the write-ahead log emptied after it. Both sides do
it by software; nobody can prove that the other one has.
"""

import secrets
from typing import TYPE_CHECKING

from onionchat.duration import in_words
from onionchat.protocol import records
from onionchat.store import identity as identities
from onionchat.store import lifetimes, messages, outbox, sequences
from onionchat.store.contacts import ContactRow
from onionchat.store.ending import Uptime
from onionchat.store.lifetimes import Lifetimes
from onionchat.store.sequences import Whose
from onionchat.types import MessageId, Millis

if TYPE_CHECKING:  # which opens itself with this
    from onionchat.node.profile import Profile

BATCH = 500
"""Messages that are erased in one transaction."""


def agreed(ours: Lifetimes, theirs: records.Lifetimes) -> tuple[int, int]:
    """The seconds that hold for both from now on, and their change: the later decision, and the
    shorter time if both have decided at once."""
    if theirs.change != ours.change:
        return max((ours.change, ours.disappear), (theirs.change, theirs.disappear))[::-1]
    both = [seconds for seconds in (ours.disappear, theirs.disappear) if seconds]
    return min(both, default=0), ours.change


def learn(contact: ContactRow, theirs: records.Lifetimes, now: Millis) -> None:
    """What they have decided, and a note of it where it is something new."""
    ours = lifetimes.of(contact.conversation)
    disappear, change = agreed(ours, theirs)
    lifetimes.set_disappear(contact.conversation, disappear, change)
    lifetimes.set_they_keep(contact.conversation, contact.id, theirs.keep)
    notes = []
    if disappear != ours.disappear:
        notes.append(_disappearing(disappear))
    if theirs.keep != ours.they_keep:
        notes.append(_keeping(theirs.keep))
    for text in notes:
        messages.add_notice(contact.conversation, contact.id, text, now)


def announce(contact: ContactRow, now: Millis) -> None:
    """Tell them what holds here."""
    ours = lifetimes.of(contact.conversation)
    stream, message_id = identities.stream(), MessageId(secrets.token_bytes(16))
    number = sequences.take(Whose(contact.conversation, None, stream), 1)
    said = records.Lifetimes(
        *(message_id, stream, number, now, None), ours.disappear, ours.change, ours.keep
    )
    outbox.queue(contact.device, outbox.LIFETIMES, message_id, now, record=records.encode(said))


def announce_again(contact: ContactRow, now: Millis) -> None:
    """No session is left in common: perhaps they have forgotten it."""
    ours = lifetimes.of(contact.conversation)
    if ours.change or ours.keep:
        announce(contact, now)


def set_disappear(contact: ContactRow, seconds: int, now: Millis) -> None:
    ours = lifetimes.of(contact.conversation)
    if seconds != ours.disappear:
        lifetimes.set_disappear(contact.conversation, seconds, ours.change + 1)
        announce(contact, now)


def set_keep(contact: ContactRow, seconds: int, now: Millis) -> None:
    if seconds != lifetimes.of(contact.conversation).keep:
        lifetimes.set_keep(contact.conversation, seconds)
        announce(contact, now)


async def erase(profile: "Profile") -> int | None:
    """Erase what is over; when the next message is, on the kernel's clock."""
    uptime = profile.uptime()
    if await profile.db.run(_over, uptime, profile.clock()):
        await profile.erase(_erase_over, uptime)
    return await profile.db.run(lifetimes.next_over, uptime)


async def erase_old(profile: "Profile") -> None:
    """Erase what was kept long enough."""
    now = profile.clock()
    while await profile.db.run(lifetimes.kept_too_long, now, 1):
        await profile.erase(_erase_old, now)


def _over(uptime: Uptime, now: Millis) -> bool:
    lifetimes.adopt(uptime, now)
    return bool(lifetimes.over(uptime, 1))


def _erase_over(uptime: Uptime) -> None:
    lifetimes.erase(lifetimes.over(uptime, BATCH))


def _erase_old(now: Millis) -> None:
    lifetimes.erase(lifetimes.kept_too_long(now, BATCH))


def _disappearing(seconds: int) -> str:
    if not seconds:
        return "They have decided that messages here do not disappear any more."
    return (
        f"They have decided that messages here disappear {in_words(seconds)} after they were read."
    )


def _keeping(seconds: int) -> str:
    if not seconds:
        return "They keep what is said here without a limit from now on."
    return f"They keep what is said here for {in_words(seconds)} at most from now on."
