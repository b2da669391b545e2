"""From bytes that came in to a message that is safe here: decrypt, commit, only then say so.

`receive` is one transaction for everything a read brought: ratchet states, messages,
digests of what was accepted, what is due a receipt. An envelope seen before is not
decrypted again but answered as it was. A refused envelope leaves no trace: the ratchet
works on a copy, and only what opened is kept.

An envelope that opens and holds a record which breaks the rules is remembered as seen,
so that a poisoned message cannot come back for ever, and ends the connection.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from onionchat.crypto import ratchet
from onionchat.crypto.ed25519_point import is_valid_key
from onionchat.crypto.ratchet_errors import Clone, NotMine, TooFar
from onionchat.errors import RemoteError
from onionchat.node import lifetimes, receipts, requests
from onionchat.node.inboxes import is_ours
from onionchat.node.session import Fresh, Sessions, set_aside
from onionchat.protocol import padding, records
from onionchat.protocol.records import Record
from onionchat.store import contacts, endpoints, inboxes, messages, outbox
from onionchat.store import lifetimes as times
from onionchat.store import receipts as seen
from onionchat.store.contacts import ContactRow
from onionchat.store.endpoints import Named
from onionchat.store.messages import Received
from onionchat.store.sequences import Arrivals, Whose
from onionchat.types import MessageId, Millis, SessionId, StreamId

CLONE_ALARM = (
    "A message came that only a copy of the other side's device can have sent. Ask them, in "
    "person or by another way, whether their device was copied, and compare the safety number."
)
UNSUPPORTED = "This message needs a newer version of onionchat."
NOTE_EVERY = 3_600_000


@dataclass
class Outcome:
    """What a transaction of the inbox found.

    `repeat`: receipts that answered an envelope before. `due`: records that need one.
    `strays`: envelopes that opened under no session. `unblocked`: more may be sent now.
    `news`: something was taken in that was not here before. `begun`: the time of a message that
    disappears has begun. `moved`: who may come to our inboxes may have changed.
    """

    repeat: list[bytes] = field(default_factory=list)
    due: int = 0
    strays: int = 0
    news: bool = False
    begun: bool = False
    stored_fresh: bool = False
    unblocked: bool = False
    broken: bool = False
    consent: bool = False
    moved: bool = False
    violation: str | None = None


def receive(contact: int, wires: list[bytes], fresh: Fresh | None, now: Millis) -> Outcome:
    """Take in the envelopes of one read from a contact, or from somebody we have asked."""
    inbox = _Inbox(contacts.by_id(contact), fresh, now)
    inbox.take(wires)
    return inbox.finish()


class _Inbox:
    """One transaction's work: the contact as it is now, its sessions, what was found."""

    def __init__(self, contact: ContactRow, fresh: Fresh | None, now: Millis) -> None:
        self._contact = contact
        self._fresh = fresh
        self._sessions = Sessions(contact.device, fresh, now)
        self._now = now
        self._found = Outcome()
        self._arrivals = Arrivals()
        self._accepted: list[tuple[int, bytes, MessageId | None]] = []
        self._shown: dict[MessageId, Received] = {}
        self._withdrawn: list[records.Withdrawn] = []

    def take(self, wires: list[bytes]) -> None:
        named = self._named(wires)
        known = seen.known(self._contact.device, [digest for digest, _ in named])
        for digest, wire in named:
            if digest in known:
                self._found.repeat += receipts.repeat(self._contact.device, digest)
            elif all(digest != accepted for _, accepted, _ in self._accepted):
                self._open(digest, wire)

    def _named(self, wires: list[bytes]) -> list[tuple[bytes, bytes]]:
        """Each envelope with its digest; what is too short to have one opens nowhere."""
        whole = [wire for wire in wires if len(wire) >= ratchet.OVERHEAD]
        self._found.strays += len(wires) - len(whole)
        return [(ratchet.digest(wire), wire) for wire in whole]

    def finish(self) -> Outcome:
        self._sessions.save()
        self._arrivals.save()
        seen.add(self._accepted)
        self._found.news |= bool(self._accepted)
        if self._shown:
            self._show()
        for record in self._withdrawn:  # which may be about something that came with it
            theirs = self._contact.id, self._contact.device
            seen.due_again(*theirs, record.stream, record.first, record.last, record.id)
        fresh = self._fresh
        self._found.stored_fresh = fresh is not None and self._sessions.keeps(fresh.sid)
        self._found.unblocked |= self._found.stored_fresh
        self._found.due = seen.due_count(self._contact.device)
        self._found.begun = times.begun()
        return self._found

    def _open(self, digest: bytes, wire: bytes) -> None:
        try:
            sid, opened = self._sessions.open(wire)
        except NotMine:
            self._found.strays += 1
        except TooFar as refused:
            if refused.sid is not None:
                set_aside(refused.sid, "broken")
            self._found.broken = True
        except Clone:
            self._note(CLONE_ALARM)
        except RemoteError:
            self._found.strays += 1
        else:
            self._keep(sid, digest, opened.padded, stepped=opened.stepped)

    def _keep(self, sid: SessionId, digest: bytes, padded: bytes, *, stepped: bool) -> None:
        record = self._read(padded)
        welcome = self._welcome(sid, record)
        if not welcome and not self._sessions.keeps(sid):
            self._sessions.discard(sid)
            return
        session = self._sessions.stored(sid)
        if stepped:
            seen.forget(session)
        self._accepted.append((session, digest, self._apply(record) if welcome else None))

    def _read(self, padded: bytes) -> Record | None:
        try:
            return records.decode(padding.unpad(padded))
        except RemoteError as error:
            self._found.violation = str(error)
            return None

    def _welcome(self, sid: SessionId, record: Record | None) -> bool:
        """May this record be kept, and the session it came in with it?

        Somebody we have asked may only say yes, or ask us in turn, which is a yes too. A
        request that starts a session is never kept: whoever asks forgets that session, so
        the answer goes over one that we start.
        """
        asked = self._contact.state == "requested"
        starts = self._fresh is not None and sid == self._fresh.sid
        if isinstance(record, records.ContactRequest) and (asked or starts):
            endpoints.forget(self._contact.device)  # who asks has forgotten what they named
            self._found.news |= requests.consent(self._contact.id, self._now)
            self._received(record.stream, 1)
            self._found.consent = self._found.moved = True
            return False
        if asked and isinstance(record, records.Accept):
            contacts.accept(self._contact.id, self._now)
            self._contact = contacts.by_id(self._contact.id)
            self._found.unblocked = self._found.moved = True
            return True
        return not asked

    def _apply(self, record: Record | None) -> MessageId | None:
        """The effect of a record; the ID to receipt, or None where there is no receipt."""
        match record:
            case records.Receipt(ids):
                self._arrived(outbox.delivered(self._contact.device, ids, self._now), ids)
                times.begin_delivered(self._contact.conversation, ids, self._now)
                self._found.unblocked = True
                return None
            case records.ContactRequest() | records.Empty() | None:
                return None
            case records.Text(text=text):
                self._message(record, "text", text)
            case records.Fleeting(text=text, disappear=seconds):
                self._message(record, "text", text, seconds)
            case records.Lifetimes():
                self._received(record.stream, record.seq)
                lifetimes.learn(self._contact, record, self._now)
            case records.Unknown():
                self._message(record, "unsupported", UNSUPPORTED)
            case records.Endpoint():
                self._learn(record)
                self._received(record.stream, record.seq)
            case records.Withdrawn(first=first, last=last):
                self._received(record.stream, record.seq)
                self._received(record.stream, first, last)
                self._withdrawn.append(record)
            case records.Accept() | records.Guest():
                self._received(record.stream, record.seq)
        return record.id

    def _arrived(self, tags: set[int], ids: Sequence[MessageId]) -> None:
        """What was delivered is more than messages."""
        if outbox.ENDPOINT in tags:
            inboxes.known(self._contact.device, ids)
            self._found.moved = True
        if outbox.GUEST in tags:
            contacts.offered(self._contact.id, None)

    def _learn(self, record: records.Endpoint) -> None:
        """What no honest program names is no place."""
        if _is_place(record):
            named = Named(
                *(record.onion, record.client_key, record.priority, record.stream, record.seq)
            )
            endpoints.learn(self._contact.device, named, self._now)

    def _message(
        self,
        record: records.Text | records.Fleeting | records.Unknown,
        kind: str,
        text: str,
        disappears: int | None = None,
    ) -> None:
        if record.id in self._shown:
            return
        late = self._received(record.stream, record.seq)
        self._shown[record.id] = Received(
            *(record.id, record.stream, record.seq, kind, text),
            *(record.clock_ms, late, disappears),
        )

    def _received(self, stream: StreamId, first: int, last: int | None = None) -> bool:
        whose = Whose(self._contact.conversation, self._contact.device, stream)
        return self._arrivals.arrived(whose, first, first if last is None else last)

    def _show(self) -> None:
        """Each message once, whatever sessions and copies brought it."""
        contact = self._contact
        known = messages.known(contact.id, list(self._shown))
        shown = [message for number, message in self._shown.items() if number not in known]
        messages.add_received(contact.conversation, contact.id, shown, self._now)

    def _note(self, text: str) -> None:
        contact = self._contact
        since = self._now - NOTE_EVERY
        messages.add_notice(contact.conversation, contact.id, text, self._now, unless_since=since)


def _is_place(record: records.Endpoint) -> bool:
    """Is there such an onion, and not one of ours; and will tor take the key to it? It takes any
    but zeros."""
    key = record.client_key
    return is_valid_key(record.onion) and key != bytes(32) and not is_ours(record.onion)
