"""From bytes that came in to a message that is safe here: decrypt, commit, only then say so.

`receive` is one transaction for everything a read brought: ratchet states, messages,
digests of what was accepted, what is due a receipt. An envelope seen before is not
decrypted again but answered as it was. A refused envelope leaves no trace: the ratchet
works on a copy, and only what opened is kept.

An envelope that opens and holds a record which breaks the rules is remembered as seen,
so that a poisoned message cannot come back for ever, and ends the connection.
"""

from dataclasses import dataclass, field

from onionchat.crypto import ratchet
from onionchat.crypto.ratchet import NotMine, TooFar
from onionchat.errors import RemoteError
from onionchat.node import receipts
from onionchat.node.session import Fresh, Sessions
from onionchat.protocol import padding, records
from onionchat.protocol.records import Record
from onionchat.store import contacts, endpoints, messages, outbox, requests, sequences, sessions
from onionchat.store import receipts as seen
from onionchat.store.contacts import ContactRow
from onionchat.types import Millis, SessionId

CLONE_ALARM = (
    "A message came that only a copy of the other side's device can have sent. Ask them, in "
    "person or by another way, whether their device was copied, and compare the safety number."
)


@dataclass
class Outcome:
    """What a transaction of the inbox found. `strays` opened under no session."""

    repeat: list[bytes] = field(default_factory=list)
    opened: bool = False
    stored_fresh: bool = False
    due: int = 0
    strays: int = 0
    broken: bool = False
    consent: bool = False
    violation: str | None = None


def receive(
    contact_id: int, wires: list[bytes], fresh: Fresh | None, now: Millis
) -> Outcome:
    """Take in the envelopes of one read from a contact, or from somebody we have asked."""
    inbox = _Inbox(contacts.by_id(contact_id), fresh, now)
    for wire in wires:
        inbox.take(wire)
    return inbox.finish()


class _Inbox:
    """One transaction's work: the contact as it is now, its sessions, what was found."""

    def __init__(self, contact: ContactRow, fresh: Fresh | None, now: Millis) -> None:
        self._contact = contact
        self._fresh = fresh
        self._ratchet = Sessions(contact.device, fresh, now)
        self._now = now
        self._found = Outcome()

    def take(self, wire: bytes) -> None:
        digest = ratchet.digest(wire)
        if seen.known(self._contact.device, digest):
            self._found.repeat.extend(receipts.repeat(self._contact.device, digest))
            return
        try:
            sid, opened = self._ratchet.open(wire)
        except NotMine:
            self._found.strays += 1
        except TooFar as refused:
            self._break(refused.sid)
        except ratchet.Clone:
            messages.add_notice(self._contact.conversation, CLONE_ALARM, self._now)
        except RemoteError:
            self._found.strays += 1
        else:
            self._keep(sid, digest, opened.padded, stepped=opened.stepped)

    def finish(self) -> Outcome:
        self._ratchet.save()
        self._found.stored_fresh = self._fresh is not None and self._ratchet.keeps(self._fresh.sid)
        self._found.due = seen.due_count(self._contact.device)
        return self._found

    def _keep(self, sid: SessionId, digest: bytes, padded: bytes, *, stepped: bool) -> None:
        record = self._read(padded)
        if not self._welcome(sid, record):
            self._ratchet.discard(sid)
            return
        self._found.opened = True
        session = self._ratchet.stored(sid)
        if stepped:
            seen.forget(session)
        seen.add(session, digest, self._apply(record))

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
            requests.consent(self._contact.id, self._now)
            self._found.consent = True
            return False
        if asked and isinstance(record, records.Accept):
            contacts.accept(self._contact.id, self._now)
            self._contact = contacts.by_id(self._contact.id)
            return True
        return not asked

    def _apply(self, record: Record | None) -> MessageId | None:
        """The effect of a record; the ID to receipt, or None where there is no receipt."""
        match record:
            case records.Receipt(ids):
                outbox.delivered(self._contact.device, ids, self._now)
                return None
            case records.Text() | records.Unknown():
                self._message(record)
            case records.Endpoint(onion=onion, client_key=key, priority=priority):
                endpoints.learn(self._contact.device, onion, key, priority, self._now)
                self._count(record)
            case records.Withdrawn(first=first, last=last):
                self._count(record)
                sequences.withdraw(self._contact.conversation, record.stream, first, last)
            case records.Accept() | records.ContactRequest():
                self._count(record)
            case _:
                return None
        return record.id
