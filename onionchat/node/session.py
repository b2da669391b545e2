"""The ratchet sessions with one contact, as one transaction sees them.

The store keeps ratchet states as opaque bytes; here they are decoded once for each
transaction, moved forward in memory and written back once, however many envelopes the
transaction carries. Nothing is kept between transactions, so a rollback forgets
everything, and what has left this machine was always committed before.

A session that this connection's handshake started is `fresh`: it is written with the
first envelope that was encrypted (the initiator) or opened (the responder) under it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from onionchat.crypto import ratchet
from onionchat.crypto.ratchet import Opened
from onionchat.crypto.ratchet_errors import Authentic, NotMine
from onionchat.crypto.ratchet_state import State
from onionchat.errors import LocalError
from onionchat.store import outbox, sessions
from onionchat.store.sessions import HeaderKeyNumber, SessionRow
from onionchat.types import Millis, SessionId


def set_aside(sid: SessionId, status: str) -> None:
    """No longer listed: what waits in this session is encrypted again under another."""
    row = sessions.by_sid(sid)
    if row is not None:
        sessions.set_status(sid, status)
        outbox.retire(row.id)


@dataclass(frozen=True)
class Fresh:
    """The session that a handshake offers and nobody has used yet.

    `start` makes its first state: the initiator's costs an encapsulation, and most
    connections find a session in common.
    """

    sid: SessionId
    role: str
    start: Callable[[], State]

    @cached_property
    def state(self) -> State:
        return self.start()


@dataclass
class _Entry:
    """One session in memory: its row (None: not written yet), its state, what changed."""

    sid: SessionId
    role: str
    row: SessionRow | None
    state: State
    sent: int
    rcvd: int
    skipped: dict[HeaderKeyNumber, bytes] | None = None
    dirty: bool = False
    stored: list[tuple[bytes, int, bytes]] = field(default_factory=list)
    gone: list[HeaderKeyNumber] = field(default_factory=list)


class Sessions:
    """All sessions of one device. Valid inside one transaction only."""

    def __init__(self, device: int, fresh: Fresh | None, now: Millis) -> None:
        self._device = device
        self._fresh = fresh
        self._now = now
        self._rows: list[SessionRow] | None = None
        self._entries: dict[SessionId, _Entry] = {}

    def encrypt(self, sid: SessionId, padded: bytes) -> bytes:
        """One envelope under this session, counted as sent."""
        entry = self._entry(sid)
        entry.state, wire = ratchet.encrypt(entry.state, padded)
        entry.sent += 1
        entry.dirty = True
        return wire

    def can_send(self, sid: SessionId) -> bool:
        """Bob cannot speak first: his session exists once an envelope of Alice's opened."""
        return self._known(sid) and self._entry(sid).state.can_send

    def open(self, wire: bytes) -> tuple[SessionId, Opened]:
        """Decrypt under whichever session it belongs to; NotMine when there is none.

        What the header proves to be ours and is refused (a used number, too far, a chain
        that contradicts itself) is raised as it comes, with `sid` telling the session.
        """
        for entry in self._candidates():
            try:
                opened = ratchet.decrypt(entry.state, self._skipped(entry), wire)
            except NotMine:
                continue
            except Authentic as refused:
                refused.sid = entry.sid
                raise
            self._apply(entry, opened)
            return entry.sid, opened
        raise NotMine("the envelope opens under no session")

    def stored(self, sid: SessionId) -> int:
        """The row of this session, written now if it was fresh."""
        entry = self._entry(sid)
        if entry.row is None:
            entry.row = sessions.create(
                entry.sid, self._device, entry.role, entry.state.encode(), self._now
            )
        return entry.row.id

    def keeps(self, sid: SessionId) -> bool:
        """Is this session in the store by now?"""
        return self._known(sid) and self._entry(sid).row is not None

    def discard(self, sid: SessionId) -> None:
        """Forget what was done under a session that is not to be kept."""
        self._entries.pop(sid, None)

    def save(self) -> None:
        """Write every session that moved."""
        for entry in self._entries.values():
            if entry.dirty:
                row = self.stored(entry.sid)
                sessions.update(row, entry.state.encode(), entry.sent, entry.rcvd)
                sessions.change_skipped(row, entry.stored, entry.gone)
                entry.dirty, entry.stored, entry.gone = False, [], []

    def _known(self, sid: SessionId) -> bool:
        fresh = self._fresh is not None and self._fresh.sid == sid
        return fresh or sid in self._entries or sessions.by_sid(sid) is not None

    def _entry(self, sid: SessionId, row: SessionRow | None = None) -> _Entry:
        if sid in self._entries:
            return self._entries[sid]
        row = row or sessions.by_sid(sid)
        if row is not None:
            state = State.decode(row.state)
            entry = _Entry(sid, row.role, row, state, row.sent, row.rcvd)
        elif self._fresh is not None and self._fresh.sid == sid:
            entry = _Entry(sid, self._fresh.role, None, self._fresh.state, 0, 0)
        else:
            raise LocalError("a session was used that neither the store nor a handshake made")
        self._entries[sid] = entry
        return entry

    def _apply(self, entry: _Entry, opened: Opened) -> None:
        skipped = self._skipped(entry)
        entry.state = opened.state
        entry.rcvd += 1
        entry.dirty = True
        for key in opened.dropped:
            skipped.pop(key, None)
        entry.gone.extend(opened.dropped)
        if opened.stored:
            entry.stored.extend(opened.stored)
            entry.skipped = {(hk, n): mk for hk, n, mk in reversed(opened.stored)} | skipped

    def _skipped(self, entry: _Entry) -> dict[HeaderKeyNumber, bytes]:
        if entry.skipped is None:
            entry.skipped = {} if entry.row is None else sessions.skipped(entry.row.id)
        return entry.skipped

    def _candidates(self) -> Iterator[_Entry]:
        """Live sessions newest first, then the handshake's own, then the retired ones."""
        if self._rows is None:
            self._rows = sessions.by_device(self._device)
        for row in self._rows:
            if row.status == "live":
                yield self._entry(row.sid, row)
        if self._fresh is not None:
            yield self._entry(self._fresh.sid)
        for row in self._rows:
            if row.status == "receive_only":
                yield self._entry(row.sid, row)
