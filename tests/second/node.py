"""What a node does with the bytes: sections 3.3, 6, 7 and 10, in memory.

The caller dials and brings the streams. Gaps in the numbers, the limits on connections and on
requests, and the daily repetition of a request (sections 6, 7 and 9) are left out.
"""

import asyncio
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.second import channel, records
from tests.second.channel import Choice, Hello, Opener, Row, Sealer
from tests.second.handshake import M1, M2, M3, Initiator, Keys, Responder
from tests.second.keys import Identity
from tests.second.primitives import ProtocolError, Refused, sha256
from tests.second.ratchet import EH, Cloned, NotThisSession, Ratchet, TooFar
from tests.second.records import Record

STRANGER, ASKED, CONTACT, BLOCKED = "stranger", "asked", "contact", "blocked"
LIVE, RETIRED, BROKEN = "live", "retired", "broken"
MAX_UNRECEIPTED = 512
HANDSHAKE_SECONDS, STRANGER_SECONDS = 30, 60


@dataclass(frozen=True)
class Event:
    """kind: request, accepted, message, delivered, pong, bye, broken, cloned, alarm"""

    kind: str
    peer: bytes
    record: Record | None = None
    data: bytes = b""


@dataclass
class Session:
    sid: bytes
    ratchet: Ratchet
    sent: int = 0
    rcvd: int = 0
    state: str = LIVE
    seen: dict[bytes, bytes | None] = field(default_factory=dict)  # SHA-256(eh) -> id to receipt


@dataclass
class Outgoing:
    record: Record
    sid: bytes = b""
    wire: bytes = b""
    written: bool = False  # on the connection that is the one to send on now


@dataclass
class Peer:
    key: bytes
    status: str = STRANGER
    verified: bool = False
    on_hold: bool = False  # a verified contact lost its sessions: the person must confirm
    sessions: list[Session] = field(default_factory=list)  # newest first
    outbox: list[Outgoing] = field(default_factory=list)
    request: Record | None = None
    next_seq: int = 1
    known: set[bytes] = field(default_factory=set)
    due: dict[bytes, bytes] = field(default_factory=dict)  # SHA-256(eh) -> id
    receipts: dict[bytes, tuple[bytes, bytes]] = field(default_factory=dict)  # -> sid, wire
    greeting: int = 0  # own dials that wait for R's hello
    timer: bool = False  # receipts leave soon
    sending_on: int = 0  # the number of the connection to send on
    connections: list["Connection"] = field(default_factory=list)

    def rows(self) -> tuple[Row, ...]:
        if self.status != CONTACT:
            return ()
        live = [s for s in self.sessions if s.state == LIVE]
        return tuple(Row(s.sid, s.sent, s.rcvd) for s in live[:4])


class Node:
    def __init__(self, seed: bytes, accept: Callable[[bytes, str], bool] | None = None) -> None:
        self.me = Identity(seed)
        self.accept = accept or (lambda key, text: False)
        self.incarnation, self.stream = secrets.token_bytes(16), secrets.token_bytes(8)
        self.peers: dict[bytes, Peer] = {}
        self.requests: dict[bytes, Record] = {}
        self.events: list[Event] = []
        self._changed = asyncio.Event()
        self._count = 0

    def peer(self, key: bytes) -> Peer:
        return self.peers.setdefault(key, Peer(key))

    def tell(self, kind: str, peer: Peer, record: Record | None = None, data: bytes = b"") -> None:
        self.events.append(Event(kind, peer.key, record, data))
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    def texts(self, key: bytes) -> list[str]:
        shown = (e.record for e in self.events if e.kind == "message" and e.peer == key)
        return [str(r.fields[0]) for r in shown if r and r.tag == records.TEXT]

    def delivered(self, message_id: bytes) -> bool:
        return any(e.kind == "delivered" and e.data == message_id for e in self.events)

    # what the person does

    def add_contact(self, key: bytes) -> None:
        self.peer(key).status = CONTACT

    def ask(self, key: bytes, text: str) -> None:
        """From now on `dial` offers a ContactRequest, until an Accept comes."""
        peer = self.peer(key)
        peer.status = ASKED
        peer.request = records.new_record(records.CONTACT_REQUEST, self.stream, 1, text)

    def accept_request(self, key: bytes) -> None:
        """Makes the contact; the Accept leaves with the next own dial."""
        self.requests.pop(key, None)
        self.peer(key).status = CONTACT
        self._queue(self.peer(key), records.ACCEPT)

    def send_text(self, key: bytes, text: str) -> bytes:
        record = self._queue(self.peer(key), records.TEXT, text)
        self.flush(self.peer(key))
        return record.id

    def confirm(self, key: bytes) -> None:
        """After an alarm: what waits may be sent to a contact that had been verified."""
        self.peer(key).on_hold = False
        self.flush(self.peer(key))

    def _queue(self, peer: Peer, tag: int, *fields: object) -> Record:
        record = records.new_record(tag, self.stream, peer.next_seq, *fields)
        peer.next_seq += 1
        peer.outbox.append(Outgoing(record))
        return record

    def receipts_soon(self, peer: Peer) -> None:
        def fire() -> None:
            peer.timer = False
            self.flush(peer, receipts=True)

        if peer.due and not peer.timer:
            peer.timer = True
            asyncio.get_running_loop().call_later(random.uniform(0.05, 0.3), fire)

    # connections

    async def dial(
        self, key: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> "Connection":
        """Handshake and hellos as I; what waits is sent. Then await `run()` of the result."""
        peer, hello = self.peer(key), None
        try:
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                handshake = Initiator(self.me, key)
                writer.write(handshake.write_m1())
                m3, keys = handshake.read_m2(await reader.readexactly(M2))
                conn = self._connection(peer, True, keys, reader, writer)
                hello = Hello(self.incarnation, peer.rows())
                peer.greeting += 1
                writer.write(m3 + conn.sealer.frame(channel.HELLO, hello.encode()))
                theirs = await conn.read_hello()
        except (ProtocolError, OSError, EOFError, TimeoutError):
            writer.close()
            raise
        finally:
            peer.greeting -= hello is not None
        conn.decide(hello, theirs)
        self.flush(peer)
        self.receipts_soon(peer)
        return conn

    async def answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> "Connection":
        """Handshake and hellos as R. Then await `run()` of the result."""
        try:
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                handshake = Responder(self.me)
                writer.write(handshake.read_m1(await _read_fixed(reader, b"\x01\x01", M1)))
                m3 = await _read_fixed(reader, b"\x01\x03", M3)
                key, keys = handshake.read_m3(m3)
                peer = self.peers.get(key) or Peer(key)
                conn = self._connection(peer, False, keys, reader, writer)
                theirs = await conn.read_hello()
        except (ProtocolError, OSError, EOFError, TimeoutError):
            writer.close()
            raise
        conn.peer = peer = self.peers.setdefault(key, peer)
        hello = Hello(self.incarnation, peer.rows())
        conn.write(channel.HELLO, hello.encode())
        conn.decide(hello, theirs)
        self.flush(peer)
        self.receipts_soon(peer)
        return conn

    def _connection(
        self,
        peer: Peer,
        initiator: bool,
        keys: Keys,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> "Connection":
        self._count += 1
        return Connection(self, peer, initiator, keys, reader, writer, self._count)

    def flush(self, peer: Peer, receipts: bool = False) -> None:
        """Sends what waits on the connection that section 3.3 prefers."""
        usable = [c for c in peer.connections if c.can_send()]
        if not usable or peer.greeting or peer.status != CONTACT or peer.on_hold:
            return
        conn = min(usable, key=lambda c: (c.initiator_key, -c.number))
        session = conn.session
        assert session is not None
        if peer.sending_on != conn.number:
            peer.sending_on = conn.number
            for out in peer.outbox:
                out.written = False
        while receipts and peer.due and session.ratchet.can_send:
            batch = dict(list(peer.due.items())[:256])
            ids = tuple(dict.fromkeys(batch.values()))
            wire = conn.send_record(Record(records.RECEIPT, fields=ids))
            for name in batch:
                del peer.due[name]
                peer.receipts[name] = session.sid, wire
        for out in peer.outbox[:MAX_UNRECEIPTED]:
            if out.sid != session.sid:
                if not session.ratchet.can_send:
                    break
                out.written = True
                out.sid, out.wire = session.sid, conn.send_record(out.record)
            elif not out.written:
                out.written = True
                conn.write(channel.ENVELOPE, out.wire)


async def _read_fixed(reader: asyncio.StreamReader, head: bytes, size: int) -> bytes:
    if await reader.readexactly(2) != head:
        raise ProtocolError("unknown message")
    return head + await reader.readexactly(size - 2)


class Connection:
    def __init__(
        self,
        node: Node,
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
                node._queue(peer, records.ACCEPT)
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
