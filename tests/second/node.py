"""What a node does with the bytes: sections 3.3, 6, 7 and 10, in memory.

The caller dials and brings the streams. Gaps in the numbers, the limits on connections and on
requests, and the daily repetition of a request (sections 6, 7 and 9) are left out.
"""

import asyncio
import random
import secrets
from collections.abc import Callable

from tests.second import channel, records
from tests.second.channel import Hello
from tests.second.connection import Connection
from tests.second.handshake import M1, M2, M3, Initiator, Keys, Responder
from tests.second.keys import Identity
from tests.second.primitives import ProtocolError
from tests.second.records import Record
from tests.second.state import ASKED, CONTACT, Event, Outgoing, Peer

MAX_UNRECEIPTED = 512
HANDSHAKE_SECONDS = 30


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
        self.queue(self.peer(key), records.ACCEPT)

    def send_text(self, key: bytes, text: str) -> bytes:
        record = self.queue(self.peer(key), records.TEXT, text)
        self.flush(self.peer(key))
        return record.id

    def confirm(self, key: bytes) -> None:
        """After an alarm: what waits may be sent to a contact that had been verified."""
        self.peer(key).on_hold = False
        self.flush(self.peer(key))

    def queue(self, peer: Peer, tag: int, *fields: object) -> Record:
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
    ) -> Connection:
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
    ) -> Connection:
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
    ) -> Connection:
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
