"""One connection of a node's: hellos, envelopes, receipts. Sections 3.3, 6 and 7."""

import asyncio
from typing import TYPE_CHECKING

from tests.second import channel, records
from tests.second.channel import Choice, Hello, Opener, Sealer
from tests.second.handshake import Keys
from tests.second.primitives import ProtocolError, Refused, sha256
from tests.second.ratchet import EH, Cloned, NotThisSession, Ratchet, TooFar
from tests.second.records import Record
from tests.second.state import ASKED, BLOCKED, BROKEN, CONTACT, LIVE, RETIRED, Peer, Session

if TYPE_CHECKING:
    from tests.second.node import Node

STRANGER_SECONDS = 60


class Connection:
    def __init__(
        self,
        node: "Node",
        peer: Peer,
        initiator: bool,
        keys: Keys,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        number: int,
    ) -> None:
        self.node, self.peer, self.initiator, self.keys = node, peer, initiator, keys
        self.reader, self.writer, self.number = reader, writer, number
        mine, theirs = (keys.k_ir, keys.k_ri) if initiator else (keys.k_ri, keys.k_ir)
        self.sealer, self.opener = Sealer(mine), Opener(theirs)
        self.initiator_key = node.me.key if initiator else peer.key
        self.session: Session | None = None  # the one in use
        self.fresh: Session | None = None  # on R's side: what the handshake would start
        self.stranger = peer.status != CONTACT
        self.unopened = 0
        self.over = False
        self._head = b""  # of the frame whose rest has not come
        self._time: asyncio.Timeout | None = None

    def can_send(self) -> bool:
        s = self.session
        return not self.over and s is not None and s.state == LIVE and bool(s.ratchet.cks)

    def write(self, kind: int, payload: bytes = b"") -> None:
        if not self.over:
            self.writer.write(self.sealer.frame(kind, payload))

    def send_record(self, record: Record) -> bytes:
        assert self.session is not None
        wire = self.session.ratchet.encrypt(records.pad(record.encode()))
        self.session.sent += 1
        self.write(channel.ENVELOPE, wire)
        return wire

    def ping(self, data: bytes = b"") -> None:
        self.write(channel.PING, data)

    def bye(self) -> None:
        """Says bye after the receipts that are due; `run` then ends when the peer closes."""
        self.node.flush(self.peer, receipts=True)
        self.write(channel.BYE)
        self.over = True
        if self.writer.can_write_eof():
            self.writer.write_eof()

    async def read_frame(self, only_small: bool = False) -> tuple[int, bytes]:
        self._head = self._head or await self.reader.readexactly(1)
        if self._head[0] > (0 if only_small else 6):
            raise ProtocolError("bad class")
        rest = await self.reader.readexactly(channel.wire_size(self._head[0]) - 1)
        head, self._head = self._head, b""
        return self.opener.open(head + rest)

    async def read_hello(self) -> Hello:
        kind, payload = await self.read_frame(only_small=True)
        if kind != channel.HELLO:
            raise ProtocolError("no hello")
        return Hello.decode(payload)

    def decide(self, mine: Hello, theirs: Hello) -> None:
        """Section 3.3, from the two hellos as they were sent."""
        peer, choice = self.peer, channel.choose(mine, theirs)
        peer.connections.append(self)
        self.stranger = peer.status != CONTACT
        self._mark(mine, choice)
        if choice.use is not None:
            self.session = next(s for s in peer.sessions if s.sid == choice.use)
        elif not self.initiator:
            self.fresh = Session(self.keys.sid, Ratchet.bob(self.keys))
        elif not self.stranger:
            self.session = Session(self.keys.sid, Ratchet.alice(self.keys))
            peer.sessions.insert(0, self.session)
            self.node.flush(peer)
            if not self.session.sent:
                self.send_record(Record(records.EMPTY))
        elif peer.status == ASKED and peer.request is not None:
            self.session = Session(self.keys.sid, Ratchet.alice(self.keys))
            self.send_record(peer.request)
            self.session = None  # neither side keeps it

    def _mark(self, mine: Hello, choice: Choice) -> None:
        peer = self.peer
        listed = {row.sid for row in mine.rows}
        for session in peer.sessions:
            if session.sid in choice.broken:
                session.state = BROKEN
                self.node.tell("broken", peer)
            elif session.sid in listed and session.sid not in choice.common:
                session.state = RETIRED
        for session in [s for s in peer.sessions if s.state == RETIRED][8:]:
            peer.sessions.remove(session)
        if not choice.common and not self.stranger and any(row.rcvd for row in mine.rows):
            self.node.tell("alarm", peer)
            peer.on_hold, peer.verified = peer.on_hold or peer.verified, False

    async def run(self) -> None:
        """Reads until the connection ends, for whatever reason; what the peer does never raises."""
        try:
            async with asyncio.timeout(STRANGER_SECONDS if self.stranger else None) as self._time:
                while self.frame(*await self.read_frame()):
                    pass
        except (ProtocolError, OSError, EOFError, TimeoutError):
            pass
        finally:
            self.over = True
            self.peer.connections.remove(self)
            self.writer.close()

    def frame(self, kind: int, payload: bytes) -> bool:
        """Whether to go on."""
        if kind == channel.HELLO:
            raise ProtocolError("second hello")
        if kind == channel.ENVELOPE:
            self.envelope(payload)
        elif kind == channel.PING:
            self.write(channel.PONG, payload)
        elif kind == channel.PONG:
            self.node.tell("pong", self.peer, data=payload)
        else:
            self.node.flush(self.peer, receipts=True)
            self.node.tell("bye", self.peer)
        return kind != channel.BYE

    # envelopes

    def envelope(self, wire: bytes) -> None:
        peer, name = self.peer, sha256(wire[:EH])
        for session in peer.sessions:
            if name in session.seen:
                self._duplicate(name, session.seen[name])
                return
        try:
            session, ratchet, padded = self._open(wire)
        except Cloned:
            self.node.tell("cloned", peer)
            return
        except TooFar:
            if self.session is None or self.session.state == BROKEN:
                self._end_broken()
            return
        except Refused:
            self.unopened += 1
            if self.unopened == 3:
                self._break(self.session)
                self._end_broken()
            return
        record = records.decode(records.unpad(padded))
        if not self._welcome(record, session):
            return
        if ratchet.hkr != session.ratchet.hkr:  # a chain that answers our last one
            peer.receipts = {k: v for k, v in peer.receipts.items() if v[0] != session.sid}
        session.ratchet = ratchet
        session.rcvd += 1
        session.seen[name] = None
        if session is self.fresh:
            peer.sessions.insert(0, session)
            self.session, self.fresh = session, None
        self._record(name, session, record)
        self.node.flush(peer)
        self.node.receipts_soon(peer)

    def _open(self, wire: bytes) -> tuple[Session, Ratchet, bytes]:
        sessions = self.peer.sessions
        live = [s for s in sessions if s.state == LIVE]
        fresh = [self.fresh] if self.fresh else []
        for session in (*live, *fresh, *(s for s in sessions if s.state == RETIRED)):
            try:
                return session, *session.ratchet.decrypt(wire)
            except NotThisSession:
                continue
            except TooFar:
                self._break(session)
                raise
        raise NotThisSession("no session opens it")

    def _end_broken(self) -> None:
        """The session in use is broken: a bye, and the next connection chooses anew."""
        self.bye()
        raise ProtocolError("the session in use is broken")

    def _break(self, session: Session | None) -> None:
        if session is not None:
            session.state = BROKEN
            self.node.tell("broken", self.peer)

    def _welcome(self, record: Record, session: Session) -> bool:
        """Section 7: whether the session is committed with this record."""
        node, peer = self.node, self.peer
        if record.tag == records.CONTACT_REQUEST and session is self.fresh:
            self._requested(record)
            return False
        if self.stranger and record.tag == records.ACCEPT and peer.status in (ASKED, CONTACT):
            self.stranger = False
            if self._time is not None:
                self._time.reschedule(None)
            if peer.status == ASKED:
                peer.status, peer.request = CONTACT, None
                node.tell("accepted", peer, record)
        return not self.stranger and peer.status == CONTACT

    def _requested(self, record: Record) -> None:
        node, peer = self.node, self.peer
        if peer.status == BLOCKED:
            return
        if peer.status == CONTACT:  # it does not know yet that it was accepted, or forgot it
            if not any(out.record.tag == records.ACCEPT for out in peer.outbox):
                node.queue(peer, records.ACCEPT)
            return
        node.requests[peer.key] = record
        if peer.status == ASKED or node.accept(peer.key, str(record.fields[0])):
            node.accept_request(peer.key)
        node.tell("request", peer, record)

    def _record(self, name: bytes, session: Session, record: Record) -> None:
        peer = self.peer
        if record.tag == records.RECEIPT:
            for out in [o for o in peer.outbox if o.record.id in record.fields]:
                peer.outbox.remove(out)
                self.node.tell("delivered", peer, out.record, out.record.id)
        elif records.TEXT <= record.tag < 128 and record.tag != records.CONTACT_REQUEST:
            session.seen[name] = record.id
            if record.id not in peer.known:
                peer.known.add(record.id)
                self.node.tell("message", peer, record)
            self._receipt_due(name, record.id)

    def _duplicate(self, name: bytes, message_id: bytes | None) -> None:
        sid, wire = self.peer.receipts.get(name, (b"", b""))
        if message_id is None or self.stranger or self.peer.status != CONTACT:
            return
        if self.session is not None and self.session.sid == sid and self.can_send():
            self.write(channel.ENVELOPE, wire)
        else:
            self._receipt_due(name, message_id)

    def _receipt_due(self, name: bytes, message_id: bytes) -> None:
        node, peer = self.node, self.peer
        peer.due[name] = message_id
        if len(peer.due) >= 32:
            node.flush(peer, receipts=True)
        else:
            node.receipts_soon(peer)
